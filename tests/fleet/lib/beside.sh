# shellcheck shell=bash
# What the scripts share that run ansible-core and sutler on the same hosts:
# a fleet of their own with Python on it, an inventory, a file server.
#
# Needs $repo; sets $work, $inventory, $extra, and removes all when the script ends.

export SUTLER_FLEET_NUMBER=${SUTLER_FLEET_NUMBER:-9}
export SUTLER_FLEET_DIR=${SUTLER_FLEET_DIR:-$repo/.fleet-beside}
readonly fleet_command=$repo/tests/fleet/fleet
readonly server=10.77.$SUTLER_FLEET_NUMBER.1:8077
# More for `fleet up`, and which versions of Elasticsearch's stand-in are to be had.
beside_options=()
beside_versions=(8.15.3)
readonly beside_hosts=(es-master-1 es-master-2 es-master-3 es-data-1 es-data-2 es-data-3)
sutler=${SUTLER:-${CARGO_TARGET_DIR:-$repo/target}/release/sutler}
ansible=${ANSIBLE_PLAYBOOK:-$(command -v ansible-playbook || true)}
readonly sutler ansible

die() {
    printf '%s: %s\n' "${0##*/}" "$1" >&2
    exit 1
}

require_both() {
    [ -n "$ansible" ] && [ -x "$ansible" ] && ! "$ansible" --version 2>/dev/null | grep -q sutler || {
        printf '%s: skipped: there is no ansible-core here (pip install ansible-core, or set ANSIBLE_PLAYBOOK)\n' "${0##*/}"
        exit 0
    }
    [ -x "$sutler" ] || die "there is no $sutler; run cargo build --release, or set SUTLER"
}

prepare() {
    work=$(mktemp -d)
    trap finish EXIT
    "$fleet_command" up --python "${beside_options[@]}" "${beside_hosts[@]}"
    cp -r "$repo/inventories/demo" "$work/inventory"
    inventory=$work/inventory/
    sed -i "s/10\.77\.0\./10.77.$SUTLER_FLEET_NUMBER./" "$work/inventory/hosts.ini"
    cat >"$work/inventory/group_vars/all.yml" <<YAML
ansible_user: admin
ansible_ssh_private_key_file: $SUTLER_FLEET_DIR/id_ed25519
ansible_ssh_common_args: -o UserKnownHostsFile=$SUTLER_FLEET_DIR/known_hosts
ansible_python_interpreter: /usr/bin/python3
YAML
    # Its best settings.
    cat >"$work/ansible.cfg" <<INI
[defaults]
forks = ${#beside_hosts[@]}
deprecation_warnings = False
[connection]
pipelining = True
[ssh_connection]
pipelining = True
ssh_args = -o ControlMaster=auto -o ControlPersist=60s
control_path_dir = $work/cp
INI
    "$repo/demo/elasticsearch-standin/pack" "$work/downloads" "${beside_versions[@]}"
    tar -xzf "$work/downloads/elasticsearch-${beside_versions[0]}"-*.tar.gz -C "$work" --strip-components=2 --wildcards '*/bin/elasticsearch'
    "$work/elasticsearch" serve "$work/downloads" "$server" >"$work/server.log" 2>&1 &
    server_pid=$!
    # shellcheck disable=SC2034 # for the scripts that source this
    extra=(-e "es_download_url=http://$server")
}

finish() {
    [ -z "${server_pid:-}" ] || kill "$server_pid" 2>/dev/null || true
    "$fleet_command" down || true
    rm -rf "$work"
}

run_ansible() {
    ANSIBLE_CONFIG=$work/ansible.cfg ANSIBLE_NOCOLOR=1 "$ansible" -i "$inventory" "$@"
}

run_sutler() {
    NO_COLOR=1 "$sutler" playbook -i "$inventory" "$@"
}
