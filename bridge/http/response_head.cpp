// SPDX-License-Identifier: MPL-2.0
#include "bridge/http/response_head.hpp"

#include <fmt/format.h>

#include <array>
#include <boost/beast/http/status.hpp>
#include <ctime>
#include <iterator>

namespace smsbridge::bridge {
namespace {

// RFC 9110 section 6.6.1.
const std::string& date_header() {
  thread_local std::time_t shown = 0;
  thread_local std::string text;
  if (const auto now = std::time(nullptr); now != shown || text.empty()) {
    std::tm parts{};
    ::gmtime_r(&now, &parts);
    std::array<char, 40> buffer{};
    text.assign(buffer.data(), std::strftime(buffer.data(), buffer.size(), "%a, %d %b %Y %H:%M:%S GMT", &parts));
    shown = now;
  }
  return text;
}

}  // namespace

void write_head(std::string& output, const HttpResponse& response, std::size_t body_size, Persistence persistence) {
  const auto reason = http::obsolete_reason(response.status);
  fmt::format_to(std::back_inserter(output), "HTTP/1.1 {} {}\r\nDate: {}\r\nContent-Length: {}\r\n",
                 static_cast<unsigned>(response.status), std::string_view(reason.data(), reason.size()), date_header(),
                 body_size);
  const auto add = [&output](std::string_view name, std::string_view value) {
    output.append(name).append(": ").append(value).append("\r\n");
  };
  if (body_size > 0) add("Content-Type", response.content_type);
  for (const auto& [name, value] : response.headers) add(name, value);
  if (!persistence.keep_alive)
    add("Connection", "close");
  else if (!persistence.http11)
    add("Connection", "keep-alive");
  output.append("\r\n");
}

}  // namespace smsbridge::bridge
