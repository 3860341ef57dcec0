# shellcheck shell=bash
# up, down, status, ssh, help.

command_help() {
    cat <<HELP
fleet: real test hosts on one Debian machine (root, systemd-nspawn)

  fleet up [NAME...] [--profile demo] [--python] [--packages]
                        boot hosts: the six of the demo, or those named;
                        --python: with Python, so that ansible-core can run on them;
                        --packages: with the packages of lib/packages.list for their apt
  fleet down [NAME...]  remove hosts, and with the last one everything else
  fleet status          what runs, where, since when
  fleet ssh HOST [CMD]  as \`admin\` (sudo without a password); USER@HOST for another
  fleet kill HOST       power off without warning
  fleet boot HOST       power on again
  fleet reset HOST      power off, forget all changes, power on
  fleet cut HOST        pull the network cable
  fleet mend HOST       plug it in again
  fleet delay HOST MS   MS milliseconds more for each round trip; 0: none
  fleet tinydisk HOST PATH SIZE
                        a file system of SIZE at PATH; SIZE \`off\` takes it away
  fleet snapshot HOST [--exclude GLOB]...
                        all paths with type, mode, owner, size and checksum
  fleet install         install what this machine needs for all this
  fleet image [--python] build the image and print where it is
  fleet packages        download the packages for hosts and print where they are

Users on each host: root and \`admin\` with the key $key,
\`ops\` with the password \`ops-secret\` (for ssh and for sudo).
\`ssh -F $fleet/ssh_config HOST\` works too.

SUTLER_FLEET_DIR      where its state is ($fleet)
SUTLER_FLEET_NUMBER   0 to 99, for a fleet beside another: network 10.77.NUMBER.0/24
SUTLER_FLEET_CACHE    where images are kept ($cache)
HELP
}

command_up() {
    local name names=() variant=base packages=no failed=0 waits=()
    while [ $# -gt 0 ]; do
        case $1 in
        --profile)
            [ "${2:-}" = demo ] || die "no profile is called \`${2:-}\`" "there is one: demo"
            names+=("${demo_hosts[@]}")
            shift
            ;;
        --python) variant=python ;;
        --packages) packages=yes ;;
        -*) die "unknown option \`$1\`" "run \`fleet help\`" ;;
        *) names+=("$1") ;;
        esac
        shift
    done
    [ "${#names[@]}" -gt 0 ] || names=("${demo_hosts[@]}")
    need_root
    command_install
    lock
    ensure_image "$variant"
    [ "$packages" = no ] || ensure_packages
    ensure_client_key
    ensure_room
    for name in "${names[@]}"; do
        if ! known_host "$name"; then
            create_host "$name" "$variant"
            [ "$packages" = no ] || packages_path >"$hosts/$name/packages"
        elif [[ $(cat "$hosts/$name/image") != */$image_suite-$variant-* ]]; then
            die "$name exists, and is not a $variant host" "fleet down $name"
        fi
    done
    write_ssh_files
    ensure_bridge
    for name in "${names[@]}"; do start_host "$name"; done
    for name in "${names[@]}"; do
        await_host "$name" &
        waits+=("$!")
    done
    for name in "${waits[@]}"; do wait "$name" || failed=1; done
    [ "$failed" -eq 0 ] || exit 1
    say "fleet: ${#names[@]} hosts are up after $SECONDS s"
}

# Overlays need a file system that can hold their upper layer.
ensure_room() {
    mkdir -p "$hosts"
    ! mountpoint -q "$hosts" || return 0
    local try=$hosts/.try works=yes
    mkdir -p "$try"/{lower,upper,work,root}
    if mount -t overlay try "$try/root" -o "lowerdir=$try/lower,upperdir=$try/upper,workdir=$try/work" 2>/dev/null &&
        touch "$try/root/file" 2>/dev/null; then
        umount "$try/root"
    else
        umount "$try/root" 2>/dev/null || true
        works=no
    fi
    rm -rf --one-file-system "$try"
    [ "$works" = yes ] || mount -t tmpfs -o size=75%,mode=0755 sutler-fleet "$hosts"
}

command_down() {
    need_root
    lock
    local name names=("$@")
    for name in "${names[@]}"; do require_host "$name"; done
    [ "${#names[@]}" -gt 0 ] || for name in "$hosts"/*/; do names+=("$(basename "$name")"); done
    for name in "${names[@]}"; do remove_host "$name" & done
    wait
    write_ssh_files
    [ -z "$(all_hosts)" ] || return 0
    remove_rest
    say "fleet: down"
}

remove_host() {
    stop_host "$1" hard
    [ ! -e "$hosts/$1/address" ] || disconnect_host "$1"
    remove_overlay "$1"
    rm -rf --one-file-system "${hosts:?}/$1"
}

# What a crash may have left, whatever the folders say.
remove_rest() {
    local name mount
    [ ! -e "/sys/class/net/$bridge" ] || [ "$(cat "/sys/class/net/$bridge/ifalias")" = "$fleet" ] || return 0
    for name in /run/netns/"$bridge"-*; do end_processes "${name##*/}"; done
    remove_bridge
    while read -r _ mount _; do
        case $mount in "$hosts" | "$hosts"/*) umount --lazy "$mount" 2>/dev/null || true ;; esac
    done < <(tac /proc/mounts)
    rm -rf --one-file-system "$hosts"
    remove_cgroups ""
}

command_status() {
    local name state
    [ -n "$(all_hosts)" ] || {
        say "fleet: no hosts ($fleet)"
        return 0
    }
    printf '%-16s %-14s %-8s %-6s %s\n' HOST ADDRESS IMAGE POWER CABLE
    for name in $(all_hosts); do
        state=off
        ! running "$name" || state=on
        printf '%-16s %-14s %-8s %-6s %s\n' "$name" "$(address_of "$name")" "$(host_variant "$name")" \
            "$state" "$(cable_state "$name")"
    done
}

host_variant() { cut -d- -f"$(($(tr -dc - <"$hosts/$1/image" | wc -c)))" <"$hosts/$1/image"; }

cable_state() {
    local cable flags
    cable=/sys/class/net/$(cable_of "$1")
    [ -e "$cable" ] || { printf 'none\n' && return; }
    flags=$(cat "$cable/flags")
    if ((flags & 1)); then printf 'ok'; else printf 'cut'; fi
    tc qdisc show dev "${cable##*/}" | grep -o ' delay [0-9.]*[a-z]*' || printf '\n'
}

# ssh [USER@]HOST [CMD]
command_ssh() {
    local user=admin name=${1:-}
    case $name in *@*) user=${name%%@*} name=${name#*@} ;; esac
    require_host "$name"
    shift
    exec ssh -F "$fleet/ssh_config" -l "$user" "$name" "$@"
}
