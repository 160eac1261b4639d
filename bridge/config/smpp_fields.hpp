// SPDX-License-Identifier: MPL-2.0
// What stands in the fields of a submit_sm besides the text, as a carrier wants it.
#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "bridge/env/clock.hpp"
#include "store/message.hpp"

namespace smsbridge::bridge {

struct KeyInfo;
template <class Object>
class Keys;

// Type of number and numbering plan (SMPP 3.4 sections 5.2.5 and 5.2.6); written as 5/0.
struct AddressType {
  std::uint8_t ton = 0, npi = 0;
  bool operator==(const AddressType&) const = default;
};

struct AddressSettings {
  AddressType name{5, 0}, short_code{3, 0}, number{1, 1};  // of senders
  std::optional<AddressType> destination;                  // else 1/1, in national form 2/1
  enum class Form { digits, plus, national } destination_form = Form::digits;
  std::string country;  // whose numbers have a national form here
};

using CustomTlv = store::Tlv;

// For the messages that have this sender, this tenant, or both.
struct SenderFields {
  std::string sender, tenant;  // empty: any
  std::optional<AddressType> type;
  std::optional<std::string> service_type;
  std::optional<std::uint8_t> protocol_id;
  std::vector<CustomTlv> tlvs;
};

struct SubmitFields {
  AddressSettings addresses;
  std::string service_type;
  std::uint8_t protocol_id = 0, priority = 0;
  std::array<std::optional<std::uint8_t>, store::lane_count> lane_priority;
  enum class Receipts : std::uint8_t { final = 1, failure = 2, success = 3 };  // bits of registered_delivery
  Receipts registered_delivery = Receipts::final;
  bool intermediate = false;
  bool replace_if_present = false;
  WallMs validity_min_ms = 0, validity_max_ms = 0;  // 0: none
  std::vector<CustomTlv> tlvs;
  std::vector<SenderFields> senders;  // each that fits holds; the later one wins
};

const Keys<SubmitFields>& submit_field_keys();

}  // namespace smsbridge::bridge
