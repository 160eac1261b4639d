#!/usr/bin/env bash
# SPDX-License-Identifier: MPL-2.0
# Builds smsbridge and shows it at work: a Fineract batch, and the text of a loan that is approved, go through a simulated
# carrier until they are delivered.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

usage() {
  cat <<'TEXT'
usage: ./run.sh [--once] [--help]

Installs what is missing (Debian 12 or 13, as root or through sudo), builds the release binary, and starts the demo: the
bridge with its embedded store between a simulated bank and carrier, a batch as Fineract posts it, and the text of a loan
that is approved. It stays up and prints the addresses of API, metrics and Fineract listener.

  --once   end after delivery, with exit code 0, and say how long each step took

Other options go to `smsbridge demo`; `build/release/smsbridge demo --help` lists them.
TEXT
}

once=0
for argument in "$@"; do
  case $argument in
    -h | --help) usage; exit 0 ;;
    --once) once=1 ;;
  esac
done

times=()
timed() {
  local name=$1 begin=$SECONDS
  shift
  "$@"
  times+=("$name ($((SECONDS - begin)) s)")
}

build() {
  # A build folder of another checkout or CMake is of no use; a new one is.
  cmake --preset release >/dev/null || cmake --preset release --fresh
  cmake --build --preset release -j "$(nproc)"
}

# shellcheck source=conf/packages/install.sh
source conf/packages/install.sh
timed "packages" install_packages conf/packages/build.txt
timed "build" build

((once)) || exec build/release/smsbridge demo "$@"
timed "demo" build/release/smsbridge demo "$@"
printf '\n== times\n'
printf '%s\n' "${times[@]}"
