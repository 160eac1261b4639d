#!/usr/bin/env bash
# SPDX-License-Identifier: MPL-2.0
# Builds and tests everything: the release binary against real peers, and meanwhile C++ tests under sanitizers.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

usage() {
  cat <<'TEXT'
usage: ./test.sh [--unit] [--long] [--tsan] [--help]

Installs what is missing (Debian 12 or 13, as root or through sudo) and runs all tests. Exit code 0 only if all pass.

  --unit   only the C++ unit tests, under address and undefined-behaviour sanitizers
  --long   more of the random tests: 200 kills instead of 20, ten times as many seeds (sets SMSBRIDGE_TEST_LONG=1)
  --tsan   also build with the thread sanitizer and run the C++ tests there
TEXT
}

unit_only=0 tsan=0
for argument in "$@"; do
  case $argument in
    --unit) unit_only=1 ;;
    --long) export SMSBRIDGE_TEST_LONG=1 ;;
    --tsan) tsan=1 ;;
    -h | --help) usage; exit 0 ;;
    *) echo "error: unknown option '$argument'" >&2; usage >&2; exit 2 ;;
  esac
done

jobs=$(nproc)
results=() failed=0

# step NAME COMMAND... runs one step, remembers how it went, and lets later steps run that do not need it.
step() {
  local name=$1 begin=$SECONDS status=0
  shift
  printf '\n== %s\n' "$name"
  "$@" || status=$?
  if ((status == 0)); then
    results+=("ok      $name ($((SECONDS - begin)) s)")
  else
    results+=("FAILED  $name (exit code $status, $((SECONDS - begin)) s)")
    failed=1
  fi
  return "$status"
}

# meanwhile NAME COMMAND... starts a step that runs beside those that follow; what it says is shown by finish.
beside_name='' beside_pid='' beside_begin=0 beside_log=''
meanwhile() {
  beside_name=$1 beside_begin=$SECONDS
  beside_log=$(mktemp)
  shift
  printf '\n== %s: begun, shown at its end\n' "$beside_name"
  set -m # a process group of its own, so that all of it can be ended
  { status=0; "$@" || status=$?; echo "$SECONDS" >"$beside_log.end"; exit "$status"; } </dev/null >"$beside_log" 2>&1 &
  beside_pid=$!
  set +m
}
finish() {
  local status=0 time
  [[ -n $beside_pid ]] || return 0
  wait "$beside_pid" || status=$?
  beside_pid=''
  printf '\n== %s\n' "$beside_name"
  cat "$beside_log"
  time=$(($(cat "$beside_log.end" 2>/dev/null || echo "$SECONDS") - beside_begin))
  if ((status == 0)); then
    results+=("ok      $beside_name ($time s, beside others)")
  else
    results+=("FAILED  $beside_name (exit code $status, $time s, beside others)")
    failed=1
  fi
}
at_end() {
  [[ -z $beside_pid ]] || kill -- "-$beside_pid" 2>/dev/null || true
  [[ -z $beside_log ]] || rm -f "$beside_log" "$beside_log.end"
}
trap at_end EXIT

not_run() { results+=("not run $1"); }

summary() {
  printf '\n== summary\n'
  printf '%s\n' "${results[@]}"
  echo "all of it: $SECONDS s"
  if ((failed != 0)); then
    echo "test.sh: FAILED"
    exit 1
  fi
  echo "test.sh: all passed"
}

# build PRESET TARGET...
build() {
  local preset=$1
  shift
  cmake --preset "$preset" >/dev/null || cmake --preset "$preset" --fresh || return
  unhurried cmake --build --preset "$preset" -j "$jobs" --target "$@"
}

# What has no deadline gives way to what has: it gets the processors that nothing else wants.
unhurried() {
  if chrt --idle 0 true 2>/dev/null; then chrt --idle 0 "$@"; else nice -n 10 "$@"; fi
}

# Ten times as fast as under the sanitizers, which ctest runs a fifth of the seeds with.
simulation() { unhurried build/release/tests/simulate --seeds 300; }

run_ctest() { ctest --preset "$@" --no-tests=error; }

