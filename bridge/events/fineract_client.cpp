// SPDX-License-Identifier: MPL-2.0
#include "bridge/events/fineract_client.hpp"

#include <algorithm>
#include <boost/json/parse.hpp>
#include <utility>

#include "bridge/text/printable.hpp"
#include "http_gateways/coding.hpp"
#include "http_gateways/form.hpp"
#include "http_gateways/readable.hpp"
#include "http_gateways/reply.hpp"

namespace smsbridge::bridge {
namespace {

namespace json = boost::json;
using End = FineractAnswer::End;
using namespace std::chrono_literals;

constexpr std::size_t answer_bytes_max = 64u << 20;  // a report of some hundred thousand rows
constexpr std::size_t detail_max = 300;
constexpr std::int64_t token_life_max_s = 86'400;
constexpr Duration token_usual = 1min, token_margin = 10s;

std::string text_at(const json::value& body, std::string_view key) {
  const auto* object = body.if_object();
  const auto* value = object ? object->if_contains(key) : nullptr;
  return value && value->is_string() ? std::string(value->get_string()) : std::string();
}

End end_of(int status) {
  if (status >= 200 && status < 300) return End::answered;
  if (status == 401) return End::login;
  if (status == 403) return End::forbidden;
  if (status == 404) return End::not_found;
  if (status == 429 || status >= 500) return End::failing;
  return End::refused;
}

// Fineract says it in words, a token server in `error_description`, a proxy in a page of its own.
std::string words_of(const http_gateways::Reply& reply, const json::value& body) {
  for (const auto* key : {"defaultUserMessage", "developerMessage", "error_description", "error", "message"})
    if (auto text = text_at(body, key); !text.empty()) return text;
  const auto location = http_gateways::find_header(reply.headers, "Location");
  return location.empty() ? std::string() : "it points to " + std::string(location);
}

FineractAnswer answer_of(const HttpTransport::Result& result, bool as_text = false) {
  FineractAnswer answer;
  if (result.end != HttpTransport::End::answered) {
    answer.detail = result.detail;
    return answer;
  }
  const auto& reply = result.reply;
  answer.status = reply.status;
  answer.end = end_of(reply.status);
  if (const auto date = http_gateways::http_date(http_gateways::find_header(reply.headers, "Date")))
    answer.clock = *date * 1000;
  if (as_text && answer.ok()) {
    answer.text = reply.body;
    return answer;
  }
  boost::system::error_code error;
  answer.body = json::parse(reply.body, error);
  if (answer.ok() && error) {
    answer.end = End::unreadable;
    answer.detail = "the answer is no JSON";
  } else if (!answer.ok()) {
    answer.detail = "HTTP " + std::to_string(reply.status);
    if (const auto words = words_of(reply, answer.body); !words.empty())
      answer.detail += ": " + text::printable(http_gateways::readable(words).substr(0, detail_max));
  }
  return answer;
}

}  // namespace

struct FineractClient::Question {
  http_gateways::Request request;
  Done done;
  bool by_token = false;
  bool as_text = false;
  bool asked_anew = false;  // with a new token, after the old one was refused
};

FineractClient::FineractClient(FineractSettings settings, std::string tenant,
                               const boost::asio::any_io_executor& executor, const MakeHttpTransport& make_transport,
                               const Clock& clock)
    : settings_(std::move(settings)),
      tenant_(settings_.tenant.empty() ? std::move(tenant) : settings_.tenant),
      clock_(clock),
      transport_(make_transport(executor, {.request_timeout = settings_.timeout,
                                           .proxy = {},
                                           .tls = settings_.tls,
                                           .answer_bytes_max = answer_bytes_max,
                                           .targets = {},
                                           .names = {}})) {}

FineractClient::~FineractClient() { *alive_ = false; }

void FineractClient::get(const std::string& path, Done done) { ask(question_of(path, std::move(done))); }

void FineractClient::get_text(const std::string& path, Done done) {
  const auto question = question_of(path, std::move(done));
  question->as_text = true;
  ask(question);
}

std::shared_ptr<FineractClient::Question> FineractClient::question_of(const std::string& path, Done done) const {
  auto question = std::make_shared<Question>();
  question->request = {.method = "GET",
                       .url = settings_.url + "/" + path,
                       .headers = {{"Accept", "application/json"}, {"Fineract-Platform-TenantId", tenant_}},
                       .body = {}};
  question->done = std::move(done);
  question->by_token = !settings_.oauth.client_id.empty();
  if (!question->by_token)
    question->request.headers.emplace_back("Authorization",
                                           "Basic " + http_gateways::base64(settings_.user + ":" + settings_.password));
  return question;
}

void FineractClient::get_beside(const std::string& path, Done done) {
  auto question = std::make_shared<Question>();
  auto root = settings_.url;
  if (const auto api = root.rfind("/api/"); api != std::string::npos) root.resize(api);
  question->request = {.method = "GET", .url = root + path, .headers = {{"Accept", "application/json"}}, .body = {}};
  question->done = std::move(done);
  ask(question);
}

void FineractClient::log_in(Done done) {
  auto question = std::make_shared<Question>();
  question->request = {
      .method = "POST",
      .url = settings_.url + "/authentication",
      .headers = {{"Accept", "application/json"},
                  {"Content-Type", "application/json"},
                  {"Fineract-Platform-TenantId", tenant_}},
      .body = json::serialize(json::object{{"username", settings_.user}, {"password", settings_.password}})};
  question->done = std::move(done);
  ask(question);
}

void FineractClient::ask(const std::shared_ptr<Question>& question) {
  if (!question->by_token || (!token_.empty() && clock_.now() < token_until_)) return send(question);
  want_token_.push_back(question);
  if (want_token_.size() == 1) ask_for_token();
}

void FineractClient::send(const std::shared_ptr<Question>& question) {
  auto request = question->request;
  if (question->by_token) request.headers.emplace_back("Authorization", "Bearer " + token_);
  transport_->send(std::move(request), [this, alive = alive_, question](const HttpTransport::Result& result) {
    if (!*alive) return;
    auto answer = answer_of(result, question->as_text);
    // It may have been withdrawn before its time.
    if (answer.end == End::login && question->by_token && !std::exchange(question->asked_anew, true)) {
      token_.clear();
      return ask(question);
    }
    question->done(std::move(answer));
  });
}

void FineractClient::ask_for_token() {
  const auto& oauth = settings_.oauth;
  http_gateways::Fields fields{{"grant_type", "client_credentials"}};
  if (!oauth.scope.empty()) fields.emplace_back("scope", oauth.scope);
  // RFC 6749 section 2.3.1: both are coded as in a form before they are put together.
  const auto name =
      http_gateways::percent_encode(oauth.client_id) + ":" + http_gateways::percent_encode(oauth.client_secret);
  transport_->send({.method = "POST",
                    .url = oauth.token_url,
                    .headers = {{"Accept", "application/json"},
                                {"Content-Type", "application/x-www-form-urlencoded"},
                                {"Authorization", "Basic " + http_gateways::base64(name)}},
                    .body = http_gateways::encode_form(fields)},
                   [this, alive = alive_](const HttpTransport::Result& result) {
                     if (*alive) took_token(answer_of(result));
                   });
}

void FineractClient::took_token(FineractAnswer answer) {
  const auto waiting = std::exchange(want_token_, {});
  token_ = answer.ok() ? text_at(answer.body, "access_token") : std::string();
  if (!token_.empty()) {
    const auto* life = answer.body.as_object().if_contains("expires_in");
    const auto seconds =
        life && life->is_int64() && life->get_int64() >= 0
            ? Duration(std::chrono::seconds(std::min<std::int64_t>(life->get_int64(), token_life_max_s)))
            : token_usual;
    token_until_ = clock_.now() + std::max(seconds - token_margin, Duration(1s));
    for (const auto& question : waiting) send(question);
    return;
  }
  if (answer.end != End::unreachable && answer.end != End::failing) answer.end = End::login;
  answer.detail = "no token: " + (answer.detail.empty() ? "the answer has no access_token" : answer.detail);
  answer.body = nullptr;
  for (const auto alive = alive_; const auto& question : waiting)
    if (*alive) question->done(answer);
}

}  // namespace smsbridge::bridge
