#!/usr/bin/env bash
# SPDX-License-Identifier: MPL-2.0
# Plants bugs, one at a time, and says which test catches each: what a change of the tests is worth.
exec node "$(dirname "${BASH_SOURCE[0]}")/mutations/run.mjs" "$@"
