// SPDX-License-Identifier: MPL-2.0
#include "bridge/cli/smsc_sim_options.hpp"

#include <CLI/CLI.hpp>
#include <string>
#include <type_traits>

namespace smsbridge::bridge {
namespace {

using smsc_sim::CommandOptions;

// Options under one heading of the help.
class Group {
 public:
  Group(CLI::App& subcommand, const char* heading) : subcommand_(subcommand), heading_(heading) {}

  template <class Value>
  void add(const char* name, Value& value, const char* help, const char* type) {
    auto* added = subcommand_.add_option(name, value, help)->type_name(type)->group(heading_);
    if constexpr (std::is_same_v<Value, std::string>)
      added->capture_default_str();
    else
      added->allow_extra_args(false);  // one value each time it is given
  }
  void flag(const char* name, bool& value, const char* help) {
    subcommand_.add_flag(name, value, help)->group(heading_);
  }

 private:
  CLI::App& subcommand_;
  const char* heading_;
};

void define_connection(CLI::App& subcommand, CommandOptions& options) {
  Group group(subcommand, "Connection");
  group.add("--host", options.host, "Address to listen on", "ADDRESS");
  group.add("--port", options.port, "Port to listen on; 0 lets the system choose, and it is printed", "N");
  group.add("--tls-certificate", options.certificate_file, "Speak TLS with this certificate chain (PEM)", "FILE");
  group.add("--tls-key", options.key_file, "The key of the certificate (PEM)", "FILE");
  group.add("--account", options.accounts, "Who may bind; can be repeated. Without it everybody may",
            "SYSTEM_ID:PASSWORD");
  group.add("--sessions-max", options.sessions_max, "Sessions of one account, the next is refused with 0x05; 0 is any",
            "N");
  group.add("--enquire-link-interval", options.enquire_link_interval,
            "How often the centre itself sends enquire_link on each session; 0ms is never", "TIME");
}

void define_answers(CLI::App& subcommand, CommandOptions& options) {
  Group group(subcommand, "Answers");
  group.add("--response-delay", options.response_delay, "Time from a submit to its response", "TIME");
  group.add("--response-jitter", options.response_jitter, "At most this is added to each response delay", "TIME");
  group.add(
      "--profile", options.profile,
      "Play this kind of carriers, see 'smsbridge config profiles': its notation of ids, its alphabets, its version,"
      "\nits rate and its words of receipts, where no other option says otherwise",
      "NAME");
  group.add("--id-format", options.id_format,
            "Message ids in responses: dec (if no profile says otherwise), dec10, hex, hex8 or uuid", "FORMAT");
  group.add("--first-id", options.first_id, "Number of the first message id; by default it follows the time of day",
            "N");
}

void define_receipts(CLI::App& subcommand, CommandOptions& options) {
  Group group(subcommand, "Receipts");
  group.add("--receipts", options.receipts, "off, requested (as registered_delivery says) or always", "WHEN");
  group.add("--receipt-delay", options.receipt_delay, "Time from the response to the receipt", "TIME");
  group.add("--receipt-jitter", options.receipt_jitter, "At most this is added to each receipt delay", "TIME");
  group.add("--outcomes", options.outcomes,
            "What becomes of messages, with weights: DELIVRD, UNDELIV, EXPIRED, REJECTD, DELETED, ACCEPTD, UNKNOWN,\n"
            "ENROUTE; for example DELIVRD:90,UNDELIV:5,EXPIRED:3,REJECTD:2",
            "MIX");
  group.add("--receipt-id-format", options.receipt_id_format,
            "Message ids in receipts, when they differ: the classic is --id-format hex --receipt-id-format dec",
            "FORMAT");
  group.add("--receipt-window", options.receipt_window, "Receipts of one session that may wait for their answer", "N");
  group.add("--receipt-retry", options.receipt_retry,
            "A receipt that is not answered with 0 is sent again after this time", "TIME");
  group.flag("--receipts-on-other-session", options.receipts_on_other_session,
             "Send receipts on another session of the account than the one that submitted, if there is one");
  group.add("--keeps", options.keeps, "So many messages, the latest ones, can be asked about (query_sm) and cancelled",
            "N");
  group.flag("--no-receipt-tlvs", options.no_receipt_tlvs, "Receipts have their text only");
}

void define_faults(CLI::App& subcommand, CommandOptions& options) {
  Group group(subcommand, "Faults (P is a probability from 0 to 1)");
  group.add("--bind-status", options.bind_status, "Answers every bind with this command_status, such as 0x05",
            "STATUS");
  group.add(
      "--throttle-rate", options.throttle_rate,
      "Submits a second of one account above which 0x58 (throttled) is answered; 0 is no limit (if no profile says\n"
      "otherwise)",
      "N");
  group.add("--reject", options.reject,
            "Refuse destinations that match PATTERN (* and ? are wild) with STATUS; can be repeated", "PATTERN=STATUS");
  group.add("--error-rate", options.error_rate, "Submits answered with --error-status", "P");
  group.add("--error-status", options.error_status, "The command_status for --error-rate", "STATUS");
  group.add("--swallow", options.swallow, "Messages that are taken and never answered", "P");
  group.add("--swallow-questions", options.swallow_questions, "query_sm and cancel_sm that are never answered", "P");
  group.add("--disconnect", options.disconnect,
            "Messages that are taken, and the connection is cut instead of the answer", "P");
  group.add("--disconnect-before", options.disconnect_before, "Messages that are not taken, and the connection is cut",
            "P");
  group.add("--poison", options.poison, "Destinations at which the connection is cut each time, and nothing is taken",
            "PATTERN");
  group.flag("--answers-after-unbind", options.answers_after_unbind,
             "When it unbinds, what is unanswered is answered behind the unbind");
  group.flag("--vendor-words", options.vendor_words, "Receipts of failures have a word of their own, NOCRED");
  group.add("--receipt-before-response", options.receipt_before_response, "Receipts sent before the response", "P");
  group.add("--receipt-twice", options.receipt_twice, "Receipts sent twice", "P");
  group.add("--receipt-lost", options.receipt_lost, "Receipts never sent", "P");
  group.add("--seed", options.seed, "Chance repeats with the same seed", "N");
}

void define_phones(CLI::App& subcommand, CommandOptions& options) {
  Group group(subcommand, "Phones");
  group.add("--inbound", options.inbound_file,
            "Each line 'FROM TO TEXT' is a message of a phone, cut into parts where it is long: it goes to the account "
            "that is\n"
            "bound, or to the first that binds. - is standard input, read as it comes",
            "FILE");
}

void define_output(CLI::App& subcommand, CommandOptions& options) {
  Group group(subcommand, "Output");
  group.add("--log", options.log_file,
            "Append a line for each taken message, tab-separated: microseconds since 1970, session, message id,\n"
            "source, destination, part/parts, text (\\n, \\t, \\r, \\0 and \\\\ for what would break the line). "
            "/dev/stderr shows them",
            "FILE");
  group.flag("--quiet", options.quiet, "Say nothing on standard error about sessions and protocol errors");
}

}  // namespace

void add_smsc_sim_options(CLI::App& subcommand, CommandOptions& options) {
  subcommand.description(
      "A message centre (SMSC) to try things with: it takes messages over SMPP 3.3 and 3.4, sends receipts,\n"
      "and misbehaves on demand. It delivers nothing to any telephone.");
  define_connection(subcommand, options);
  define_answers(subcommand, options);
  define_receipts(subcommand, options);
  define_faults(subcommand, options);
  define_phones(subcommand, options);
  define_output(subcommand, options);
  subcommand.footer(
      "On standard output there is one line when it is ready, and on SIGINT or SIGTERM the counts as one line of "
      "JSON.\n"
      "TIME is a number with a unit (ms, s, m, h, d), STATUS a command_status such as 0x0B.\n"
      "\n"
      "Examples:\n"
      "  smsbridge smsc-sim\n"
      "      Takes everything from everybody on 127.0.0.1:2775.\n"
      "  smsbridge smsc-sim --account acme:secret --response-delay 40ms --receipt-delay 2s --receipt-jitter 3s \\\n"
      "      --outcomes DELIVRD:90,UNDELIV:5,EXPIRED:3,REJECTD:2\n"
      "      A carrier on an ordinary day.\n"
      "  smsbridge smsc-sim --throttle-rate 100 --error-rate 0.01 --error-status 0x08 --reject '4930*=0x0B'\n"
      "      A strict one: 100 a second, some system errors, and no landlines of Berlin.\n"
      "  smsbridge smsc-sim --id-format hex --receipt-id-format dec --receipts-on-other-session \\\n"
      "      --receipt-before-response 0.2 --receipt-twice 0.1 --disconnect 0.001 --swallow 0.001\n"
      "      A bad day, with all the quirks at once.\n"
      "  smsbridge smsc-sim --profile routemobile --outcomes DELIVRD:80,UNDELIV:15,REJECTD:5 --log /dev/stderr\n"
      "      A kind of carriers, and what it got, to try a gateway with the same profile.");
}

}  // namespace smsbridge::bridge
