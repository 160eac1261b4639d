#!/usr/bin/env bash
# SPDX-License-Identifier: MPL-2.0
# A new user's machine: a bare Debian, and in it a clone of this checkout and the README's two commands.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

usage() {
  cat <<'TEXT'
usage: tests/bare_debian.sh [--run-only] [--keep] [12|13]

Makes a bare Debian (13 unless you say 12) with debootstrap in a new folder of $TMPDIR, clones the last commit into it,
and runs ./run.sh --once and ./test.sh there. Takes half an hour and 6 GiB. As root, with debootstrap installed.
MIRROR names another place for the packages than debootstrap's own. Exit code 0 only if both commands succeed.

  --run-only   without ./test.sh
  --keep       leaves the folder there
TEXT
}

declare -A names=([12]=bookworm [13]=trixie)
release=13 commands='./run.sh --once && ./test.sh' keep=0
for argument in "$@"; do
  case $argument in
    -h | --help) usage; exit 0 ;;
    --run-only) commands='./run.sh --once' ;;
    --keep) keep=1 ;;
    12 | 13) release=$argument ;;
    *) usage >&2; exit 2 ;;
  esac
done
if ((EUID != 0)) || ! command -v debootstrap >/dev/null; then
  echo "error: this needs root, and debootstrap (apt-get install debootstrap)" >&2
  exit 2
fi
[[ -z $(git status --porcelain) ]] || echo "note: what is not committed is left out" >&2

root=$(mktemp -d "${TMPDIR:-/tmp}/smsbridge-debian$release.XXXXXX")
# Mounts are in a namespace that ends with the commands, so nothing but the folder is left to remove.
((keep)) || trap 'rm -rf --one-file-system "$root"' EXIT
# shellcheck disable=SC2086  # without a mirror there is no such word
debootstrap --variant=minbase "${names[$release]}" "$root" ${MIRROR:-} >"$root.log" 2>&1 ||
  { tail "$root.log" >&2; exit 1; }
rm "$root.log"
git clone -q --no-hardlinks . "$root/srv/smsbridge"
cp /etc/resolv.conf /etc/hosts "$root/etc/"
# Where a proxy answers for others, its authority has to be known there as well.
mkdir -p "$root/usr/local/share/ca-certificates"
cp /usr/local/share/ca-certificates/*.crt "$root/usr/local/share/ca-certificates/" 2>/dev/null || true

echo "== Debian $release in $root"
# shellcheck disable=SC2016  # expanded inside
unshare --mount --pid --fork bash -c '
  mount --bind /dev "$1/dev" && mount -t proc proc "$1/proc" && mount -t tmpfs tmpfs "$1/dev/shm" &&
  exec chroot "$1" env -i HOME=/root LANG=C.UTF-8 PATH=/usr/sbin:/usr/bin:/sbin:/bin \
    http_proxy="${http_proxy:-}" https_proxy="${https_proxy:-}" NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt \
    bash -c "cd /srv/smsbridge && $2"' _ "$root" "$commands"
