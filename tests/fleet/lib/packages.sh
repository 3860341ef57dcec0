# shellcheck shell=bash
# A repository of Debian packages for hosts that cannot reach Debian.
#
# The packages of packages.list are downloaded once, with all that they depend
# on and the base image lacks. `up --packages` shows the folder to a host as
# /srv/apt, and makes it the host's only source.

# The name holds the hash of the list and of the image that it completes.
packages_path() {
    local hash
    hash=$({ cat "$here/lib/packages.list" "$here/lib/packages.sh" && image_path base; } | sha256sum | cut -c1-12)
    printf '%s\n' "$cache/packages-$hash"
}

ensure_packages() {
    local path
    path=$(packages_path)
    [ ! -d "$path" ] || return 0
    need_root
    ensure_image base
    (
        flock 8
        [ ! -d "$path" ] || exit 0
        say "fleet: downloading packages to $path (once)"
        local new=$path.new
        rm -rf --one-file-system "$new"
        mkdir -p "$new"
        download_packages "$new" >"$cache/packages.log" 2>&1 || die "apt-get failed" "read $cache/packages.log"
        index_packages "$new"
        mv -T "$new" "$path"
    ) 8>"$cache/packages.lock"
}

# download_packages FOLDER: as the base image would, with its sources and what it has.
download_packages() {
    local folder=$1 image work names
    image=$(image_path base)
    work=$(mktemp -d)
    mkdir -p "$work/parts" "$work/state/lists/partial" "$work/cache/archives/partial"
    cat >"$work/apt.conf" <<CONF
Dir::Etc "$image/etc/apt";
Dir::Etc::Parts "$work/parts";
Dir::Etc::TrustedParts "$image/etc/apt/trusted.gpg.d";
Dir::State "$work/state";
Dir::State::status "$image/var/lib/dpkg/status";
Dir::Cache "$work/cache";
APT::Install-Recommends "no";
APT::Sandbox::User "root";
CONF
    mapfile -t names < <(sed -e 's/#.*//' -e '/^[[:space:]]*$/d' "$here/lib/packages.list")
    APT_CONFIG=$work/apt.conf apt-get -qq update &&
        APT_CONFIG=$work/apt.conf apt-get -qq -y --download-only install "${names[@]}" &&
        mv "$work"/cache/archives/*.deb "$folder" || return 1
    rm -rf "$work"
}

# index_packages FOLDER: what `dpkg-scanpackages` would write, without the package that has it.
index_packages() {
    local folder=$1 file
    for file in "$folder"/*.deb; do
        dpkg-deb --field "$file"
        printf 'Filename: ./%s\nSize: %s\nSHA256: %s\n\n' "${file##*/}" "$(stat --format=%s "$file")" \
            "$(sha256sum "$file" | cut -d' ' -f1)"
    done >"$folder/Packages"
}

# The host's apt knows this source and no other, and has read its list already.
# A crash in the middle of an installation is nothing to be saved from here.
offer_packages() {
    local root=$1
    printf 'deb [trusted=yes] file:/srv/apt ./\n' >"$root/etc/apt/sources.list"
    printf 'force-unsafe-io\n' >"$root/etc/dpkg/dpkg.cfg.d/fleet"
    mkdir -p "$root/srv/apt" "$root/var/lib/apt/lists"
    cp "$(packages_path)/Packages" "$root/var/lib/apt/lists/_srv_apt_._Packages"
}

command_packages() {
    need_root
    command_install
    ensure_packages
    packages_path
}
