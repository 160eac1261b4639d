// SPDX-License-Identifier: MPL-2.0
#include "http_gateways/wire.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <charconv>
#include <ctime>

namespace smsbridge::http_gateways {
namespace {

constexpr std::int64_t parts_max = 255;  // of one message: a UDH cannot say more
constexpr std::size_t detail_max_bytes = 200;
constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF", spaces = " \t\r\n";
constexpr std::int64_t retry_after_min_s = 1, retry_after_max_s = 3600;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool unreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '-' || c == '.' || c == '_' ||
         c == '~';
}

int hex_value(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

const EVP_MD* algorithm(Hash hash) {
  switch (hash) {
    case Hash::md5:
      return EVP_md5();
    case Hash::sha1:
      return EVP_sha1();
    case Hash::sha256:
      return EVP_sha256();
    case Hash::sha512:
      return EVP_sha512();
  }
  return EVP_sha256();
}

const unsigned char* octets(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

// Puts quotes around integers that 64 bits cannot hold.
std::string with_long_integers_as_text(std::string_view body) {
  std::string out;
  out.reserve(body.size() + 16);
  bool quoted = false;
  for (std::size_t i = 0; i < body.size(); ++i) {
    const char c = body[i];
    if (quoted) {
      out += c;
      if (c == '\\' && i + 1 < body.size()) out += body[++i];
      if (c == '"') quoted = false;
      continue;
    }
    if (c == '"') quoted = true;
    if (c != '-' && !is_digit(c)) {
      out += c;
      continue;
    }
    auto end = i + 1;
    while (end < body.size() && (is_digit(body[end]) || std::string_view(".eE+-").find(body[end]) != std::string::npos))
      ++end;
    const auto number = body.substr(i, end - i);
    const bool integer = std::ranges::all_of(number.substr(c == '-' ? 1 : 0), is_digit);
    const bool longer = integer && number.size() > 18;
    if (longer) out += '"';
    out += number;
    if (longer) out += '"';
    i = end - 1;
  }
  return out;
}

// The value of `name=` in a header such as Content-Type or Content-Disposition; empty: not there.
std::string parameter_of(std::string_view header, std::string_view wanted) {
  while (!header.empty()) {
    const auto end = std::min(header.find(';'), header.size());
    const auto piece = trimmed(header.substr(0, end));
    header.remove_prefix(std::min(end + 1, header.size()));
    const auto equals = piece.find('=');
    if (equals == std::string_view::npos || lower(trimmed(piece.substr(0, equals))) != wanted) continue;
    auto value = trimmed(piece.substr(equals + 1));
    if (value.size() > 1 && value.starts_with('"') && value.ends_with('"')) value = value.substr(1, value.size() - 2);
    return std::string(value);
  }
  return {};
}

// The name in the headers of a part, and how many octets they have with the blank line behind them; 0: no such part.
std::pair<std::string, std::size_t> head_of_part(std::string_view part) {
  std::string name;
  for (std::size_t at = 0; at < part.size();) {
    const auto end = part.find('\n', at);
    if (end == std::string_view::npos) break;
    const auto line = trimmed(part.substr(at, end - at));
    at = end + 1;
    if (line.empty()) return {std::move(name), at};
    if (lower(line).starts_with("content-disposition:")) name = parameter_of(line, "name");
  }
  return {};
}

// RFC 7578. Line ends may be bare, and without a boundary in the content type the first line tells it.
Fields parse_multipart(std::string_view body, std::string boundary) {
  if (boundary.empty() && body.starts_with("--")) boundary = trimmed(body.substr(2, body.find('\n') - 2));
  if (boundary.empty()) return {};
  const auto delimiter = "--" + boundary;
  Fields fields;
  auto at = body.find(delimiter);
  while (at != std::string_view::npos) {
    const auto begin = std::min(body.find('\n', at), body.size() - 1) + 1;
    const auto next = body.find("\n" + delimiter, begin > 0 ? begin - 1 : 0);
    auto part = body.substr(begin, (next == std::string_view::npos ? body.size() : next) - std::min(begin, next));
    if (part.ends_with('\r')) part.remove_suffix(1);
    if (auto [name, size] = head_of_part(part); size > 0 && !name.empty())
      fields.emplace_back(std::move(name), part.substr(size));
    at = next == std::string_view::npos ? next : next + 1;
  }
  return fields;
}

// "12.5" -> digits "125" and 1 place; nothing for what is no plain decimal.
struct Decimal {
  std::string digits;
  std::size_t places = 0;
};
std::optional<Decimal> parse_decimal(std::string_view text) {
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  Decimal decimal;
  bool point = false;
  for (const char c : text) {
    if (c == '.' && !point) {
      point = true;
    } else if (is_digit(c)) {
      decimal.digits += c;
      if (point) ++decimal.places;
    } else {
      return std::nullopt;
    }
  }
  if (decimal.digits.empty() || decimal.digits.size() > 30) return std::nullopt;
  return decimal;
}

std::string print(Decimal decimal) {
  while (decimal.places > 0 && decimal.digits.back() == '0') {
    decimal.digits.pop_back();
    --decimal.places;
  }
  if (decimal.digits.size() <= decimal.places)
    decimal.digits.insert(0, decimal.places + 1 - decimal.digits.size(), '0');
  const auto whole = decimal.digits.size() - decimal.places;
  auto text = decimal.digits.substr(0, whole);
  const auto first = text.find_first_not_of('0');
  text.erase(0, first == std::string::npos ? text.size() - 1 : first);
  if (decimal.places > 0) text += "." + decimal.digits.substr(whole);
  return text;
}

}  // namespace

std::string_view find_header(const Headers& headers, std::string_view name) {
  for (const auto& [key, value] : headers)
    if (lower(key) == lower(name)) return value;
  return {};
}

std::string percent_encode(std::string_view text) {
  static constexpr char digits[] = "0123456789ABCDEF";
  std::string out;
  out.reserve(text.size() + text.size() / 4);
  for (const char c : text) {
    if (unreserved(c)) {
      out += c;
    } else {
      const auto octet = static_cast<unsigned char>(c);
      out += '%';
      out += digits[octet >> 4];
      out += digits[octet & 15];
    }
  }
  return out;
}

std::string percent_decode(std::string_view text, bool plus_is_space) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && hex_value(text[i + 1]) >= 0 && hex_value(text[i + 2]) >= 0) {
      out += static_cast<char>(hex_value(text[i + 1]) * 16 + hex_value(text[i + 2]));
      i += 2;
    } else {
      out += text[i] == '+' && plus_is_space ? ' ' : text[i];
    }
  }
  return out;
}

