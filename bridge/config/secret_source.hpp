// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <filesystem>
#include <string>

namespace smsbridge::bridge {

// What came of looking for a secret that does not stand in the configuration itself.
struct FoundSecret {
  std::string value;
  std::string refusal, code;  // why there is none; empty: there is
  std::string warning;        // it is there, and not safe
};
// `kind` of place: file (relative to `folder`), env or credential (of systemd); and its name there.
FoundSecret find_secret(const std::string& kind, const std::string& name, const std::filesystem::path& folder);

}  // namespace smsbridge::bridge
