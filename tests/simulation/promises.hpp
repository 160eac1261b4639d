// SPDX-License-Identifier: MPL-2.0
#pragma once
#include "store/store.hpp"
#include "tests/simulation/each_answer.hpp"
#include "tests/simulation/each_row.hpp"
#include "tests/simulation/in_turn.hpp"
#include "tests/simulation/options.hpp"
#include "tests/simulation/peer.hpp"
#include "tests/simulation/sim_hook.hpp"

namespace smsbridge::simulation {

// Each text carries its number, so that the centre's parts and the store's messages find each other: "#0042." is
// repeated until the text has its length, and every part of a long text holds it at least once.
std::string marked_text(std::size_t number, std::size_t length, bool ucs2);
std::optional<std::size_t> number_in(std::string_view text);

// Which promise is broken, and how.
struct Broken {
  std::string promise, detail;
};

// Watches a run. It is told what the outside sees (answers to clients, parts at the centre, receipts answered) and
// compares it with what the store's readers show; it never looks into the code under test.
//
//   accepted    what a client was told is stored stays, and comes to an end; what Fineract posts is never refused
//   refused     what a client was told is refused is not stored
//   twice       a part is taken twice only of a message that was marked maybe_duplicate before
//   held        of a lane that is held when in doubt nothing is taken twice, crashes included
//   one-way     all parts of a message leave by one gateway, unless it is so marked
//   after-end   nothing is sent after a message's end, or after its validity
//   one-end     a final state is never left, but for a better one after `sent` or `unknown`, or by a person's retry
//   receipt     it is answered with 0 only when its effect is on disk
//   cancelled   what the carrier took back on request is not delivered
//   outcome     a state by receipt is what the centre said
//   reference   one reference and one content are one message; new, repeated and in conflict are told as they are
//   changed     in the end every gateway runs as the file says
//   operated    a gateway that is paused or drained is so after a restart, and one that was resumed is not
//   drained     nothing new is given to a gateway that is being drained, and what waits there is not sent
//   one-bind    in a calm run all parts of a message leave on one bind
//   held-up     in a calm run nothing waits for longer than a probe because of a message that a carrier chokes on
//   too-early   nothing expires before its time, whatever the machine's clock says for a moment
//   told        each webhook gets every event of its tenant that it wants, in order for each message, and no other
//   inbound     what a phone says is kept once, and on disk when its carrier is answered
//   opted-out   a phone that said STOP gets no campaign and no reminder of this tenant any more
//   night       nothing leaves in the quiet hours of its tenant that they are for
//   in-turn     messages of one tenant and lane to one phone leave as they came, also while their carrier throttles
//   tlvs        a carrier gets the TLVs that its gateway, the sender, the tenant and the message say, and no others
//   hosts       a carrier of which one host can be used is used, whatever the others say
//   event       what a bank says is told once, and told when it was kept and is true; what is not true is told to
//   nobody row         a row of a report becomes at most one message a period, over crashes and whatever is run again,
//   and none
//               where it can be none; what a run that came to its end read are messages, and in the healed world every
//               time comes
//   answer      a question to the bank is answered once, and only to whom the bank knows by this number
//   waits       a message waits for its receipt no longer than it is to, whatever its carrier answers to questions
//   window, protocol, rate, memory, counts
class Promises {
 public:
  Promises(const RunOptions& options, const SimClock& clock, Duration latency_max, std::filesystem::path folder);

  const std::optional<Broken>& broken() const { return broken_; }
  void fail(std::string promise, std::string detail);

  // Lives of the daemon.
  void opened(const store::Store& store);
  void closed() { store_ = nullptr; }
  // A gateway began to run by these settings.
  void gateway_started(std::size_t gateway, const bridge::GatewaySettings& config);
  // The store read its memory from its tables, as it does at start and after a failed commit. It then no longer knows
  // the carrier's ids of what ended as `sent` or `unknown`, so that later receipts stay parked.
  void read_anew() { read_anew_at_.push_back(clock_.now()); }

  // What a client wants, in his words.
  struct Wanted {
    std::size_t number = 0;  // in its text: another content has another one
    store::TenantId tenant = 0;
    std::string client_ref, idempotency_key;
    bool replaces = false;  // what was asked for under its reference, as Fineract's door does
    std::vector<store::Tlv> tlvs;
  };
  // He asks for it. Until it is answered, nobody knows whether it is stored.
  void asked(const Wanted& wanted);
  // What he was told. Of Fineract only that it is accepted: the store says as which message.
  std::optional<store::MessageId> accepted(const Wanted& wanted, std::optional<store::MessageId> id,
                                           std::optional<bool> replayed);
  void conflict(const Wanted& wanted);
  void refused(const Wanted& wanted);
  void retry_asked(store::MessageId id) { seen_[id].retry_asked = true; }

  // What the centres saw.
  void taken(TakenPart& part, WallMs draining_since);
  void receipt_answered(TakenPart& part, smpp::MessageState state);
  void submit_seen(std::size_t gateway, const SeenSubmit& submit);
  void submit_answered(const SeenSubmit& submit, std::uint32_t status);
  // What a phone sends to a tenant. `stops`: it is to get no more campaigns.
  void phone_says(store::TenantId tenant, const std::string& phone, const std::string& text, bool stops);
  void phone_answered(const std::string& text);

