// SPDX-License-Identifier: MPL-2.0
#include "bridge/env/tls_pins.hpp"

#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

#include <algorithm>
#include <array>
#include <boost/algorithm/hex.hpp>
#include <cctype>
#include <iterator>

namespace smsbridge::bridge {
namespace {

constexpr std::size_t digest_size = 32;

std::string hex_of(const std::array<unsigned char, EVP_MAX_MD_SIZE>& digest, unsigned size) {
  std::string text;
  boost::algorithm::hex_lower(digest.begin(), digest.begin() + size, std::back_inserter(text));
  return text;
}

std::string of_certificate(const X509* certificate) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  return ::X509_digest(certificate, ::EVP_sha256(), digest.data(), &size) == 1 ? hex_of(digest, size) : std::string();
}

std::string of_key(const X509* certificate) {
  unsigned char* der = nullptr;
  const int length = ::i2d_X509_PUBKEY(::X509_get_X509_PUBKEY(certificate), &der);
  if (length <= 0) return {};
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  const bool done =
      ::EVP_Digest(der, static_cast<std::size_t>(length), digest.data(), &size, ::EVP_sha256(), nullptr) == 1;
  ::OPENSSL_free(der);
  return done ? hex_of(digest, size) : std::string();
}

}  // namespace

std::optional<std::string> fingerprint(std::string_view text) {
  std::string digits;
  for (const char c : text) {
    if (c == ':') continue;
    if (!std::isxdigit(static_cast<unsigned char>(c))) return std::nullopt;
    digits += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  if (digits.size() != 2 * digest_size) return std::nullopt;
  return digits;
}

struct TlsPinsCheck {
  static int check(X509_STORE_CTX* chain, void* data) {
    auto& pins = *static_cast<TlsPins*>(data);
    pins.refused_.clear();
    if (pins.verify_ && ::X509_verify_cert(chain) != 1) return 0;
    const auto* certificate = ::X509_STORE_CTX_get0_cert(chain);
    const auto own = of_certificate(certificate), key = of_key(certificate);
    const bool known = std::ranges::any_of(pins.fingerprints_, [&](const auto& f) { return f == own || f == key; });
    ::X509_STORE_CTX_set_error(chain, known ? X509_V_OK : X509_V_ERR_APPLICATION_VERIFICATION);
    if (!known)
      pins.refused_ = ": it is none of tls.fingerprints: the SHA-256 of this certificate is " + own +
                      ", and that of its public key " + key;
    return known ? 1 : 0;
  }
};

void TlsPins::watch(ssl_ctx_st* context) { ::SSL_CTX_set_cert_verify_callback(context, TlsPinsCheck::check, this); }

}  // namespace smsbridge::bridge
