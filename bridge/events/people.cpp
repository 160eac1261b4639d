// SPDX-License-Identifier: MPL-2.0
#include "bridge/events/people.hpp"

#include <algorithm>
#include <array>

#include "bridge/env/log.hpp"
#include "bridge/events/fineract_json.hpp"
#include "bridge/text/nearest.hpp"
#include "bridge/text/variables.hpp"
#include "http_gateways/coding.hpp"

namespace smsbridge::bridge {
namespace {

namespace json = boost::json;
using namespace std::chrono_literals;
using End = FineractAnswer::End;

constexpr Duration good_for = 30s;

// As forms of institutions have them: in English and in the language itself.
struct Language {
  std::string_view code;
  std::array<std::string_view, 5> names;
};
constexpr Language languages[] = {
    {"en", {"eng", "english", "anglais", "kiingereza", "inglés"}},
    {"fr", {"fra", "french", "français", "francais", "kifaransa"}},
    {"es", {"spa", "spanish", "español", "espanol", "kihispania"}},
    {"sw", {"swa", "swahili", "kiswahili", "souahéli", ""}},
    {"hi", {"hin", "hindi", "हिन्दी", "हिंदी", ""}},
};

FineractAnswer unreadable(const char* what) {
  return {.end = End::unreadable, .body = {}, .detail = std::string("Fineract's answer has no ") + what};
}

bool is_true(const std::string& text) {
  const auto word = text::lower(text);
  return word == "true" || word == "1" || word == "yes" || word == "y";
}

void put(json::object& values, std::string_view key, const std::string& text) {
  if (!text.empty()) values[key] = text;
}

// Names of an institution have one field, and a text that names the client needs one all the same.
Person client_of(const json::object& client) {
  Person person{
      .id = id_at(client, "id"), .name = text_at(client, "displayName"), .number = text_at(client, "mobileNo")};
  if (person.name.empty()) person.name = text_at(client, "fullname");
  person.officer = id_at(client, "staffId");
  auto& values = person.values;
  const auto first = text_at(client, "firstname");
  values["clientId"] = person.id;
  put(values, "firstName", first.empty() ? person.name : first);
  values["middleName"] = text_at(client, "middlename");
  values["lastName"] = text_at(client, "lastname");
  put(values, "fullName", person.name);
  put(values, "mobileNo", person.number);
  put(values, "dateOfBirth", day_at(client, "dateOfBirth"));
  put(values, "officeName", text_at(client, "officeName"));
  put(values, "officeId", text_at(client, "officeId"));
  put(values, "externalId", text_at(client, "externalId"));
  return person;
}

Person staff_of(const json::object& staff, Audience as) {
  Person person{.as = as,
                .id = id_at(staff, "id"),
                .name = text_at(staff, "displayName"),
                .number = text_at(staff, "mobileNo"),
                .values = {}};
  put(person.values, as == Audience::officer ? "loanOfficerName" : "staffName", person.name);
  return person;
}

}  // namespace

struct People::Reading {
  const TenantSettings tenant;
  Person person;
  std::size_t tables = 0;  // that were read
  One done;
};

// Somebody of each kind, one after the other.
struct People::Gathering {
  using Ask = std::function<void(One)>;
  std::vector<Ask> left;  // the last one first
  std::vector<Person> people;
  Several done;
};

std::string language_code(std::string_view text) {
  const auto word = text::lower(std::string(text));
  for (const auto& language : languages)
    if (word == language.code || (!word.empty() && std::ranges::find(language.names, word) != language.names.end()))
      return std::string(language.code);
  return word.size() == 2 && is_language(word) ? word : std::string();
}

std::string why_no_consent(const EventSettings& notice, const Person& person, const FineractSettings& fineract) {
  if (person.opted_out) return "by Fineract's column";
  if (!person.columns) return {};
  if (fineract.data_tables.empty() && !(notice.opt_in_field.empty() && notice.opt_out_field.empty()))
    return "the tenant's fineract names no data_tables: whether the client agrees is not known";
  // Who has no row has said nothing; a row without the column means that it is called otherwise.
  for (const auto* field : {&notice.opt_in_field, &notice.opt_out_field})
    if (!field->empty() && !person.columns->empty() &&
        std::ranges::none_of(*person.columns, [&](const auto& c) { return text::equal_names(c.key(), *field); }))
      return "the data tables have no column " + *field + ": whether the client agrees is not known";
  const auto says = [&](const std::string& field) {
    return std::ranges::any_of(*person.columns, [&](const auto& column) {
      return text::equal_names(column.key(), field) && is_true(text_at(*person.columns, column.key()));
    });
  };
  if (!notice.opt_out_field.empty() && says(notice.opt_out_field)) return "by the column " + notice.opt_out_field;
  if (!notice.opt_in_field.empty() && !says(notice.opt_in_field))
    return "the client did not ask for it in the column " + notice.opt_in_field;
  return {};
}

void People::client(const TenantSettings& tenant, std::int64_t id, One done) {
  fineracts_.get(tenant.name, "clients/" + std::to_string(id), good_for,
                 [this, reading = std::make_shared<Reading>(Reading{.tenant = tenant, .person = {}, .done = done})](
                     const FineractAnswer& answer) {
                   if (!answer.ok()) return reading->done(tl::unexpected(answer));
                   const auto* client = answer.body.if_object();
                   if (!client) return reading->done(tl::unexpected(unreadable("client")));
                   reading->person = client_of(*client);
                   reading->person.columns.emplace();
                   read_tables(reading);
                 });
}

// What the institution knows of its clients besides: an answer is a list of rows, and these tables have one.
void People::read_tables(std::shared_ptr<Reading> reading) {
  const auto& settings = *reading->tenant.fineract;
  if (reading->tables == settings.data_tables.size()) return reading->done(std::move(reading->person));
  const auto& table = settings.data_tables[reading->tables++];
  fineracts_.get(reading->tenant.name,
                 "datatables/" + http_gateways::percent_encode(table) + "/" + std::to_string(reading->person.id),
                 good_for, [this, reading](const FineractAnswer& answer) {
                   if (answer.end != End::not_found && !answer.ok()) return reading->done(tl::unexpected(answer));
                   const auto* rows = answer.ok() ? answer.body.if_array() : nullptr;
                   const auto* row = rows && !rows->empty() ? rows->front().if_object() : nullptr;
                   auto& person = reading->person;
                   const auto& of = *reading->tenant.fineract;
                   if (!row) return read_tables(reading);
                   for (const auto& [key, value] : *row) {
                     if (text::equal_names(key, of.language_field)) person.language = language_code(text_at(*row, key));
                     if (!of.opt_out_field.empty() && text::equal_names(key, of.opt_out_field))
                       person.opted_out = is_true(text_at(*row, key));
                     if (!value.is_null() && !person.values.contains(key)) person.values[key] = value;
                     // Where two tables have it, one that says yes counts.
                     if (!person.columns->contains(key) || is_true(text_at(*row, key))) (*person.columns)[key] = value;
                   }
                   read_tables(reading);
                 });
}

void People::staff(const TenantSettings& tenant, std::int64_t id, Audience as, One done) {
  fineracts_.get(tenant.name, "staff/" + std::to_string(id), good_for,
                 [done = std::move(done), as](const FineractAnswer& answer) {
                   if (!answer.ok()) return done(tl::unexpected(answer));
                   const auto* staff = answer.body.if_object();
                   if (!staff) return done(tl::unexpected(unreadable("member of staff")));
                   done(staff_of(*staff, as));
                 });
}

void People::gather(std::shared_ptr<Gathering> gathering) {
  if (gathering->left.empty()) return gathering->done(std::move(gathering->people));
  const auto ask = std::move(gathering->left.back());
  gathering->left.pop_back();
  ask([this, gathering](tl::expected<Person, FineractAnswer> person) {
    if (person)
      gathering->people.push_back(std::move(*person));
    else if (person.error().end != End::not_found)
      return gathering->done(tl::unexpected(std::move(person.error())));
    gather(gathering);
  });
}

void People::members(const TenantSettings& tenant, std::int64_t group, Several done) {
  fineracts_.get(tenant.name, "groups/" + std::to_string(group) + "?associations=clientMembers", good_for,
                 [this, tenant, group, done = std::move(done)](const FineractAnswer& answer) {
                   if (!answer.ok()) return done(tl::unexpected(answer));
                   const auto* read = answer.body.if_object();
                   if (!read) return done(tl::unexpected(unreadable("group")));
                   auto gathering = std::make_shared<Gathering>(Gathering{.left = {}, .people = {}, .done = done});
                   for (const auto& each : list_at(*read, "clientMembers")) {
                     const auto* member = each.if_object();
                     const auto id = member ? id_at(*member, "id") : 0;
                     if (!id || !is_true_at(*member, "active")) continue;
                     if (gathering->left.size() == members_max) {
                       log::error("people", "a group has more members than get one text: the others are left out",
                                  "tenant", tenant.name, "group", group, "most", members_max);
                       break;
                     }
                     gathering->left.push_back([this, tenant, id](One one) {
                       client(tenant, id, [one = std::move(one)](tl::expected<Person, FineractAnswer> person) {
                         if (person) person->as = Audience::group;
                         one(std::move(person));
                       });
                     });
                   }
                   std::ranges::reverse(gathering->left);
                   gather(gathering);
                 });
}

void People::guarantors(const TenantSettings& tenant, std::int64_t loan, Several done) {
  fineracts_.get(tenant.name, "loans/" + std::to_string(loan) + "/guarantors", good_for,
                 [this, tenant, done = std::move(done)](const FineractAnswer& answer) {
                   if (!answer.ok()) return done(tl::unexpected(answer));
                   const auto* list = answer.body.if_array();
                   if (!list) return done(tl::unexpected(unreadable("guarantors")));
                   constexpr std::int64_t is_client = 1, is_staff = 2;  // Fineract's GuarantorType
                   auto gathering = std::make_shared<Gathering>(Gathering{.left = {}, .people = {}, .done = done});
                   for (const auto& each : *list) {
                     const auto* guarantor = each.if_object();
                     if (!guarantor || (guarantor->contains("status") && !is_true_at(*guarantor, "status"))) continue;
                     const auto* type = object_at(*guarantor, "guarantorType");
                     const auto kind = type ? id_at(*type, "id") : 0;
                     const auto entity = id_at(*guarantor, "entityId");
                     const auto named = [](One one, auto person) {
                       if (person) {
                         // The other names in his text are the client's.
                         person->as = Audience::guarantor;
                         person->values = {{"guarantorName", person->name}};
                       }
                       one(std::move(person));
                     };
                     if (kind == is_client && entity) {
                       gathering->left.push_back([this, tenant, entity, named](One one) {
                         client(tenant, entity,
                                [one = std::move(one), named](auto person) { named(one, std::move(person)); });
                       });
                     } else if (kind == is_staff && entity) {
                       gathering->left.push_back([this, tenant, entity, named](One one) {
                         staff(tenant, entity, Audience::guarantor,
                               [one = std::move(one), named](auto person) { named(one, std::move(person)); });
                       });
                     } else {
                       const auto first = text_at(*guarantor, "firstname"), last = text_at(*guarantor, "lastname");
                       Person person{.as = Audience::guarantor,
                                     .name = first.empty() || last.empty() ? first + last : first + " " + last,
                                     .number = text_at(*guarantor, "mobileNumber"),
                                     .values = {}};
                       put(person.values, "guarantorName", person.name);
                       put(person.values, "guarantorLastName", last);
                       gathering->people.push_back(std::move(person));
                     }
                   }
                   std::ranges::reverse(gathering->left);
                   gather(gathering);
                 });
}

}  // namespace smsbridge::bridge
