// SPDX-License-Identifier: MPL-2.0
#include "bridge/delivery/paces.hpp"

#include <fmt/format.h>

#include <cmath>
#include <cstdio>
#include <string>

namespace smsbridge::bridge {
namespace {

using namespace std::chrono_literals;

const std::string scope = "pace";  // marks: "rate window", by the gateway's name
constexpr Duration keep_every = 30s;
constexpr double another = 0.1;                   // part by which it differs
constexpr WallMs remembered_ms = 7 * 86'400'000;  // then a carrier may have changed its mind

Pace::Bounds bounds_of(const GatewaySettings& gateway) {
  return {.rate = gateway.rate,
          .window = gateway.is_smpp() ? gateway.smpp().session.window : gateway.provider().max_in_flight};
}

Pace::Learnt learnt_of(const GatewaySettings& gateway, const store::Store& store, WallMs now) {
  const auto mark = store.reader().mark(scope, gateway.name, now);
  Pace::Learnt learnt;
  if (!mark || std::sscanf(mark->c_str(), "%lf %zu", &learnt.rate, &learnt.window) != 2 || !(learnt.rate >= 0))
    return {};
  return learnt;
}

bool differs(double a, double b) { return std::abs(a - b) > another * std::max(a, b); }

}  // namespace

std::shared_ptr<Pace> Paces::of(const GatewaySettingsPtr& gateway, const store::Store& store, WallMs now) {
  return paces_.of(
      gateway, [&] { return std::make_shared<Pace>(bounds_of(*gateway), learnt_of(*gateway, store, now)); },
      [&](Pace& pace) { pace.share(bounds_of(*gateway)); });
}

void PaceKeeper::look(store::Store& store, const boost::asio::any_io_executor& executor, Time now, WallMs wall) {
  const auto learnt = pace_->learnt();
  if (now - kept_at_ < keep_every) return;
  if (!differs(learnt.rate, kept_.rate) &&
      !differs(static_cast<double>(learnt.window), static_cast<double>(kept_.window)))
    return;
  kept_ = learnt;
  kept_at_ = now;
  store::Batch batch;
  batch.erased_marks.push_back({.scope = scope, .key = gateway_.name});
  batch.marks.push_back({.scope = scope,
                         .key = gateway_.name,
                         .value = fmt::format("{:.1f} {}", learnt.rate, learnt.window),
                         .expires_at = wall + remembered_ms});
  // Where it cannot be written, the next start begins anew.
  store.commit(std::move(batch), executor, [](const store::BatchResult&) {});
}

}  // namespace smsbridge::bridge
