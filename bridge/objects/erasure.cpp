// SPDX-License-Identifier: MPL-2.0
#include "bridge/objects/erasure.hpp"

#include "bridge/env/log.hpp"
#include "bridge/routing/opt_outs.hpp"

namespace smsbridge::bridge {
namespace {

const std::string erasing_prefix = "erasing/";

std::vector<store::EraseTenant::MarksOf> marks_of(store::TenantId tenant) {
  std::vector<store::EraseTenant::MarksOf> marks{{.scope = opt_out_scope(tenant), .prefix = {}}};
  for (const auto& scope : scopes_by_tenant) marks.push_back({.scope = scope, .prefix = std::to_string(tenant) + "/"});
  return marks;
}

void erase_rows(store::Store& store, store::TenantId tenant, Erased& erased) {
  std::optional<store::MessageId> from = store::MessageId{0};
  while (from) {
    store::Batch batch;
    batch.erased_tenants.push_back({.tenant = tenant, .from = *from, .marks = marks_of(tenant)});
    const auto done = store.commit_and_wait(std::move(batch)).erased_tenants.at(0);
    erased.messages += done.messages;
    erased.others += done.others;
    from = done.from;
  }
}

}  // namespace

void put_erasure(store::Batch& batch, const std::string& tenant) {
  batch.objects.push_back({.key = erasing_prefix + tenant, .value = tenant, .expected = {}});
}

Erased erase_tenant(store::Store& store, const std::string& tenant) {
  Erased erased;
  const auto number = store.tenant(tenant);
  erase_rows(store, number, erased);
  try {
    store.overwrite_erased();
    erased.overwritten = true;
  } catch (const std::exception& error) {
    log::error("store",
               "what was erased of a tenant lies in free places of the file still: it is overwritten at the next start",
               "tenant", tenant, "why", error.what());
    return erased;
  }
  store::Batch batch;
  batch.erased_objects.push_back({.key = erasing_prefix + tenant, .expected = {}});
  store.commit_and_wait(std::move(batch));
  log::info("store", "erased what was a tenant's", "tenant", tenant, "messages", erased.messages, "others",
            erased.others);
  return erased;
}

bool is_being_erased(const store::Store& store, const std::string& tenant) {
  return store.reader().object(erasing_prefix + tenant).has_value();
}

void go_on_erasing(store::Store& store, const std::function<bool(const std::string& tenant)>& is_there) {
  for (const auto& left : store.reader().objects(erasing_prefix)) try {
      if (is_there(left.value))
        log::error("store", "a tenant was to be erased, and the configuration file has it: it keeps what is left",
                   "tenant", left.value);
      else
        erase_tenant(store, left.value);
    } catch (const std::exception& error) {
      log::error("store", "what is left of a tenant could not be erased: it is tried again at the next start", "tenant",
                 left.value, "why", error.what());
    }
}

}  // namespace smsbridge::bridge
