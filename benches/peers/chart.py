"""The table as bars: how many times as long as sutler each peer takes, on a logarithmic scale."""

from html import escape
from math import log10

COLOURS = {"sutler": "#2a7f62", "ansible": "#c8553d", "mitogen": "#e0a458", "pyinfra": "#588b8b", "reference": "#8d99ae"}
BAR, GAP, LEFT, WIDTH = 14, 16, 250, 520


def draw(rows):
    """The chart of all rows that compare something."""
    parts = []
    y = 40
    for row in rows:
        costs = {name: cost["wall"] for name, cost in row["costs"].items() if name in COLOURS}
        if "sutler" not in costs or len(costs) < 2:
            continue
        title = f"{row['workload']}, {row['hosts']} host{'s' if row['hosts'] > 1 else ''}"
        title += f", {row['rtt']} ms" if row["rtt"] else ""
        middle = y + BAR * len(costs) / 2 + 4
        parts.append(f'<text x="{LEFT - 10}" y="{middle}" text-anchor="end">{escape(title)}</text>')
        for name, wall in costs.items():
            ratio = wall / costs["sutler"]
            length = max(2.0, WIDTH * log10(max(ratio, 0.1) * 10) / log10(10000))
            parts.append(f'<rect x="{LEFT}" y="{y}" width="{length:.1f}" height="{BAR - 2}" fill="{COLOURS[name]}"/>')
            parts.append(f'<text x="{LEFT + length + 6:.1f}" y="{y + BAR - 4}">{name} {wall:.2f} s ({ratio:.1f} ×)</text>')
            y += BAR
        y += GAP
    head = f'<svg xmlns="http://www.w3.org/2000/svg" width="{LEFT + WIDTH + 230}" height="{y}" font-family="sans-serif" font-size="11">'
    title = f'<text x="{LEFT}" y="22" font-size="13">wall time, and how many times sutler\'s (logarithmic)</text>'
    return "\n".join([head, '<rect width="100%" height="100%" fill="#fff"/>', title, *parts, "</svg>", ""])
