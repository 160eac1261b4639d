// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <string>

namespace smsbridge::bridge {

struct ConfigProblem {
  std::string file;
  int line = 0, column = 0;  // 1-based; 0: the whole file
  bool warning = false;
  std::string path;  // gateways[0].port
  std::string text;
  std::string code;  // unknown-key, bad-value, missing, duplicate, unreadable, literal-secret, unsafe
  // Of check_references: which of the list that `path` names, and its key.
  std::size_t index = 0;
  std::string key;
};
std::string describe(const ConfigProblem& problem);  // FILE:LINE:COL: error: path: text [code]

}  // namespace smsbridge::bridge
