# shellcheck shell=bash
# One host: its folder, its overlay, its keys, and the process that runs it.
#
# hosts/NAME/  address · image · packages (where they are, if it has any) · console.log
#              upper/ work/ root/ (the overlay)
#              supervisor (process id) · leader (process id of the host's init)
# keys/NAME/   ssh host keys; they survive `down` and `reset`

known_host() { [ -d "$hosts/$1" ]; }

require_host() {
    [ -n "${1:-}" ] || die "which host?" "fleet status lists them"
    known_host "$1" || die "no host is called \`$1\`" "fleet status lists them; fleet up $1 boots it"
}

require_running() {
    require_host "$1"
    running "$1" || die "$1 is not running" "fleet boot $1"
}

# all_hosts: names, in the order of their addresses.
all_hosts() {
    local file
    for file in "$hosts"/*/address; do
        printf '%s %s\n' "$(cat "$file")" "$(basename "$(dirname "$file")")"
    done | sort -t. -k4 -n | cut -d' ' -f2
}

# create_host NAME VARIANT
create_host() {
    local name=$1 folder=$hosts/$1 address
    case $name in
    "" | -* | *[!a-z0-9-]*) die "\`$name\` is no host name" "use small letters, digits and hyphens" ;;
    esac
    [ "${#name}" -le 40 ] || die "\`$name\` is too long for a host name"
    address=$(fixed_address "$name")
    [ -n "$address" ] || address=$(free_address)
    mkdir -p "$folder"
    image_path "$2" >"$folder/image"
    printf '%s\n' "$address" >"$folder/address"
    ensure_host_keys "$name"
}

ensure_client_key() {
    [ -e "$key" ] || ssh-keygen -q -t ed25519 -N '' -C "sutler test fleet" -f "$key"
}

ensure_host_keys() {
    local folder=$fleet/keys/$1
    [ ! -e "$folder/ssh_host_ed25519_key" ] || return 0
    mkdir -p "$folder"
    ssh-keygen -q -t ed25519 -N '' -C "$1" -f "$folder/ssh_host_ed25519_key"
    ssh-keygen -q -t ecdsa -N '' -C "$1" -f "$folder/ssh_host_ecdsa_key"
}

# For every host of the fleet, by name and by address.
write_ssh_files() {
    local name public
    for name in $(all_hosts); do
        for public in "$fleet/keys/$name"/*.pub; do
            printf '%s,%s %s\n' "$name" "$(address_of "$name")" "$(cut -d' ' -f1,2 "$public")"
        done
    done >"$fleet/known_hosts.new"
    mv "$fleet/known_hosts.new" "$fleet/known_hosts"
    {
        printf 'Host *\n  User admin\n  IdentityFile %s\n  IdentitiesOnly yes\n' "$key"
        printf '  UserKnownHostsFile %s\n  LogLevel ERROR\n' "$fleet/known_hosts"
        for name in $(all_hosts); do
            printf 'Host %s\n  HostName %s\n' "$name" "$(address_of "$name")"
        done
    } >"$fleet/ssh_config"
}

mount_host() {
    local folder=$hosts/$1
    ! mountpoint -q "$folder/root" || return 0
    mkdir -p "$folder"/{upper,work,root}
    mount -t overlay "$bridge-$1" "$folder/root" \
        -o "lowerdir=$(cat "$folder/image"),upperdir=$folder/upper,workdir=$folder/work"
    personalise_host "$1" "$folder/root"
}

# What makes this host itself and no other.
personalise_host() {
    local name=$1 root=$2 home user
    [ ! -e "$root/etc/hostname" ] || return 0
    {
        printf '127.0.0.1 localhost\n127.0.1.1 %s\n' "$name"
        printf '::1 localhost ip6-localhost ip6-loopback\n'
    } >"$root/etc/hosts"
    install -m 0600 "$fleet/keys/$name"/ssh_host_*_key "$root/etc/ssh/"
    install -m 0644 "$fleet/keys/$name"/ssh_host_*_key.pub "$root/etc/ssh/"
    for user in root admin; do
        home=/home/$user
        [ "$user" = admin ] || home=/root
        install -d -m 0700 "$root$home/.ssh"
        install -m 0600 "$key.pub" "$root$home/.ssh/authorized_keys"
        chroot "$root" chown -R "$user:$user" "$home/.ssh"
    done
    # A resolver on loopback would be another one in here.
    grep -v 'nameserver 127\.' /etc/resolv.conf >"$root/etc/resolv.conf" 2>/dev/null || true
    [ ! -e "$hosts/$name/packages" ] || offer_packages "$root"
    printf '%s' "$name" | sha256sum | cut -c1-32 >"$root/etc/machine-id"
    printf '%s\n' "$name" >"$root/etc/hostname"
}

# running NAME: its supervisor lives (and the number was not given to another process).
running() {
    local pid
    pid=$(cat "$hosts/$1/supervisor" 2>/dev/null) || return 1
    [ -n "$pid" ] && tr '\0' ' ' 2>/dev/null <"/proc/$pid/cmdline" | grep -q "run-host $1 $fleet "
}

# leader NAME: the process id of the host's init, as the controller sees it.
leader() {
    local pid line
    for pid in $(ip netns pids "$(netns_of "$1")" 2>/dev/null); do
        line=$(grep '^NSpid:' "/proc/$pid/status" 2>/dev/null) || continue
        [[ ! $line =~ [[:space:]]1$ ]] || {
            printf '%s\n' "$pid"
            return 0
        }
    done
    return 1
}

start_host() {
    local name=$1 folder=$hosts/$1
    ! running "$name" || return 0
    mount_host "$name"
    connect_host "$name"
    setsid "$here/fleet" run-host "$name" "$fleet" </dev/null >>"$folder/console.log" 2>&1 9>&- &
    printf '%s\n' "$!" >"$folder/supervisor"
    # Until the new process has taken its name, `running` would not know it.
    while kill -0 "$!" 2>/dev/null && ! running "$name"; do sleep 0.01; done
}

# The body of a host's supervisor: boots it, and boots it again when it reboots.
# systemd-nspawn leaves with 133 to ask for the next boot.
run_host() {
    local name=$1 status=133 child= options=()
    [ ! -e "$hosts/$name/packages" ] || options+=(--bind-ro="$(cat "$hosts/$name/packages"):/srv/apt")
    # A server's limit; this machine may allow less.
    ulimit -Hn 524288 2>/dev/null || true
    enter_own_cgroup "$name"
    # The host's own init must be told to power off; a second signal is not passed on.
    trap '[ -z "$child" ] || kill -TERM "$child" 2>/dev/null' TERM
    while [ "$status" -eq 133 ]; do
        printf '%s\n' "--- $(date -Is) boot"
        # /proc/sys is writable, for playbooks set kernel parameters; those of the
        # network want a capability, and the host has a network of its own.
        SYSTEMD_NSPAWN_API_VFS_WRITABLE=yes SYSTEMD_NSPAWN_LOCK=0 systemd-nspawn --quiet --register=no --keep-unit \
            --capability=CAP_NET_ADMIN \
            --resolv-conf=off --timezone=off --link-journal=no --console=read-only \
            --directory="$hosts/$name/root" --machine="$name" --hostname="$name" \
            --network-namespace-path="/run/netns/$(netns_of "$name")" "${options[@]}" --boot systemd.show_status=yes &
        child=$!
        while kill -0 "$child" 2>/dev/null; do
            status=0
            wait "$child" || status=$?
        done
    done
    printf '%s\n' "--- $(date -Is) off ($status)"
}

# Without a cgroup of its own, a host's init would share one with all others
# and stop their services with its own.
enter_own_cgroup() {
    local top name=$bridge-$1
    for top in /sys/fs/cgroup/systemd /sys/fs/cgroup/unified /sys/fs/cgroup; do
        [ -e "$top/cgroup.procs" ] || continue
        mkdir -p "$top/$bridge/$name" && echo $$ >"$top/$bridge/$name/cgroup.procs"
    done
}

remove_cgroups() {
    local top
    for top in /sys/fs/cgroup/systemd /sys/fs/cgroup/unified /sys/fs/cgroup; do
        [ -d "$top/$bridge" ] || continue
        find "$top/$bridge" ${1:+-path "$top/$bridge/$bridge-$1*"} -depth -type d -exec rmdir {} + 2>/dev/null || true
    done
}

# await_host NAME: until systemd has finished booting and sshd answers.
await_host() {
    local name=$1 end=$((SECONDS + boot_limit)) state="no answer from sshd"
    while [ "$SECONDS" -lt "$end" ]; do
        running "$name" || {
            say "fleet: $name went off while booting"
            say "help: read its console in $hosts/$name/console.log"
            return 1
        }
        state=$(host_ssh root "$name" "systemctl is-system-running --wait" 2>&1) || true
        case $state in running | degraded) return 0 ;; esac
        sleep 0.1
    done
    say "fleet: $name did not come up within $boot_limit s: $state"
    say "help: read its console in $hosts/$name/console.log"
    return 1
}

host_ssh() {
    local user=$1 name=$2
    shift 2
    ssh -F "$fleet/ssh_config" -o ConnectTimeout=2 -o BatchMode=yes -l "$user" "$name" "$@" </dev/null
}

# stop_host NAME [hard]: power off, or pull the plug.
stop_host() {
    local name=$1 pid end=$((SECONDS + 10))
    pid=$(cat "$hosts/$name/supervisor" 2>/dev/null) || pid=
    if [ "${2:-}" != hard ] && running "$name"; then
        kill -TERM "$pid" 2>/dev/null || true
        while running "$name" && [ "$SECONDS" -lt "$end" ]; do sleep 0.05; done
    fi
    ! running "$name" || kill -KILL -- "-$pid" 2>/dev/null || true
    end_processes "$(netns_of "$name")"
    rm -f "$hosts/$name/supervisor"
    remove_cgroups "$name"
}

# end_processes NETNS: whatever is left in there, after a crash too.
end_processes() {
    local pids try
    for ((try = 0; try < 100; try++)); do
        pids=$(ip netns pids "$1" 2>/dev/null) || return 0
        [ -n "$pids" ] || return 0
        # shellcheck disable=SC2086
        kill -KILL $pids 2>/dev/null || true
        sleep 0.05
    done
    die "processes in $1 do not end: $pids"
}

unmount_host() {
    local root=$hosts/$1/root
    ! mountpoint -q "$root" || umount "$root" 2>/dev/null || umount --lazy "$root"
}

# remove_overlay NAME: all that happened on the host is forgotten.
remove_overlay() {
    unmount_host "$1"
    rm -rf --one-file-system "${hosts:?}/$1/upper" "${hosts:?}/$1/work"
}
