// SPDX-License-Identifier: MPL-2.0
#include "bridge/policy/bind_failure.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "bridge/policy/outcome.hpp"

namespace smsbridge::bridge {
namespace {

using metrics::BindResult;

struct Advice {
  std::uint32_t status;
  std::string_view text;
};

constexpr Advice advice[] = {
    {0x01, "it cannot read our bind: compare system_id, password, system_type and address_range with the contract"},
    {0x02, "it cannot read our bind: compare system_id, password, system_type and address_range with the contract"},
    {0x03, "it does not know this bind: does the carrier want 'bind: pair'?"},
    {0x04, "it does not take a bind now: is another 'bind' agreed (transceiver, pair, transmitter)?"},
    {0x05,
     "another connection holds the account, or an old one has not ended there yet: are there more sessions than "
     "the carrier allows, or a second program with this account?"},
    {0x08, "a fault of the message centre"},
    {0x0D,
     "the carrier does not say why: check system_id, password, bind, the number of sessions, and its list of "
     "allowed addresses"},
    {0x0E, "check the password"},
    {0x0F, "check system_id"},
    {0x14, "the message centre is busy"},
    {0x15, "check system_type and what the account may do"},
    {0x53, "check system_type"},
    {0x58, "binds come too fast, or too many at a time: fewer sessions?"},
    {0x100, "the account may not do this: ask the carrier"},
    {0x101, "the account may not do this: ask the carrier"},
    {0x103, "the account may not do this: ask the carrier"},
};

std::string hex(smpp::Octets octets, std::size_t size_max) {
  std::string text;
  for (const auto octet : octets.first(std::min(octets.size(), size_max)))
    fmt::format_to(std::back_inserter(text), "{:02x}", octet);
  return text;
}

bool is_tls(smpp::Octets octets) {
  return octets.size() >= 2 && octets[0] >= 0x14 && octets[0] <= 0x17 && octets[1] == 0x03;
}

}  // namespace

BindFailure explain_stage(ConnectStage stage, const std::string& detail) {
  switch (stage) {
    case ConnectStage::resolve:
      return {"name look-up failed: " + detail, BindResult::dns_failed};
    case ConnectStage::tls:
      return {"TLS handshake failed: " + detail +
                  (detail.find("wrong version number") == std::string::npos ? "" : ": does this port speak TLS?"),
              BindResult::tls_failed};
    case ConnectStage::connect:
    case ConnectStage::ok:
      break;
  }
  return {"connection failed: " + detail, BindResult::connect_failed};
}

BindFailure explain_refusal(std::uint32_t command_status) {
  const auto* row = std::ranges::find(advice, command_status, &Advice::status);
  const auto what = row == std::end(advice) ? std::string_view("ask the carrier what it means") : row->text;
  return {fmt::format("bind refused: {}; {}", describe_status(command_status), what), BindResult::refused};
}

std::string first_words(smpp::Octets octets) {
  constexpr std::size_t text_min = 3, octets_shown = 16;
  const auto is_text = [](std::uint8_t octet) { return octet >= 0x20 && octet < 0x7F; };
  const auto end = std::ranges::find_if_not(octets, is_text);
  const bool line_ends = end == octets.end() || *end == '\r' || *end == '\n';
  if (line_ends && end - octets.begin() >= static_cast<std::ptrdiff_t>(text_min)) return {octets.begin(), end};
  return hex(octets, octets_shown);
}

std::string explain_end(smpp::LostReason reason, smpp::Octets octets, const std::string& error) {
  using smpp::LostReason;
  constexpr std::size_t length_and_command = 8;  // what follows may be somebody's text
  switch (reason) {
    case LostReason::peer_unbind:
      return "the message centre unbound";
    case LostReason::not_bound:
      return "the message centre answers that we are not bound (ESME_RINVBNDSTS)";
    case LostReason::enquire_link_timeout:
      return "two enquire_links without a sign of life";
    case LostReason::frame_timeout:
      return "half a PDU and then nothing: " + hex(octets, length_and_command);
    case LostReason::protocol_error:
      return octets.empty() ? "the message centre cannot follow what we send (generic_nack)"
                            : "a PDU with an impossible length: " + hex(octets, length_and_command);
    default:
      return error.empty() ? "the connection ended" : error;
  }
}

BindFailure explain_loss(const Unbound& unbound) {
  using smpp::LostReason;
  if (!unbound.invalid_field.empty())
    return {fmt::format("the bind cannot be sent: {} is too long", unbound.invalid_field), BindResult::refused};
  if (is_tls(unbound.octets))
    return {fmt::format("this port speaks TLS, the gateway does not (tls: {{}}): {}", first_words(unbound.octets)),
            BindResult::not_smpp};
  if (!unbound.octets.empty())
    return {fmt::format("this is not SMPP: {}", first_words(unbound.octets)), BindResult::not_smpp};
  switch (unbound.reason) {
    case LostReason::bind_timeout:
      return {fmt::format("no answer to the bind in {} s: wrong port, TLS port, or our address is not allowed?",
                          std::chrono::duration_cast<std::chrono::seconds>(unbound.bind_timeout).count()),
              BindResult::timeout};
    case LostReason::protocol_error:
    case LostReason::frame_timeout:
      return {"this is not SMPP", BindResult::not_smpp};
    default:
      break;
  }
  return {fmt::format("the connection was closed before the bind was answered{}: wrong port, TLS port, or our address "
                      "is not allowed?",
                      unbound.error.empty() ? "" : " (" + unbound.error + ")"),
          BindResult::closed};
}

}  // namespace smsbridge::bridge
