# shellcheck shell=bash
# The root file system that all hosts share, built once and kept in the cache.
#
# `base` has no Python, as the hosts that sutler is for; `python` has it, so
# that ansible-core can run on the same hosts for comparison, with what its apt
# module needs to predict.
#
# Beyond a minimal Debian with systemd, sshd and sudo there are: `opendoas` for
# `become_method: doas` (no rules: a test writes /etc/doas.conf), unpackers for
# `unarchive`, `ps` and `ip` for tests that look at the host.

readonly image_suite=bookworm
readonly image_packages=systemd,systemd-sysv,dbus,openssh-server,sudo,opendoas,iproute2,ca-certificates,procps,xz-utils,zstd,bzip2,unzip

# image_path VARIANT: where it is or will be. The name holds the recipe's hash.
image_path() {
    local hash
    hash=$(sha256sum "$here/lib/image.sh" | cut -c1-12)
    printf '%s\n' "$cache/$image_suite-$1-$hash"
}

# ensure_image VARIANT
ensure_image() {
    local variant=$1 path packages=$image_packages
    path=$(image_path "$variant")
    [ ! -d "$path" ] || return 0
    need_root
    [ "$variant" = base ] || packages+=,python3,python3-apt
    mkdir -p "$cache"
    (
        flock 8
        [ ! -d "$path" ] || exit 0
        say "fleet: building the $variant image in $path (once, about half a minute)"
        local new=$path.new
        rm -rf --one-file-system "$new"
        mmdebstrap --quiet --variant=minbase --include="$packages" "$image_suite" "$new" \
            >"$cache/build-$variant.log" 2>&1 ||
            die "mmdebstrap failed" "read $cache/build-$variant.log"
        finish_image "$new"
        if [ "$variant" = base ] && [ -n "$(find "$new" -xdev -name 'python*' -path '*/bin/*' -print -quit)" ]; then
            die "the base image holds a Python, and hosts must not need one"
        fi
        mv -T "$new" "$path"
    ) 8>"$cache/lock"
}

# Users, sshd, and nothing that would differ from one host to the next.
finish_image() {
    local root=$1
    # Drop what Debian sets in the kernel at boot: that kernel is the
    # controller's. What a playbook writes to /etc/sysctl.d still holds at boot.
    rm -f "$root"/usr/lib/sysctl.d/*.conf "$root"/etc/ssh/ssh_host_* "$root/etc/machine-id" \
        "$root/etc/resolv.conf" "$root/etc/hostname"
    rm -rf "$root"/var/cache/apt/* "$root"/var/lib/apt/lists/*
    chroot "$root" useradd --create-home --shell /bin/bash admin
    chroot "$root" useradd --create-home --shell /bin/bash ops
    printf 'ops:ops-secret\n' | chroot "$root" chpasswd
    printf 'admin ALL=(ALL:ALL) NOPASSWD: ALL\n' >"$root/etc/sudoers.d/admin"
    printf 'ops ALL=(ALL:ALL) ALL\n' >"$root/etc/sudoers.d/ops"
    chmod 0440 "$root"/etc/sudoers.d/{admin,ops}
    # An empty machine-id would make every boot a first boot.
    printf 'uninitialized\n' >"$root/etc/machine-id"
    ln -sf /dev/null "$root/etc/systemd/system/systemd-firstboot.service"
    ln -sf /dev/null "$root/etc/systemd/system/apt-daily.timer"
    ln -sf /dev/null "$root/etc/systemd/system/apt-daily-upgrade.timer"
    # Many connections at once are what we test, not what sshd should refuse.
    printf 'MaxStartups 200:30:400\nPasswordAuthentication yes\n' >"$root/etc/ssh/sshd_config.d/fleet.conf"
}

command_image() {
    need_root
    command_install
    local variant=base
    [ "${1:-}" != --python ] || variant=python
    ensure_image "$variant"
    image_path "$variant"
}
