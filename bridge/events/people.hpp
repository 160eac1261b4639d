// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <boost/json/object.hpp>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "bridge/config/event.hpp"
#include "bridge/config/tenant.hpp"
#include "bridge/events/fineracts.hpp"

namespace smsbridge::bridge {

// Somebody in Fineract who may get a text.
struct Person {
  Audience as = Audience::client;
  std::int64_t id = 0;         // Fineract's, of a client or a member of staff; 0: a guarantor who is neither
  std::string name;            // as people know him
  std::string number;          // as Fineract has it; empty: none
  std::string language;        // ISO 639; empty: not known
  bool opted_out = false;      // by the column that the tenant named
  std::int64_t officer = 0;    // of a client: who looks after him
  boost::json::object values;  // for texts
  // Of a client: what the institution's data tables have of him. Nothing: it is none.
  std::optional<boost::json::object> columns{};
};
// Word for word: Mifos greys out its own button with it (requirement R4).
inline constexpr std::string_view no_phone_number = "Cannot send SMS as no phone number";
// Why he is not told of it, by what the data tables say of his consent; empty: he is.
std::string why_no_consent(const EventSettings& notice, const Person& person, const FineractSettings& fineract);

// People in a tenant's Fineract, and what texts may say of them. What was read is good for half a minute. One shard.
class People {
 public:
  using One = std::function<void(tl::expected<Person, FineractAnswer>)>;
  using Several = std::function<void(tl::expected<std::vector<Person>, FineractAnswer>)>;

  explicit People(Fineracts& fineracts) : fineracts_(fineracts) {}

  // Each calls back once, never inside. An error is what Fineract answered, or did not.
  void client(const TenantSettings& tenant, std::int64_t id, One done);
  void staff(const TenantSettings& tenant, std::int64_t id, Audience as, One done);
  // The active members of a group, at most members_max of them.
  void members(const TenantSettings& tenant, std::int64_t group, Several done);
  // Who vouches for a loan: clients, members of staff, and others.
  void guarantors(const TenantSettings& tenant, std::int64_t loan, Several done);

  static constexpr std::size_t members_max = 200;

 private:
  struct Reading;
  struct Gathering;
  void read_tables(std::shared_ptr<Reading> reading);
  void gather(std::shared_ptr<Gathering> gathering);

  Fineracts& fineracts_;
};

// "sw", "swa", "Swahili" and "Kiswahili" as "sw"; empty: it is none that is known.
std::string language_code(std::string_view text);

}  // namespace smsbridge::bridge
