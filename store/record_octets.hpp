// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <concepts>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "store/codec.hpp"

// How the fields of a record follow each other: integers as the machine has them, texts with their length before them.
namespace smsbridge::store::record {

// 1 had no routes; 2 no accounts of receipts and no reasons of routes; 3 only texts; 4 no TLVs. What a version added
// stands at the end.
inline constexpr std::uint8_t record_version = 5;

class Out {
 public:
  explicit Out(std::string& bytes) : bytes_(bytes) { bytes_.clear(); }
  template <std::integral Integer>
  Out& put(Integer value) {
    char raw[sizeof(Integer)];
    std::memcpy(raw, &value, sizeof(Integer));
    bytes_.append(raw, sizeof(Integer));
    return *this;
  }
  void put_rest(std::string_view text) { bytes_.append(text); }
  Out& put(std::string_view text) {
    text = text.substr(0, 0xFFFF);
    put(static_cast<std::uint16_t>(text.size()));
    bytes_.append(text);
    return *this;
  }

 private:
  std::string& bytes_;
};

class In {
 public:
  In(std::string_view bytes, const char* what) : bytes_(bytes), what_(what) {
    version_ = get<std::uint8_t>();
    if (version_ == 0 || version_ > record_version) throw BadRecord(std::string(what) + ": unknown record version");
  }
  bool has_routes() const { return version_ >= 2; }
  std::uint8_t version() const { return version_; }
  bool is_read() const { return bytes_.empty(); }
  template <std::integral Integer>
  Integer get() {
    Integer value;
    std::memcpy(&value, take(sizeof(Integer)).data(), sizeof(Integer));
    return value;
  }
  template <class Enum>
  Enum get_enum(std::size_t count) {
    const auto value = get<std::uint8_t>();
    if (value >= count) throw BadRecord(std::string(what_) + ": value out of range");
    return static_cast<Enum>(value);
  }
  std::string text() { return std::string(view()); }
  // What is not counted, since nothing stands behind it.
  std::string rest() { return std::string(take(bytes_.size())); }
  std::string_view view() { return take(get<std::uint16_t>()); }
  std::string_view take(std::size_t count) {
    if (bytes_.size() < count) throw BadRecord(std::string(what_) + ": record too short");
    const auto part = bytes_.substr(0, count);
    bytes_.remove_prefix(count);
    return part;
  }

 private:
  std::string_view bytes_;
  const char* what_;
  std::uint8_t version_ = 0;
};

}  // namespace smsbridge::store::record
