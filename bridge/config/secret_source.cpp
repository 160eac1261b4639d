// SPDX-License-Identifier: MPL-2.0
#include "bridge/config/secret_source.hpp"

#include <cstdlib>
#include <fstream>
#include <sstream>

namespace smsbridge::bridge {
namespace {

// What editors and shells put around a secret is not a part of it.
std::string trimmed(std::string text) {
  constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
  if (text.starts_with(byte_order_mark)) text.erase(0, byte_order_mark.size());
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r' || text.back() == ' ')) text.pop_back();
  return text;
}

// A folder can be opened like a file, and reads as nothing.
bool read_file(const std::filesystem::path& path, std::string& content) {
  std::error_code ec;
  std::ifstream in(path, std::ios::binary);
  if (!in || std::filesystem::is_directory(path, ec)) return false;
  std::ostringstream text;
  text << in.rdbuf();
  content = text.str();
  return true;
}

// Docker mounts secrets readable for all, in a container that has nobody else.
bool is_open_to_all(const std::filesystem::path& path) {
  std::error_code ec;
  const auto mode = std::filesystem::status(path, ec).permissions();
  using std::filesystem::perms;
  const bool others = !ec && (mode & (perms::others_read | perms::others_write)) != perms::none;
  return others && std::filesystem::is_regular_file(path, ec) && !path.string().starts_with("/run/secrets/");
}

FoundSecret refused(std::string why, std::string code = "unreadable") {
  return {.value = {}, .refusal = std::move(why), .code = std::move(code), .warning = {}};
}

}  // namespace

FoundSecret find_secret(const std::string& kind, const std::string& name, const std::filesystem::path& folder) {
  std::string place, found, warning;
  if (kind == "file") {
    const auto path = folder / name;
    place = "the file " + path.string();
    if (!read_file(path, found)) return refused("cannot read " + place);
    if (is_open_to_all(path)) warning = place + " is open to everybody on this machine: chmod o= " + path.string();
  } else if (kind == "env") {
    place = "the environment variable " + name;
    const char* text = std::getenv(name.c_str());
    if (!text) return refused(place + " is not set");
    found = text;
  } else if (kind == "credential") {
    place = "the credential " + name;
    const char* credentials = std::getenv("CREDENTIALS_DIRECTORY");
    if (!credentials || !read_file(std::filesystem::path(credentials) / name, found))
      return refused(place + " is not there (LoadCredential= in the unit)");
  } else {
    return refused("'" + kind + "' is not one of file, env, credential", "bad-value");
  }
  found = trimmed(std::move(found));
  if (!found.empty()) return {.value = std::move(found), .refusal = {}, .code = {}, .warning = std::move(warning)};
  auto none = refused(place + " is empty", "missing");
  none.warning = std::move(warning);
  return none;
}

}  // namespace smsbridge::bridge
