// SPDX-License-Identifier: MPL-2.0
// How gateways are, and what can be asked of one that runs.
#include <boost/json.hpp>

#include "bridge/doors/admission.hpp"
#include "bridge/doors/api/api.hpp"
#include "bridge/doors/api/objects.hpp"
#include "bridge/doors/api/values.hpp"
#include "bridge/env/log.hpp"
#include "bridge/http/reading.hpp"
#include "bridge/text/time.hpp"

namespace smsbridge::bridge {
namespace {

namespace json = boost::json;

// How ids of messages stand in receipts, compared with the answers to submits; null: no SMPP.
json::value ids_json(const std::optional<GatewayStatus::Ids>& ids) {
  if (!ids) return nullptr;
  const auto& rule = ids->rule;
  return {{"state", ids->by_dialect ? "set"
                    : rule          ? "learnt"
                                    : "learning"},
          {"conversion", rule ? json::value(smpp::conversion_name(rule->base)) : json::value(nullptr)},
          {"receipt_prefix", rule ? text_or_null(rule->receipt_prefix) : json::value(nullptr)},
          {"response_prefix", rule ? text_or_null(rule->response_prefix) : json::value(nullptr)},
          {"pairs", ids->pairs},
          {"pairs_wanted", ids->pairs_wanted}};
}

std::size_t parked_of(const store::Store& store, store::GatewayId gateway) {
  const auto parked = store.parked_receipts();
  const auto own = parked.find(gateway);
  return own == parked.end() ? 0 : own->second;
}

json::array sessions_json(const GatewayStatus& status) {
  json::array sessions;
  for (const auto& session : status.sessions)
    sessions.push_back({{"number", session.number},
                        {"state", session.state},
                        {"host", session.host},
                        {"bound_since", time_or_null(session.bound_since)},
                        {"last_error", text_or_null(session.last_error)},
                        {"next_try_at", time_or_null(session.next_try_at)}});
  return sessions;
}

json::array hosts_json(const GatewayStatus& status) {
  json::array hosts;
  for (const auto& host : status.hosts)
    hosts.push_back({{"host", host.host},
                     {"sessions", host.sessions},
                     {"avoided_since", time_or_null(host.avoided_since)},
                     {"last_error", text_or_null(host.why)}});
  return hosts;
}

json::object gateway_json(const Services& services, const GatewaySettings& config, const GatewayStatus& status,
                          const store::CountsByQueueOwner& counts, const std::optional<Objects::Object>& object,
                          bool manages) {
  const auto [queued, awaiting] = load_of(counts, config.id);
  const auto in_flight = static_cast<std::int64_t>(status.in_flight);
  // Nothing new comes, and nothing is left of what came.
  const bool drained = queued <= 0 && in_flight == 0 && awaiting <= 0;
  const auto state = status.draining_since && !status.paused_since ? (drained ? "drained" : "draining") : status.state;
  const auto* address = config.is_smpp() ? &config.smpp().address : nullptr;
  return {{"name", config.name},
          {"id", config.id},
          {"kind", config.kind},
          {"profile", text_or_null(config.is_smpp() ? config.smpp().profile : std::string())},
          {"host", address ? json::value(address->host) : json::value(nullptr)},
          {"port", address ? json::value(address->port) : json::value(nullptr)},
          {"state", state},
          {"paused_since", time_or_null(status.paused_since)},
          {"draining_since", time_or_null(status.draining_since)},
          {"receipts_quiet_since", time_or_null(status.receipts_quiet_since)},
          {"receipt_ids", ids_json(status.ids)},
          {"receipts_parked", parked_of(services.store, config.id)},
          {"sessions", sessions_json(status)},
          {"hosts", hosts_json(status)},
          {"window_in_use", status.window_in_use},
          {"window_limit", status.window_limit},
          {"queued", std::max<std::int64_t>(0, queued - in_flight)},
          {"in_flight", in_flight},
          {"awaiting_receipt", awaiting},
          {"rate_limit", status.rate_limit > 0 ? json::value(status.rate_limit) : json::value(nullptr)},
          {"routing", services.directory.router().state_of(config.id)},
          {"last_error", text_or_null(status.last_error)},
          {"next_try_at", time_or_null(status.next_try_at)},
          {"callback_url", manages ? text_or_null(status.callback_url) : json::value(nullptr)},
          {"balance", status.balance_at ? json::value{{"amount", status.balance},
                                                      {"currency", text_or_null(status.balance_currency)},
                                                      {"at", text::time_text(status.balance_at)}}
                                        : json::value(nullptr)},
          {"managed_by", managed_by(object)},
          {"settings", manages ? json::value(config.settings) : json::value(nullptr)}};
}

void list_gateways(Services& services, const HttpRequest& request, const Caller& caller, Respond respond) {
  const auto table = services.directory.table();
  std::vector<GatewaySettingsPtr> gateways;
  for (const auto& gateway : table->gateways)
    if (may_see(services, caller, *gateway)) gateways.push_back(gateway);
  struct List {
    std::vector<json::object> items;
    std::size_t left;
    store::CountsByQueueOwner counts;
  };
  const auto list =
      std::make_shared<List>(List{.items = {}, .left = gateways.size(), .counts = services.store.counts()});
  list->items.resize(list->left);
  const auto answer = [list, respond] {
    json::array items(list->items.begin(), list->items.end());
    respond(
        {.body = json::serialize(json::object{{"items", std::move(items)}, {"next_cursor", nullptr}}), .headers = {}});
  };
  if (list->left == 0) return answer();
  const bool manages = may_manage(services, caller);
  for (std::size_t place = 0; place < gateways.size(); ++place)
    services.gateways.ask(
        gateways[place]->name, GatewayControl::Action::show, request.executor,
        [&services, gateway = gateways[place], place, list, answer, manages](const GatewayStatus& status) {
          list->items[place] = gateway_json(services, *gateway, status, list->counts,
                                            services.objects.find(ObjectKind::gateway, gateway->name), manages);
          if (--list->left == 0) answer();
        });
}

void one_gateway(Services& services, const HttpRequest& request, const Caller& caller, Respond respond,
                 GatewayControl::Action action, std::optional<CutOff> cut_off = std::nullopt) {
  const auto gateway = services.directory.table()->gateway(request.captures.front());
  if (!gateway || !may_see(services, caller, *gateway))
    return respond(to_response(no_such("gateway", request.captures.front())));
  services.gateways.ask(gateway->name, action, request.executor,
                        [&services, gateway, cut_off = std::move(cut_off), respond = std::move(respond),
                         manages = may_manage(services, caller)](const GatewayStatus& status) {
                          const auto object = services.objects.find(ObjectKind::gateway, gateway->name);
                          auto body =
                              gateway_json(services, *gateway, status, services.store.counts(), object, manages);
                          if (cut_off) body["cut_off"] = cut_off_json(*cut_off);
                          respond({.body = json::serialize(body), .headers = etag_header(object)});
                        });
}

std::string_view word_of(GatewayControl::Action action) {
  switch (action) {
    case GatewayControl::Action::pause:
      return "pause";
    case GatewayControl::Action::resume:
      return "resume";
    case GatewayControl::Action::drain:
      return "drain";
    case GatewayControl::Action::reconnect:
      return "reconnect";
    case GatewayControl::Action::show:
      break;
  }
  return "show";
}

// Draining takes a way out away: the answer says whose, and so does a dry run, which does nothing else.
void act_on(Services& services, const HttpRequest& request, const Caller& caller, const Respond& respond,
            GatewayControl::Action action) {
  const auto dry_run = action == GatewayControl::Action::drain ? flag(request, "dry_run") : false;
  if (!dry_run) return respond(to_response(dry_run.error()));
  const auto table = services.directory.table();
  const auto gateway = table->gateway(request.captures.front());
  if (!gateway) return respond(to_response(no_such("gateway", request.captures.front())));
  if (!*dry_run)
    log::info("gateway", "was asked for", "action", word_of(action), "gateway", gateway->name, "by", caller.who);
  std::optional<CutOff> cut_off;
  if (action == GatewayControl::Action::drain) {
    auto draining = services.directory.router().draining();
    const Ways before{*table, draining};
    draining.insert(gateway->id);
    cut_off = cut_off_between(before, {*table, draining});
    if (!*dry_run) say_cut_off(*cut_off, caller.who);
  }
  one_gateway(services, request, caller, respond, *dry_run ? GatewayControl::Action::show : action, std::move(cut_off));
}

}  // namespace

std::vector<Endpoint> gateway_endpoints(Services& services) {
  using enum http::verb;
  using Action = GatewayControl::Action;
  const std::string base = "/api/v1/gateways";
  const auto act = [&services](Action action) {
    return [&services, action](const HttpRequest& r, Respond a) {
      if (const auto caller = admit_for_all(services, r, "system:manage", a)) act_on(services, r, *caller, a, action);
    };
  };
  return {
      {get, base,
       [&services](const HttpRequest& r, Respond a) {
         if (const auto caller = admit(services, r, "config:read", a)) list_gateways(services, r, *caller, a);
       }},
      {get, base + "/{name}",
       [&services](const HttpRequest& r, Respond a) {
         if (const auto caller = admit(services, r, "config:read", a))
           one_gateway(services, r, *caller, a, Action::show);
       }},
      {post, base + "/{name}/pause", act(Action::pause)},
      {post, base + "/{name}/resume", act(Action::resume)},
      {post, base + "/{name}/drain", act(Action::drain)},
      {post, base + "/{name}/reconnect", act(Action::reconnect)},
  };
}

}  // namespace smsbridge::bridge
