// SPDX-License-Identifier: MPL-2.0
// Vonage Messages API v1; documents "Messages API", "Messages API Status Callbacks", "API Errors: Messages" and "Signed
// webhooks", read in August 2026. Callbacks of v0.1 are read too: the account's settings choose the version.
#include "http_gateways/vonage_messages.hpp"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <boost/json/serialize.hpp>
#include <map>

#include "http_gateways/callback_fields.hpp"
#include "http_gateways/coding.hpp"
#include "http_gateways/decimal.hpp"
#include "http_gateways/digest.hpp"
#include "http_gateways/e164.hpp"
#include "http_gateways/form.hpp"
#include "http_gateways/json.hpp"
#include "http_gateways/reply.hpp"
#include "http_gateways/vonage_sms.hpp"

namespace smsbridge::http_gateways {
namespace {

constexpr std::int64_t token_lifetime_s = 900, token_renewed_before_s = 300;
constexpr std::int64_t webhook_age_max_s = 300;
constexpr std::size_t client_ref_max_bytes = 100;

// Of an answer to a send and of a status webhook alike.
const std::map<std::string, ErrorClass, std::less<>> errors = {
    {"1000", ErrorClass::throttled},
    {"1241", ErrorClass::throttled},
    {"1030", ErrorClass::temporary},
    {"1100", ErrorClass::temporary},
    {"1180", ErrorClass::temporary},
    {"1220", ErrorClass::temporary},
    {"1230", ErrorClass::temporary},
    {"1331", ErrorClass::temporary},
    {"1010", ErrorClass::invalid_request},
    {"1020", ErrorClass::invalid_request},
    {"1021", ErrorClass::invalid_request},
    {"1022", ErrorClass::invalid_request},
    {"1140", ErrorClass::invalid_request},
    {"1150", ErrorClass::invalid_request},
    {"1040", ErrorClass::content},
    {"1090", ErrorClass::content},
    {"1210", ErrorClass::content},
    {"1310", ErrorClass::content},
    {"1050", ErrorClass::blocked},
    {"1240", ErrorClass::blocked},
    {"1270", ErrorClass::blocked},
    {"1280", ErrorClass::blocked},
    {"1060", ErrorClass::account},
    {"1080", ErrorClass::account},
    {"1160", ErrorClass::account},
    {"1070", ErrorClass::balance},
    {"1120", ErrorClass::sender},
    {"1130", ErrorClass::expired},
    {"1360", ErrorClass::expired},
    {"1170", ErrorClass::destination},
    {"1190", ErrorClass::destination},
    {"1200", ErrorClass::destination},
    {"1260", ErrorClass::destination},
    {"1250", ErrorClass::route},
    {"1320", ErrorClass::duplicate},
    {"1330", ErrorClass::unknown},
    // Problems by name instead of number.
    {"low-balance", ErrorClass::balance},
    {"rate-limit", ErrorClass::throttled},
};

constexpr std::string_view not_on_list = "1160";  // a demo account sends to listed numbers only

struct Meaning {
  Status status;
  bool is_final;
};
const std::map<std::string, Meaning, std::less<>> statuses = {
    {"submitted", {Status::sent, false}},
    {"delivered", {Status::delivered, true}},
    {"read", {Status::delivered, true}},
    {"rejected", {Status::rejected, true}},
    {"undeliverable", {Status::undelivered, true}},
};

bool is_number(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

std::optional<ErrorClass> listed_error(const std::string& code) {
  if (is_number(code) && code >= "1370" && code <= "1382" && code.size() == 4) return ErrorClass::sender;
  const auto it = errors.find(code);
  if (it == errors.end()) return std::nullopt;
  return it->second;
}

// Number of a problem: its title, or the fragment of its type; v0.1 has `code`.
std::string code_of(const boost::json::value& problem) {
  if (auto title = word_at(problem, "/title"); is_number(title)) return title;
  const auto type = word_at(problem, "/type");
  if (const auto hash = type.find('#'); hash != std::string::npos && hash + 1 < type.size())
    return type.substr(hash + 1);
  return word_at(problem, "/code");
}

bool names_to(const boost::json::value& problem) {
  const auto* parameters = at(problem, "/invalid_parameters");
  const auto* list = parameters ? parameters->if_array() : nullptr;
  return list && std::ranges::any_of(*list, [](const auto& each) { return text_at(each, "/name") == "to"; });
}

// v1: text; v0.1: {"type": "sms", "number": "..."}
std::string number_at(const boost::json::value& body, const std::string& member) {
  auto number = text_at(body, "/" + member);
  return number.empty() ? text_at(body, "/" + member + "/number") : number;
}

// A random UUID, version 4.
std::string new_uuid() {
  std::array<unsigned char, 16> octets{};
  RAND_bytes(octets.data(), static_cast<int>(octets.size()));
  octets[6] = static_cast<unsigned char>((octets[6] & 0x0F) | 0x40);
  octets[8] = static_cast<unsigned char>((octets[8] & 0x3F) | 0x80);
  auto text = hex({reinterpret_cast<const char*>(octets.data()), octets.size()});
  for (const std::size_t dash : {8, 13, 18, 23}) text.insert(dash, 1, '-');
  return text;
}

class VonageMessages final : public Provider {
 public:
  explicit VonageMessages(const boost::json::object& s)
      : base_(text_setting(s, "base_url", "https://api.nexmo.com")),
        balance_base_(text_setting(s, "balance_url", "https://rest.nexmo.com")),
        application_(text_setting(s, "application_id")),
        private_key_(text_setting(s, "private_key_pem")),
        api_key_(text_setting(s, "api_key")),
        api_secret_(text_setting(s, "api_secret")),
        from_(text_setting(s, "from")),
        webhook_(text_setting(s, "webhook_url")),
        signature_secret_(text_setting(s, "signature_secret")),
        token_(text_setting(s, "token")),
        unsigned_callbacks_(flag_setting(s, "unsigned_callbacks", false)) {
    const bool receives = !signature_secret_.empty() || unsigned_callbacks_;
    if (receives && private_key_.empty() && api_secret_.empty()) return;  // and cannot send
    if (private_key_.empty() && api_secret_.empty())
      throw BadSettings("either 'application_id' with 'private_key_pem' or 'api_key' with 'api_secret' is needed");
    if (private_key_.empty() ? api_key_.empty() : application_.empty())
      throw BadSettings(private_key_.empty() ? "'api_secret' needs 'api_key'"
                                             : "'private_key_pem' needs 'application_id'");
    if (!private_key_.empty() && sign_rs256("{}", "{}", private_key_).empty())
      throw BadSettings("'private_key_pem' is not the text of an RSA private key without password");
  }

  Request build(const OutboundSms& sms, std::int64_t now_s) override {
    if (private_key_.empty() && api_secret_.empty()) return {};
    boost::json::object body{
        {"message_type", "text"}, {"channel", "sms"}, {"to", digits_of(sms.to)}, {"text", sms.text}};
    const auto& from = sms.from.empty() ? from_ : sms.from;
    if (!from.empty()) body["from"] = digits_of(from);
    if (!sms.reference.empty() && sms.reference.size() <= client_ref_max_bytes) body["client_ref"] = sms.reference;
    if (sms.validity_s > 0) body["ttl"] = sms.validity_s;
    const auto& webhook = sms.callback_url.empty() ? webhook_ : sms.callback_url;
    if (!webhook.empty()) body["webhook_url"] = webhook;
    body["sms"] = {{"encoding_type", "auto"}};
    return {.url = base_ + "/v1/messages",
            .headers = {{"Content-Type", "application/json"},
                        {"Accept", "application/json"},
                        {"Authorization", authorization(now_s)}},
            .body = boost::json::serialize(body)};
  }

  Verdict read_reply(const Reply& reply, const OutboundSms& sms, std::int64_t now_s) const override {
    const auto json = parse_json(reply.body);
    auto verdict = by_http_status(reply, now_s);
    if (reply.status >= 200 && reply.status < 300) {
      auto id = json ? text_at(*json, "/message_uuid") : std::string();
      if (id.empty()) return uncertain(verdict.provider_code, "the answer has no message_uuid");
      return accepted({std::move(id)});
    }
    if (!json) return verdict;
    const auto code = code_of(*json);
    auto listed = listed_error(code);
    if (!listed && lower(text_at(*json, "/title")) == "low balance") listed = ErrorClass::balance;
    if (reply.status < 400 || reply.status >= 500) {
      // Of a fault on their side only these promise that nothing was sent.
      if (code != "1030" && code != "1331") listed.reset();
    }
    if (listed == ErrorClass::duplicate) {
      const auto id = text_at(*json, "/message_uuid");
      verdict = accepted(id.empty() ? std::vector<std::string>() : std::vector{id});
      verdict.duplicate = true;
    } else if (listed) {
      verdict = rejected(*listed, verdict.provider_code);
      if (listed == ErrorClass::throttled || listed == ErrorClass::temporary)
        verdict.retry_after_ms = retry_after_ms(reply.headers, now_s);
    }
    if (verdict.error_class == ErrorClass::invalid_request && names_to(*json))
      verdict = rejected(ErrorClass::destination, verdict.provider_code);
    if (!code.empty()) verdict.provider_code = code;
    verdict.one_number = verdict.error_class == ErrorClass::account && code == not_on_list;
    const auto words = text_at(*json, "/detail");
    verdict.detail = detail_of(words.empty() ? text_at(*json, "/title") : words, sms);
    return verdict;
  }

  CallbackResult read_callback(const CallbackRequest& request, std::int64_t now_s) const override {
    if (!has_token(request, token_)) return not_authentic("the token in the URL does not fit", 401);
    if (signature_secret_.empty()) {
      if (!unsigned_callbacks_) return not_authentic("'signature_secret' of the account is not set", 401);
    } else {
      const auto authorization = find_header(request.headers, "Authorization");
      // Vonage leaves it out when it has a fault of its own, and repeats what is answered with 5xx.
      if (authorization.empty()) return not_authentic("the header Authorization is missing", 503);
      auto problem = webhook_problem(authorization, request.body, now_s);
      if (!problem.empty()) return not_authentic(std::move(problem), 401);
    }
    CallbackResult result;
    const auto json = parse_json(request.body);
    if (!json) return result;
    if (auto update = update_of(*json)) {
      if (update->reference.empty()) update->reference = word_of(query_fields(request.url), "ref");
      if (!update->provider_message_id.empty() || !update->reference.empty())
        result.updates.push_back(std::move(*update));
      return result;
    }
    InboundSms sms{.provider_message_id = text_at(*json, "/message_uuid"),
                   .from = with_plus(number_at(*json, "from")),
                   .to = number_at(*json, "to"),
                   .text = text_at(*json, "/text")};
    if (sms.text.empty()) sms.text = text_at(*json, "/message/content/text");  // v0.1
    if (!sms.provider_message_id.empty() && !sms.from.empty()) result.inbound.push_back(std::move(sms));
    return result;
  }

  std::optional<Request> build_balance(std::int64_t) override {
    if (api_key_.empty() || api_secret_.empty()) return std::nullopt;
    return vonage_balance_request(balance_base_, api_key_, api_secret_);
  }

  Balance read_balance(const Reply& reply) const override { return read_vonage_balance(reply); }

  std::string_view receipts_need() const override {
    return signature_secret_.empty() && !unsigned_callbacks_ ? "signature_secret" : "";
  }

 private:
  // One token serves many requests; it is renewed before it ends, and if the clock went back.
  std::string authorization(std::int64_t now_s) {
    if (private_key_.empty()) return basic_auth(api_key_, api_secret_);
    if (jwt_.empty() || now_s < jwt_issued_s_ || now_s >= jwt_issued_s_ + token_lifetime_s - token_renewed_before_s) {
      const boost::json::object claims{
          {"application_id", application_}, {"iat", now_s}, {"jti", new_uuid()}, {"exp", now_s + token_lifetime_s}};
      jwt_ = sign_rs256(R"({"alg":"RS256","typ":"JWT"})", boost::json::serialize(claims), private_key_);
      jwt_issued_s_ = now_s;
    }
    return "Bearer " + jwt_;
  }

  // Empty: it is from Vonage, of now, and about this body.
  std::string webhook_problem(std::string_view authorization, std::string_view body, std::int64_t now_s) const {
    if (!lower(authorization).starts_with("bearer ")) return "the header Authorization holds no token";
    std::string problem;
    const auto found = claims_of_hs256(authorization.substr(7), signature_secret_, problem);
    if (!found) return problem;
    const auto issued = integer_of(found->if_contains("iat"));
    if (!issued || *issued < now_s - webhook_age_max_s || *issued > now_s + webhook_age_max_s)
      return "the claim iat is more than 5 minutes off";
    const auto claim = [&](std::string_view name) { return text_of(found->if_contains(name)); };
    if (!same_secret(lower(claim("payload_hash")), hex(digest(Hash::sha256, body))))
      return "the claim payload_hash is of another body";
    if (claim("iss") != "Vonage") return "the claim iss is not Vonage";
    if (!api_key_.empty() && claim("api_key") != api_key_) return "the claim api_key is of another account";
    return {};
  }

  // Nothing: the body has no status.
  static std::optional<StatusUpdate> update_of(const boost::json::value& body) {
    const auto status = word_at(body, "/status");
    if (status.empty()) return std::nullopt;
    StatusUpdate update{.provider_message_id = text_at(body, "/message_uuid"),
                        .reference = text_at(body, "/client_ref"),
                        .parts = parts_of(at(body, "/sms/count_total")),
                        .price = plain_decimal(text_at(body, "/usage/price"))};
    if (!update.price.empty()) update.currency = text_at(body, "/usage/currency");
    if (const auto it = statuses.find(status); it != statuses.end()) {
      update.status = it->second.status;
      update.final_status = it->second.is_final;
    }
    if (const auto* error = at(body, "/error")) {
      update.error_code = code_of(*error);
      update.error_class = listed_error(update.error_code).value_or(ErrorClass::unknown);
    }
    if (update.status == Status::rejected && update.error_class == ErrorClass::expired) update.status = Status::expired;
    return update;
  }

  std::string base_, balance_base_, application_, private_key_, api_key_, api_secret_, from_, webhook_,
      signature_secret_, token_;
  bool unsigned_callbacks_;
  std::string jwt_;
  std::int64_t jwt_issued_s_ = 0;
};

}  // namespace

std::string sign_rs256(std::string_view header, std::string_view payload, std::string_view private_key_pem) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> pem(
      BIO_new_mem_buf(private_key_pem.data(), static_cast<int>(private_key_pem.size())), BIO_free);
  // Without this OpenSSL asks the terminal for the password of an encrypted key.
  const auto no_password = [](char*, int, int, void*) { return -1; };
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(
      pem ? PEM_read_bio_PrivateKey(pem.get(), nullptr, no_password, nullptr) : nullptr, EVP_PKEY_free);
  if (!key || EVP_PKEY_base_id(key.get()) != EVP_PKEY_RSA) return {};
  const auto text = base64url(header) + "." + base64url(payload);
  const auto* octets = reinterpret_cast<const unsigned char*>(text.data());
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  std::string signature(static_cast<std::size_t>(EVP_PKEY_size(key.get())), '\0');
  std::size_t length = signature.size();
  if (EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key.get()) != 1 ||
      EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &length, octets, text.size()) !=
          1)
    return {};
  signature.resize(length);
  return text + "." + base64url(signature);
}