std::string encode_form(const Fields& fields) {
  std::string out;
  const auto add = [&out](std::string_view text) {
    for (const char c : text) {
      if (c == ' ')
        out += '+';
      else
        out += unreserved(c) ? std::string(1, c) : percent_encode({&c, 1});
    }
  };
  for (const auto& [name, value] : fields) {
    if (!out.empty()) out += '&';
    add(name);
    out += '=';
    add(value);
  }
  return out;
}

Fields parse_form(std::string_view text) {
  Fields fields;
  while (!text.empty()) {
    const auto end = std::min(text.find('&'), text.size());
    const auto pair = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (pair.empty()) continue;
    const auto equals = std::min(pair.find('='), pair.size());
    fields.emplace_back(percent_decode(pair.substr(0, equals)),
                        equals < pair.size() ? percent_decode(pair.substr(equals + 1)) : std::string());
  }
  return fields;
}

std::string with_query(std::string url, const Fields& fields) {
  const auto fragment = std::min(url.find('#'), url.size());
  bool begun = url.find('?') < fragment;
  std::string more;
  for (const auto& [name, value] : fields) {
    more += (begun ? '&' : '?') + percent_encode(name) + "=" + percent_encode(value);
    begun = true;
  }
  url.insert(fragment, more);
  return url;
}

std::string with_query(std::string url, std::string_view name, std::string_view value) {
  return with_query(std::move(url), {{std::string(name), std::string(value)}});
}

std::string_view query_of(std::string_view url) {
  url = url.substr(0, url.find('#'));
  const auto begin = url.find('?');
  return begin == std::string_view::npos ? std::string_view() : url.substr(begin + 1);
}

