# SPDX-License-Identifier: MPL-2.0
# shellcheck shell=bash
# Sourced by run.sh and test.sh: install_packages LIST... installs what is missing of the Debian packages in the lists,
# and in those beside them for this release: build.debian12.txt beside build.txt.

# Prints the lists and, where there are any, those of this release. What is newer than all that are known, or has no
# number yet, takes the newest.
lists_of_release() {
  local list release
  # shellcheck source=/dev/null
  release=$(. /etc/os-release && echo "${VERSION_ID:-13}")
  ((${release%%.*} <= 13)) || release=13
  for list in "$@"; do
    printf '%s\n' "$list"
    [[ ! -e ${list%.txt}.debian$release.txt ]] || printf '%s\n' "${list%.txt}.debian$release.txt"
  done
}

# Prints the packages of a list that are neither installed nor replaced by a command that is there.
missing_packages() {
  local list package command
  local -A installed=()
  while read -r package; do installed["$package"]=1; done \
    < <(dpkg-query -W -f='${db:Status-Status} ${Package}\n' | sed -n 's/^installed //p')
  for list in "$@"; do
    while read -r package command _; do
      [[ -z $package || $package == \#* || -n ${installed[$package]:-} ]] && continue
      [[ -n $command ]] && command -v "$command" >/dev/null 2>&1 && continue
      printf '%s\n' "$package"
    done <"$list"
  done
}

# Some of the packages are servers (kannel, prometheus) which Debian starts when they are installed. The tests start
# their own, so while we install, a policy keeps Debian from starting any. A policy that is there already stays.
install_packages() {
  local -a lists missing as_root=()
  local policy=/usr/sbin/policy-rc.d status=0
  if ! command -v dpkg-query >/dev/null; then
    echo "packages: this is not Debian; please install by hand what is in: $*" >&2
    return 0
  fi
  mapfile -t lists < <(lists_of_release "$@")
  mapfile -t missing < <(missing_packages "${lists[@]}")
  if ((${#missing[@]} == 0)); then
    echo "packages: all there"
    return 0
  fi
  echo "packages: installing ${missing[*]}"
  if ((EUID != 0)); then
    if ! command -v sudo >/dev/null; then
      echo "error: these packages are missing, and there is no sudo to install them: ${missing[*]}" >&2
      return 1
    fi
    as_root=(sudo)
  fi
  "${as_root[@]}" apt-get update -q || echo "packages: the lists could not all be renewed, going on with what is there" >&2
  if [[ -e $policy ]]; then
    policy=
  else
    printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee "$policy" >/dev/null
    "${as_root[@]}" chmod 755 "$policy"
  fi
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install -q -y --no-install-recommends "${missing[@]}" </dev/null || status=$?
  [[ -z $policy ]] || "${as_root[@]}" rm -f "$policy"
  if ((status != 0)); then
    echo "error: apt-get could not install: ${missing[*]}" >&2
  fi
  return "$status"
}
