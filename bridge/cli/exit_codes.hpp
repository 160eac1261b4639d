// SPDX-License-Identifier: MPL-2.0
#pragma once

namespace smsbridge::bridge {

constexpr int exit_done = 0;
constexpr int exit_failed = 1;
constexpr int exit_usage = 2;
constexpr int exit_partly = 3;  // some of it was done
constexpr int exit_not_allowed = 4;
constexpr int exit_not_found = 5;
constexpr int exit_conflict = 6;
constexpr int exit_unreachable = 69;
constexpr int exit_storage = 74;  // the disk failed; a restart may help
constexpr int exit_timed_out = 75;
constexpr int exit_bad_config = 78;
constexpr int exit_interrupted = 130;  // by Ctrl-C; what was begun is whole

}  // namespace smsbridge::bridge
