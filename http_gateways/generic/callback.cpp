// SPDX-License-Identifier: MPL-2.0
#include "http_gateways/generic/callback.hpp"

#include <algorithm>

#include "http_gateways/callback_fields.hpp"
#include "http_gateways/coding.hpp"
#include "http_gateways/digest.hpp"
#include "http_gateways/form.hpp"
#include "http_gateways/json.hpp"
#include "http_gateways/readable.hpp"
#include "http_gateways/reply.hpp"

namespace smsbridge::http_gateways {
namespace {

constexpr std::size_t hmac_parts_max = 10;

Status status_of(const Node& node) {
  const auto status = parse_status(node.text());
  if (!status) node.fail("unknown status '" + node.text() + "'");
  return *status;
}

CallbackAnswer compile_answer(const Node& node) {
  node.allow({"status", "content_type", "body"});
  CallbackAnswer answer;
  if (const auto status = node.find("status")) answer.status = static_cast<int>(status->integer(200, 299));
  if (const auto type = node.find("content_type")) {
    answer.content_type = type->text();
    type->check_header_text(answer.content_type);
  }
  if (const auto body = node.find("body")) answer.body = body->text();
  return answer;
}

bool is_final(Status status) {
  return status == Status::delivered || status == Status::undelivered || status == Status::expired ||
         status == Status::rejected;
}

}  // namespace

bool is_no_error(std::string_view error_code) {
  return error_code.find_first_not_of('0') == std::string_view::npos || lower(error_code) == "no_error";
}

CallbackReader::CallbackReader(const std::optional<Node>& callback, const std::optional<Node>& inbound) {
  if (callback) {
    callback->allow({"auth", "list", "id", "ref", "status", "error_code", "map", "default", "case_sensitive", "reply"});
    if (const auto list = callback->find("list")) list_.emplace(*list);
    if (const auto auth = callback->find("auth")) auth_ = compile_auth(*auth);
    status_ = extractors(*callback, {"id", "ref", "status", "error_code"});
    if (const auto flag = callback->find("case_sensitive")) statuses_.case_sensitive = flag->flag();
    if (const auto map = callback->find("map"))
      for (const auto& [word, meaning] : map->members()) {
        const auto value = status_of(meaning);
        if (word.ends_with('*'))
          statuses_.prefixes.emplace_back(statuses_.key(word.substr(0, word.size() - 1)), value);
        else
          statuses_.exact[statuses_.key(word)] = value;
      }
    if (const auto otherwise = callback->find("default")) statuses_.otherwise = status_of(*otherwise);
    if (const auto reply = callback->find("reply")) status_answer_ = inbound_answer_ = compile_answer(*reply);
  }
  if (inbound) {
    inbound->allow({"id", "from", "to", "text", "reply"});
    for (const auto* needed : {"from", "text"}) (void)inbound->need(needed);
    inbound_ = extractors(*inbound, {"id", "from", "to", "text"});
    if (const auto reply = inbound->find("reply")) inbound_answer_ = compile_answer(*reply);
  }
}

CallbackReader::Auth CallbackReader::compile_auth(const Node& node) {
  static const std::map<std::string_view, AuthType> types = {{"none", AuthType::none},
                                                             {"query_token", AuthType::query_token},
                                                             {"header_token", AuthType::header_token},
                                                             {"basic", AuthType::basic},
                                                             {"hmac", AuthType::hmac}};
  Auth auth{.type = node.need("type").one_of(types)};
  switch (auth.type) {
    case AuthType::none:
      node.allow({"type"});
      break;
    case AuthType::query_token:
      node.allow({"type", "param", "token"});
      if (const auto param = node.find("param")) auth.name = param->non_empty_text();
      auth.secret = node.need("token").non_empty_text();
      break;
    case AuthType::header_token:
      node.allow({"type", "name", "token"});
      auth.name = node.need("name").non_empty_text();
      auth.secret = node.need("token").non_empty_text();
      break;
    case AuthType::basic:
      node.allow({"type", "user", "password"});
      auth.name = "Authorization";
      auth.secret = basic_auth(node.need("user").text(), node.need("password").non_empty_text());
      break;
    case AuthType::hmac:
      node.allow({"type", "header", "algorithm", "encoding", "key", "prefix", "parts"});
      auth.name = node.need("header").non_empty_text();
      auth.secret = node.need("key").non_empty_text();
      if (const auto algorithm = node.find("algorithm"))
        auth.hash = algorithm->one_of<Hash>({{"sha1", Hash::sha1}, {"sha256", Hash::sha256}, {"sha512", Hash::sha512}});
      if (const auto encoding = node.find("encoding"))
        auth.in_base64 = encoding->one_of<bool>({{"hex", false}, {"base64", true}});
      if (const auto prefix = node.find("prefix")) auth.prefix = prefix->text();
      if (const auto parts = node.find("parts"))
        for (const auto& part : parts->elements()) {
          auth.parts.push_back(part.text());
          if (const auto& p = auth.parts.back();
              p != "body" && p != "url" && !(p.starts_with("header:") && p.size() > 7))
            part.fail("'" + p + "' is not one of body, url, header:NAME");
        }
      if (auth.parts.size() > hmac_parts_max)
        node.need("parts").fail("at most " + std::to_string(hmac_parts_max) +
                                " parts can be covered: with each call all of them are put together");
      if (auth.parts.empty()) auth.parts = {"body"};
      break;
  }
  return auth;
}

// Empty: the callback is authentic.
std::string CallbackReader::refusal(const CallbackRequest& request, const Fields& query) const {
  switch (auth_.type) {
    case AuthType::none:
      return {};
    case AuthType::query_token: {
      auto token = find_field(query, auth_.name.empty() ? "tok" : auth_.name);
      if (!token && auth_.name.empty()) token = find_field(query, "token");
      return token && same_secret(*token, auth_.secret) ? "" : "the token in the query does not fit";
    }
    case AuthType::header_token:
    case AuthType::basic:
      return same_secret(find_header(request.headers, auth_.name), auth_.secret)
                 ? ""
                 : "the header " + auth_.name + " does not fit";
    case AuthType::hmac: {
      std::string covered;
      for (const auto& part : auth_.parts)
        covered += part == "body"  ? request.body
                   : part == "url" ? request.url
                                   : std::string(find_header(request.headers, part.substr(7)));
      auto given = std::string(find_header(request.headers, auth_.name));
      if (given.empty()) return "the header " + auth_.name + " is missing";
      const auto mac = hmac(auth_.hash, auth_.secret, covered);
      const bool prefixed = given.starts_with(auth_.prefix);
      if (prefixed) given.erase(0, auth_.prefix.size());
      const bool fits = auth_.in_base64 ? same_secret(given, base64(mac)) : same_secret(lower(given), hex(mac));
      return prefixed && fits ? "" : "the signature in " + auth_.name + " does not fit";
    }
  }
  return "not checked";
}

CallbackReader::Extractors CallbackReader::extractors(const Node& node, std::initializer_list<std::string_view> names) {
  Extractors all;
  for (const auto& name : names)
    if (const auto member = node.find(name)) all.emplace_back(name, Extractor(*member, Extractor::Of::callback));
  return all;
}

std::string CallbackReader::take(const Extractors& from, std::string_view name, const Message& message) {
  const auto it = std::ranges::find(from, name, &std::pair<std::string, Extractor>::first);
  return it == from.end() ? std::string() : it->second.find(message).value_or(std::string());
}

std::string CallbackReader::take_word(const Extractors& from, std::string_view name, const Message& message) {
  return std::string(trimmed(take(from, name, message)));
}

std::string CallbackReader::StatusMap::key(std::string_view word) const {
  return case_sensitive ? std::string(word) : lower(word);
}

Status CallbackReader::StatusMap::find(std::string_view word) const {
  const auto wanted = key(word);
  if (const auto it = exact.find(wanted); it != exact.end()) return it->second;
  const auto it = std::ranges::find_if(prefixes, [&](const auto& each) { return wanted.starts_with(each.first); });
  return it == prefixes.end() ? otherwise : it->second;
}

bool CallbackReader::reads_status() const {
  return std::ranges::find(status_, "status", &std::pair<std::string, Extractor>::first) != status_.end();
}

// Nothing: the call says no status, or not of which message.
std::optional<StatusUpdate> CallbackReader::update_of(const Message& message) const {
  const auto word = take_word(status_, "status", message);
  if (word.empty()) return std::nullopt;
  StatusUpdate update{.provider_message_id = take_word(status_, "id", message),
                      .reference = take_word(status_, "ref", message),
                      .status = statuses_.find(word)};
  if (update.provider_message_id.empty() && update.reference.empty()) return std::nullopt;
  update.final_status = is_final(update.status);
  if (auto code = take_word(status_, "error_code", message); !is_no_error(code)) update.error_code = std::move(code);
  if (update.status == Status::expired) update.error_class = ErrorClass::expired;
  return update;
}

// Adds what a call, or one element of its list, says.
void CallbackReader::read_one(const Message& message, CallbackResult& result) const {
  if (auto update = update_of(message)) {
    result.updates.push_back(std::move(*update));
  } else if (auto from = take_word(inbound_, "from", message); !from.empty()) {
    result.answer = inbound_answer_;
    result.inbound.push_back({.provider_message_id = take_word(inbound_, "id", message),
                              .from = std::move(from),
                              .to = take_word(inbound_, "to", message),
                              .text = take(inbound_, "text", message)});
  }
}

CallbackResult CallbackReader::read(const CallbackRequest& request) const {
  const auto query = query_fields(request.url);
  if (auto why = refusal(request, query); !why.empty()) return not_authentic(std::move(why));
  const auto fields = callback_fields(request);
  const auto body = readable(request.body);
  const auto json = parse_json(request.body);
  const Message message{
      .headers = request.headers, .body = body, .json = json ? &*json : nullptr, .fields = &fields, .query = &query};
  CallbackResult result;
  result.answer = status_answer_;
  const auto elements = list_ ? list_->elements_of(message) : std::vector<ListElement>();
  for (const auto& element : elements) {
    read_one({.headers = request.headers,
              .body = element.body,
              .json = element.json,
              .element = &element.fields,
              .fields = &fields,
              .query = &query},
             result);
  }
  // A provider that has one receipt may send it without the list around it.
  if (elements.empty()) read_one(message, result);
  return result;
}

}  // namespace smsbridge::http_gateways
