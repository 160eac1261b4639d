// SPDX-License-Identifier: MPL-2.0
#include "bridge/routing/opt_outs.hpp"

#include <algorithm>
#include <boost/json.hpp>

#include "bridge/text/time.hpp"

namespace smsbridge::bridge {
namespace {

namespace json = boost::json;

std::string value_of(const OptOut& opt_out) {
  return json::serialize(
      json::object{{"since", opt_out.since}, {"how", opt_out.how}, {"reason", opt_out.reason}, {"by", opt_out.by}});
}

// A value that cannot be read is an opt-out all the same.
OptOut read(const std::string& number, const std::string& value) {
  OptOut opt_out{.number = number};
  json::error_code unreadable;
  const auto parsed = json::parse(value, unreadable);
  const auto* object = unreadable ? nullptr : parsed.if_object();
  if (!object) return opt_out;
  const auto text = [object](std::string_view key) {
    const auto* field = object->if_contains(key);
    return field && field->is_string() ? std::string(field->get_string()) : std::string();
  };
  if (const auto* since = object->if_contains("since"); since && since->is_int64()) opt_out.since = since->get_int64();
  opt_out.how = text("how");
  opt_out.reason = text("reason");
  opt_out.by = text("by");
  return opt_out;
}

void put_line(store::Batch& batch, store::TenantId tenant, const OptOut& opt_out, const char* what) {
  batch.journal.push_back({.tenant = tenant,
                           .stream = opt_out_stream,
                           .key = opt_out.number,
                           .body = json::serialize(json::object{
                               {"what", what}, {"how", opt_out.how}, {"reason", opt_out.reason}, {"by", opt_out.by}})});
}

std::string words_of(const OptOut& opt_out) {
  return "opted_out: this phone wants none of these messages since " +
         (opt_out.since ? text::time_text(opt_out.since) : std::string("an unknown time"));
}

}  // namespace

std::string opt_out_scope(store::TenantId tenant) { return "opt-out/" + std::to_string(tenant); }

bool stops(const TenantSettings& tenant, store::Lane lane) {
  const auto& lanes = tenant.opt_out_lanes;
  if (lanes.empty()) return lane == store::Lane::reminder || lane == store::Lane::campaign;
  return std::ranges::find(lanes, lane) != lanes.end();
}

std::string OptOuts::refusal(const Tenant& tenant, store::Lane lane, const std::string& number) const {
  if (!stops(tenant.config, lane)) return {};
  const auto opt_out = find(tenant.id, number);
  return opt_out ? words_of(*opt_out) : std::string();
}

std::string OptOuts::refusal_at_last(store::TenantId id, store::Lane lane, const std::string& number) const {
  const auto* tenant = tenants_.find(id);
  if (tenant ? !stops(tenant->config, lane) : !stops({}, lane)) return {};
  const auto opt_out = find(id, number);
  if (!opt_out) return {};
  if (tenant) tenant->metrics.opted_out_late->Increment();
  return words_of(*opt_out);
}

std::optional<OptOut> OptOuts::find(store::TenantId tenant, const std::string& number) const {
  if (number.empty() || number.size() > store::mark_key_max) return std::nullopt;
  const auto value = store_.reader().mark(opt_out_scope(tenant), number, clock_.wall());
  if (!value) return std::nullopt;
  return read(number, *value);
}

std::vector<OptOut> OptOuts::page(store::TenantId tenant, const std::string& after, std::size_t limit) const {
  std::vector<OptOut> found;
  for (const auto& mark :
       store_.reader().marks({.scope = opt_out_scope(tenant), .after = after, .limit = limit}, clock_.wall()))
    found.push_back(read(mark.key, mark.value));
  return found;
}

void OptOuts::set(store::Batch& batch, store::TenantId tenant, const OptOut& opt_out) {
  batch.marks.push_back({.scope = opt_out_scope(tenant), .key = opt_out.number, .value = value_of(opt_out)});
  put_line(batch, tenant, opt_out, "set");
}

void OptOuts::lift(store::Batch& batch, store::TenantId tenant, const OptOut& lifted) {
  batch.erased_marks.push_back({.scope = opt_out_scope(tenant), .key = lifted.number});
  put_line(batch, tenant, lifted, "lifted");
}

}  // namespace smsbridge::bridge
