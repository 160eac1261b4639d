#!/usr/bin/env bash
# SPDX-License-Identifier: MPL-2.0
# Builds the release binary and the load generator, and measures smsbridge beside Kannel. Options go to compare.mjs.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

usage() {
  cat <<'TEXT'
usage: tests/bench/run.sh [--store] [--quick] [--out FOLDER] [--reps N] [--seconds S] [--only TEXT] [--without-kannel] [--help]

Installs what is missing (Debian 12 or 13, as root or through sudo), builds, and runs the benchmark: about 12 minutes, or
2 with --quick. It prints a table, and writes it and all figures to FOLDER (build/bench-results). Nothing else should
run on the machine. docs/performance.md says what is measured.

  --store   the store alone instead, at 1, 10, 100 and 1000 messages a batch; with --ideas after it tasks, marks and lines
            of the journal
TEXT
}

store=0
arguments=()
for argument in "$@"; do
  case $argument in
    -h | --help) usage; exit 0 ;;
    --store) store=1 ;;
    *) arguments+=("$argument") ;;
  esac
done

# shellcheck source=conf/packages/install.sh
source conf/packages/install.sh
install_packages conf/packages/build.txt conf/packages/test.txt

# The release preset without the tests is what users run; the generator is built with them. The flags are the same.
cmake --preset release -D SMSBRIDGE_TESTS=ON >/dev/null || cmake --preset release -D SMSBRIDGE_TESTS=ON --fresh
cmake --build --preset release -j "$(nproc)" --target smsbridge bench_load bench_store
cmake --preset release >/dev/null

if ((store)); then
  mkdir -p build
  exec build/release/bench_store --folder build/bench-store "${arguments[@]}"
fi
exec node tests/bench/compare.mjs "${arguments[@]}"
