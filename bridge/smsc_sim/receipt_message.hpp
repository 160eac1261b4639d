// SPDX-License-Identifier: MPL-2.0
// The deliver_sm that carries a receipt, as this centre makes it.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "bridge/env/clock.hpp"
#include "bridge/smsc_sim/message_id.hpp"
#include "bridge/smsc_sim/options.hpp"
#include "smpp/pdu.hpp"

namespace smsbridge::bridge::smsc_sim {

struct Receipt {
  struct Address {
    std::uint8_t ton = 0, npi = 0;
    std::string digits;
  };
  std::uint64_t message_number = 0;
  smpp::MessageState state = smpp::MessageState::none;
  Address source, destination;  // of the message: the receipt has them the other way round
  std::string quote;
  Time submitted{}, done{};
};

// Keeps the memory that its message points into.
class ReceiptMessage {
 public:
  // Valid until the next one is written. `version` is what the client bound with.
  const smpp::Message& write(const Receipt& receipt, std::uint8_t version, const Options& options);

 private:
  void add_tlvs(const Receipt& receipt, std::size_t id_size);

  smpp::Message message_;
  std::string text_;
  IdBuffer id_{};
  std::uint8_t state_ = 0;
  std::array<std::uint8_t, 3> network_error_{};
};

}  // namespace smsbridge::bridge::smsc_sim