# npm ci only when the lock file is another one than last time. In a subshell: it changes the folder.
npm_packages() (
  stamp=node_modules/.smsbridge-lock
  cd tests/integration || exit
  if [[ -e $stamp ]] && cmp -s package-lock.json "$stamp"; then
    echo "npm packages: all there"
  else
    npm ci --no-audit --no-fund && cp package-lock.json "$stamp"
  fi
)

# The console's own tests, and whether bridge/console/dist is what its sources make, with what builds it.
console() (
  if ! node -e 'const [a, b] = process.versions.node.split("."); process.exit(a > 20 || (a == 20 && b >= 19) ? 0 : 1)'; then
    echo "console: not judged, since this is Node $(node --version), and it is built with 20.19 or later"
    return 0
  fi
  committed=$(mktemp -d)
  trap 'rm -rf "$committed"' EXIT
  cp -r bridge/console/dist/. "$committed"
  cd bridge/console/web || exit
  npm ci --no-audit --no-fund && npm test && npm run build || exit
  diff -r "$committed" ../dist && exit
  echo "error: bridge/console/dist is not what bridge/console/web makes: it was built anew, commit it" >&2
  exit 1
)

# The include picture and a few rules of the house; needs nothing but Node.
structure() { node --test tests/integration/structure.test.mjs; }

# FILE... One at a time: each starts daemons, and two cores are soon busy.
integration() {
  local major
  local -a concurrency=()
  major=$(node -p 'process.versions.node.split(".")[0]')
  if ((major < 18)); then
    echo "error: Node $(node --version) is too old, the tests need 18 or later" >&2
    return 1
  fi
  # Node 18 takes the option only from 18.19 on.
  if node --help | grep -q -- '--test-concurrency'; then concurrency=(--test-concurrency=1); fi
  SMSBRIDGE_BINARY=$PWD/build/release/smsbridge node --test "${concurrency[@]}" "$@"
}
# How long somebody waits while others mean harm is judged in milliseconds, alerts by seconds instead of minutes, and a browser
# takes a processor: these have the machine to themselves.
timed=(tests/integration/{hostile,under_attack,monitoring,console}.test.mjs)
untimed=()
for file in tests/integration/*.test.mjs; do
  [[ " tests/integration/structure.test.mjs ${timed[*]} " == *" $file "* ]] || untimed+=("$file")
done

# The C++ sources are formatted as .clang-format says, and as version 14 of Debian 12 reads it: others differ in a few places.
format() {
  local -a sources
  if [[ $(clang-format --version) != *' 14.'* ]]; then
    echo "format: not judged, since this is $(clang-format --version) and not 14"
    return 0
  fi
  mapfile -t sources < <(find bridge smpp store metrics http_gateways tests -path '*/node_modules' -prune -o \
    \( -name '*.cpp' -o -name '*.hpp' -o -name '*.h' \) -print | sort)
  if ((${#sources[@]} > 0)); then
    clang-format --dry-run --Werror "${sources[@]}"
  fi
}

# shellcheck source=conf/packages/install.sh
source conf/packages/install.sh
step "Debian packages" install_packages conf/packages/build.txt conf/packages/test.txt || summary

step "structure" structure || true
step "format" format || true
# Before the build, which puts what stands in dist/ into the program.
((unit_only)) || step "console" console || true

if ((!unit_only)); then
  if step "build release" build release all simulate && step "npm packages" npm_packages; then
    # Most of their time they wait for something: the build below takes the rest.
    meanwhile "integration tests" integration "${untimed[@]}"
    step "simulation" simulation || true
  else
    not_run "integration tests"
    not_run "simulation"
  fi
fi

# Without the program: that is tested as users have it.
if step "build dev (sanitizers)" build dev tests/all; then
  if ((unit_only)); then
    step "unit tests" run_ctest dev -L unit -j "$jobs" || true
  else
    step "C++ tests" run_ctest dev -j "$jobs" || true
  fi
else
  not_run "C++ tests"
fi

if ((tsan)); then
  if step "build tsan (thread sanitizer)" build tsan tests/all; then
    if ((unit_only)); then
      step "unit tests under tsan" run_ctest tsan -L unit -j "$jobs" || true
    else
      step "C++ tests under tsan" run_ctest tsan -j "$jobs" || true
    fi
  fi
fi

finish
if [[ -n $beside_name ]]; then step "integration tests that judge time" integration "${timed[@]}" || true; fi
summary
