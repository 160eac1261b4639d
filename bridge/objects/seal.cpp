// SPDX-License-Identifier: MPL-2.0
#include "bridge/objects/seal.hpp"

#include <fcntl.h>
#include <sodium.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <system_error>

#include "bridge/access/keys.hpp"

namespace smsbridge::bridge {
namespace {

constexpr std::size_t nonce_size = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
constexpr std::size_t tag_size = crypto_aead_xchacha20poly1305_ietf_ABYTES;
constexpr int base64_variant = sodium_base64_VARIANT_ORIGINAL;

const unsigned char* octets(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

std::string read_key(const std::filesystem::path& file) {
  std::string key;
  std::ifstream in(file);
  std::getline(in, key);
  return key;
}

// Readable by its owner only, and on the disk before anything is sealed under it.
std::string make_key(const std::filesystem::path& file) {
  const auto key = random_hex(32);
  const auto line = key + "\n";
  const int fd = ::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  const bool written =
      fd >= 0 && ::write(fd, line.data(), line.size()) == static_cast<ssize_t>(line.size()) && ::fsync(fd) == 0;
  const int error = errno;
  if (fd >= 0) ::close(fd);
  if (!written)
    throw SealError("cannot make the master key " + file.string() + ": " + std::system_category().message(error) +
                    "; see store.master_key");
  const int folder = ::open(file.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder >= 0) {
    ::fsync(folder);
    ::close(folder);
  }
  return key;
}

}  // namespace

Seal::Seal(std::string_view configured_key, const std::filesystem::path& key_file) {
  const auto hashed = [](std::string_view text) {
    Key key;
    ::crypto_generichash(key.data(), key.size(), octets(text), text.size(), nullptr, 0);
    return key;
  };
  const bool kept = std::filesystem::exists(key_file);
  std::string in_file = kept ? read_key(key_file) : std::string();
  if (configured_key.empty()) {
    if (!kept) in_file = make_key(key_file);
    if (in_file.empty()) throw SealError("cannot read the master key in " + key_file.string());
    key_ = hashed(in_file);
    return;
  }
  key_ = hashed(configured_key);
  if (!in_file.empty()) earlier_ = hashed(in_file);
}

std::string Seal::close(std::string_view secret, std::string_view place) const {
  std::string raw(nonce_size + secret.size() + tag_size, '\0');
  auto* out = reinterpret_cast<unsigned char*>(raw.data());
  ::randombytes_buf(out, nonce_size);
  ::crypto_aead_xchacha20poly1305_ietf_encrypt(out + nonce_size, nullptr, octets(secret), secret.size(), octets(place),
                                               place.size(), nullptr, out, key_.data());
  std::string text(sodium_base64_encoded_len(raw.size(), base64_variant), '\0');
  ::sodium_bin2base64(text.data(), text.size(), out, raw.size(), base64_variant);
  text.pop_back();
  return text;
}

std::optional<std::string> Seal::open(std::string_view sealed, std::string_view place) const {
  auto secret = open(sealed, place, key_);
  return secret || !earlier_ ? secret : open(sealed, place, *earlier_);
}

std::optional<std::string> Seal::open(std::string_view sealed, std::string_view place, const Key& key) {
  std::string raw(sealed.size(), '\0');
  auto* in = reinterpret_cast<unsigned char*>(raw.data());
  std::size_t size = 0;
  if (::sodium_base642bin(in, raw.size(), sealed.data(), sealed.size(), nullptr, &size, nullptr, base64_variant) != 0 ||
      size < nonce_size + tag_size)
    return std::nullopt;
  std::string secret(size - nonce_size - tag_size, '\0');
  if (::crypto_aead_xchacha20poly1305_ietf_decrypt(reinterpret_cast<unsigned char*>(secret.data()), nullptr, nullptr,
                                                   in + nonce_size, size - nonce_size, octets(place), place.size(), in,
                                                   key.data()) != 0)
    return std::nullopt;
  return secret;
}

}  // namespace smsbridge::bridge
