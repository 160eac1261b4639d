// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <array>
#include <filesystem>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

namespace smsbridge::bridge {

// Without the right key the daemon must not start; the text is for a person.
struct SealError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// Keeps secrets in the store so that a copy of the store alone does not give them away: XChaCha20-Poly1305 under the
// master key. Any thread.
class Seal {
 public:
  // The configured key, or else the one that is kept in the file, which is made when it is not there yet. With a
  // configured key the one in the file, if there is any, opens what was sealed before. Throws
  // SealError when the file can be neither read nor made.
  Seal(std::string_view configured_key, const std::filesystem::path& key_file);

  // `place` is bound to what is sealed: at another place it does not open.
  std::string close(std::string_view secret, std::string_view place) const;
  // nullopt: sealed under another key or for another place, or damaged.
  std::optional<std::string> open(std::string_view sealed, std::string_view place) const;

 private:
  using Key = std::array<unsigned char, 32>;
  static std::optional<std::string> open(std::string_view sealed, std::string_view place, const Key& key);
  Key key_;
  std::optional<Key> earlier_;
};

}  // namespace smsbridge::bridge
