// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "bridge/env/log_throttle.hpp"
#include "bridge/events/fineracts.hpp"
#include "bridge/intake/accept.hpp"

namespace smsbridge::bridge {

// Fineract asks for messages by ids that it never posted: a triggered campaign posts its messages before their rows
// have an id, and a post may be lost. Its API shows number and text of the row, by which the message is found that came
// without an id; from then on that id is the message's. One that is nowhere is sent, where the tenant wants that.
class Repair {
 public:
  // They outlive it.
  struct Context {
    boost::asio::any_io_executor executor;
    boost::asio::any_io_executor aside;  // of a thread that may read for long
    Clock& clock;
    store::Store& store;
    const Router& router;
    const Tenants& tenants;
    Intake& intake;
    Fineracts& fineracts;
  };
  explicit Repair(Context context) : context_(std::move(context)) {}
  ~Repair() { *alive_ = false; }

  // Ids that nobody posted and Fineract asks for. What is found out shows in later answers: it asks again. Any thread.
  void look(const Tenant& tenant, std::vector<std::string> ids);
  // The message that an id was bound to; 0: it is not known. Any thread.
  static store::MessageId bound(const store::Store& store, store::TenantId tenant, const std::string& id, WallMs now);

 private:
  // What Fineract's table says of an id.
  struct Row {
    std::string id, number, text, provider;
    std::uint64_t digest = 0;
  };
  struct Round {
    const Tenant* tenant = nullptr;
    std::vector<std::string> left;
    std::vector<Row> rows;
    std::map<std::uint64_t, std::vector<store::MessageId>> found;  // by the rows' digests, the oldest last
    store::MessageId before = 0;                                   // the page that is looked at next ends there
    std::int64_t newest_old = 0, oldest_young = 0;                 // ids of what came; 0: none did
    // Fineract numbers its rows one by one, and shows no time of them: it came after one of the last day.
    bool is_young(std::int64_t id) const { return oldest_young && id > oldest_young && id > newest_old; }
  };
  using RoundPtr = std::shared_ptr<Round>;
  struct Seen {
    Time first{}, next{};
    int looks = 0;
  };
  void begin(const Tenant& tenant, std::vector<std::string> ids);
  void read_next(const RoundPtr& round);
  void look_back(const RoundPtr& round);
  void take_page(Round& round, const std::vector<store::Message>& page);
  void match(const RoundPtr& round);
  void bind(const Tenant& tenant, const Row& row, store::MessageId message);
  void not_sent(const Tenant& tenant, const Row& row, const char* why);
  void adopt(const Round& round, const Row& row);

  const Context context_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  std::map<store::TenantId, std::map<std::string, Seen>> seen_;
  std::set<store::TenantId> busy_;  // one round a tenant at a time
  log::Throttle said_;
};

// As the door has it of a post: what makes an entry without an id the same as a row.
std::uint64_t digest_of_post(const std::string& number, const std::string& text);

}  // namespace smsbridge::bridge
