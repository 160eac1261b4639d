// SPDX-License-Identifier: MPL-2.0
// Vonage SMS API (/sms/json): its OpenAPI description and the guides "Delivery receipts", "Troubleshooting SMS",
// "Concatenation and encoding" and "Signing messages", read in August 2026.
#include "http_gateways/vonage_sms.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <map>

#include "http_gateways/callback_fields.hpp"
#include "http_gateways/coding.hpp"
#include "http_gateways/decimal.hpp"
#include "http_gateways/digest.hpp"
#include "http_gateways/e164.hpp"
#include "http_gateways/form.hpp"
#include "http_gateways/json.hpp"
#include "http_gateways/provider.hpp"
#include "http_gateways/readable.hpp"
#include "http_gateways/reply.hpp"

namespace smsbridge::http_gateways {
namespace {

constexpr std::int64_t ttl_min_s = 20, ttl_max_s = 604800;
constexpr std::int64_t signature_age_max_s = 300;
constexpr std::int64_t wait_max_ms = 3600 * 1000;
constexpr std::size_t callback_max_bytes = 100, client_ref_max_bytes = 100;
// Prices and balances are in euros; no answer names the currency.
constexpr std::string_view currency = "EUR";

// `status` of an entry in the answer to a send.
const std::map<std::string, ErrorClass, std::less<>> send_errors = {
    {"1", ErrorClass::throttled},    {"2", ErrorClass::invalid_request}, {"3", ErrorClass::invalid_request},
    {"4", ErrorClass::auth},         {"5", ErrorClass::temporary},       {"6", ErrorClass::destination},
    {"7", ErrorClass::blocked},      {"8", ErrorClass::account},         {"9", ErrorClass::balance},
    {"10", ErrorClass::throttled},   {"11", ErrorClass::account},        {"12", ErrorClass::content},
    {"14", ErrorClass::auth},        {"15", ErrorClass::sender},         {"22", ErrorClass::invalid_request},
    {"23", ErrorClass::config},      {"29", ErrorClass::account},        {"32", ErrorClass::invalid_request},
    {"33", ErrorClass::destination},
};

constexpr std::string_view not_on_list = "29";  // a demo account sends to listed numbers only

// `err-code` of a receipt.
const std::map<std::string, ErrorClass, std::less<>> delivery_errors = {
    {"0", ErrorClass::none},        {"1", ErrorClass::unknown},     {"99", ErrorClass::unknown},
    {"2", ErrorClass::temporary},   {"7", ErrorClass::temporary},   {"8", ErrorClass::temporary},
    {"3", ErrorClass::destination}, {"5", ErrorClass::destination}, {"12", ErrorClass::destination},
    {"4", ErrorClass::blocked},     {"9", ErrorClass::blocked},     {"13", ErrorClass::blocked},
    {"15", ErrorClass::blocked},    {"6", ErrorClass::content},     {"10", ErrorClass::content},
    {"14", ErrorClass::content},    {"52", ErrorClass::content},    {"53", ErrorClass::content},
    {"54", ErrorClass::content},    {"11", ErrorClass::route},      {"16", ErrorClass::throttled},
    {"50", ErrorClass::sender},     {"51", ErrorClass::sender},
};

struct Meaning {
  Status status;
  bool is_final;
};
const std::map<std::string, Meaning, std::less<>> statuses = {
    {"accepted", {Status::sent, false}},  // by the operator
    {"buffered", {Status::sent, false}},    {"delivered", {Status::delivered, true}},
    {"expired", {Status::expired, true}},   {"failed", {Status::undelivered, true}},
    {"rejected", {Status::rejected, true}},
};

constexpr std::array<std::string_view, 5> method_names = {"md5hash", "md5", "sha1", "sha256", "sha512"};

// Status 3 says only in words which parameter it means. Strict, because a bad destination is tried nowhere else.
bool names_to(const std::string& words) {
  if (words.starts_with("to ") || words.ends_with(": to")) return true;
  return std::ranges::any_of(std::array{"invalid to ", "'to'", "`to`", "\"to\"", "param: to "},
                             [&](const char* hint) { return words.find(hint) != std::string::npos; });
}

// "... please wait [ 250 ] and retry"
std::optional<std::int64_t> wait_ms(std::string_view error_text) {
  const auto bracket = error_text.find('[');
  if (bracket == std::string_view::npos) return std::nullopt;
  error_text.remove_prefix(std::min(error_text.find_first_not_of(" ", bracket + 1), error_text.size()));
  std::int64_t wait = 0;
  const auto [end, ec] = std::from_chars(error_text.data(), error_text.data() + error_text.size(), wait);
  if (ec != std::errc() || wait < 1) return std::nullopt;
  return std::min(wait, wait_max_ms);
}

// What Vonage sent, without what stood in our URL already where the body has it all. JSON null counts as blank.
Fields sent_fields(const CallbackRequest& request) {
  const bool in_body = request.method != "GET" && !trimmed(request.body).empty();
  return in_body ? body_fields(request) : query_fields(request.url);
}

std::int64_t number_in(const std::optional<std::string>& text) {
  std::int64_t number = -1;
  if (text) std::from_chars(text->data(), text->data() + text->size(), number);
  return number;
}

std::string with_underscores(std::string text) {
  for (auto& c : text)
    if (c == '&' || c == '=') c = '_';
  return text;
}

class VonageSms final : public Provider {
 public:
  explicit VonageSms(const boost::json::object& s)
      : base_(text_setting(s, "base_url", "https://rest.nexmo.com")),
        api_key_(text_setting(s, "api_key")),
        api_secret_(text_setting(s, "api_secret")),
        from_(text_setting(s, "from")),
        callback_(text_setting(s, "callback")),
        signature_secret_(text_setting(s, "signature_secret")),
        token_(text_setting(s, "token")),
        sign_requests_(flag_setting(s, "sign_requests", false)) {
    const auto method = text_setting(s, "signature_method", "md5hash");
    const auto it = std::ranges::find(method_names, method);
    if (it == method_names.end())
      throw BadSettings("'signature_method' is md5hash, md5, sha1, sha256 or sha512, not '" + method + "'");
    method_ = static_cast<SignatureMethod>(it - method_names.begin());
    if (sign_requests_ && signature_secret_.empty()) throw BadSettings("'sign_requests' needs 'signature_secret'");
    if (!sign_requests_ && api_secret_.empty())
      throw BadSettings("'api_secret' is needed, or 'sign_requests' with 'signature_secret'");
  }

