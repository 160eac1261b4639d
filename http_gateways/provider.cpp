// SPDX-License-Identifier: MPL-2.0
#include "http_gateways/provider.hpp"

#include <algorithm>
#include <array>

#include "http_gateways/callback_fields.hpp"
#include "http_gateways/json.hpp"
#include "http_gateways/readable.hpp"
#include "http_gateways/reply.hpp"

namespace smsbridge::http_gateways {
namespace {

constexpr std::array<std::string_view, 16> error_class_names = {
    "none",        "auth",    "account", "balance",   "sender",    "route",     "config",  "invalid_request",
    "destination", "blocked", "content", "throttled", "temporary", "duplicate", "expired", "unknown"};
constexpr std::array<std::string_view, 5> retry_names = {"none", "never", "failover", "backoff", "verify_first"};
constexpr std::array<std::string_view, 3> outcome_names = {"accepted", "rejected", "uncertain"};
constexpr std::array<std::string_view, 7> status_names = {"accepted", "sent",     "delivered", "undelivered",
                                                          "expired",  "rejected", "unknown"};

template <class Enum, std::size_t count>
std::optional<Enum> parse(const std::array<std::string_view, count>& names, std::string_view text) {
  const auto it = std::ranges::find(names, text);
  if (it == names.end()) return std::nullopt;
  return static_cast<Enum>(it - names.begin());
}

constexpr std::size_t code_max_bytes = 100;
constexpr std::size_t field_name_max_bytes = 40, field_names_max = 20;

Reply with_readable_body(const Reply& reply) {
  return {.status = reply.status, .headers = reply.headers, .body = readable(reply.body)};
}

// False: it does not say of which message it is.
bool make_printable(StatusUpdate& update) {
  update.provider_message_id = printable(update.provider_message_id);
  update.reference = printable(update.reference);
  update.error_code = printable(update.error_code, code_max_bytes);
  update.currency = printable(update.currency, code_max_bytes);
  return !update.provider_message_id.empty() || !update.reference.empty();
}

void make_printable(InboundSms& message) {
  for (auto* field : {&message.provider_message_id, &message.from, &message.to, &message.part_reference})
    *field = printable(*field);
  message.text = readable(message.text);
}

// A body that is no form has no names, and what stands in their place may be somebody's text.
bool is_field_name(std::string_view text) {
  return !text.empty() && text.size() <= field_name_max_bytes && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
           c == '.' || c == '[' || c == ']';
  });
}

UnreadCallback unread(const CallbackRequest& request) {
  UnreadCallback what{.content_type = printable(find_header(request.headers, "Content-Type"), code_max_bytes),
                      .size = request.body.size(),
                      .field_names = {}};
  std::size_t count = 0;
  for (const auto& [name, value] : callback_fields(request)) {
    if (!is_field_name(name)) continue;
    if (++count > field_names_max) {
      what.field_names += ", ...";
      break;
    }
    what.field_names += (count > 1 ? ", " : "") + name;
  }
  return what;
}

}  // namespace

std::string_view name(ErrorClass error_class) { return error_class_names[static_cast<std::size_t>(error_class)]; }
std::string_view name(Retry retry) { return retry_names[static_cast<std::size_t>(retry)]; }
std::string_view name(Outcome outcome) { return outcome_names[static_cast<std::size_t>(outcome)]; }
std::string_view name(Status status) { return status_names[static_cast<std::size_t>(status)]; }
std::optional<ErrorClass> parse_error_class(std::string_view text) {
  return parse<ErrorClass>(error_class_names, text);
}
std::optional<Retry> parse_retry(std::string_view text) { return parse<Retry>(retry_names, text); }
std::optional<Status> parse_status(std::string_view text) { return parse<Status>(status_names, text); }

Retry default_retry(ErrorClass error_class) {
  switch (error_class) {
    case ErrorClass::none:
    case ErrorClass::duplicate:
      return Retry::none;
    case ErrorClass::destination:
    case ErrorClass::blocked:
    case ErrorClass::content:
    case ErrorClass::expired:
      return Retry::never;
    case ErrorClass::throttled:
    case ErrorClass::temporary:
    case ErrorClass::unknown:
      return Retry::backoff;
    case ErrorClass::auth:
    case ErrorClass::account:
    case ErrorClass::balance:
    case ErrorClass::sender:
    case ErrorClass::route:
    case ErrorClass::config:
    case ErrorClass::invalid_request:
      return Retry::failover;
  }
  return Retry::backoff;
}

Verdict accepted(std::vector<std::string> provider_message_ids) {
  return {.outcome = Outcome::accepted, .provider_message_ids = std::move(provider_message_ids), .retry = Retry::none};
}

