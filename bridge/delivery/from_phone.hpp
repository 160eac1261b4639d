// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <boost/asio/any_io_executor.hpp>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "http_gateways/provider.hpp"
#include "smpp/pdu.hpp"

namespace smsbridge::bridge {

struct GatewaySettings;

// A short message of a phone as a carrier brought it: a whole one, or a part of a longer one.
struct FromPhone {
  std::string from, to;        // as the carrier writes them
  bool international = false;  // it says that `from` is so, also without a '+' (TON 1, SMPP 3.4 section 5.2.5)
  std::string id;              // the carrier's own; empty: it gives none, and a repetition is told by its content
  std::string body;            // without the user data header
  std::optional<std::uint8_t> data_coding;  // of the body (SMPP 3.4 section 5.2.19); none: it is UTF-8
  std::string reference;                    // common to the parts of one message
  int part = 1, parts = 1;
  bool opt_out = false;  // the carrier says that the phone wants no more, whatever the text
};

// A user data header or sar_* TLVs that contradict themselves are passed over: then it is a message by itself.
FromPhone from_phone(const smpp::Message& message);
FromPhone from_phone(const http_gateways::InboundSms& sms);

// Keeps what phones say. Any thread; `kept` is called once, on `home`, when it is on disk, or cannot be stored now:
// only then the carrier gets its answer.
using KeepFromPhone = std::function<void(const GatewaySettings& gateway, FromPhone message,
                                         boost::asio::any_io_executor home, std::function<void(bool kept)> kept)>;

}  // namespace smsbridge::bridge