  Request build(const OutboundSms& sms, std::int64_t now_s) override {
    Fields form{{"api_key", api_key_}};
    // Never both: Vonage refuses them with status 32.
    if (!sign_requests_) form.emplace_back("api_secret", api_secret_);
    const auto& from = sms.from.empty() ? from_ : sms.from;
    if (!from.empty()) form.emplace_back("from", digits_of(from));
    form.emplace_back("to", digits_of(sms.to));
    form.emplace_back("text", sms.text);
    form.emplace_back("type", sms.unicode ? "unicode" : "text");
    form.emplace_back("status-report-req", "1");
    // Too long a value would fail the message. Without it receipts go to the URL in the dashboard.
    const auto& callback = sms.callback_url.empty() ? callback_ : sms.callback_url;
    if (!callback.empty() && callback.size() <= callback_max_bytes) form.emplace_back("callback", callback);
    if (!sms.reference.empty() && sms.reference.size() <= client_ref_max_bytes)
      form.emplace_back("client-ref", sms.reference);
    if (sms.validity_s > 0)
      form.emplace_back("ttl", std::to_string(std::clamp(sms.validity_s, ttl_min_s, ttl_max_s) * 1000));
    if (sign_requests_) {
      form.emplace_back("timestamp", std::to_string(now_s));
      form.emplace_back("sig", sign(form, signature_secret_, method_));
    }
    return {.url = base_ + "/sms/json",
            .headers = {{"Content-Type", "application/x-www-form-urlencoded"}, {"Accept", "application/json"}},
            .body = encode_form(form)};
  }

