// SPDX-License-Identifier: MPL-2.0
#include "bridge/config/webhook.hpp"

#include <fmt/format.h>
#include <sodium.h>

#include <array>

#include "bridge/config/checks.hpp"
#include "bridge/config/keys.hpp"
#include "bridge/config/secrets.hpp"
#include "bridge/config/tls.hpp"

namespace smsbridge::bridge {
namespace {

using namespace std::chrono_literals;
using W = WebhookSettings;

constexpr std::string_view secret_prefix = "whsec_";
constexpr std::size_t key_octets_min = 24, key_octets_max = 64;
constexpr int batch_most = 100;
constexpr std::size_t retries_most = 32;
constexpr WallMs retry_least_ms = 50;

constexpr std::array<std::string_view, webhook_event_count> event_names = {
    "message.submitted", "message.delivered", "message.failed", "message.expired",
    "message.received",  "gateway.up",        "gateway.down"};

Choices<WebhookEvent> event_choices() {
  Choices<WebhookEvent> choices;
  for (std::size_t i = 0; i < event_names.size(); ++i)
    choices.emplace_back(event_names[i], static_cast<WebhookEvent>(i));
  return choices;
}

void check_receiver(ConfigSection& s, W& webhook) {
  check_url(s, "url", webhook.url, "https://bank.example.org/sms-events", "whole phone numbers pass in clear text");
}

void check_secret(ConfigSection& s, const char* key, const std::string& secret) {
  if (!secret.empty() && webhook_key_of(secret).empty())
    s.problem(key,
              fmt::format("must be 'whsec_' and the base64 of {} to {} octets: see https://www.standardwebhooks.com",
                          key_octets_min, key_octets_max),
              "bad-value");
}

void read_retry(ConfigSection& s, W& webhook) {
  std::vector<std::string> texts;
  s.read_texts("retry", texts);
  if (texts.empty()) return;
  if (texts.size() > retries_most)
    return s.problem("retry", fmt::format("has more than {} delays", retries_most), "bad-value");
  webhook.retry.clear();
  for (const auto& text : texts) {
    const auto delay = parse_duration_ms(text);
    if (!delay || *delay < retry_least_ms || *delay > 7 * day)
      return s.problem("retry", "'" + text + "' is not a delay from 50ms to 7d, such as 30s or 5m", "bad-value");
    webhook.retry.push_back(*delay);
  }
}

TlsOptions& tls_of_webhook(W& webhook) { return webhook.tls; }

const Keys<W>& webhook_keys() {
  using K = Keys<W>;
  static const K keys{
      K::text("name", &W::name, "Name in the API").needed().checked([](ConfigSection& s, W& w) {
        check_name(s, w.name);
      }),
      K::integer("id", &W::id, 1, 1'000'000'000, "Number that no gateway, route or other webhook has").needed(),
      K::text("tenant", &W::tenant, "Whose events it gets").needed(),
      K::text("url", &W::url, "Where they are posted to").needed().address().url().checked(check_receiver),
      K::boolean("enabled", &W::enabled, "false: it gets nothing, and what happens meanwhile is not kept for it"),
      K::several("events", &W::events, event_choices(), "Which; none: all"),
      K::secret("secret", &W::secret, "Signs them; made, and shown once, where there is none")
          .needed_in_file()
          .checked([](ConfigSection& s, W& w) { check_secret(s, "secret", w.secret); }),
      K::secret("old_secret", &W::old_secret, "Signs as well, while the receiver takes over a new one")
          .checked([](ConfigSection& s, W& w) { check_secret(s, "old_secret", w.old_secret); }),
      K::special("retry", KeyInfo::Type::texts, read_retry, "Delays after each attempt that failed")
          .usually(boost::json::array{"5s", "5m", "30m", "2h", "5h", "10h", "14h", "20h", "1d"}),
      K::integer("batch", &W::batch, 1, batch_most, "Most events in one request; from 2 on they come as a list"),
      K::duration("timeout", &W::timeout, 1s, 1min, "Then the attempt failed"),
      K::section<TlsOptions>("tls", tls_of_webhook, tls_keys(), "How the receiver is known").address(),
  };
  return keys;
}

}  // namespace

std::string_view name(WebhookEvent event) { return event_names[static_cast<std::size_t>(event)]; }

std::string webhook_key_of(std::string_view secret) {
  if (!secret.starts_with(secret_prefix)) return {};
  secret.remove_prefix(secret_prefix.size());
  std::string key(secret.size(), '\0');
  std::size_t size = 0;
  if (::sodium_base642bin(reinterpret_cast<unsigned char*>(key.data()), key.size(), secret.data(), secret.size(),
                          nullptr, &size, nullptr, sodium_base64_VARIANT_ORIGINAL) != 0 ||
      size < key_octets_min || size > key_octets_max)
    return {};
  key.resize(size);
  return key;
}

std::string new_webhook_secret() {
  std::array<unsigned char, 32> key{};
  std::array<char, sodium_base64_ENCODED_LEN(32, sodium_base64_VARIANT_ORIGINAL)> text{};
  ::randombytes_buf(key.data(), key.size());
  ::sodium_bin2base64(text.data(), text.size(), key.data(), key.size(), sodium_base64_VARIANT_ORIGINAL);
  return std::string(secret_prefix) + text.data();
}

bool same(const WebhookSettings& a, const WebhookSettings& b) {
  return a.settings == b.settings && a.secret == b.secret && a.old_secret == b.old_secret && a.url == b.url &&
         a.of_file == b.of_file;
}

void read_webhook(ConfigSection& s, WebhookSettings& webhook) {
  if (s.node().IsMap()) webhook.settings = to_json(s.node()).as_object();
  for_each_secret(webhook.settings, [](boost::json::value& secret, const std::string&) { secret = hidden_secret(); });
  webhook_keys().read(s, webhook);
}

std::vector<KeyInfo> webhook_infos() { return webhook_keys().infos(); }

WebhookSettings read_webhook(const boost::json::object& settings, const std::filesystem::path& folder,
                             std::vector<ConfigProblem>& problems) {
  return read_object<WebhookSettings>(settings, folder, problems, read_webhook);
}

}  // namespace smsbridge::bridge
