#!/usr/bin/env bash
# Proves ./demo and ./test on a bare system: a fresh Debian 12 in a folder, with git and nothing else.
#
#   tests/bare_system.sh FOLDER [setup] [demo] [test]     FOLDER is made (about 6 GB), and kept for a look
#
# As root, with the package debootstrap. Takes the last commit of this checkout by `git clone`; packages
# come from where this machine's apt takes them, Python packages from where its pip does. With
# $CCACHE_DIR set, that compiler cache is lent to the build: then it proves function, not time.
set -euo pipefail
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
((EUID == 0)) || { echo "bare_system.sh: debootstrap and chroot want root" >&2; exit 1; }
(($# >= 1)) || { sed -n '2,7s/^# \{0,1\}//p' "$0" >&2; exit 1; }
system=$(realpath -m "$1")
shift
what=("$@")
((${#what[@]})) || what=(demo test)
[[ ! -e $system ]] || { echo "bare_system.sh: $system exists, give a new folder" >&2; exit 1; }

# The first Debian mirror that apt knows of, in either of its two formats.
mirror=$(apt-get indextargets --format '$(SITE) $(CODENAME) $(LABEL)' 'Created-By: Packages' |
  awk '$2 == "bookworm" && /Debian/ {print $1; exit}')
[[ -n $mirror ]] || { echo "bare_system.sh: apt knows no mirror of Debian 12" >&2; exit 1; }

mounts=()
clean_up() {
  local i
  [[ ! -x $system/root/usher/demo ]] || inside "./demo --stop" >/dev/null 2>&1 || true
  for ((i = ${#mounts[@]} - 1; i >= 0; i--)); do umount -l "${mounts[i]}" || true; done
}
trap clean_up EXIT

bind() {
  mkdir -p "$(dirname "$system$1")"
  if [[ -d $1 ]]; then mkdir -p "$system$1"; else touch "$system$1"; fi
  mount --bind "$1" "$system$1"
  mounts+=("$system$1")
}

echo "== A bare Debian 12 in $system"
debootstrap --variant=minbase --include=git,ca-certificates bookworm "$system" "$mirror" >"$system.debootstrap.log"
# The machine's package sources, resolver and trust, and pip's settings where it has any: what makes
# the registries reachable, and nothing that could stand in for what ./setup has to install.
rm -f "$system/etc/apt/sources.list"
cp -rL /etc/apt/sources.list* "$system/etc/apt/" 2>/dev/null || true
find "$system/etc/apt/sources.list.d" -type f ! -name '*debian*' -delete 2>/dev/null || true
cp -rL /etc/apt/apt.conf.d "$system/etc/apt/"
cp -L /etc/resolv.conf /etc/hosts "$system/etc/"
cp -L /etc/ssl/certs/ca-certificates.crt "$system/etc/ssl/certs/ca-certificates.crt"
for config in /etc/pip.conf "${HOME:-/root}/.config/pip/pip.conf" "${HOME:-/root}/.pip/pip.conf"; do
  [[ -f $config ]] && install -D -m 644 "$config" "$system/etc/pip.conf"
done
environment=(HOME=/root PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8)
while IFS='=' read -r name value; do
  environment+=("$name=$value")
  # pip may be told to look for packages in a folder of this machine
  [[ $name == PIP_FIND_LINKS && -d $value ]] && bind "$value"
done < <(env | grep -E '^(PIP_|https?_proxy|HTTPS?_PROXY|no_proxy|NO_PROXY|SSL_CERT_FILE|REQUESTS_CA_BUNDLE)' || true)
if [[ -n ${CCACHE_DIR:-} ]]; then
  bind "$CCACHE_DIR"
  environment+=("CCACHE_DIR=$CCACHE_DIR" CCACHE_BASEDIR=/root/usher CCACHE_NOHASHDIR=1)
fi
for folder in /proc /sys /dev; do bind "$folder"; done

echo "== The last commit, cloned"
git clone -q "$ROOT" "$system/root/usher"
# What .ci/run would find beside the checkout is left out: a bare system has no data of ours.

inside() { chroot "$system" env -i "${environment[@]}" bash -c "cd /root/usher && $1"; }
timed() {
  local started=$SECONDS
  echo "== $1"
  inside "$1"
  echo "== $1: $((SECONDS - started)) s"
}

packages() { inside 'dpkg-query -W | wc -l'; }
echo "== $(packages) Debian packages before"
touch "$system/root/before"
for one in "${what[@]}"; do
  case $one in
    demo)
      timed "./demo --port 4599"
      timed "./demo --port 4599"
      ;;
    setup | test) timed "./$one" ;;
    *) echo "bare_system.sh: unknown word $one" >&2; exit 1 ;;
  esac
done

echo "== $(packages) Debian packages after"
echo "== Files written outside the checkout, the package manager's own left out"
inside 'find / -xdev -type f -newer /root/before -not -path "/root/usher/*" \
  -not -path "/var/lib/dpkg/*" -not -path "/var/lib/apt/*" -not -path "/var/cache/*" \
  -not -path "/var/log/*" | head -n 50'
