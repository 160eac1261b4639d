// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <optional>
#include <string>

#include "bridge/env/stream.hpp"
#include "metrics/labels.hpp"
#include "smpp/client_session.hpp"

namespace smsbridge::bridge {

// Why a bind did not come about or ended, in words for the person who has to mend it. Pure.
struct BindFailure {
  std::string text;
  metrics::BindResult result = metrics::BindResult::refused;
};

// There was no connection. `detail` is what the resolver, the kernel or OpenSSL said.
BindFailure explain_stage(ConnectStage stage, const std::string& detail);

// The message centre answered no.
BindFailure explain_refusal(std::uint32_t command_status);

// It did not answer, or not in SMPP. `octets` are what came and is no PDU, `error` is what the connection said when it
// ended.
struct Unbound {
  smpp::LostReason reason;
  smpp::Octets octets;
  std::string error, invalid_field;
  smpp::Duration bind_timeout;
};
BindFailure explain_loss(const Unbound& unbound);

// Why a bind that was there ended. `octets` are what came last and is no PDU; of these only the header is shown.
std::string explain_end(smpp::LostReason reason, smpp::Octets octets, const std::string& error);

// "HTTP/1.1 400 Bad Request", or "0d0a" for what is no text.
std::string first_words(smpp::Octets octets);

}  // namespace smsbridge::bridge
