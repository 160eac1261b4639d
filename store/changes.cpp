// SPDX-License-Identifier: MPL-2.0
#include "store/changes.hpp"

#include <algorithm>

namespace smsbridge::store {
namespace {

bool fits(std::string_view text, std::size_t max) { return !text.empty() && text.size() <= max; }

bool fits(const TaskKey& task) { return fits(task.kind, task_kind_max) && fits(task.key, task_key_max); }

struct Fits {
  bool operator()(const MarkAbsent& c) const { return fits(c.scope, mark_scope_max) && fits(c.key, mark_key_max); }
  bool operator()(const TaskHeld& c) const { return fits(c.task); }
  bool operator()(const ObjectAt& c) const { return fits(c.key, object_key_max); }
  bool operator()(const PutObject& c) const {
    return fits(c.key, object_key_max) && c.value.size() <= object_value_max;
  }
  bool operator()(const EraseObject& c) const { return fits(c.key, object_key_max); }
  bool operator()(const EndTask& c) const { return fits(c.task); }
  bool operator()(const PutTask& c) const { return fits(c.task) && c.body.size() <= task_body_max; }
  bool operator()(const JournalLine& c) const {
    return fits(c.stream, journal_stream_max) && c.key.size() <= journal_key_max && c.body.size() <= journal_body_max;
  }
  bool operator()(const EraseMark& c) const { return fits(c.scope, mark_scope_max) && fits(c.key, mark_key_max); }
  bool operator()(const PutMark& c) const {
    return fits(c.scope, mark_scope_max) && fits(c.key, mark_key_max) && c.value.size() <= mark_value_max;
  }
  bool operator()(const std::string& tenant) const { return fits(tenant, tenant_name_max); }
};

}  // namespace

bool is_within_limits(const Batch& batch) {
  constexpr Fits fit;
  return batch.size() <= batch_items_max &&
         std::ranges::all_of(batch.only_if, [&](const auto& condition) { return std::visit(fit, condition); }) &&
         std::ranges::all_of(batch.objects, fit) && std::ranges::all_of(batch.erased_objects, fit) &&
         std::ranges::all_of(batch.ended_tasks, fit) && std::ranges::all_of(batch.tasks, fit) &&
         std::ranges::all_of(batch.journal, fit) && std::ranges::all_of(batch.erased_marks, fit) &&
         std::ranges::all_of(batch.marks, fit) && std::ranges::all_of(batch.tenants, fit);
}

}  // namespace smsbridge::store
