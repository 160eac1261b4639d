// SPDX-License-Identifier: MPL-2.0
#include "bridge/config/tls.hpp"

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ssl/context.hpp>

#include "bridge/config/checks.hpp"
#include "bridge/config/keys.hpp"
#include "bridge/env/tls_pins.hpp"
#include "bridge/text/ucs2.hpp"

namespace smsbridge::bridge {
namespace {

// Loads the files as a connection will, which would only fail then.
void check_tls_files(ConfigSection& t, const TlsOptions& tls) {
  if (tls.certificate_file.empty() != tls.key_file.empty()) {
    const auto* const there = tls.key_file.empty() ? "certificate_file" : "key_file";
    const auto* const lacking = tls.key_file.empty() ? "key_file" : "certificate_file";
    return t.problem(there, std::string("is of no use without ") + lacking, "missing");
  }
  boost::system::error_code ec;
  const auto failed = [&](const char* key, const std::string& what) {
    if (ec) t.problem(key, what + ": " + ec.message(), "unreadable");
    return ec.failed();
  };
  boost::asio::ssl::context context(boost::asio::ssl::context::tls_client);
  // Nobody is there to be asked for a password.
  context.set_password_callback([](std::size_t, boost::asio::ssl::context::password_purpose) { return ""; }, ec);
  if (!tls.ca_file.empty()) {
    context.load_verify_file(tls.ca_file, ec);
    failed("ca_file", "holds no certificates in PEM");
  }
  if (tls.certificate_file.empty()) return;
  context.use_certificate_chain_file(tls.certificate_file, ec);
  if (failed("certificate_file", "holds no certificate in PEM")) return;
  context.use_private_key_file(tls.key_file, boost::asio::ssl::context::pem, ec);
  failed("key_file", "holds no key in PEM that fits the certificate and has no password");
}

// As they are compared.
void check_fingerprints(ConfigSection& s, TlsOptions& tls) {
  for (auto& text : tls.fingerprints) {
    if (auto digits = fingerprint(text))
      text = *std::move(digits);
    else
      s.problem("fingerprints",
                "'" + std::string(text::cut_utf8(text, 100)) + "' is not a SHA-256 in hexadecimal, which has 64 digits",
                "bad-value");
  }
  if (tls.fingerprints.empty() && s.is_given("fingerprints"))
    s.problem("fingerprints", "is empty: leave it out, or name one", "missing");
}

}  // namespace

const Keys<TlsOptions>& tls_keys() {
  using T = TlsOptions;
  using K = Keys<T>;
  static const K keys(
      {
          K::boolean("enabled", &T::enabled, "false switches it off without losing the rest"),
          K::file("ca_file", &T::ca_file, "Authorities in PEM; else the system's"),
          K::file("certificate_file", &T::certificate_file, "Client certificate in PEM"),
          K::file("key_file", &T::key_file, "Its key in PEM, without a password"),
          K::text("server_name", &T::server_name, "Name in the certificate, where it is not that of the host")
              .checked([](ConfigSection& s, T& tls) { check_no_control(s, "server_name", tls.server_name); }),
          K::texts("fingerprints", &T::fingerprints,
                   "SHA-256 of certificates or public keys, of which the peer must show one")
              .checked(check_fingerprints),
          K::boolean("verify", &T::verify, "false: anybody on the path can read and change messages")
              .checked([](ConfigSection& s, T& tls) {
                if (!tls.verify && tls.fingerprints.empty())
                  s.problem("verify", "without verification anybody on the path can read and change messages", "unsafe",
                            true);
              }),
      },
      [](ConfigSection& s, T& tls) {
        if (s.is_good()) check_tls_files(s, tls);
      });
  return keys;
}

bool is_public(const std::string& host) {
  boost::system::error_code ec;
  const auto address = boost::asio::ip::make_address(host, ec);
  if (!ec && address.is_v4()) {
    const auto net = [value = address.to_v4().to_uint()](std::uint32_t base, int bits) {
      return value >> (32 - bits) == base >> (32 - bits);
    };
    return !(net(0x7F000000, 8) || net(0x0A000000, 8) || net(0xAC100000, 12) || net(0xC0A80000, 16) ||
             net(0xA9FE0000, 16) || net(0x64400000, 10));
  }
  if (!ec) {
    const auto v6 = address.to_v6();
    if (v6.is_v4_mapped())
      return is_public(boost::asio::ip::make_address_v4(boost::asio::ip::v4_mapped, v6).to_string());
    return !v6.is_loopback() && !v6.is_link_local() && (v6.to_bytes()[0] & 0xFE) != 0xFC;
  }
  static const std::vector<std::string> of_ones_own = {".localhost", ".local", ".localdomain", ".internal",
                                                       ".intranet",  ".lan",   ".home.arpa",   ".private"};
  return host.find('.') != std::string::npos &&
         std::ranges::none_of(of_ones_own, [&](const std::string& end) { return host.ends_with(end); });
}

}  // namespace smsbridge::bridge
