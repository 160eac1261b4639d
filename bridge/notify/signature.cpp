// SPDX-License-Identifier: MPL-2.0
#include "bridge/notify/signature.hpp"

#include <fmt/format.h>

#include "bridge/config/webhook.hpp"
#include "http_gateways/coding.hpp"
#include "http_gateways/digest.hpp"

namespace smsbridge::bridge {

std::string webhook_signature(const std::vector<std::string>& secrets, std::string_view id, std::string_view timestamp,
                              std::string_view body) {
  const auto signed_text = fmt::format("{}.{}.{}", id, timestamp, body);
  std::string signatures;
  for (const auto& secret : secrets) {
    const auto code = http_gateways::hmac(http_gateways::Hash::sha256, webhook_key_of(secret), signed_text);
    signatures += (signatures.empty() ? "v1," : " v1,") + http_gateways::base64(code);
  }
  return signatures;
}

http_gateways::Headers webhook_headers(const std::vector<std::string>& secrets, const std::string& id,
                                       std::int64_t at_s, std::string_view body) {
  const auto timestamp = std::to_string(at_s);
  return {{"Content-Type", "application/json"},
          {"webhook-id", id},
          {"webhook-timestamp", timestamp},
          {"webhook-signature", webhook_signature(secrets, id, timestamp, body)}};
}

}  // namespace smsbridge::bridge
