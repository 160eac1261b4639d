// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <boost/json/array.hpp>
#include <cstdint>
#include <string>
#include <vector>

#include "bridge/http/problem.hpp"

// Lists of the API in pages: `limit` and `cursor` come in, `next_cursor` and a Link go out.
namespace smsbridge::bridge {

constexpr std::size_t page_usual = 50, page_most = 500;

void read_limit(const std::string& value, std::size_t& limit, std::vector<FieldError>& errors);
void read_cursor(const std::string& value, std::uint64_t& cursor, std::vector<FieldError>& errors);
std::string cursor_text(std::uint64_t cursor);
// `next` is empty at the end.
HttpResponse page_of(const HttpRequest& request, boost::json::array items, const std::string& next);

}  // namespace smsbridge::bridge
