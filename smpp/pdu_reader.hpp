// SPDX-License-Identifier: MPL-2.0
// The bounded cursor that the frame definitions read through. Private to pdu.cpp and frames.cpp.
#pragma once

#include <algorithm>
#include <cstring>

#include "smpp/pdu.hpp"
#include "smpp/status.hpp"

namespace smsbridge::smpp {

// Stands for a count octet (sm_length, number_of_dests, no_unsuccess): read, it is remembered for the field that it
// counts; written, it is the size of that field.
struct CountOf {
  std::size_t size = 0;
};

// The command_status that names a field which is longer than it may be; anything else is 0x02, invalid length.
std::uint32_t status_of_field(std::string_view field);

enum class Reading : std::uint8_t {
  strict,    // by the standard
  liberal,   // a string ends at its NUL, wherever that is; what goes beyond the end of the PDU is cut
  padded,    // the same, and addresses that are filled up with NULs to their full size
  tolerant,  // nothing is an error: what is missing stays as it was
};

class Reader {
 public:
  Reader(Octets octets, Reading reading) : at_(octets.data()), end_(octets.data() + octets.size()), reading_(reading) {}

  void u32(const char* field, std::uint32_t& value) {
    if (const auto* octets = take(field, 4))
      value = (std::uint32_t{octets[0]} << 24) | (std::uint32_t{octets[1]} << 16) | (std::uint32_t{octets[2]} << 8) |
              octets[3];
  }
  void u08(const char* field, std::uint8_t& value) {
    if (const auto* octets = take(field, 1)) value = octets[0];
  }
  void u08(const char* field, CountOf) {
    count_ = 0;
    if (const auto* octets = take(field, 1)) count_ = octets[0];
  }

  // `size` includes the NUL.
  void c_octet(const char* field, std::string_view& value, std::size_t size) {
    if (failed()) return;
    const auto rest = left();
    const auto limit = reading_ != Reading::strict || rest < size ? rest : size;
    const auto* nul = limit == 0 ? nullptr : static_cast<const std::uint8_t*>(std::memchr(at_, 0, limit));
    if (nul == nullptr && reading_ == Reading::strict) {
      if (rest < size) return fail(field, "the PDU ends before its NUL", status_invalid_command_length);
      return fail(field, "longer than the standard allows", status_of_field(field));
    }
    const auto length = nul == nullptr ? limit : static_cast<std::size_t>(nul - at_);
    value = std::string_view(reinterpret_cast<const char*>(at_), length);
    const auto is_nul = [](std::uint8_t octet) { return octet == 0; };
    if (reading_ == Reading::padded && size >= address_size && length < size && rest >= size &&
        std::all_of(at_ + length, at_ + size, is_nul))
      at_ += size;
    else
      at_ += nul == nullptr ? length : length + 1;
  }

  // The counted field behind its CountOf.
  void octets(const char* field, Octets& value, std::size_t size) {
    if (failed()) return;
    if (reading_ != Reading::strict) {
      cut_ = count_ > left();
      count_ = std::min(count_, left());
    } else if (count_ > size) {
      return fail(field, "sm_length is above 254", status_invalid_message_length);
    } else if (count_ > left()) {
      return fail(field, "sm_length goes beyond the end of the PDU", status_invalid_message_length);
    }
    value = Octets(at_, count_);
    at_ += count_;
  }

  // Always last. What cannot be read as a TLV is left over, see left().
  void tlvs(std::vector<Tlv>& values) {
    while (!failed() && left() >= 4 && values.size() < tlvs_max) {
      const auto size = static_cast<std::size_t>((at_[2] << 8) | at_[3]);
      if (size > left() - 4) return;
      values.push_back({static_cast<std::uint16_t>((at_[0] << 8) | at_[1]), Octets(at_ + 4, size)});
      at_ += 4 + size;
    }
  }

  void fail(const char* field, const char* reason, std::uint32_t code) {
    if (reading_ == Reading::tolerant || failed()) {
      at_ = end_;
      return;
    }
    field_ = field;
    reason_ = reason;
    code_ = code;
  }

  std::size_t count() const { return count_; }
  std::size_t left() const { return static_cast<std::size_t>(end_ - at_); }
  bool failed() const { return field_ != nullptr; }
  // All was there, and nothing is left over.
  bool fits() const { return !failed() && !cut_ && left() == 0; }
  std::optional<DecodeError> error() const {
    if (!failed()) return std::nullopt;
    return DecodeError{DecodeFault::bad_body, code_, std::string(field_) + ": " + reason_};
  }

 private:
  static constexpr std::size_t address_size = 21;  // SMPP 3.4 section 5.2.8; other strings that long are addresses, too

  const std::uint8_t* take(const char* field, std::size_t size) {
    if (failed()) return nullptr;
    if (left() < size) {
      fail(field, "the PDU ends before it", status_invalid_command_length);
      return nullptr;
    }
    const auto* octets = at_;
    at_ += size;
    return octets;
  }

  const std::uint8_t* at_;
  const std::uint8_t* end_;
  Reading reading_;
  std::size_t count_ = 0;
  bool cut_ = false;
  const char* field_ = nullptr;
  const char* reason_ = nullptr;
  std::uint32_t code_ = 0;
};

}  // namespace smsbridge::smpp