  // HTTP 200 says nothing: every part has a status of its own.
  Verdict read_reply(const Reply& reply, const OutboundSms& sms, std::int64_t now_s) const override {
    if (reply.status < 200 || reply.status >= 300) return by_http_status(reply, now_s);
    const auto http = std::to_string(reply.status);
    const auto json = parse_json(reply.body);
    const auto* messages = json ? at(*json, "/messages") : nullptr;
    const auto* parts = messages ? messages->if_array() : nullptr;
    if (!parts || parts->empty()) return uncertain(http, "the answer has no messages");
    auto verdict = accepted();
    bool any_good = false;
    for (const auto& part : *parts) {
      if (word_at(part, "/status") != "0") {
        ++verdict.failed_parts;
        continue;
      }
      any_good = true;
      if (auto id = text_at(part, "/message-id"); !id.empty()) verdict.provider_message_ids.push_back(std::move(id));
      verdict.price = add_decimals(verdict.price, text_at(part, "/message-price"));
    }
    if (!any_good) return refusal(parts->front(), sms, http);
    if (verdict.provider_message_ids.empty()) return uncertain(http, "the answer has no message-id");
    verdict.parts = parts_of(at(*json, "/message-count")).value_or(static_cast<int>(parts->size()));
    if (!verdict.price.empty()) verdict.currency = currency;
    return verdict;
  }

  CallbackResult read_callback(const CallbackRequest& request, std::int64_t now_s) const override {
    const auto query = query_fields(request.url);
    auto fields = sent_fields(request);
    if (!has_token(request, token_)) return not_authentic("the token in the URL does not fit");
    if (!signature_secret_.empty()) {
      auto problem = signature_problem(fields, signature_secret_, method_, now_s);
      if (!problem.empty()) {
        // With GET our own parameters stand among theirs, and are perhaps not signed.
        std::erase_if(fields, [](const auto& field) {
          return field.first == "ref" || field.first == "tok" || field.first == "token";
        });
        problem = signature_problem(fields, signature_secret_, method_, now_s);
      }
      if (!problem.empty()) return not_authentic(std::move(problem));
    }
    const auto field = [&](std::string_view wanted) { return word_of(fields, wanted); };
    CallbackResult result;
    if (const auto status = field("status"); !status.empty()) {
      StatusUpdate update{.provider_message_id = field("messageId"), .reference = field("client-ref")};
      if (update.reference.empty()) update.reference = word_of(query, "ref");
      if (const auto it = statuses.find(status); it != statuses.end()) {
        update.status = it->second.status;
        update.final_status = it->second.is_final;
      }
      if (const auto code = field("err-code"); !code.empty() && code != "0") {
        const auto it = delivery_errors.find(code);
        update.error_code = code;
        update.error_class = it == delivery_errors.end() ? ErrorClass::unknown : it->second;
      }
      update.price = plain_decimal(field("price"));
      if (!update.price.empty()) update.currency = currency;
      if (!update.provider_message_id.empty() || !update.reference.empty()) result.updates.push_back(std::move(update));
    } else if (!field("msisdn").empty() && !field("messageId").empty()) {
      InboundSms sms{.provider_message_id = field("messageId"),
                     .from = with_plus(field("msisdn")),
                     .to = field("to"),
                     .text = find_field(fields, "text").value_or(std::string())};
      const auto total = number_in(find_field(fields, "concat-total"));
      const auto number = number_in(find_field(fields, "concat-part"));
      if (field("concat") == "true" && number >= 1 && number <= total && total <= 255) {
        sms.part_reference = field("concat-ref");
        sms.part_number = static_cast<int>(number);
        sms.part_total = static_cast<int>(total);
      }
      result.inbound.push_back(std::move(sms));
    }
    return result;
  }

  std::optional<Request> build_balance(std::int64_t) override {
    if (api_secret_.empty()) return std::nullopt;
    return vonage_balance_request(base_, api_key_, api_secret_);
  }

  Balance read_balance(const Reply& reply) const override { return read_vonage_balance(reply); }

 private:
  static Verdict refusal(const boost::json::value& part, const OutboundSms& sms, const std::string& http) {
    const auto code = word_at(part, "/status");
    if (code.empty()) return uncertain(http, "the answer has no status");
    const auto words = text_at(part, "/error-text");
    const auto it = send_errors.find(code);
    auto error_class = it == send_errors.end() ? ErrorClass::unknown : it->second;
    if (code == "3" && names_to(own_words(words, sms))) error_class = ErrorClass::destination;
    auto verdict = rejected(error_class, code, detail_of(words, sms));
    verdict.one_number = code == not_on_list;
    if (error_class == ErrorClass::throttled) verdict.retry_after_ms = wait_ms(words);
    return verdict;
  }

