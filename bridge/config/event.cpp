// SPDX-License-Identifier: MPL-2.0
#include "bridge/config/event.hpp"

#include <algorithm>
#include <array>

#include "bridge/config/checks.hpp"
#include "bridge/config/keys.hpp"
#include "bridge/config/lanes.hpp"
#include "bridge/text/nearest.hpp"

namespace smsbridge::bridge {
namespace {

using enum Subject;
using E = EventSettings;

constexpr EventRow events[] = {
    {"loan-submitted", "a loan was applied for", loan},
    {"loan-approved", "a loan was approved", loan},
    {"loan-rejected", "a loan was rejected", loan},
    {"loan-withdrawn", "an application for a loan was withdrawn", loan},
    {"loan-disbursed", "a loan was paid out", loan},
    {"loan-disbursal-undone", "the payment of a loan was undone", loan},
    {"loan-repayment", "a repayment was received", loan},
    {"loan-waived", "interest or a charge of a loan was waived", loan},
    {"loan-written-off", "a loan was written off", loan},
    {"loan-closed", "a loan was repaid in full, or closed", loan},
    {"loan-rescheduled", "a loan was rescheduled", loan},
    {"loan-charge-added", "a charge was added to a loan", loan},
    {"client-created", "a client was registered", client},
    {"client-activated", "a client was activated", client},
    {"client-rejected", "a client was rejected", client},
    {"client-transferred", "a client was transferred to another office", client},
    {"savings-activated", "a savings account was activated", savings},
    {"savings-deposit", "money was paid into a savings account", savings},
    {"savings-withdrawal", "money was taken out of a savings account", savings},
    {"savings-interest-posted", "interest was posted to a savings account", savings},
    {"savings-closed", "a savings account was closed", savings},
    {"group-activated", "a group was activated", group},
    {"shares-activated", "an account of shares was activated", shares},
    {"fixed-deposit-activated", "a fixed deposit was activated", fixed_deposit},
    {"fixed-deposit-matured", "a fixed deposit that was due was paid out", fixed_deposit},
};

constexpr std::size_t recipients_max = 20;

const std::vector<std::string>& catalogue_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all;
    for (const auto& row : events) all.emplace_back(row.name);
    return all;
  }();
  return names;
}

void check_event_name(ConfigSection& s, E& event) {
  if (event.name == "catalogue" || event.name == "log" || event.name == "simulate")
    s.problem("name", "is an address of the API, /api/v1/events/" + event.name + ": take another", "bad-value");
  if (event.event.empty()) event.event = event.name;
  if (event.event.empty() || s.has("event") || find_event(event.event)) return;
  const auto close = text::nearest(event.event, catalogue_names());
  s.problem("name",
            "'" + event.event + "' is no event of the catalogue, and no 'event' says which one it is" +
                (close.empty() ? ": see 'smsbridge events catalogue'" : "; did you mean '" + close + "'?"),
            "bad-value");
}

const Keys<E::Recipient>& recipient_keys() {
  using R = E::Recipient;
  using K = Keys<R>;
  static const K keys{
      K::choice("to", &R::to, audience_choices(), "Who").needed(),
      K::text("template", &R::by_template, "What their text is made of; without it the template called as the event"),
      K::text("language", &R::language, "Language of the text, whatever is known of the person, such as en")
          .checked([](ConfigSection& s, R& recipient) {
            if (!recipient.language.empty() && !is_language(recipient.language))
              s.problem("language", "'" + recipient.language + "' is not a language such as en, fr or sw", "bad-value");
          }),
  };
  return keys;
}
void read_recipient(ConfigSection& s, E::Recipient& recipient) { recipient_keys().read(s, recipient); }
std::vector<KeyInfo> recipient_infos() { return recipient_keys().infos(); }

void check_recipients(ConfigSection& s, E& event) {
  if (event.recipients.size() > recipients_max)
    s.problem("recipients", "are more than 20: make several events of it", "bad-value");
  if (event.recipients.empty()) event.recipients.emplace_back();
  for (auto& recipient : event.recipients)
    if (recipient.by_template.empty()) recipient.by_template = event.event;
}

