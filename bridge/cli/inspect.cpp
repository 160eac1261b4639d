// SPDX-License-Identifier: MPL-2.0
#include <iostream>

#include "bridge/cli/commands.hpp"
#include "bridge/cli/smpp_lines.hpp"
#include "bridge/cli/text_lines.hpp"

namespace smsbridge::bridge {

void add_inspect(CLI::App& app, Run& run) {
  auto* smpp = app.add_subcommand("smpp", "Look into PDUs: lines of hex on stdin, one JSON object a line on stdout");
  smpp->require_subcommand(1);
  smpp->add_subcommand("decode", "Fields, TLVs and text of each PDU, or what a session would do with it")
      ->callback([&run] { run = [] { return smpp_decode_lines(std::cin, std::cout); }; });
  smpp->add_subcommand("receipt", "What each PDU says as a delivery receipt")->callback([&run] {
    run = [] { return smpp_receipt_lines(std::cin, std::cout); };
  });
  app.add_subcommand("text",
                     "How texts are encoded and cut: JSON lines {\"text\": ...} on stdin, one object a line on stdout")
      ->callback([&run] { run = [] { return text_lines(std::cin, std::cout); }; });
}

}  // namespace smsbridge::bridge
