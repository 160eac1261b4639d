// SPDX-License-Identifier: MPL-2.0
#include "bridge/env/http_call.hpp"

#include <curl/curl.h>

#include <cstring>
#include <memory>
#include <stdexcept>

namespace smsbridge::bridge {
namespace {

struct Answer {
  std::string body;
  std::size_t octets_max = 0;
};

std::size_t take_body(const char* data, std::size_t size, std::size_t count, void* to) {
  auto& answer = *static_cast<Answer*>(to);
  if (answer.body.size() + size * count > answer.octets_max) return 0;  // ends the transfer
  answer.body.append(data, size * count);
  return size * count;
}

HttpCalled::End end_of(CURLcode code) {
  switch (code) {
    case CURLE_OK:
      return HttpCalled::End::answered;
    case CURLE_URL_MALFORMAT:
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
      return HttpCalled::End::not_connected;
    case CURLE_OPERATION_TIMEDOUT:
      return HttpCalled::End::timed_out;
    default:
      return HttpCalled::End::broken;
  }
}

}  // namespace

void initialise_curl() {
  static const auto code = ::curl_global_init(CURL_GLOBAL_DEFAULT);
  if (code != CURLE_OK) throw std::runtime_error("libcurl cannot be initialised");
}

HttpCalled http_call(const HttpCall& call) {
  initialise_curl();
  const std::unique_ptr<CURL, decltype(&::curl_easy_cleanup)> handle(::curl_easy_init(), &::curl_easy_cleanup);
  if (!handle) throw std::runtime_error("libcurl has no memory");
  auto* curl = handle.get();
  curl_slist* lines = ::curl_slist_append(nullptr, "Expect:");  // a body is sent at once
  if (call.request.body.empty()) lines = ::curl_slist_append(lines, "Content-Type:");
  for (const auto& [name, value] : call.request.headers)
    lines = ::curl_slist_append(lines, (name + ": " + value).c_str());
  const std::unique_ptr<curl_slist, decltype(&::curl_slist_free_all)> headers(lines, &::curl_slist_free_all);
  Answer answer{.body = {}, .octets_max = static_cast<std::size_t>(call.answer_octets_max)};
  char words[CURL_ERROR_SIZE] = "";
  ::curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  ::curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, words);
  ::curl_easy_setopt(curl, CURLOPT_URL, call.request.url.c_str());
  ::curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L);
  ::curl_easy_setopt(curl, CURLOPT_PROXY, "");
  ::curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  if (!call.unix_socket.empty()) ::curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, call.unix_socket.c_str());
  ::curl_easy_setopt(curl, CURLOPT_TIMEOUT, static_cast<long>(call.time.count()));
  ::curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, &take_body);
  ::curl_easy_setopt(curl, CURLOPT_WRITEDATA, &answer);
  if (call.request.method != "GET") {
    ::curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(call.request.body.size()));
    ::curl_easy_setopt(curl, CURLOPT_POSTFIELDS, call.request.body.data());
    ::curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, call.request.method.c_str());
  }
  ::curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers.get());
  const auto code = ::curl_easy_perform(curl);
  HttpCalled called{.end = end_of(code), .reply = {}, .why = {}};
  if (code != CURLE_OK) {
    long system = 0;
    ::curl_easy_getinfo(curl, CURLINFO_OS_ERRNO, &system);
    const std::string said = words[0] != '\0' ? words : ::curl_easy_strerror(code);
    called.why = code == CURLE_COULDNT_CONNECT && system != 0 ? std::strerror(static_cast<int>(system)) : said;
    return called;
  }
  long status = 0;
  ::curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
  called.reply.status = static_cast<int>(status);
  called.reply.body = std::move(answer.body);
  for (curl_header* header = nullptr; (header = ::curl_easy_nextheader(curl, CURLH_HEADER, -1, header));)
    called.reply.headers.emplace_back(header->name, header->value);
  return called;
}

}  // namespace smsbridge::bridge
