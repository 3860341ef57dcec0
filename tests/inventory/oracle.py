#!/usr/bin/env python3
"""Writes list.json and select.txt of every case with what ansible-core says, where it is installed.

Not part of the test run: `python3 tests/inventory/oracle.py [CASE…]`, with ansible-inventory on the PATH. A case is a
folder: its sources are the lines of `sources`, or else its one entry that begins with `hosts`; `play`
is the folder of a playbook; `select.txt` begins each line with a pattern. Cases with an `error.txt`
are those that sutler refuses, and `ours.txt` marks those where it differs on purpose; both are left alone.
"""
import json
import os
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ENV = dict(os.environ, ANSIBLE_NOCOLOR="1", ANSIBLE_DEPRECATION_WARNINGS="0")


def sources(case):
    listed = case / "sources"
    if listed.exists():
        return listed.read_text().split("\n")[:-1]
    return [entry.name for entry in case.iterdir() if entry.name.startswith("hosts")]


for case in sorted(HERE.iterdir()):
    if not case.is_dir() or (case / "error.txt").exists() or (case / "ours.txt").exists():
        continue
    if sys.argv[1:] and case.name not in sys.argv[1:]:
        continue
    args = [arg for source in sources(case) for arg in ("-i", source)]
    more = ["--playbook-dir", "play"] if (case / "play").exists() else []
    run = subprocess.run(["ansible-inventory", *args, *more, "--list"], cwd=case, env=ENV, capture_output=True, text=True)
    made = json.loads(run.stdout)
    made["_meta"].pop("profile", None)
    (case / "list.json").write_text(json.dumps(made, indent=1, sort_keys=True, ensure_ascii=False) + "\n")
    print(case.name, run.stderr.strip()[:300])
    select = case / "select.txt"
    if select.exists():
        lines = []
        for line in select.read_text().splitlines():
            pattern = line.split(" => ")[0]
            run = subprocess.run(["ansible", *args, "--list-hosts", "--", pattern], cwd=case, env=ENV, capture_output=True, text=True)
            hosts = [host.strip() for host in run.stdout.splitlines()[1:]]
            ignored = [text.split("ignoring: ")[1] for text in run.stderr.splitlines() if "ignoring: " in text]
            lines.append(f"{pattern} => {' '.join(hosts)}" + "".join(f" !{name}" for name in ignored))
        select.write_text("\n".join(lines) + "\n")
