# Finds the helper on the host, or takes it from standard input, and becomes it.
#
# In front the controller sets n (nonce), h (the helper's file name), k (a helper that the login
# user has, or nothing) and x (directories that failed, between colons). It runs in dash, bash and
# busybox ash. The shell that reads it first may be csh or fish: lines are joined, and no single
# quote, backslash or exclamation mark may occur.

umask 022;
unset LANGUAGE;
[ -t 0 ] && stty raw -echo;
say() { echo "SUTLER-$n $*"; };
[ -n "$k" ] && [ -x "$k" ] && say ready "$k" && exec "$k";
u=${BASH_VERSION:+$EUID};
[ -n "$u" ] || while read -r name real effective rest; do [ "$name" = Uid: ] && u=$effective && break; done 2>/dev/null </proc/self/status;
[ -n "$u" ] || u=$(id -u);

# Ours, real (a symbolic link shows `l`), and writable for nobody else.
safe() { set -- $(ls -ldn "$1" 2>/dev/null); case "$1:$3" in d????-??-*:$u) return 0;; esac; return 1; };
# Both the directory and the file in it, whose line comes second: one program less to start.
ours() { set -- $(ls -ldn "$1" "$1/$h" 2>/dev/null); case "$1:$3" in d????-??-*:$u) ;; *) return 1;; esac; while shift && [ $# -gt 3 ]; do case "$1:$3" in -??x?-??-*:$u) return 0;; esac; done; return 1; };

c=;
case "$HOME" in /?*) c="$HOME/.cache/sutler";; esac;
set -- "/var/tmp/sutler-$u" "$c" "/tmp/sutler-$u" "/dev/shm/sutler-$u" "/run/user/$u/sutler";
for d do
case "$x" in *":$d:"*) continue;; esac;
[ -x "$d/$h" ] && ours "$d" && say ready "$d/$h" && exec "$d/$h";
done;

# A place for it: a tiny program shows whether programs may run there.
g=;
for d do
[ -n "$d" ] || continue;
case "$x" in *":$d:"*) continue;; esac;
[ -d "$d" ] || mkdir -p "$d" 2>/dev/null || { say "skip $d|cannot be created"; continue; };
safe "$d" || { say "skip $d|is open to other users"; continue; };
p="$d/.try-$n-$$";
( set -C; echo "#" > "$p" ) 2>/dev/null || { say "skip $d|cannot be written"; continue; };
chmod 755 "$p";
( "$p" ) 2>/dev/null && g="$d";
rm -f "$p";
[ -n "$g" ] && break;
say "skip $d|is mounted noexec";
done;
[ -n "$g" ] || { say nowhere; exit 1; };

# Length and form come as one line, then exactly that many bytes. Debian has no xz as a rule, but it
# has dpkg-deb, which unpacks the same. The xz of busybox does not know the filter for machine code;
# it does not know the option either.
z=;
for t in xz dpkg-deb; do $t --version >/dev/null 2>&1 && z="$z${t#dpkg-},"; done;
command -v gzip >/dev/null 2>&1 && z="${z}gzip,";
z="${z}plain";
say "need $(uname -m) $z $g";
read -r size form || exit 1;
p="$g/.$h-$n-$$";
gone() { rm -f "$p" "$p.deb"; };
trap gone EXIT;
set -C;
case "$form" in xz) head -c "$size" | xz -dc > "$p";; deb) head -c "$size" > "$p.deb" && dpkg-deb --ctrl-tarfile "$p.deb" > "$p" && rm -f "$p.deb";; gzip) head -c "$size" | gzip -dc > "$p";; *) head -c "$size" > "$p";; esac || { say "failed $g|the file cannot be written"; exit 1; };
chmod 755 "$p" && "$p" </dev/null >/dev/null || { say "failed $g|it does not run"; exit 1; };
mv -f "$p" "$g/$h" || { say "failed $g|the file cannot be renamed"; exit 1; };
trap - EXIT;
find "$g" -name "sutler-helper-*" -mtime +60 -exec rm -f {} + 2>/dev/null;
say ready "$g/$h";
exec "$g/$h";
