// SPDX-License-Identifier: MPL-2.0
#include "bridge/text/message_id.hpp"

namespace smsbridge::bridge {
namespace {

constexpr std::string_view alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";  // Crockford's
constexpr std::string_view prefix = "msg_";
constexpr std::size_t ulid_length = 26;
constexpr int check_bits = 58;  // 80 bits behind the time, less the 22 of the counter

std::uint64_t check_of(store::MessageId id) {
  std::uint64_t mixed = id * 0x9E3779B97F4A7C15ull;
  mixed = (mixed ^ mixed >> 30) * 0xBF58476D1CE4E5B9ull;
  mixed = (mixed ^ mixed >> 27) * 0x94D049BB133111EBull;
  return (mixed ^ mixed >> 31) >> (64 - check_bits);
}

__extension__ using Wide = unsigned __int128;

}  // namespace

std::string ulid_text(store::MessageId id) {
  const auto counter = id & ((store::MessageId{1} << store::id_counter_bits) - 1);
  Wide value = static_cast<Wide>(static_cast<std::uint64_t>(store::id_time(id))) << 80;
  value |= static_cast<Wide>(counter) << check_bits;
  value |= check_of(id);
  std::string text(ulid_length, '0');
  for (std::size_t i = ulid_length; i-- > 0; value >>= 5) text[i] = alphabet[static_cast<std::size_t>(value & 31)];
  return text;
}

std::string message_id_text(store::MessageId id) { return std::string(prefix) + ulid_text(id); }

std::optional<store::MessageId> parse_message_id(std::string_view text) {
  if (!text.starts_with(prefix) || text.size() != prefix.size() + ulid_length) return std::nullopt;
  Wide value = 0;
  for (const char c : text.substr(prefix.size())) {
    const auto digit = alphabet.find(c);
    if (digit == std::string_view::npos) return std::nullopt;
    value = value << 5 | digit;
  }
  const auto at = static_cast<store::WallMs>(value >> 80);
  const auto counter =
      static_cast<std::uint64_t>(value >> check_bits) & ((std::uint64_t{1} << store::id_counter_bits) - 1);
  if (at < store::id_epoch_ms) return std::nullopt;
  const auto id = store::first_id_at(at) | counter;
  if (ulid_text(id) != text.substr(prefix.size())) return std::nullopt;
  return id;
}

}  // namespace smsbridge::bridge
