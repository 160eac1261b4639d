// SPDX-License-Identifier: MPL-2.0
#include "bridge/events/repair.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <charconv>
#include <tuple>

#include "bridge/env/log.hpp"
#include "bridge/events/fineract_json.hpp"
#include "bridge/text/entities.hpp"
#include "bridge/text/message_id.hpp"

namespace smsbridge::bridge {
namespace {

using namespace std::chrono_literals;
namespace json = boost::json;

const std::string bound_scope = "fineract-id", taken_scope = "fineract-id-of";
constexpr std::size_t ids_most = 200;  // of one round; Fineract asks for as many
constexpr std::size_t remembered_most = 20'000;
// Each look reads back for days: what stays as it is is looked at less and less, in the end every hour.
constexpr auto asked_again_after = 60s;
constexpr int soon_looks = 4, longest_shift = 6;
// A post may still be under way when its id is first asked for.
constexpr Duration lost_after = 120s;
constexpr WallMs day_ms = 86'400'000;
constexpr WallMs look_back_ms = 3 * day_ms, young_ms = day_ms;
constexpr WallMs bound_for_ms = 90 * day_ms;
constexpr std::size_t page_size = 500;
constexpr std::int64_t waiting = 150;  // Fineract's SmsMessageStatusType: posted, or lost

// Every key begins with the tenant: with him it goes.
std::string key_of(store::TenantId tenant, const std::string& id) { return std::to_string(tenant) + "/" + id; }

}  // namespace

std::uint64_t digest_of_post(const std::string& number, const std::string& text) { return digest_of({number, text}); }

store::MessageId Repair::bound(const store::Store& store, store::TenantId tenant, const std::string& id, WallMs now) {
  const auto value = store.reader().mark(bound_scope, key_of(tenant, id), now);
  store::MessageId message = 0;
  if (value) std::from_chars(value->data(), value->data() + value->size(), message);
  return message;
}

void Repair::look(const Tenant& tenant, std::vector<std::string> ids) {
  if (!tenant.config.fineract || ids.empty()) return;
  boost::asio::post(context_.executor, [this, alive = alive_, &tenant, ids = std::move(ids)]() mutable {
    if (*alive) begin(tenant, std::move(ids));
  });
}

void Repair::begin(const Tenant& tenant, std::vector<std::string> ids) {
  if (busy_.contains(tenant.id)) return;
  const auto now = context_.clock.now();
  auto& seen = seen_[tenant.id];
  if (seen.size() > remembered_most) seen.clear();
  auto round = std::make_shared<Round>();
  round->tenant = &tenant;
  for (auto& id : ids) {
    auto& of = seen.try_emplace(id, Seen{.first = now}).first->second;
    if (now < of.next) continue;
    if (round->left.size() == ids_most) break;
    of.next = now + (asked_again_after * (1 << std::clamp(++of.looks - soon_looks, 0, longest_shift)));
    round->left.push_back(std::move(id));
  }
  if (round->left.empty()) return;
  busy_.insert(tenant.id);
  read_next(round);
}

void Repair::read_next(const RoundPtr& round) {
  if (round->left.empty()) {
    for (const auto& row : round->rows) round->found[row.digest];
    return round->rows.empty() ? match(round) : look_back(round);
  }
  const auto id = std::move(round->left.back());
  round->left.pop_back();
  context_.fineracts.get(round->tenant->config.name, "sms/" + std::to_string(id_of(id)), 0s,
                         [this, round, id](const FineractAnswer& answer) {
                           const auto* read = answer.ok() ? answer.body.if_object() : nullptr;
                           // Without its Fineract the rest would fail too.
                           if (!answer.ok() && answer.end != FineractAnswer::End::not_found) round->left.clear();
                           if (read && status_at(*read) == waiting) {
                             Row row{.id = id,
                                     .number = text_at(*read, "mobileNo"),
                                     .text = text_at(*read, "message"),
                                     .provider = text_at(*read, "providerId")};
                             row.digest = digest_of_post(row.number, row.text);
                             round->rows.push_back(std::move(row));
                           }
                           read_next(round);
                         });
}

// A page at a time: others use that thread too.
void Repair::look_back(const RoundPtr& round) {
  boost::asio::post(context_.aside, [this, alive = alive_, round] {
    const auto from = context_.clock.wall() - look_back_ms;
    const auto page = context_.store.reader().page(
        {.tenant = round->tenant->id, .source = store::Source::fineract, .from = from}, round->before, page_size);
    take_page(*round, page.messages);
    round->before = page.next;
    boost::asio::post(context_.executor, [this, alive, round] {
      if (!*alive) return;
      return round->before ? look_back(round) : match(round);
    });
  });
}

void Repair::take_page(Round& round, const std::vector<store::Message>& page) {
  const auto now = context_.clock.wall();
  for (const auto& message : page) {
    const auto& content = message.content;
    if (const auto id = id_of(content.client_ref)) {
      if (content.created_at < now - young_ms)
        round.newest_old = std::max(round.newest_old, id);
      else if (!round.oldest_young || id < round.oldest_young)
        round.oldest_young = id;
    } else if (const auto it = round.found.find(content.digest);
               it != round.found.end() && content.client_ref.empty()) {
      const auto key = key_of(round.tenant->id, std::to_string(message.id));
      if (!context_.store.reader().mark(taken_scope, key, now)) it->second.push_back(message.id);
    }
  }
}

// The oldest message goes with the lowest id: rows and posts are made in one order.
void Repair::match(const RoundPtr& round) {
  busy_.erase(round->tenant->id);
  std::ranges::sort(round->rows, {}, [](const Row& row) { return id_of(row.id); });
  for (const auto& row : round->rows) {
    auto& messages = round->found[row.digest];
    if (messages.empty()) {
      adopt(*round, row);
      continue;
    }
    bind(*round->tenant, row, messages.back());
    messages.pop_back();
  }
}

void Repair::bind(const Tenant& tenant, const Row& row, store::MessageId message) {
  store::Batch batch;
  const auto taken = std::to_string(message), key = key_of(tenant.id, row.id);
  const auto until = context_.clock.wall() + bound_for_ms;
  batch.only_if.emplace_back(store::MarkAbsent{.scope = taken_scope, .key = key_of(tenant.id, taken)});
  batch.only_if.emplace_back(store::MarkAbsent{.scope = bound_scope, .key = key});
  batch.marks.push_back({.scope = taken_scope, .key = key_of(tenant.id, taken), .value = row.id, .expires_at = until});
  batch.marks.push_back({.scope = bound_scope, .key = key, .value = taken, .expires_at = until});
  context_.store.commit(std::move(batch), context_.executor,
                        [&tenant, id = row.id, message](const store::BatchResult& result) {
                          if (result.error != store::Error::none || result.unmet) return;
                          tenant.metrics.repaired[metrics::RepairHow::bound]->Increment();
                          log::debug("fineract", "an id of Fineract is that of a message that came without one",
                                     "tenant", tenant.config.name, "id", id, "message", message_id_text(message));
                        });
}

void Repair::not_sent(const Tenant& tenant, const Row& row, const char* why) {
  if (const auto times = said_.due(why + tenant.config.name, context_.clock.now()))
    log::warn("fineract", "a message whose post was lost is not sent", "tenant", tenant.config.name, "id", row.id,
              "why", why, "times", times);
}

// Its post was lost: Fineract says that it waits, and nothing like it came. An old one would be no news any more.
void Repair::adopt(const Round& round, const Row& row) {
  const auto& tenant = *round.tenant;
  const auto now = context_.clock.now();
  const auto& seen = seen_[tenant.id];
  const auto it = seen.find(row.id);
  if (!tenant.config.fineract->adopt_lost || it == seen.end() || now - it->second.first < lost_after) return;
  if (!round.is_young(id_of(row.id))) return not_sent(tenant, row, "by its id it may be older than a day");
  const auto table = context_.router.table();
  const auto lane = static_cast<std::size_t>(tenant.config.fineract_lane);
  const auto kept =
      tenant.config.lanes[lane].retention_ms ? tenant.config.lanes[lane].retention_ms : table->lanes[lane].retention_ms;
  if (kept && *kept < look_back_ms)
    return not_sent(tenant, row, "messages of its lane are kept for less than three days: it may have been sent");
  Submission submission{.source = store::Source::fineract};
  submission.to = row.number;
  submission.text =
      tenant.config.html_entities ? text::with_plain_blanks(text::decode_html_entities(row.text)) : row.text;
  submission.client_ref = row.id;
  submission.lane = tenant.config.fineract_lane;
  submission.triggered_by = "fineract, its post was lost";
  submission.digest = row.digest;  // a later post of the same row is a repetition
  std::tie(submission.gateway, submission.route) = table->provider(row.provider, tenant.config.name);
  if (!row.provider.empty() && !submission.gateway && !submission.route)
    return not_sent(tenant, row, "there is no gateway or route with the id of its campaign's provider");
  auto prepared = context_.intake.prepare(std::move(submission), tenant);
  if (prepared.refusal) prepared.enqueue.failed_because = prepared.refusal->detail;
  prepared.refusal.reset();
  std::vector<Prepared> wishes;
  wishes.push_back(std::move(prepared));
  context_.intake.accept(tenant, std::move(wishes), Intake::WhenBusy::refuse, context_.executor,
                         [&tenant, id = row.id](const auto& accepted) {
                           if (!accepted || accepted->front().kind != Acceptance::Kind::accepted) return;
                           tenant.metrics.repaired[metrics::RepairHow::adopted]->Increment();
                           log::warn("fineract", "a message whose post was lost was read from Fineract", "tenant",
                                     tenant.config.name, "id", id);
                         });
}

}  // namespace smsbridge::bridge
