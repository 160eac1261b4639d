// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <cstdint>

#include "http_gateways/form.hpp"
#include "http_gateways/provider.hpp"

namespace smsbridge::http_gateways {

// Vonage SMS API, /sms/json.
extern const Kind vonage_sms;

// How an account signs: a setting in Vonage's dashboard.
enum class SignatureMethod : std::uint8_t {
  md5hash,  // MD5 over string and secret
  md5,      // HMAC, like all below
  sha1,
  sha256,
  sha512,
};

// The value of `sig` over all these fields but `sig` itself, in lower case.
std::string sign(const Fields& fields, std::string_view secret, SignatureMethod method);
// Empty: the fields hold a fitting `sig` and a `timestamp` of now; else what is wrong.
std::string signature_problem(const Fields& fields, std::string_view secret, SignatureMethod method,
                              std::int64_t now_s);

// The balance of a Vonage account, which all its APIs share.
Request vonage_balance_request(const std::string& base, const std::string& api_key, const std::string& api_secret);
Balance read_vonage_balance(const Reply& reply);

}  // namespace smsbridge::http_gateways