  // A hook will tell of what becomes true, or of what does not; and one was answered with 200.
  void happens(std::size_t number, bool truly) { happens_[number] = truly; }
  void event_kept(std::size_t number) {
    if (happens_.at(number)) owed_.insert(number);
  }
  bool owes_events() const { return !owed_.empty(); }  // as far as the last scan() saw

  // Rows of reports. The bank is asked for that of a schedule: see EachRow.
  EachRow& rows() { return rows_; }
  const std::string& owed_runs() const { return rows_.owes(); }
  std::size_t row_asked(std::size_t schedule) { return rows_.asked(store_, schedule); }
  void look_at_rows() {
    if (store_) rows_.look(*store_);
  }

  // What phones ask their bank.
  EachAnswer& answers() { return answers_; }
  std::string owed_answers() const { return answers_.owes(); }

  // A receiver of a webhook, by its place in the configuration, got an event.
  void told(std::size_t hook, const ToldEvent& event);
  // Everybody was told of everything that the store holds. `lost` events were not kept for want of room.
  void check_told(bool lost);

  void finals(const std::vector<store::Final>& finals);
  // Everything the store holds, against what was seen of it. Nothing may be open at the end of a run.
  void scan(bool at_end);
  void check_centre(std::size_t gateway, const bridge::smsc_sim::Counts& counts);
  void set_centres(std::vector<Peer*> centres) { centres_ = std::move(centres); }
  bool all_final() const;
  std::string first_open() const;  // ", message ..."; empty: all are final
  // What only the store itself reads, from a copy of its file.
  bool nothing_waits();
  bool nothing_is_leased();

  std::size_t messages() const { return seen_.size(); }
  std::string describe(store::MessageId id) const;

 private:
  struct Seen {
    std::optional<store::State> final_state;
    Time final_at{};
    bool retry_asked = false;
    bool accepted = false;  // a client was told
    bool revived = false;   // it was refused at the door, and posted again
  };
  struct Known {
    store::MessageId id = 0;
    std::size_t number = 0;
  };
  std::optional<store::MessageId> message_of(std::size_t number);
  std::optional<store::MessageId> message_of(const Wanted& wanted);
  void check_replayed(const Wanted& wanted, store::MessageId id, bool replayed);
  const TakenPart* find_part(const store::Message& message, std::size_t segment) const;
  void see_revived(const store::Message& message);
  void note_final(store::MessageId id, store::State state);
  void check_segments(const store::Message& message);
  void check_answered_receipts(const store::Message& message);
  bool is_parked(const TakenPart& part);
  bool is_held(const store::Message& message) const;
  std::size_t times_kept(const std::string& text) const;
  void check_rate(std::size_t gateway);
  void check_tlvs(std::size_t gateway, std::size_t number, const SeenSubmit& submit);
  void check_wait(const store::Message& message);
  void check_opted_out(const store::Message& message, const TakenPart& part, const std::string& what);
  void check_night(const store::Message& message, const TakenPart& part, const std::string& what);
  void check_phones();
  void check_calm(const store::Message& message, const TakenPart& part, const std::string& what);
  std::filesystem::path copied_store();
  void check_told(std::size_t hook, const store::Message& message);

  const RunOptions& options_;
  const SimClock& clock_;
  const Duration slack_;
  const std::filesystem::path folder_;
  const store::Store* store_ = nullptr;
  std::vector<Peer*> centres_;
  std::map<store::MessageId, Seen> seen_;
  std::map<std::size_t, store::MessageId> id_of_number_;
  std::map<std::size_t, std::map<int, std::vector<TakenPart*>>> copies_;  // of each text's parts at the centres
  std::map<std::string, Known> references_;
  std::set<store::MessageId> said_new_;
  std::map<std::string, std::map<std::size_t, int>> asked_;  // of a reference the numbers, and how often each
  std::set<std::size_t> refused_;                            // numbers that were never accepted
  std::vector<std::deque<Time>> submits_;
  struct Started {
    Time at{};
    double rate = 0;
    std::size_t window = 0;
  };
  std::vector<std::vector<Started>> started_;  // by gateway
  struct Said {
    store::TenantId tenant = 0;
    std::string phone;
    bool stops = false;
  };
  std::map<std::string, Said> said_;  // by text: each is another one
  std::map<std::pair<store::TenantId, std::string>, Time> stopped_;
  std::vector<Time> read_anew_at_;
  std::map<std::size_t, std::vector<store::Tlv>> tlvs_;  // that messages bring, by number
  std::map<std::size_t, bool> happens_;  // what banks say, by the number in its text: whether it is true
  std::set<std::size_t> owed_;           // of these what is to be told, and was not seen
  InTurn in_turn_;
  EachRow rows_;
  EachAnswer answers_;
  std::vector<std::map<std::string, std::vector<ToldEvent>>> told_;  // by hook and message, each event once
  std::size_t parked_checked_ = 0;
  std::optional<Broken> broken_;
};

}  // namespace smsbridge::simulation
