// SPDX-License-Identifier: MPL-2.0
#include "bridge/access/keys.hpp"

#include <sodium.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>

namespace smsbridge::bridge {
namespace {

namespace json = boost::json;

constexpr std::string_view api_prefix = "key/", fineract_prefix = "fineract-key/", use_prefix = "used/";
constexpr std::size_t fingerprint_digits = 16;

std::string hex(const unsigned char* data, std::size_t size) {
  std::string text(2 * size + 1, '\0');
  ::sodium_bin2hex(text.data(), text.size(), data, size);
  text.pop_back();
  return text;
}

std::vector<std::string> texts_in(const json::object& record, std::string_view name) {
  std::vector<std::string> texts;
  if (const auto* list = record.if_contains(name); list && list->is_array())
    for (const auto& each : list->get_array()) texts.emplace_back(each.as_string());
  return texts;
}

json::array list_of(const std::vector<std::string>& texts) { return json::array(texts.begin(), texts.end()); }

// 8-4-4-4-12 digits, as a UUID of version 4 has them.
std::string random_uuid() {
  auto digits = random_hex(16);
  digits[12] = '4';
  digits[16] = "89ab"[static_cast<unsigned char>(digits[16]) % 4];
  for (const std::size_t at : {8u, 13u, 18u, 23u}) digits.insert(at, "-");
  return digits;
}

}  // namespace

std::string random_hex(std::size_t octets) {
  std::vector<unsigned char> raw(octets);
  ::randombytes_buf(raw.data(), raw.size());
  return hex(raw.data(), raw.size());
}

// The secrets have so many random bits that a fast hash is enough.
std::string hash_of(std::string_view secret) {
  std::array<unsigned char, crypto_generichash_BYTES> hash;
  ::crypto_generichash(hash.data(), hash.size(), reinterpret_cast<const unsigned char*>(secret.data()), secret.size(),
                       nullptr, 0);
  return hex(hash.data(), hash.size());
}

std::string fingerprint_of(std::string_view secret) { return hash_of(secret).substr(0, fingerprint_digits); }

bool equal_secrets(std::string_view a, std::string_view b) {
  return a.size() == b.size() && ::sodium_memcmp(a.data(), b.data(), a.size()) == 0;
}

std::string fineract_key_object(std::string_view tenant, std::string_view fingerprint) {
  return std::string(fineract_prefix).append(tenant).append("/").append(fingerprint);
}

std::string use_of(std::string_view object) { return std::string(use_prefix).append(object); }

std::string object_of(const Key& key) {
  return key.kind == Key::Kind::fineract ? fineract_key_object(key.tenant, key.id) : std::string(api_prefix) + key.id;
}

std::optional<Key> read_key(const store::Object& record) try {
  const auto object = json::parse(record.value).as_object();
  const auto text = [&](std::string_view name) { return std::string(object.at(name).as_string()); };
  return Key{.kind = record.key.starts_with(fineract_prefix) ? Key::Kind::fineract : Key::Kind::api,
             .id = text("id"),
             .tenant = text("tenant"),
             .name = text("name"),
             .scopes = texts_in(object, "scopes"),
             .addresses = texts_in(object, "addresses"),
             .hash = text("hash"),
             .created_at = object.at("created_at").as_int64(),
             .expires_at = object.at("expires_at").as_int64(),
             .made_by = object.contains("made_by") ? text("made_by") : std::string()};
} catch (const std::exception&) {
  return std::nullopt;
}

std::vector<Key> kept_keys(const store::Store& store, const std::optional<std::string>& tenant) {
  std::vector<Key> keys;
  for (const auto prefix : {api_prefix, fineract_prefix})
    for (const auto& record : store.reader().objects(std::string(prefix)))
      if (auto key = read_key(record); key && (!tenant || key->tenant == *tenant)) keys.push_back(std::move(*key));
  return keys;
}

std::vector<std::string> keys_of_tenant(const store::Store& store, std::string_view tenant) {
  std::vector<std::string> objects;
  for (const auto& key : kept_keys(store, std::string(tenant))) {
    objects.push_back(object_of(key));
    if (key.kind == Key::Kind::api) objects.push_back(use_of(objects.back()));
  }
  // Of those of the settings, too.
  for (const auto& use : store.reader().objects(use_of(fineract_key_object(tenant, {})))) objects.push_back(use.key);
  return objects;
}

const std::vector<std::string>& key_scopes() {
  static const std::vector<std::string> scopes = {"messages:send", "messages:read", "messages:manage",
                                                  "content:read",  "config:read",   "config:write",
                                                  "keys:manage",   "system:read",   "system:manage"};
  return scopes;
}

NewKey create_key(store::Store& store, Key key) {
  const bool of_fineract = key.kind == Key::Kind::fineract;
  const auto secret = of_fineract ? random_uuid() : random_hex(32);
  key.id = of_fineract ? fingerprint_of(secret) : random_hex(4);
  key.hash = hash_of(secret);
  store::Batch batch;
  batch.objects.push_back({.key = object_of(key),
                           .value = json::serialize(json::object{{"id", key.id},
                                                                 {"tenant", key.tenant},
                                                                 {"name", key.name},
                                                                 {"scopes", list_of(key.scopes)},
                                                                 {"addresses", list_of(key.addresses)},
                                                                 {"hash", key.hash},
                                                                 {"created_at", key.created_at},
                                                                 {"expires_at", key.expires_at},
                                                                 {"made_by", key.made_by}}),
                           .expected = {}});
  store.commit_and_wait(std::move(batch));
  return {.id = key.id, .bearer = of_fineract ? secret : "sbk_" + key.id + "_" + secret};
}

bool remove_key(store::Store& store, const Key& key) {
  store::Batch batch;
  batch.erased_objects.push_back({.key = object_of(key), .expected = {}});
  batch.erased_objects.push_back({.key = use_of(object_of(key)), .expected = {}});
  return store.commit_and_wait(std::move(batch)).erased_objects.front().kind == store::ObjectChanged::Kind::done;
}

std::vector<Network> networks_of(const std::vector<std::string>& addresses) {
  std::vector<Network> networks;
  for (const auto& text : addresses)
    if (const auto network = parse_network(text)) networks.push_back(*network);
  return networks;
}

bool is_within(const std::vector<Network>& networks, const std::string& address) {
  const auto given = ip_address(address);
  return given && std::ranges::any_of(networks, [&](const Network& network) { return network.holds(*given); });
}

}  // namespace smsbridge::bridge
