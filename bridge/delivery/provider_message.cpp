// SPDX-License-Identifier: MPL-2.0
#include "bridge/delivery/provider_message.hpp"

#include <fmt/format.h>

#include <charconv>
#include <tuple>

#include "bridge/env/log.hpp"

namespace smsbridge::bridge {
namespace {

store::SegmentState segment_state(const http_gateways::StatusUpdate& update) {
  using http_gateways::Status;
  using store::SegmentState;
  if (!update.final_status) return SegmentState::enroute;
  switch (update.status) {
    case Status::sent:
      return SegmentState::sent;
    case Status::delivered:
      return SegmentState::delivered;
    case Status::undelivered:
      return SegmentState::undeliverable;
    case Status::expired:
      return SegmentState::expired;
    case Status::rejected:
      return SegmentState::rejected;
    default:
      return SegmentState::unknown;
  }
}

metrics::ReceiptState receipt_label_of(http_gateways::Status status) {
  using http_gateways::Status;
  using metrics::ReceiptState;
  switch (status) {
    case Status::accepted:
      return ReceiptState::accepted;
    case Status::sent:
      return ReceiptState::enroute;
    case Status::delivered:
      return ReceiptState::delivered;
    case Status::undelivered:
      return ReceiptState::undeliverable;
    case Status::expired:
      return ReceiptState::expired;
    case Status::rejected:
      return ReceiptState::rejected;
    case Status::unknown:
      break;
  }
  return ReceiptState::unknown;
}

}  // namespace

std::unique_ptr<ProviderMessage> provider_message(const store::Claimed& message, const GatewaySettings& gateway,
                                                  WallMs now) {
  auto out = std::make_unique<ProviderMessage>();
  const auto& content = message.content;
  out->expires_at = message.expires_at;
  auto& sms = out->sms;
  sms.reference = reference_of(message.id, message.attempt);
  sms.to = content.to;
  sms.from = content.from.empty() ? gateway.sender : content.from;
  sms.text = content.text;
  sms.unicode = content.encoding != store::Encoding::gsm7;
  sms.parts = content.parts;
  if (message.expires_at > now) sms.validity_s = (message.expires_at - now + 999) / 1000;
  return out;
}

std::string why_no_provider_takes(const store::Content& content) {
  const bool is_binary = content.encoding == store::Encoding::binary;
  if (!is_binary && !content.flash) return {};
  return std::string("this gateway takes texts only, and this is a ") + (is_binary ? "binary" : "flash") + " message";
}

std::string reference_of(store::MessageId id, std::uint16_t attempt) { return fmt::format("{:x}-{}", id, attempt); }

std::pair<store::MessageId, std::uint16_t> attempt_of(std::string_view reference) {
  const auto dash = reference.find('-');
  if (dash == std::string_view::npos) return {};
  store::MessageId id = 0;
  std::uint16_t attempt = 0;
  const auto* const middle = reference.data() + dash;
  const auto* const end = reference.data() + reference.size();
  const bool ok = dash > 0 && middle + 1 < end && std::from_chars(reference.data(), middle, id, 16).ptr == middle &&
                  std::from_chars(middle + 1, end, attempt).ptr == end;
  return ok ? std::pair(id, attempt) : std::pair<store::MessageId, std::uint16_t>{};
}

void report(Channel::Owner& owner, const GatewaySettings& gateway, const http_gateways::StatusUpdate& update,
            std::function<void(bool stored)> answer) {
  store::ReceiptRecorded receipt{.gateway = gateway.id, .provider_ids = {}, .error = update.error_code};
  if (!update.provider_message_id.empty()) receipt.provider_ids.push_back(update.provider_message_id);
  if (!update.reference.empty() && update.reference != update.provider_message_id)
    receipt.provider_ids.push_back(update.reference);
  receipt.state = segment_state(update);
  std::tie(receipt.message, receipt.attempt) = attempt_of(update.reference);
  receipt.may_guess = false;
  if (receipt.error.empty() && update.error_class != http_gateways::ErrorClass::none)
    receipt.error = name(update.error_class);
  owner.on_receipt(std::move(receipt), receipt_label_of(update.status), std::move(answer));
}

void report(Channel::Owner& owner, const GatewaySettings& gateway, const http_gateways::CallbackResult& callback,
            const std::function<void(bool stored)>& answer) {
  if (!callback.authentic) {
    log::warn("gateway", "a callback was refused", "gateway", gateway.name, "reason", callback.refusal);
    return answer(true);
  }
  if (callback.updates.empty() && callback.inbound.empty()) return answer(true);
  struct Waiting {
    std::size_t left;
    bool stored = true;
  };
  const auto waiting = std::make_shared<Waiting>(Waiting{.left = callback.updates.size() + callback.inbound.size()});
  const auto one_more = [waiting, answer](bool stored) {
    waiting->stored = waiting->stored && stored;
    if (--waiting->left == 0) answer(waiting->stored);
  };
  for (const auto& inbound : callback.inbound) owner.on_inbound(from_phone(inbound), one_more);
  for (const auto& update : callback.updates) report(owner, gateway, update, one_more);
}

void UnreadCallbacks::note(const http_gateways::CallbackResult& callback, Time now) {
  if (!callback.unread) return;
  count_.Increment();
  const auto callbacks = throttle_.due(gateway_.name, now);
  if (callbacks == 0) return;
  log::warn("gateway", "a callback held neither a receipt nor a message", "gateway", gateway_.name, "content_type",
            callback.unread->content_type, "octets", callback.unread->size, "fields", callback.unread->field_names,
            "callbacks", callbacks);
}

http_gateways::CallbackAnswer not_stored() {
  return {.status = 503, .content_type = "text/plain", .body = "not stored; send it again\n"};
}

}  // namespace smsbridge::bridge
