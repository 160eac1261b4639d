// SPDX-License-Identifier: MPL-2.0
#include "bridge/doors/console.hpp"

#include <algorithm>
#include <map>

#include "bridge/access/keys.hpp"
#include "bridge/config/embedded.hpp"
#include "bridge/env/content_coding.hpp"

// The build lists them in this file: ASSET(number, name, path).
#define ASSET(number, name, file) SMSBRIDGE_EMBED(smsbridge_console_##number, file)
#include SMSBRIDGE_CONSOLE
#undef ASSET

namespace smsbridge::bridge {
namespace {

constexpr std::string_view index_name = "index.html";
// Nothing but what is served here, and nothing inline: a text of a message stays a text.
constexpr std::string_view policy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; font-src "
    "'none'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'; require-trusted-types-for 'script'";

constexpr EmbeddedFile asset_files[] = {
#define ASSET(number, name, file) {name, smsbridge_console_##number##_begin, smsbridge_console_##number##_end},
#include SMSBRIDGE_CONSOLE
#undef ASSET
};

std::string_view type_of(std::string_view name) {
  constexpr std::pair<std::string_view, std::string_view> types[] = {{".html", "text/html; charset=utf-8"},
                                                                     {".js", "text/javascript; charset=utf-8"},
                                                                     {".css", "text/css; charset=utf-8"},
                                                                     {".json", "application/json"},
                                                                     {".svg", "image/svg+xml"},
                                                                     {".png", "image/png"},
                                                                     {".txt", "text/plain; charset=utf-8"}};
  const auto type = std::ranges::find_if(types, [&](const auto& each) { return name.ends_with(each.first); });
  return type == std::end(types) ? "application/octet-stream" : type->second;
}

struct Asset {
  std::string_view name;
  std::string etag;
  std::shared_ptr<const std::string> plain, gzip;  // gzip: nullptr where it saves nothing
};

// Made when the first is asked for; by name.
const std::map<std::string_view, Asset>& assets() {
  static const auto all = [] {
    std::map<std::string_view, Asset> made;
    for (const auto& [name, begin, end] : asset_files) {
      Asset asset{.name = name, .etag = {}, .plain = std::make_shared<const std::string>(begin, end), .gzip = {}};
      asset.etag = "\"" + fingerprint_of(*asset.plain) + "\"";
      if (auto packed = gzipped(*asset.plain); packed.size() < asset.plain->size())
        asset.gzip = std::make_shared<const std::string>(std::move(packed));
      made.emplace(name, std::move(asset));
    }
    return made;
  }();
  return all;
}

HttpResponse response_of(const Asset& asset, const HttpRequest& request) {
  const bool is_index = asset.name == index_name;
  HttpResponse response{.content_type = std::string(type_of(asset.name)),
                        .body = {},
                        .headers = {{"ETag", asset.etag},
                                    {"Vary", "Accept-Encoding"},
                                    // The names of the others change with what they hold.
                                    {"Cache-Control", is_index ? "no-cache" : "public, max-age=31536000, immutable"},
                                    {"X-Content-Type-Options", "nosniff"},
                                    {"Referrer-Policy", "no-referrer"},
                                    {"Cross-Origin-Opener-Policy", "same-origin"},
                                    {"Cross-Origin-Resource-Policy", "same-origin"}}};
  if (is_index) response.headers.emplace_back("Content-Security-Policy", policy);
  if (request.header(http::field::if_none_match) == asset.etag) {
    response.status = http::status::not_modified;
    return response;
  }
  const bool packed = asset.gzip && request.header(http::field::accept_encoding).find("gzip") != std::string_view::npos;
  if (packed) response.headers.emplace_back("Content-Encoding", "gzip");
  response.shared_body = packed ? asset.gzip : asset.plain;
  return response;
}

// A screen's address is no file: the page finds its screen itself.
void show(const HttpRequest& request, const Respond& respond) {
  const std::string_view path = request.captures.empty() ? std::string_view() : request.captures.front();
  const bool is_file = path.starts_with("assets/");
  const auto asset = assets().find(is_file ? path : index_name);
  if (asset != assets().end()) return respond(response_of(asset->second, request));
  respond(to_response(is_file ? no_such("file of the console", path)
                              : Problem{.code = ProblemCode::not_found,
                                        .detail = "this program was built without its console",
                                        .errors = {}}));
}

void go_there(const HttpRequest&, const Respond& respond) {
  respond({.status = http::status::found, .body = {}, .headers = {{"Location", "/console/"}}});
}

}  // namespace

std::vector<Endpoint> console_endpoints() {
  return {
      {http::verb::get, "/", go_there}, {http::verb::get, "/console", show}, {http::verb::get, "/console/{...}", show}};
}

}  // namespace smsbridge::bridge
