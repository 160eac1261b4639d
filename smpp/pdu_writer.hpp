// SPDX-License-Identifier: MPL-2.0
// The strict writer that the frame definitions write through. Private to pdu.cpp and frames.cpp.
#pragma once

#include <cstring>

#include "smpp/pdu.hpp"
#include "smpp/pdu_reader.hpp"

namespace smsbridge::smpp {

// Appends one PDU to a buffer: first the header, then the body, then finish(). After a refusal the buffer is as before.
class Writer {
 public:
  explicit Writer(Buffer& out) : out_(out), begin_(out.size()), at_(out.size()) { grow(usual_size); }

  void u32(const char*, std::uint32_t value) {
    auto* octets = claim(4);
    octets[0] = static_cast<std::uint8_t>(value >> 24);
    octets[1] = static_cast<std::uint8_t>(value >> 16);
    octets[2] = static_cast<std::uint8_t>(value >> 8);
    octets[3] = static_cast<std::uint8_t>(value);
  }
  void u16(std::size_t value) {
    auto* octets = claim(2);
    octets[0] = static_cast<std::uint8_t>(value >> 8);
    octets[1] = static_cast<std::uint8_t>(value);
  }
  void u08(const char*, std::uint8_t value) { *claim(1) = value; }
  void u08(const char* field, CountOf count) {
    if (count.size > 254) return refuse(field, "more than 254");
    *claim(1) = static_cast<std::uint8_t>(count.size);
  }

  // `size` includes the NUL. A field of 17 octets is a time: empty or complete (SMPP 3.4 section 7.1.1).
  void c_octet(const char* field, std::string_view value, std::size_t size) {
    if (value.size() >= size) return refuse(field, "too long");
    if (size == 17 && !value.empty() && value.size() != 16) return refuse(field, "neither empty nor 16 characters");
    if (value.find('\0') != std::string_view::npos) return refuse(field, "contains a NUL");
    auto* octets = claim(value.size() + 1);
    if (!value.empty()) std::memcpy(octets, value.data(), value.size());
    octets[value.size()] = 0;
  }

  void octets(const char* field, Octets value, std::size_t size) {
    if (value.size() > size) return refuse(field, "too long");
    if (!value.empty()) std::memcpy(claim(value.size()), value.data(), value.size());
  }

  void tlvs(const std::vector<Tlv>& values) {
    if (values.size() > tlvs_max) return refuse("tlv", "too many");
    for (const auto& tlv : values) {
      if (tlv.value.size() > 0xFFFF) return refuse("tlv", "too long");
      u16(tlv.tag);
      u16(tlv.value.size());
      if (!tlv.value.empty()) std::memcpy(claim(tlv.value.size()), tlv.value.data(), tlv.value.size());
    }
  }

  void refuse(std::string_view field, std::string_view reason) {
    if (!error_) error_ = EncodeError{field, reason};
  }

  // Puts the length where the header has it, or takes everything back.
  EncodeResult finish() {
    const auto length = at_ - begin_;
    if (error_) {
      out_.resize(begin_);
      return error_;
    }
    at_ = begin_;
    u32("command_length", static_cast<std::uint32_t>(length));
    out_.resize(begin_ + length);
    return std::nullopt;
  }

 private:
  static constexpr std::size_t usual_size = 512;  // more than a PDU without TLVs can have

  void grow(std::size_t size) {
    if (out_.size() - at_ >= size) return;
    // resize() alone may grow by just what is asked for, and then a busy connection would copy its queue for each PDU.
    if (out_.capacity() < at_ + size) out_.reserve(2 * (at_ + size));
    out_.resize(at_ + size);
  }
  std::uint8_t* claim(std::size_t size) {
    if (out_.size() - at_ < size) grow(size + usual_size);
    auto* octets = out_.data() + at_;
    at_ += size;
    return octets;
  }

  Buffer& out_;
  std::size_t begin_;
  std::size_t at_;
  EncodeResult error_;
};

}  // namespace smsbridge::smpp