void check_offices(ConfigSection& s, E& event) {
  for (const auto& office : event.offices)
    if (office.empty() || office.find_first_not_of("0123456789") != std::string::npos)
      s.problem("offices", "'" + office + "' is not the id of an office in Fineract, such as 3", "bad-value");
}

void check_amounts(ConfigSection& s, E& event) {
  if (event.amount_min && event.amount_max && *event.amount_min > *event.amount_max)
    s.problem("amount_max", "is less than amount_min: no event would fit", "bad-value");
}

const Keys<E>& event_keys() {
  using K = Keys<E>;
  static const K keys({
      K::text("name", &E::name, "Name in API, CLI and logs").needed().checked([](ConfigSection& s, E& event) {
        check_name(s, event.name);
      }),
      K::integer("id", &E::id, 1, 1'000'000'000, "Its number; one that is made at run time gets one").usually(nullptr),
      K::text("description", &E::description, "For people"),
      K::choice("event", &E::event, catalogue_names(), "What happens at the bank; without it the name says it")
          .checked(check_event_name),
      K::texts("tenants", &E::tenants, "Names of tenants; none: all"),
      K::boolean("enabled", &E::enabled, "false: nobody is told, and the event log says so"),
      K::list<E::Recipient>(
          "recipients", [](E& event) -> E::Recipient& { return event.recipients.emplace_back(); }, read_recipient,
          recipient_infos, "Who is told; none: the client")
          .checked(check_recipients),
      K::texts("products", &E::products, "Names of products in Fineract; none: all"),
      K::texts("offices", &E::offices, "Ids of offices in Fineract; none: all").checked(check_offices),
      K::money("amount_min", &E::amount_min, "Smallest amount that is told of"),
      K::money("amount_max", &E::amount_max, "Largest amount that is told of").checked(check_amounts),
      K::duration_ms("delay", &E::delay_ms, 0, 30 * day, "How long after the hook it is looked at, and told"),
      K::choice("lane", &E::lane, lane_choices(), "Lane of its messages; else the template's").usually(nullptr),
      K::text("sender", &E::sender, "Sender of its messages; else the template's")
          .checked([](ConfigSection& s, E& event) { check_sender(s, event.sender, {}); }),
      K::choice(
          "quiet_hours", &E::quiet_hours,
          Choices<store::AtNight>{
              {"lane", store::AtNight::by_lane}, {"wait", store::AtNight::waits}, {"ignore", store::AtNight::goes}},
          "Whether its messages wait in the tenant's quiet hours: as their lane does, or always, or never")
          .checked([](ConfigSection& s, E& event) {
            if (event.quiet_hours == store::AtNight::waits && event.lane == store::Lane::otp)
              s.problem("quiet_hours", "login codes never wait: take another lane", "bad-value");
          }),
      K::text("opt_in_field", &E::opt_in_field,
              "Column of the tenant's data tables: only clients are told for whom it is true"),
      K::text("opt_out_field", &E::opt_out_field,
              "Column of the tenant's data tables: clients are not told for whom it is true"),
  });
  return keys;
}

}  // namespace

std::string_view name(Subject subject) {
  constexpr std::array<std::string_view, 6> names = {"loan", "savings", "fixed_deposit", "shares", "client", "group"};
  return names[static_cast<std::size_t>(subject)];
}

std::span<const EventRow> event_catalogue() { return events; }

const EventRow* find_event(std::string_view name) {
  const auto* const it = std::ranges::find(events, name, &EventRow::name);
  return it == std::end(events) ? nullptr : it;
}

std::vector<KeyInfo> event_infos() { return event_keys().infos(); }

void read_event(ConfigSection& s, EventSettings& event) {
  if (s.node().IsMap()) event.settings = to_json(s.node()).as_object();
  event_keys().read(s, event);
}

EventSettings read_event(const boost::json::object& settings, const std::filesystem::path& folder,
                         std::vector<ConfigProblem>& problems) {
  return read_object<EventSettings>(settings, folder, problems, read_event);
}

}  // namespace smsbridge::bridge
