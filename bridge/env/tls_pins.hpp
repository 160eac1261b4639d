// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

struct ssl_ctx_st;

namespace smsbridge::bridge {

// A SHA-256 in hexadecimal, in either case, with or without colons; lower case without them. Nothing: it is none.
std::optional<std::string> fingerprint(std::string_view text);

// Certificates and keys of which a TLS peer must show one, by their fingerprints: SHA-256 of the whole certificate in
// DER, or of its public key (SubjectPublicKeyInfo, RFC 5280 section 4.1). A handshake with another peer fails. It
// lives as long as the context may shake hands.
class TlsPins {
 public:
  // `verify`: the certificate has to be verified besides.
  TlsPins(std::vector<std::string> fingerprints, bool verify)
      : fingerprints_(std::move(fingerprints)), verify_(verify) {}
  TlsPins(const TlsPins&) = delete;
  TlsPins& operator=(const TlsPins&) = delete;

  // To be called before connections are made of the context.
  void watch(ssl_ctx_st* context);
  // What came instead at the last handshake, for people, to be put behind what is said of it; empty: nothing came, or
  // it was one of them.
  const std::string& refused() const { return refused_; }

 private:
  friend struct TlsPinsCheck;
  const std::vector<std::string> fingerprints_;
  const bool verify_;
  std::string refused_;
};

}  // namespace smsbridge::bridge
