# shellcheck shell=bash
# What the machine that carries the fleet needs, from Debian, only where missing.

command_install() {
    local pair program package missing=()
    for pair in mmdebstrap:mmdebstrap systemd-nspawn:systemd-container ip:iproute2 tc:iproute2 \
        ssh:openssh-client ssh-keygen:openssh-client gpg:gnupg nft:nftables flock:util-linux \
        nsenter:util-linux; do
        program=${pair%%:*} package=${pair##*:}
        command -v "$program" >/dev/null || missing+=("$package")
    done
    [ "${#missing[@]}" -gt 0 ] || return 0
    need_root
    command -v apt-get >/dev/null ||
        die "missing on this machine: ${missing[*]}" "install these packages (their Debian names)"
    say "fleet: installing ${missing[*]}"
    export DEBIAN_FRONTEND=noninteractive
    apt-get install -qq -y --no-install-recommends "${missing[@]}" >/dev/null 2>&1 || {
        apt-get update -qq && apt-get install -qq -y --no-install-recommends "${missing[@]}" >/dev/null
    } || die "apt-get could not install ${missing[*]}"
}
