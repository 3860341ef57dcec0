# shellcheck shell=bash
# One bridge, and for each host a network namespace with a veth pair into it.

# Addresses: the demo's hosts have theirs by name, others take the lowest free one.
fixed_address() {
    case $1 in
    es-master-[1-9]) printf '%s\n' "$net.1${1##*-}" ;;
    es-data-[1-9]) printf '%s\n' "$net.2${1##*-}" ;;
    esac
}

free_address() {
    local last used=" "
    used+=$(cat /dev/null "$hosts"/*/address | tr '\n' ' ')
    for ((last = 31; last < 251; last++)); do
        case $used in *" $net.$last "*) ;; *) printf '%s\n' "$net.$last" && return ;; esac
    done
    die "no address is free in $net.0/24"
}

address_of() { cat "$hosts/$1/address"; }
netns_of() { printf '%s\n' "$bridge-$1"; }
# The controller's end of a host's cable. At most 15 bytes, so not by name.
cable_of() {
    local address
    address=$(address_of "$1")
    printf '%s\n' "$bridge-${address##*.}"
}

ensure_bridge() { with_kernel make_bridge; }
remove_bridge() { with_kernel delete_bridge; }

# with_kernel COMMAND: no other fleet looks at the kernel meanwhile, or sets it.
with_kernel() {
    (
        flock 8
        "$@"
    ) 8>/run/sutler-fleet.lock
}

make_bridge() {
    local owner
    if [ -e "/sys/class/net/$bridge" ]; then
        owner=$(cat "/sys/class/net/$bridge/ifalias")
        [ "$owner" = "$fleet" ] ||
            die "the bridge $bridge belongs to the fleet in $owner" \
                "take that one down, or set SUTLER_FLEET_NUMBER to another number for this one"
    else
        ip link add "$bridge" type bridge
        ip link set "$bridge" alias "$fleet"
        ip address add "$net.1/24" dev "$bridge"
    fi
    ip link set "$bridge" up
    keep_kernel
    allow_watches
    open_way_out
}

# Hosts may reach what the controller reaches (the vendor's site, mirrors).
# Not every kernel can do it, and a fleet without a way out is still a fleet.
open_way_out() {
    nft -f - 2>/dev/null <<NFT || return 0
table ip $bridge
delete table ip $bridge
table ip $bridge {
    chain postrouting {
        type nat hook postrouting priority srcnat
        ip saddr $net.0/24 ip daddr != $net.0/24 masquerade
    }
}
NFT
    echo 1 >/proc/sys/net/ipv4/ip_forward
}

delete_bridge() {
    local name link
    for name in /run/netns/"$bridge"-*; do
        ip netns delete "${name##*/}" 2>/dev/null || true
    done
    for link in /sys/class/net/"$bridge"-*; do
        ip link delete "${link##*/}" 2>/dev/null || true
    done
    ip link delete "$bridge" 2>/dev/null || true
    nft delete table ip "$bridge" 2>/dev/null || true
    restore_kernel
}

# The hosts share the controller's kernel: what the fleet sets there, and what
# playbooks set on its hosts, goes back with the last fleet. So all fleets share
# one note of what was there before the first.
readonly kernel_parameters=(net/ipv4/ip_forward vm/max_map_count fs/inotify/max_user_instances)
readonly kernel_note=/run/sutler-fleet.kernel

keep_kernel() {
    local name
    for name in "${kernel_parameters[@]}"; do
        grep -qs "^$name " "$kernel_note" || printf '%s %s\n' "$name" "$(cat "/proc/sys/$name")" >>"$kernel_note"
    done
}

# A host's init and services take seven of these, and all hosts of all fleets
# share the kernel's usual 128: the eighteenth would not boot.
allow_watches() {
    local file=/proc/sys/fs/inotify/max_user_instances
    [ "$(cat "$file")" -ge 4096 ] || echo 4096 2>/dev/null >"$file" || true
}

restore_kernel() {
    local name value
    [ -s "$kernel_note" ] && [ -z "$(other_bridges)" ] || return 0
    while read -r name value; do printf '%s' "$value" >"/proc/sys/$name"; done <"$kernel_note"
    rm -f "$kernel_note"
}

other_bridges() {
    local link
    for link in /sys/class/net/sutler*/bridge; do
        link=${link%/bridge}
        [ "${link##*/}" = "$bridge" ] || printf '%s\n' "${link##*/}"
    done
}

# connect_host NAME: its namespace and its cable, if they are not there.
connect_host() {
    local netns cable
    netns=$(netns_of "$1") cable=$(cable_of "$1")
    [ -e "/run/netns/$netns" ] || ip netns add "$netns"
    [ ! -e "/sys/class/net/$cable" ] || return 0
    # An address keeps its MAC, so that no neighbour table is out of date.
    ip link add "$cable" type veth \
        peer name host0 address "$(printf '02:53:00:%02x:00:%02x' "$number" "${cable##*-}")" netns "$netns"
    ip link set "$cable" master "$bridge" up
    ip -netns "$netns" link set lo up
    ip -netns "$netns" link set host0 name eth0 up
    ip -netns "$netns" address add "$(address_of "$1")/24" dev eth0
    ip -netns "$netns" route add default via "$net.1"
}

disconnect_host() {
    ip link delete "$(cable_of "$1")" 2>/dev/null || true
    ip netns delete "$(netns_of "$1")" 2>/dev/null || true
}
