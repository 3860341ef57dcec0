# shellcheck shell=bash
# What a provisioning run could have changed on a host, one path a line:
#
#   PATH  TYPE  MODE  OWNER:GROUP  SIZE  SHA-256 (files) or TARGET (links)
#
# Sorted, with no times in it: equal trees give equal text.

# What changes on an idle host too: the kernel's and the init's own places,
# logs, and what logging in leaves behind.
readonly volatile_paths=(
    /proc /sys /run /dev /tmp /var/tmp /var/log
    /etc/machine-id /etc/.pwd.lock /etc/resolv.conf
    /var/lib/systemd /var/lib/sudo /var/lib/dbus /var/lib/private /var/cache/private
    /var/cache/ldconfig /var/cache/apt/pkgcache.bin /var/cache/apt/srcpkgcache.bin
)

# snapshot HOST [--exclude GLOB]...
command_snapshot() {
    need_root
    require_host "${1:-}"
    local name=$1 root=$hosts/$1/root path skip=()
    shift
    mountpoint -q "$root" || die "$name has no file system yet" "fleet boot $name"
    for path in "${volatile_paths[@]}"; do skip+=(-path ".$path" -o); done
    while [ $# -gt 0 ]; do
        [ "$1 ${2:+given}" = "--exclude given" ] ||
            die "unknown option \`$1\`" "snapshot HOST --exclude '/root/.ansible'"
        skip+=(-path ".$2" -o)
        shift 2
    done
    (
        cd "$root"
        export LC_ALL=C
        find . -xdev \( "${skip[@]}" -false \) -prune -o -printf '%P\t%y\t%m\t%U:%G\t%s\t%l\n' |
            with_names etc/passwd etc/group | with_sums | sort
    )
}

# Owners by their names on the host. Sizes of folders say nothing.
with_names() {
    awk -F'\t' -v OFS='\t' -v passwd="$1" -v group="$2" '
        BEGIN {
            while ((getline line < passwd) > 0) { split(line, f, ":"); user[f[3]] = f[1] }
            while ((getline line < group) > 0) { split(line, f, ":"); team[f[3]] = f[1] }
        }
        {
            split($4, id, ":")
            $4 = (id[1] in user ? user[id[1]] : id[1]) ":" (id[2] in team ? team[id[2]] : id[2])
            if ($2 != "f") $5 = "-"
            print
        }'
}

# The sums of all files in few processes, in the order of the lines.
with_sums() {
    local lines
    lines=$(mktemp -d)
    cat >"$lines/all"
    awk -F'\t' '$2 == "f" { printf "%s%c", $1, 0 }' "$lines/all" | xargs -0r sha256sum -z -- |
        tr '\0' '\n' | cut -c1-64 >"$lines/sums"
    awk -F'\t' -v OFS='\t' -v sums="$lines/sums" '
        { sum = $6 == "" ? "-" : $6; if ($2 == "f") getline sum < sums; print "/" $1, $2, $3, $4, $5, sum }' "$lines/all"
    rm -rf "$lines"
}