  std::string base_, api_key_, api_secret_, from_, callback_, signature_secret_, token_;
  SignatureMethod method_ = SignatureMethod::md5hash;
  bool sign_requests_;
};

}  // namespace

std::string sign(const Fields& fields, std::string_view secret, SignatureMethod method) {
  auto sorted = fields;
  std::erase_if(sorted, [](const auto& field) { return field.first == "sig"; });
  std::ranges::stable_sort(sorted, {}, &Fields::value_type::first);
  std::string text;
  for (const auto& [name, value] : sorted) text += "&" + with_underscores(name) + "=" + with_underscores(value);
  switch (method) {
    case SignatureMethod::md5hash:
      return hex(digest(Hash::md5, text + std::string(secret)));
    case SignatureMethod::md5:
      return hex(hmac(Hash::md5, secret, text));
    case SignatureMethod::sha1:
      return hex(hmac(Hash::sha1, secret, text));
    case SignatureMethod::sha256:
      return hex(hmac(Hash::sha256, secret, text));
    case SignatureMethod::sha512:
      return hex(hmac(Hash::sha512, secret, text));
  }
  return {};
}

std::string signature_problem(const Fields& fields, std::string_view secret, SignatureMethod method,
                              std::int64_t now_s) {
  const auto sig = find_field(fields, "sig");
  if (!sig) return "the parameter sig is missing";
  const auto timestamp = number_in(find_field(fields, "timestamp"));
  if (timestamp < 0) return "the parameter timestamp is missing";
  if (timestamp < now_s - signature_age_max_s || timestamp > now_s + signature_age_max_s)
    return "the timestamp is more than 5 minutes off";
  // Signers differ in whether they count a blank value as absent.
  auto without_blanks = fields;
  std::erase_if(without_blanks, [](const auto& field) { return field.second.empty(); });
  const auto fits = [&](const Fields& signed_fields) {
    return same_secret(sign(signed_fields, secret, method), lower(*sig));
  };
  return fits(fields) || fits(without_blanks) ? "" : "sig does not fit";
}

Request vonage_balance_request(const std::string& base, const std::string& api_key, const std::string& api_secret) {
  auto url = with_query(base + "/account/get-balance", "api_key", api_key);
  return {.method = "GET",
          .url = with_query(std::move(url), "api_secret", api_secret),
          .headers = {{"Accept", "application/json"}}};
}

Balance read_vonage_balance(const Reply& reply) {
  const auto json = parse_json(reply.body);
  const auto amount = json ? text_at(*json, "/value") : std::string();
  if (reply.status != 200 || amount.empty()) return {.error_class = failure_of(reply)};
  return {.amount = amount, .currency = std::string(currency)};
}

const Kind vonage_sms{
    .name = "vonage-sms",
    .help = "Vonage SMS API (formerly Nexmo)",
    .settings =
        {{.name = "api_key", .required = true, .help = "of the account"},
         {.name = "api_secret", .secret = true, .help = "of the account; also needed to read the balance"},
         {.name = "from", .help = "sender: number or at most 11 letters"},
         {.name = "callback", .address = true, .help = "receipt URL, where it is not ours; at most 100 characters"},
         {.name = "signature_secret",
          .secret = true,
          .help = "of the account; when it is set, callbacks must be signed"},
         {.name = "signature_method", .help = "as in the dashboard: md5hash (default), md5, sha1, sha256, sha512"},
         {.name = "sign_requests", .help = "true: requests are signed and carry no api_secret"},
         {.name = "token", .secret = true, .help = "callbacks must carry it as tok= in their URL"},
         {.name = "base_url", .address = true, .help = "another address than https://rest.nexmo.com"}},
    .make = [](const boost::json::object& settings) -> std::unique_ptr<Provider> {
      return std::make_unique<VonageSms>(settings);
    }};

}  // namespace smsbridge::http_gateways
