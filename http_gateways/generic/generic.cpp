// SPDX-License-Identifier: MPL-2.0
// A provider made of settings: a request in templates, rules for the reply, a map for callbacks. What is known when the
// account is made is compiled and checked then, so that a mistake shows at the start and not with the first message.
#include "http_gateways/generic/generic.hpp"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <cstdlib>

#include "http_gateways/coding.hpp"
#include "http_gateways/decimal.hpp"
#include "http_gateways/digest.hpp"
#include "http_gateways/form.hpp"
#include "http_gateways/generic/callback.hpp"
#include "http_gateways/generic/definition.hpp"
#include "http_gateways/generic/response.hpp"
#include "http_gateways/generic/template.hpp"
#include "http_gateways/reply.hpp"

namespace smsbridge::http_gateways {
namespace {

namespace json = boost::json;

constexpr std::string_view form_type = "application/x-www-form-urlencoded", json_type = "application/json";
constexpr std::size_t definition_octets_max = 64 * 1024;

using NamedTemplates = std::vector<std::pair<std::string, Template>>;

NamedTemplates templates(const std::optional<Node>& node) {
  NamedTemplates all;
  if (node)
    for (const auto& [name, member] : node->members()) all.emplace_back(name, Template(member));
  return all;
}

void fill(const NamedTemplates& from, const TemplateValues& values, Fields& to) {
  for (const auto& [name, content] : from)
    if (auto value = content.fill(values)) to.emplace_back(name, std::move(*value));
}

// A JSON value whose strings are templates.
class Tree {
 public:
  explicit Tree(const Node& node) {
    if (node.value().is_object()) {
      shape_ = Shape::object;
      for (const auto& [name, member] : node.members()) {
        names_.push_back(name);
        children_.emplace_back(member);
      }
    } else if (node.value().is_array()) {
      shape_ = Shape::array;
      for (const auto& element : node.elements()) children_.emplace_back(element);
    } else if (node.value().is_string()) {
      shape_ = Shape::leaf;
      leaf_.emplace(node);
    } else {
      constant_ = node.value();
    }
  }

  bool is_object() const { return shape_ == Shape::object; }

  // Nothing: a variable of the leaf is unset.
  std::optional<json::value> fill(const TemplateValues& values) const {
    switch (shape_) {
      case Shape::constant:
        return constant_;
      case Shape::leaf:
        return leaf_->fill_json(values);
      case Shape::array: {
        json::array all;
        for (const auto& child : children_)
          if (auto value = child.fill(values)) all.push_back(std::move(*value));
        return all;
      }
      case Shape::object: {
        json::object all;
        for (std::size_t i = 0; i < children_.size(); ++i)
          if (auto value = children_[i].fill(values)) all[names_[i]] = std::move(*value);
        return all;
      }
    }
    return std::nullopt;
  }

