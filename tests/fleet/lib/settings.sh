# shellcheck shell=bash
# Where a fleet lives and how it is called; and the two ways to say something.

# Several fleets can run side by side: each has a folder and a number of its own.
number=${SUTLER_FLEET_NUMBER:-0}
fleet=${SUTLER_FLEET_DIR:-$repo/.fleet}
case $fleet in /*) ;; *) fleet=$PWD/$fleet ;; esac
cache=${SUTLER_FLEET_CACHE:-/var/cache/sutler-fleet}

net=10.77.$number        # a /24; the controller is .1
bridge=sutler$number     # in the controller's own network namespace
# Seconds that a host may take until systemd is up and sshd answers.
boot_limit=${SUTLER_FLEET_BOOT_LIMIT:-90}

readonly number fleet cache net bridge boot_limit
readonly hosts=$fleet/hosts
readonly key=$fleet/id_ed25519

readonly demo_hosts=(es-master-1 es-master-2 es-master-3 es-data-1 es-data-2 es-data-3)

say() { printf '%s\n' "$*" >&2; }

# die MESSAGE [HELP]
die() {
    printf 'fleet: %s\n' "$1" >&2
    [ $# -lt 2 ] || printf 'help: %s\n' "$2" >&2
    exit 1
}

need_root() {
    [ "$(id -u)" -eq 0 ] || die "only root can boot hosts" "run it as root, or use the machines in vagrant/"
}

# One `up`, `down`, `boot` … at a time per fleet. Hosts that are started must
# not inherit the lock (file descriptor 9), see start_host.
lock() {
    mkdir -p "$fleet"
    exec 9>"$fleet/lock"
    flock -w 300 9 || die "another fleet command holds $fleet/lock for more than five minutes"
}