Verdict rejected(ErrorClass error_class, std::string provider_code, std::string detail) {
  return {.outcome = Outcome::rejected,
          .error_class = error_class,
          .retry = default_retry(error_class),
          .provider_code = std::move(provider_code),
          .detail = std::move(detail)};
}

Verdict uncertain(std::string provider_code, std::string detail) {
  return {.outcome = Outcome::uncertain,
          .retry = Retry::verify_first,
          .provider_code = std::move(provider_code),
          .detail = std::move(detail)};
}

Verdict by_http_status(const Reply& reply, std::int64_t now_s) {
  const auto code = std::to_string(reply.status);
  const auto refuse = [&](ErrorClass error_class) { return rejected(error_class, code, "HTTP " + code); };
  switch (reply.status) {
    case 401:
    case 403:
    case 407:  // of a proxy before it
      return refuse(ErrorClass::auth);
    case 402:
      return refuse(ErrorClass::balance);
    case 404:
    case 405:
      return refuse(ErrorClass::config);
    case 408:
    case 425:
      return refuse(ErrorClass::temporary);
    case 413:
    case 414:
      return refuse(ErrorClass::content);
    case 429:
    case 503: {
      auto verdict = refuse(reply.status == 429 ? ErrorClass::throttled : ErrorClass::temporary);
      verdict.retry_after_ms = retry_after_ms(reply.headers, now_s);
      return verdict;
    }
    default:
      break;
  }
  // Followed, a redirect would carry the credentials to an address that nobody has checked.
  if (reply.status >= 300 && reply.status < 400)
    return rejected(ErrorClass::config, code, "HTTP " + code + ": the address has moved");
  if (reply.status >= 400 && reply.status < 500) return refuse(ErrorClass::invalid_request);
  return uncertain(code, "HTTP " + code);
}

CallbackResult not_authentic(std::string why, int http_status) {
  CallbackResult result;
  result.authentic = false;
  result.answer = {.status = http_status, .content_type = "text/plain", .body = "refused: " + why + "\n"};
  result.refusal = std::move(why);
  return result;
}

Verdict Provider::read(const Reply& reply, const OutboundSms& sms, std::int64_t now_s) const {
  auto verdict = read_reply(with_readable_body(reply), sms, now_s);
  for (auto& id : verdict.provider_message_ids) id = printable(id);
  std::erase(verdict.provider_message_ids, std::string());
  verdict.provider_code = printable(verdict.provider_code, code_max_bytes);
  verdict.currency = printable(verdict.currency, code_max_bytes);
  return verdict;
}

CallbackResult Provider::receive(const CallbackRequest& request, std::int64_t now_s) const {
  auto result = read_callback(request, now_s);
  std::erase_if(result.updates, [](StatusUpdate& update) { return !make_printable(update); });
  for (auto& message : result.inbound) make_printable(message);
  const bool of_use = !result.updates.empty() || !result.inbound.empty() || result.fetch != Fetch::none;
  if (result.authentic && !of_use && !result.understood) result.unread = unread(request);
  return result;
}

PollResult Provider::read_poll(const Reply& reply) const {
  auto result = read_status(with_readable_body(reply));
  std::erase_if(result.updates, [](StatusUpdate& update) { return !make_printable(update); });
  return result;
}

std::optional<Request> Provider::build_poll(const std::string&, std::int64_t) { return std::nullopt; }
PollResult Provider::read_status(const Reply&) const { return {}; }
std::optional<Request> Provider::build_balance(std::int64_t) { return std::nullopt; }
Balance Provider::read_balance(const Reply&) const { return {}; }
CallbackAnswer Provider::hand_out(const CallbackRequest&, const std::vector<OutboundSms>&) const { return {}; }

const Kind* find_kind(std::string_view wanted) {
  const auto it = std::ranges::find(kinds(), wanted, &Kind::name);
  return it == kinds().end() ? nullptr : &*it;
}

std::unique_ptr<Provider> make_provider(const Kind& kind, const boost::json::object& settings) {
  for (const auto& setting : kind.settings)
    if (setting.required && text_setting(settings, setting.name).empty())
      throw BadSettings("the setting '" + std::string(setting.name) + "' is missing: " + std::string(setting.help));
  for (const auto& [key, value] : settings)
    if (std::ranges::find(kind.settings, std::string_view(key), &Setting::name) == kind.settings.end())
      throw BadSettings("'" + std::string(key) + "' is not a setting of " + std::string(kind.name));
  return kind.make(settings);
}

}  // namespace smsbridge::http_gateways