Fields query_fields(std::string_view url) {
  const auto query = query_of(url);
  const auto second = query.find('?');
  if (second == std::string_view::npos) return parse_form(query);
  // Behind our own address, or in somebody's text: our values are percent-encoded, and a name follows theirs.
  const auto before = query.substr(0, second), behind = query.substr(second + 1);
  const auto name = behind.substr(0, std::min(behind.find_first_of("=&?"), behind.size()));
  const bool begins_again = name.size() < behind.size() && behind[name.size()] == '=' && !name.empty() &&
                            std::ranges::all_of(name, unreserved) &&
                            before.find_first_of("+ ") == std::string_view::npos;
  if (!begins_again) return parse_form(query);
  return parse_form(std::string(before) + "&" + std::string(behind));
}

std::optional<std::string> find_field(const Fields& fields, std::string_view name) {
  const auto it = std::ranges::find(fields, name, &std::pair<std::string, std::string>::first);
  if (it == fields.end()) return std::nullopt;
  return it->second;
}

std::string word_of(const Fields& fields, std::string_view name) {
  return std::string(trimmed(find_field(fields, name).value_or(std::string())));
}

std::string media_type(const Headers& headers) {
  const auto type = find_header(headers, "Content-Type");
  return lower(trimmed(type.substr(0, type.find(';'))));
}

bool starts_as_json(std::string_view body) {
  if (body.starts_with("\xFF\xFE") || body.starts_with("\xFE\xFF")) return true;  // no form is UTF-16
  if (body.starts_with(byte_order_mark)) body.remove_prefix(byte_order_mark.size());
  const auto begin = body.find_first_not_of(spaces);
  return begin != std::string_view::npos && body[begin] == '{';
}

Fields form_fields(std::string_view body) {
  if (body.starts_with(byte_order_mark)) body.remove_prefix(byte_order_mark.size());
  while (body.ends_with('\n') || body.ends_with('\r')) body.remove_suffix(1);
  return parse_form(body);
}

Fields body_fields(const CallbackRequest& request) {
  if (starts_as_json(request.body)) {
    Fields fields;
    if (const auto json = parse_json(request.body); json && json->is_object())
      for (const auto& [name, value] : json->get_object()) fields.emplace_back(name, text_of(&value));
    return fields;
  }
  if (request.method == "GET") return {};
  if (media_type(request.headers) == "multipart/form-data")
    return parse_multipart(request.body, parameter_of(find_header(request.headers, "Content-Type"), "boundary"));
  return form_fields(request.body);
}

Fields callback_fields(const CallbackRequest& request) {
  auto fields = body_fields(request);
  for (auto& field : query_fields(request.url)) fields.push_back(std::move(field));
  return fields;
}

std::string basic_auth(std::string_view user, std::string_view password) {
  return "Basic " + base64(std::string(user) + ":" + std::string(password));
}

std::string base64(std::string_view bytes) {
  std::string out((bytes.size() + 2) / 3 * 4 + 1, '\0');
  const int length =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()), octets(bytes), static_cast<int>(bytes.size()));
  out.resize(static_cast<std::size_t>(length));
  return out;
}

std::string base64url(std::string_view bytes) {
  auto out = base64(bytes);
  while (out.ends_with('=')) out.pop_back();
  std::ranges::replace(out, '+', '-');
  std::ranges::replace(out, '/', '_');
  return out;
}

std::optional<std::string> from_base64url(std::string_view text) {
  std::string padded(text);
  std::ranges::replace(padded, '-', '+');
  std::ranges::replace(padded, '_', '/');
  const auto padding = (4 - padded.size() % 4) % 4;
  if (padding == 3) return std::nullopt;
  padded.append(padding, '=');
  std::string out(padded.size() / 4 * 3 + 1, '\0');
  const int length =
      EVP_DecodeBlock(reinterpret_cast<unsigned char*>(out.data()), octets(padded), static_cast<int>(padded.size()));
  if (length < 0) return std::nullopt;
  out.resize(static_cast<std::size_t>(length) - padding);
  return out;
}

std::string hex(std::string_view bytes) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string out;
  for (const char c : bytes) {
    const auto octet = static_cast<unsigned char>(c);
    out += digits[octet >> 4];
    out += digits[octet & 15];
  }
  return out;
}