std::optional<boost::json::object> claims_of_hs256(std::string_view token, std::string_view secret,
                                                   std::string& problem) {
  const auto first = token.find('.');
  const auto second = first == std::string_view::npos ? first : token.find('.', first + 1);
  if (second == std::string_view::npos) {
    problem = "the token has not three parts";
    return std::nullopt;
  }
  const auto object_in = [](std::string_view part) -> std::optional<boost::json::object> {
    const auto text = from_base64url(part);
    const auto json = text ? parse_json(*text) : std::nullopt;
    if (!json || !json->is_object()) return std::nullopt;
    return json->get_object();
  };
  // The algorithm first: "none" would need no secret, and RS256 would make a public key the secret.
  const auto header = object_in(token.substr(0, first));
  if (!header || text_of(header->if_contains("alg")) != "HS256") {
    problem = "the token's alg is not HS256";
    return std::nullopt;
  }
  if (!same_secret(base64url(hmac(Hash::sha256, secret, token.substr(0, second))), token.substr(second + 1))) {
    problem = "the token's signature does not fit";
    return std::nullopt;
  }
  auto claims = object_in(token.substr(first + 1, second - first - 1));
  if (!claims) problem = "the token holds no claims";
  return claims;
}

const Kind vonage_messages{
    .name = "vonage-messages",
    .help = "Vonage Messages API v1",
    .settings = {{.name = "application_id", .help = "of the application that sends, with its private_key_pem"},
                 {.name = "private_key_pem",
                  .secret = true,
                  .lines = true,
                  .help = "of the application: the text of its key file"},
                 {.name = "api_key", .help = "of the account: sends without an application; also checked in callbacks"},
                 {.name = "api_secret", .secret = true, .help = "of the account; also needed to read the balance"},
                 {.name = "from", .help = "sender: number or at most 11 letters"},
                 {.name = "webhook_url", .address = true, .help = "callback URL, where it is not ours"},
                 {.name = "signature_secret", .secret = true, .help = "of the account; checks callbacks"},
                 {.name = "unsigned_callbacks",
                  .help = "true: without signature_secret callbacks are taken unsigned; give a token then"},
                 {.name = "token", .secret = true, .help = "callbacks must carry it as tok= in their URL"},
                 {.name = "base_url", .address = true, .help = "another address than https://api.nexmo.com"},
                 {.name = "balance_url",
                  .address = true,
                  .help = "another address than https://rest.nexmo.com for the balance"}},
    .make = [](const boost::json::object& settings) -> std::unique_ptr<Provider> {
      return std::make_unique<VonageMessages>(settings);
    }};

}  // namespace smsbridge::http_gateways
