// SPDX-License-Identifier: MPL-2.0
#include "bridge/events/fineracts.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>

#include "bridge/env/log.hpp"

namespace smsbridge::bridge {
namespace {

using namespace std::chrono_literals;
using End = FineractAnswer::End;

constexpr std::size_t answers_max = 5000;  // that are remembered, of one tenant
constexpr Duration pause_first = 1s, pause_longest = 60s;

// It says of Fineract, and not of what was asked.
bool is_down(End end) { return end == End::unreachable || end == End::failing || end == End::login; }

Duration pause_after(std::size_t failures, Random& random) {
  const auto doubled = pause_first * (1 << std::min<std::size_t>(failures - 1, 6));
  const auto pause = std::chrono::duration_cast<std::chrono::milliseconds>(std::min<Duration>(doubled, pause_longest));
  return pause + std::chrono::milliseconds(random.between(0, pause.count() / 10));
}

}  // namespace

std::shared_ptr<Fineracts::One> Fineracts::one_of(const std::string& tenant) {
  const auto settings = context_.router.table()->tenant(tenant);
  if (!settings || !settings->fineract) {
    ones_.erase(tenant);
    return nullptr;
  }
  auto& one = ones_[tenant];
  if (!one || one->settings != *settings->fineract) {
    one = std::make_shared<One>(One{.settings = *settings->fineract, .client = {}, .answers = {}, .why = {}});
    one->client = std::make_unique<FineractClient>(one->settings, tenant, context_.executor, context_.make_transport,
                                                   context_.clock);
  }
  return one;
}

void Fineracts::tell(Done done, FineractAnswer answer) const {
  boost::asio::post(context_.executor, [done = std::move(done), answer = std::move(answer)] { done(answer); });
}

void Fineracts::get(const std::string& tenant, const std::string& path, Duration age, Done done) {
  const auto one = one_of(tenant);
  if (!one) return tell(std::move(done), {.end = End::refused, .body = {}, .detail = "the tenant has no 'fineract'"});
  const auto now = context_.clock.now();
  if (const auto it = one->answers.find(path); it != one->answers.end() && now - it->second.at <= age)
    return tell(std::move(done), it->second.answer);
  if (one->failures > 0 && (now < one->again_at || one->probing))
    return tell(std::move(done), {.end = End::unreachable, .body = {}, .detail = one->why});
  one->probing = one->failures > 0;
  one->client->get(path, [this, alive = alive_, tenant, one, path, age, done = std::move(done)](FineractAnswer answer) {
    if (!*alive) return;
    answered(tenant, *one, path, answer, age > Duration::zero());
    done(std::move(answer));
  });
}

void Fineracts::answered(const std::string& tenant, One& one, const std::string& path, const FineractAnswer& answer,
                         bool keep) {
  const auto now = context_.clock.now();
  one.probing = false;
  if (is_down(answer.end)) {
    // Questions that were under way together fail once.
    if (one.failures > 0 && now < one.again_at) return;
    one.again_at = now + pause_after(++one.failures, context_.random);
    one.why = answer.detail;
    if (const auto times = said_.due(tenant, now))
      log::error("fineract", "Fineract cannot be read: events, schedules and answers wait for it", "tenant", tenant,
                 "why", answer.detail, "times", times);
    return;
  }
  if (std::exchange(one.failures, 0) > 0) log::info("fineract", "Fineract can be read again", "tenant", tenant);
  if (!answer.ok() || !keep) return;
  if (one.answers.size() >= answers_max) one.answers.clear();
  one.answers.insert_or_assign(path, Kept{.answer = answer, .at = now});
}

}  // namespace smsbridge::bridge
