// SPDX-License-Identifier: MPL-2.0
#include "bridge/objects/records.hpp"

#include <fmt/format.h>
#include <sodium.h>

#include <algorithm>
#include <boost/json.hpp>

#include "bridge/access/keys.hpp"
#include "bridge/config/secrets.hpp"
#include "bridge/env/log.hpp"

namespace smsbridge::bridge {
namespace {

namespace json = boost::json;
using Why = ObjectError::Why;

constexpr const char* key_file = "master.key";
const std::string callback_secret_prefix = "callback-secret/", last_id_key = "last-id";

std::string key_of(const KindRow& kind, std::string_view name) { return fmt::format("{}/{}", kind.word, name); }

ObjectError not_kept(const std::exception& error) {
  return {.why = Why::not_kept, .detail = std::string("the change could not be kept: ") + error.what(), .mistakes = {}};
}

ObjectError changed_elsewhere() {
  return {.why = Why::changed_since,
          .detail = "another program changed it in the store: reload, and read it again",
          .mistakes = {}};
}

}  // namespace

ObjectRecords::ObjectRecords(const Config& file, store::Store& store)
    : store_(store), seal_(file.master_key, file.store_path / key_file) {}

std::string ObjectRecords::etag_of(std::string_view record) {
  std::array<unsigned char, crypto_generichash_BYTES_MIN> hash{};
  std::array<char, 2 * crypto_generichash_BYTES_MIN + 1> text{};
  ::crypto_generichash(hash.data(), hash.size(), reinterpret_cast<const unsigned char*>(record.data()), record.size(),
                       nullptr, 0);
  ::sodium_bin2hex(text.data(), text.size(), hash.data(), hash.size());
  return fmt::format("\"{}\"", text.data());
}

std::string ObjectRecords::opened(std::string_view sealed, const std::string& place, const std::string& what) const {
  if (auto secret = seal_.open(sealed, place)) return std::move(*secret);
  throw SealError(
      fmt::format("the master key does not open {}: give the key under which it was sealed "
                  "(store.master_key, or the file {} in the store's folder)",
                  what, key_file));
}

std::vector<ObjectRecords::Record> ObjectRecords::read(const KindRow& kind) const {
  std::vector<Record> records;
  const auto prefix = key_of(kind, "");
  for (const auto& [key, text, revision] : store_.reader().objects(prefix)) {
    const auto name = key.substr(prefix.size());
    json::error_code unreadable;
    auto settings = json::parse(text, unreadable);
    if (unreadable || !settings.is_object() || !settings.as_object().contains("id") ||
        !settings.as_object().at("id").is_number()) {
      log::error("objects", "its record in the store is damaged: it is left out, make it again", kind.word, name);
      continue;
    }
    auto& record = records.emplace_back(Record{name, std::move(settings.as_object()), etag_of(text), revision});
    for_each_secret(record.settings, [&](json::value& value, const std::string& place) {
      const auto sealed = value.as_object().at("sealed").as_string();
      value = json::parse(opened(sealed, key + place, fmt::format("the secrets of the {} '{}'", kind.word, name)));
    });
  }
  return records;
}

ObjectRecords::Sealed ObjectRecords::seal(const KindRow& kind, const std::string& name, json::object settings) const {
  const auto key = key_of(kind, name);
  for_each_secret(settings, [&](json::value& value, const std::string& place) {
    value = json::object{{"sealed", seal_.close(json::serialize(value), key + place)}};
  });
  auto text = json::serialize(settings);
  auto etag = etag_of(text);
  return {std::move(text), std::move(etag)};
}

tl::expected<store::Revision, ObjectError> ObjectRecords::put(const KindRow& kind, const std::string& name,
                                                              const Sealed& sealed, store::Revision before,
                                                              std::optional<store::GatewayId> last_id) {
  const auto key = key_of(kind, name);
  try {
    // A record that is damaged, or of a name that the file had, makes way for a new one.
    if (before == 0)
      if (const auto left_out = store_.reader().object(key)) before = left_out->revision;
    store::Batch batch;
    batch.objects.push_back({.key = key, .value = sealed.text, .expected = before});
    if (last_id) batch.objects.push_back({.key = last_id_key, .value = std::to_string(*last_id), .expected = {}});
    const auto result = store_.commit_and_wait(std::move(batch));
    const auto& changed = result.objects.front();
    if (changed.kind != store::ObjectChanged::Kind::done) return tl::unexpected(changed_elsewhere());
    return changed.revision;
  } catch (const std::exception& error) {
    return tl::unexpected(not_kept(error));
  }
}

std::optional<ObjectError> ObjectRecords::erase(const KindRow& kind, const std::string& name, store::Revision before,
                                                store::Batch more) {
  try {
    const auto key = key_of(kind, name);
    // One that is gone already stays gone.
    if (const auto now = store_.reader().object(key)) more.only_if.emplace_back(store::ObjectAt{key, before});
    more.erased_objects.push_back({.key = key, .expected = {}});
    if (store_.commit_and_wait(std::move(more)).unmet) return changed_elsewhere();
    return std::nullopt;
  } catch (const std::exception& error) {
    return not_kept(error);
  }
}

std::vector<std::string> ObjectRecords::keys_of(const KindRow& kind, const std::string& name) {
  std::vector<std::string> keys{key_of(kind, name)};
  if (kind.has_messages) keys.push_back(callback_secret_prefix + name);
  return keys;
}

GatewaySettingsPtr ObjectRecords::with_callback_secret(const GatewaySettingsPtr& gateway) {
  if (gateway->is_smpp() || !gateway->provider().callback_secret.empty()) return gateway;
  auto complete = std::make_shared<GatewaySettings>(*gateway);
  auto& secret = complete->provider().callback_secret;
  const auto key = callback_secret_prefix + gateway->name;
  if (const auto kept = store_.reader().object(key)) {
    secret = opened(kept->value, key, "the callback address of the gateway '" + gateway->name + "'");
    return complete;
  }
  secret = random_hex(16);
  store::Batch batch;
  batch.objects.push_back({.key = key, .value = seal_.close(secret, key), .expected = {}});
  store_.commit_and_wait(std::move(batch));
  return complete;
}

store::GatewayId ObjectRecords::last_id(const RoutingTable& table) const {
  const auto kept = store_.reader().object(last_id_key);
  store::GatewayId last = kept ? static_cast<store::GatewayId>(std::strtoul(kept->value.c_str(), nullptr, 10)) : 0;
  for (const auto kind : object_kinds)
    for (const auto& object : row_of(kind).of(table)) last = std::max(last, id_of(object));
  for (const auto& [owner, counts] : store_.counts()) last = std::max(last, owner.second);
  for (const auto& [key, usage] : store_.usage()) last = std::max(last, key.gateway);
  return last;
}

void ObjectRecords::remember_last_id(store::GatewayId last) {
  const auto text = std::to_string(last);
  if (const auto kept = store_.reader().object(last_id_key); kept && kept->value == text) return;
  store::Batch batch;
  batch.objects.push_back({.key = last_id_key, .value = text, .expected = {}});
  store_.commit_and_wait(std::move(batch));
}

}  // namespace smsbridge::bridge
