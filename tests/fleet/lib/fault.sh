# shellcheck shell=bash
# What goes wrong with real hosts: power, cables, latency, disks.

command_kill() {
    need_root
    require_running "${1:-}"
    lock
    stop_host "$1" hard
    say "$1: power is off"
}

command_boot() {
    need_root
    require_host "${1:-}"
    lock
    start_host "$1"
    await_host "$1"
    say "$1: up"
}

command_reset() {
    need_root
    require_host "${1:-}"
    lock
    stop_host "$1" hard
    remove_overlay "$1"
    start_host "$1"
    await_host "$1"
    say "$1: up, as new"
}

command_cut() {
    need_root
    require_host "${1:-}"
    ip link set "$(cable_of "$1")" down
}

command_mend() {
    need_root
    require_host "${1:-}"
    ip link set "$(cable_of "$1")" up
}

# A round trip takes MS milliseconds longer; 0 takes the delay away.
command_delay() {
    need_root
    require_host "${1:-}"
    local cable
    cable=$(cable_of "$1")
    case ${2:-} in
    "" | *[!0-9]*) die "how many milliseconds?" "fleet delay $1 100" ;;
    0) tc qdisc delete dev "$cable" root 2>/dev/null || true ;;
    *)
        tc qdisc replace dev "$cable" root netem delay "${2}ms" limit 100000 2>/dev/null ||
            die "this machine's kernel has no netem, so it cannot delay packets" \
                "load the module sch_netem, or use a kernel that has it"
        ;;
    esac
}

# tinydisk HOST PATH SIZE: PATH becomes a file system of SIZE; `off` takes it away.
command_tinydisk() {
    need_root
    require_running "${1:-}"
    local path=${2:-} size=${3:-} init
    case $path in /*) ;; *) die "which path?" "fleet tinydisk $1 /opt 1M" ;; esac
    init=$(leader "$1") || die "$1 has no init yet" "fleet status"
    if [ "$size" = off ]; then
        nsenter --target "$init" --mount --pid umount "$path"
    else
        [ -n "$size" ] || die "which size?" "fleet tinydisk $1 $path 1M"
        # shellcheck disable=SC2016
        nsenter --target "$init" --mount --pid sh -c \
            'mkdir -p "$1" && mount -t tmpfs -o "size=$2,mode=0755" tinydisk "$1"' sh "$path" "$size"
    fi
}