 private:
  enum class Shape : std::uint8_t { constant, leaf, array, object } shape_ = Shape::constant;
  json::value constant_;
  std::optional<Template> leaf_;
  std::vector<std::string> names_;
  std::vector<Tree> children_;
};

enum class BodyType : std::uint8_t { none, form, json, raw };

struct Body {
  BodyType type = BodyType::none;
  std::optional<Tree> tree;
  std::string content_type;
  std::optional<Template> raw;
  Escape escape = Escape::none;
  // Fields of a form, or members at the top of a JSON object.
  NamedTemplates fields, gsm, unicode, receipt;
};

// Credentials are taken as they are: a password may hold braces.
struct Auth {
  Headers headers;
  Fields query, form;
};

struct RequestParts {
  std::string method = "POST";
  std::optional<Template> url;
  NamedTemplates query, receipt_query, headers;
  Auth auth;
  Body body;
};

Fields literals(const Node& node) {
  Fields all;
  for (const auto& [name, member] : node.members()) all.emplace_back(name, member.text());
  return all;
}

Auth compile_auth(const Node& node) {
  Auth auth;
  const auto header = [&](std::string name, std::string value) {
    node.check_header_text(name + value);
    auth.headers.emplace_back(std::move(name), std::move(value));
  };
  const auto type = node.need("type").text();
  if (type == "none") {
    node.allow({"type"});
  } else if (type == "basic") {
    node.allow({"type", "user", "password"});
    header("Authorization", basic_auth(node.need("user").text(), node.need("password").text()));
  } else if (type == "bearer") {
    node.allow({"type", "token"});
    header("Authorization", "Bearer " + node.need("token").non_empty_text());
  } else if (type == "header") {
    node.allow({"type", "name", "value"});
    header(node.need("name").non_empty_text(), node.need("value").text());
  } else if (type == "query" || type == "form") {
    node.allow({"type", "params"});
    (type == "query" ? auth.query : auth.form) = literals(node.need("params"));
  } else {
    node.need("type").fail("'" + type + "' is not one of none, basic, bearer, header, query, form");
  }
  return auth;
}

Escape escape_for(std::string_view content_type) {
  const auto type = lower(content_type);
  if (type.find("xml") != std::string::npos) return Escape::xml;
  if (type.find("json") != std::string::npos) return Escape::json;
  if (type.find("urlencoded") != std::string::npos) return Escape::percent;
  return Escape::none;
}

Body compile_body(const Node& node) {
  static const std::map<std::string_view, BodyType> types = {
      {"none", BodyType::none}, {"form", BodyType::form}, {"json", BodyType::json}, {"raw", BodyType::raw}};
  Body body{.type = node.need("type").one_of(types)};
  switch (body.type) {
    case BodyType::none:
      node.allow({"type"});
      break;
    case BodyType::form:
      node.allow({"type", "fields", "fields_gsm", "fields_unicode", "fields_receipt"});
      body.fields = templates(node.find("fields"));
      break;
    case BodyType::json:
      node.allow({"type", "value", "fields_gsm", "fields_unicode", "fields_receipt"});
      body.tree.emplace(node.need("value"));
      break;
    case BodyType::raw: {
      node.allow({"type", "content_type", "template"});
      const auto type = node.need("content_type");
      body.content_type = type.non_empty_text();
      type.check_header_text(body.content_type);
      body.raw.emplace(node.need("template"));
      body.escape = escape_for(body.content_type);
      break;
    }
  }
  for (const auto& [name, fields] : {std::pair{"fields_gsm", &body.gsm}, std::pair{"fields_unicode", &body.unicode},
                                     std::pair{"fields_receipt", &body.receipt}})
    if (const auto member = node.find(name)) {
      if (body.tree && !body.tree->is_object()) member->fail("the JSON value is no object that could take members");
      *fields = templates(member);
    }
  return body;
}

Template compile_url(const Node& node) {
  Template url(node);
  const auto prefix = url.prefix();
  const auto scheme = prefix.find("://");
  const bool http = prefix.starts_with("http://") || prefix.starts_with("https://");
  const auto host_end = http ? prefix.find_first_of("/?", scheme + 3) : 0;
  if (!http || host_end == scheme + 3 || prefix.size() == scheme + 3)
    node.fail("must start with http:// or https:// and a host");
  if (host_end == std::string_view::npos && url.has_variables()) node.fail("variables cannot be in the host");
  if (url.literals_contain(" \t\r\n")) node.fail("must not contain spaces");
  return url;
}

RequestParts compile_request(const Node& node) {
  node.allow({"method", "url", "query", "query_receipt", "headers", "auth", "body"});
  RequestParts parts;
  if (const auto method = node.find("method"))
    parts.method = method->one_of<std::string>({{"GET", "GET"}, {"POST", "POST"}, {"PUT", "PUT"}});
  parts.url.emplace(compile_url(node.need("url")));
  parts.query = templates(node.find("query"));
  parts.receipt_query = templates(node.find("query_receipt"));
  if (const auto headers = node.find("headers")) {
    parts.headers = templates(headers);
    for (std::size_t i = 0; const auto& [name, member] : headers->members()) {
      const auto& content = parts.headers[i++].second;
      member.check_header_text(name);
      if (content.literals_contain(ends_header)) member.fail("line ends cannot be in a header");
      if (content.has_plain_text()) member.fail("a header cannot hold the message text, which may have line ends");
    }
  }
  if (const auto auth = node.find("auth")) parts.auth = compile_auth(*auth);
  if (const auto body = node.find("body")) {
    parts.body = compile_body(*body);
    if (parts.method == "GET" && parts.body.type != BodyType::none) body->fail("a GET request has no body");
  }
  const bool takes_fields = parts.body.type == BodyType::form || (parts.body.tree && parts.body.tree->is_object());
  if (!parts.auth.form.empty() && !takes_fields)
    node.need("auth").fail("type form needs a body of type form, or json with an object");
  return parts;
}

}  // namespace

struct Generic::Compiled {
  std::string name, from, callback_url, country_code, unicode_coding = "0";
  std::optional<RequestParts> request;
  ResponseReader response;
  CallbackReader callback;
  Limits limits;
};

std::string with_reference(std::string url, std::string_view reference) {
  if (url.empty() || reference.empty() || find_field(parse_form(query_of(url)), "ref")) return url;
  return with_query(std::move(url), "ref", reference);
}

Generic::~Generic() = default;

Generic::Generic(const json::object& definition) {
  auto compiled = std::make_unique<Compiled>();
  // Every message goes through the request, and every reply through the response.
  if (const auto octets = json::serialize(definition).size(); octets > definition_octets_max)
    throw BadSettings(
        "the definition has " + std::to_string(octets) + " octets, and at most " +
        std::to_string(definition_octets_max) +
        " are read, so that no message waits for another's: leave out what stays the same or is not used");
  const json::value root(definition);
  const Node node(root);
  node.allow({"name", "request", "response", "callback", "inbound", "encoding", "limits", "from", "callback_url",
              "country_code"});
  for (const auto& [name, text] :
       {std::pair{"name", &compiled->name}, std::pair{"from", &compiled->from},
        std::pair{"callback_url", &compiled->callback_url}, std::pair{"country_code", &compiled->country_code}})
    if (const auto member = node.find(name)) *text = member->text();
  if (const auto encoding = node.find("encoding")) {
    encoding->allow({"unicode_coding"});
    if (const auto coding = encoding->find("unicode_coding")) compiled->unicode_coding = coding->non_empty_text();
  }
  if (const auto limits = node.find("limits")) {
    limits->allow({"rate_per_s", "max_in_flight", "max_parts"});
    for (const auto& [name, count] : {std::pair{"max_in_flight", &compiled->limits.max_in_flight},
                                      std::pair{"max_parts", &compiled->limits.max_parts}})
      if (const auto limit = limits->find(name)) *count = static_cast<std::size_t>(limit->integer(1, 1'000'000));
    if (const auto rate = limits->find("rate_per_s")) {
      const auto text = plain_decimal(rate->text());
      if (text.empty() || text == "0" || rate->text().starts_with('-')) rate->fail("must be a number above 0");
      compiled->limits.rate_per_s = std::strtod(text.c_str(), nullptr);
    }
  }
  const auto request = node.find("request"), response = node.find("response"), callback = node.find("callback"),
             inbound = node.find("inbound");
  if (!request && !response && !callback && !inbound) node.fail("'request' is missing: what to send");
  if (request) compiled->request = compile_request(*request);
  if (response) compiled->response = ResponseReader(*response);
  compiled->callback = CallbackReader(callback, inbound);
  compiled_ = std::move(compiled);
}

bool Generic::reports_delivery() const { return compiled_->callback.reads_status(); }

Limits Generic::limits() const { return compiled_->limits; }

Request Generic::build(const OutboundSms& sms, std::int64_t now_s) {
  const auto& c = *compiled_;
  if (!c.request) return {};  // an account that only receives
  const auto& parts = *c.request;
  const auto& body = parts.body;
  const TemplateValues values{
      .sms = sms,
      .from = sms.from.empty() ? c.from : sms.from,
      .callback_url = sms.callback_url.empty() ? with_reference(c.callback_url, sms.reference) : sms.callback_url,
      .country_code = c.country_code,
      .unicode_coding = c.unicode_coding,
      .account = c.name,
      .now_s = now_s};
  const bool wants_receipt = !values.callback_url.empty();

  Request request{.method = parts.method, .url = parts.url->fill_gaps(values, Escape::percent)};
  auto query = parts.auth.query;
  fill(parts.query, values, query);
  if (wants_receipt) fill(parts.receipt_query, values, query);
  request.url = with_query(std::move(request.url), query);

  std::vector<const NamedTemplates*> fields = {&body.fields, sms.unicode ? &body.unicode : &body.gsm};
  if (wants_receipt) fields.push_back(&body.receipt);
  std::string content_type = body.content_type;
  if (body.type == BodyType::form) {
    content_type = form_type;
    Fields form = parts.auth.form;
    for (const auto* some : fields) fill(*some, values, form);
    request.body = encode_form(form);
  } else if (body.type == BodyType::json) {
    content_type = json_type;
    auto tree = body.tree->fill(values).value_or(json::value());
    if (auto* object = tree.if_object()) {
      for (const auto& [name, value] : parts.auth.form) (*object)[name] = value;
      for (const auto* some : fields)
        for (const auto& [name, content] : *some)
          if (auto value = content.fill_json(values)) (*object)[name] = std::move(*value);
    }
    request.body = json::serialize(tree);
  } else if (body.type == BodyType::raw) {
    request.body = body.raw->fill_gaps(values, body.escape);
  }

  request.headers = parts.auth.headers;
  for (const auto& [name, content] : parts.headers)
    if (auto value = content.fill(values); value && value->find_first_of(ends_header) == std::string::npos)
      request.headers.emplace_back(name, std::move(*value));
  if (!content_type.empty() && find_header(request.headers, "Content-Type").empty())
    request.headers.emplace_back("Content-Type", content_type);
  return request;
}

Verdict Generic::read_reply(const Reply& reply, const OutboundSms&, std::int64_t now_s) const {
  return compiled_->response.read(reply, now_s);
}

CallbackResult Generic::read_callback(const CallbackRequest& request, std::int64_t) const {
  return compiled_->callback.read(request);
}

const Kind generic{
    .name = "generic",
    .help = "any HTTP provider, described by templates and rules",
    .settings =
        {{.name = "name", .help = "of the provider, for people"},
         {.name = "request",
          .secret = true,
          .address = true,
          .lines = true,
          .help = "what to send: method, url, query, headers, auth and body, with templates such as {{text}}"},
         {.name = "response", .lines = true, .help = "what replies mean: rules, and where id, parts and price are"},
         {.name = "callback",
          .secret = true,
          .lines = true,
          .help = "status callbacks: auth, where status and id are, map"},
         {.name = "inbound", .lines = true, .help = "messages from phones: where from, to, text and id are"},
         {.name = "encoding", .help = "unicode_coding: the value of {{coding}} for unicode text"},
         {.name = "limits", .help = "rate_per_s, max_in_flight and max_parts, where the gateway sets none of its own"},
         {.name = "from", .help = "sender"},
         {.name = "callback_url", .address = true, .help = "callback URL, where it is not ours"},
         {.name = "country_code",
          .help = "of the own country, such as 254: {{to_national}} has the trunk prefix in its place, mostly 0"}},
    .make = [](const json::object& settings) -> std::unique_ptr<Provider> {
      return std::make_unique<Generic>(settings);
    }};

}  // namespace smsbridge::http_gateways