std::string digest(Hash hash, std::string_view bytes) {
  std::string out(EVP_MAX_MD_SIZE, '\0');
  unsigned int length = 0;
  EVP_Digest(bytes.data(), bytes.size(), reinterpret_cast<unsigned char*>(out.data()), &length, algorithm(hash),
             nullptr);
  out.resize(length);
  return out;
}

std::string hmac(Hash hash, std::string_view key, std::string_view bytes) {
  std::string out(EVP_MAX_MD_SIZE, '\0');
  unsigned int length = 0;
  HMAC(algorithm(hash), key.data(), static_cast<int>(key.size()), octets(bytes), bytes.size(),
       reinterpret_cast<unsigned char*>(out.data()), &length);
  out.resize(length);
  return out;
}

bool same_secret(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (auto& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

std::optional<boost::json::value> parse_json(std::string_view body) {
  const auto text = readable(body);
  boost::json::error_code ec;
  auto value = boost::json::parse(with_long_integers_as_text(trimmed(text)), ec);
  if (ec) value = boost::json::parse(with_long_integers_as_text(repaired_json(trimmed(text))), ec);
  if (ec) return std::nullopt;
  return value;
}

const boost::json::value* at(const boost::json::value& value, std::string_view pointer) {
  boost::json::error_code ec;
  const auto* found = value.find_pointer(pointer, ec);
  return !ec && found && !found->is_null() ? found : nullptr;
}

std::string text_of(const boost::json::value* value) {
  if (!value) return {};
  if (const auto* text = value->if_string()) return std::string(*text);
  if (const auto* number = value->if_double()) {
    std::array<char, 64> digits{};
    const auto [end, ec] =
        std::to_chars(digits.data(), digits.data() + digits.size(), *number, std::chars_format::fixed);
    return ec == std::errc() ? std::string(digits.data(), end) : std::string();
  }
  if (value->is_number() || value->is_bool()) return boost::json::serialize(*value);
  return {};
}

std::string text_at(const boost::json::value& value, std::string_view pointer) { return text_of(at(value, pointer)); }

std::string word_at(const boost::json::value& value, std::string_view pointer) {
  return std::string(trimmed(text_at(value, pointer)));
}

std::optional<std::int64_t> integer_of(const boost::json::value* value) {
  const auto whole = text_of(value);
  const auto text = trimmed(whole);
  std::int64_t number = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (ec != std::errc() || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return number;
}

std::optional<bool> boolean_of(const boost::json::value* value) {
  const auto text = text_of(value);
  if (text == "true") return true;
  if (text == "false") return false;
  return std::nullopt;
}

std::string plain_decimal(std::string_view text) {
  auto decimal = parse_decimal(text);
  return decimal ? print(std::move(*decimal)) : std::string();
}

std::string add_decimals(std::string_view a, std::string_view b) {
  auto x = parse_decimal(a), y = parse_decimal(b);
  if (!x) return plain_decimal(b);
  if (!y) return plain_decimal(a);
  const auto places = std::max(x->places, y->places);
  x->digits.append(places - x->places, '0');
  y->digits.append(places - y->places, '0');
  const auto length = std::max(x->digits.size(), y->digits.size());
  x->digits.insert(0, length - x->digits.size(), '0');
  y->digits.insert(0, length - y->digits.size(), '0');
  std::string sum(length, '0');
  int carry = 0;
  for (auto i = length; i-- > 0;) {
    const int digit = x->digits[i] - '0' + y->digits[i] - '0' + carry;
    sum[i] = static_cast<char>('0' + digit % 10);
    carry = digit / 10;
  }
  if (carry) sum.insert(0, 1, '1');
  return print({.digits = std::move(sum), .places = places});
}

std::string multiply_decimal(std::string_view a, std::int64_t factor) {
  auto x = parse_decimal(a);
  if (!x || factor < 0) return {};
  std::string product;
  std::int64_t carry = 0;
  for (auto i = x->digits.size(); i-- > 0;) {
    carry += (x->digits[i] - '0') * factor;
    product.insert(product.begin(), static_cast<char>('0' + carry % 10));
    carry /= 10;
  }
  for (; carry > 0; carry /= 10) product.insert(product.begin(), static_cast<char>('0' + carry % 10));
  return print({.digits = std::move(product), .places = x->places});
}

std::optional<std::int64_t> retry_after_ms(const Headers& headers, std::int64_t now_s) {
  const std::string value(find_header(headers, "Retry-After"));
  if (value.empty()) return std::nullopt;
  std::int64_t seconds = 0;
  if (std::ranges::all_of(value, is_digit) && value.size() < 12) {
    seconds = std::stoll(value);
  } else {
    std::tm when{};
    if (!::strptime(value.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &when)) return std::nullopt;
    seconds = static_cast<std::int64_t>(::timegm(&when)) - now_s;
  }
  return std::clamp(seconds, retry_after_min_s, retry_after_max_s) * 1000;
}

std::string digits_of(std::string_view e164) {
  if (e164.starts_with('+')) e164.remove_prefix(1);
  return std::string(e164);
}

std::string with_plus(std::string_view number) {
  const bool is_number = number.size() >= 7 && number.size() <= 15 && std::ranges::all_of(number, is_digit);
  return (is_number ? "+" : "") + std::string(number);
}

std::optional<int> parts_of(const boost::json::value* value) {
  const auto count = integer_of(value);
  if (!count || *count < 1 || *count > parts_max) return std::nullopt;
  return static_cast<int>(*count);
}

std::string detail_of(std::string_view own, const OutboundSms& sms) {
  if (!sms.text.empty() && own.find(sms.text) != std::string_view::npos) return {};
  const auto text = readable(own);
  const std::string_view words = trimmed(text);
  std::string out;
  for (std::size_t i = 0; i < words.size() && out.size() < detail_max_bytes;) {
    // A number that begins here: digits, and what people put between them.
    std::size_t digits = 0, end = i;
    for (auto k = i; k < words.size(); ++k) {
      if (is_digit(words[k])) {
        ++digits;
        end = k + 1;
      } else if (digits == 0 || std::string_view(" -()").find(words[k]) == std::string_view::npos) {
        break;
      }
    }
    if (digits >= 7)
      out += "...";
    else
      out += words.substr(i, std::max(end - i, std::size_t{1}));
    i = std::max(end, i + 1);
  }
  // The last character may be cut.
  return out.size() < detail_max_bytes ? out : readable(out);
}

std::string own_words(std::string_view words, const OutboundSms& sms) {
  const auto text = lower(words), ours = lower(trimmed(sms.text));
  if (ours.empty()) return text;
  std::string own;
  std::size_t from = 0;
  for (auto at = text.find(ours); at != std::string::npos; at = text.find(ours, from)) {
    own.append(text, from, at - from);
    from = at + ours.size();
  }
  return own.append(text, from);
}

bool is_web_page(const Reply& reply) {
  std::string_view body = reply.body;
  if (body.starts_with(byte_order_mark)) body.remove_prefix(byte_order_mark.size());
  body.remove_prefix(std::min(body.find_first_not_of(spaces), body.size()));
  const auto begin = lower(body.substr(0, 32));
  if (begin.starts_with("<!doctype html") || begin.starts_with("<html")) return true;
  return begin.starts_with('<') && lower(find_header(reply.headers, "Content-Type")).starts_with("text/html");
}

ErrorClass failure_of(const Reply& reply) {
  const auto error_class = by_http_status(reply, 0).error_class;
  return error_class == ErrorClass::none ? ErrorClass::temporary : error_class;
}

bool has_token(const CallbackRequest& request, std::string_view token) {
  if (token.empty()) return true;
  const auto query = query_fields(request.url);
  for (const auto* name : {"tok", "token"})
    if (const auto given = find_field(query, name); given && same_secret(*given, token)) return true;
  return false;
}

std::string text_setting(const boost::json::object& settings, std::string_view name, std::string_view otherwise) {
  const auto* value = settings.if_contains(name);
  return value && !value->is_null() ? text_of(value) : std::string(otherwise);
}

bool flag_setting(const boost::json::object& settings, std::string_view name, bool otherwise) {
  const auto* value = settings.if_contains(name);
  return boolean_of(value).value_or(otherwise);
}

}  // namespace smsbridge::http_gateways
