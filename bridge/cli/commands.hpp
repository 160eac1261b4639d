// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <CLI/CLI.hpp>
#include <functional>

namespace smsbridge::bridge {

struct ClientOptions;
struct Programs;

void add_client_options(CLI::App& command, ClientOptions& options);  // --config, --server, --key-file, --json
void add_tenant_option(CLI::App& command, ClientOptions& options);   // --tenant

// Each adds its subcommands to `app` and, when one was chosen, sets `run`.
using Run = std::function<int()>;
void add_config(CLI::App& app, Run& run);     // check-config, config schema
void add_reload(CLI::App& app, Run& run);     // reload
void add_keys(CLI::App& app, Run& run);       // keys create|list|remove
void add_messages(CLI::App& app, Run& run);   // send, messages list|show|tail|cancel|retry
void add_import(CLI::App& app, Run& run);     // import
void add_gateways(CLI::App& app, Run& run);   // gateways list|show|create|change|delete|test-send|..., parse|build
void add_routes(CLI::App& app, Run& run);     // routes list|show|test|create|change|delete
void add_webhooks(CLI::App& app, Run& run);   // webhooks list|show|create|change|delete|test|deliveries|replay|...
void add_inbound(CLI::App& app, Run& run);    // inbound list, inbound-rules, opt-outs
void add_templates(CLI::App& app, Run& run);  // templates list|show|set|create|change|delete|render|lint
void add_people(CLI::App& app, Run& run);     // people check|create|invite|list|disable|enable|remove
void add_console_people(CLI::App& people, Run& run);
void add_status(CLI::App& app, Run& run);     // status
void add_generate(CLI::App& app, Run& run);   // generate prometheus|alertmanager|grafana
void add_events(CLI::App& app, Run& run);     // events list|show|catalogue|enable|disable|log|simulate|create|...
void add_schedules(CLI::App& app, Run& run);  // schedules list|show|create|...|run|dry-run|stop|pause|resume|runs
void add_tenants(CLI::App& app, Run& run);    // tenants list|show|create|change|delete|keys|make-key|remove-key
void add_receipts(CLI::App& app, Run& run);   // receipts list
void add_fineract(CLI::App& app, Run& run);   // fineract check
void add_apply(CLI::App& app, Run& run);      // apply, export
void add_store(CLI::App& app, Run& run);      // store verify
void add_usage(CLI::App& app, Run& run);      // usage
void add_inspect(CLI::App& app, Run& run);    // smpp decode|receipt, text

// Likewise, and what they run is brought along.
void add_serve(CLI::App& app, Run& run, const Programs& programs);       // serve, version
void add_trying_out(CLI::App& app, Run& run, const Programs& programs);  // demo, smsc-sim

}  // namespace smsbridge::bridge
