// SPDX-License-Identifier: MPL-2.0
// What the dashboards show: title, what it means to the person who looks, unit, and queries by their legend.

const j = 'job=~"$job",instance=~"$instance"';
const g = `${j},gateway=~"$gateway"`;
const t = `${j},tenant=~"$tenant"`;
const rate = (metric) => `rate(${metric}[$__rate_interval])`;
const increase = (metric) => `increase(${metric}[$__rate_interval])`;
const quantile = (q, metric, ...by) => `histogram_quantile(${q}, sum by (${[...by, 'le'].join(', ')}) (${rate(metric)}))`;

const overview = {
  uid: 'smsbridge-overview',
  title: 'SMS bridge / Overview',
  description: 'Does it work? For whoever answers for the texts of an institution.',
  filters: ['tenant'],
  rows: {
    'Now': [
      {title: 'Gateways able to send', kind: 'stat', unit: 'none', description: 'Ways out that can send right now.', queries: {'': `sum(smsbridge_gateway_up{${j}})`}},
      {title: 'Gateways down', kind: 'stat', unit: 'none', description: 'Ways out that cannot send, those that somebody paused included. Messages wait there, or take another way where a route says so.',
        queries: {'': `count(smsbridge_gateway_up{${j}} == 0) or vector(0)`}, colours: {bad: 1}},
      {title: 'Waiting messages', kind: 'stat', unit: 'short', description: 'Messages that no carrier has taken yet, those for a later time included.',
        queries: {'': `sum(smsbridge_queue_messages{${t},state="queued"})`}},
      {title: 'Oldest due message', kind: 'stat', unit: 's', description: 'How long the message has waited that should have left first. Above five minutes something is wrong, or a campaign is larger than its carrier is fast.',
        queries: {'': `max(smsbridge_queue_oldest_age_seconds{${t}})`}, colours: {warn: 60, bad: 300}},
      {title: 'Accepted in range', kind: 'stat', unit: 'short', description: 'Messages that were accepted and are safe on disk, in the time that is shown.',
        queries: {'': `sum(increase(smsbridge_messages_accepted_total{${t}}[$__range]))`}},
      {title: 'Delivered share in range', kind: 'stat', unit: 'percentunit',
        description: 'Of the messages that ended in the time that is shown, how many reached their phone. Cancelled ones, and those of gateways without receipts, are not counted.', max: 1,
        queries: {'': `sum(increase(smsbridge_messages_finished_total{${t},state="delivered"}[$__range])) / sum(increase(smsbridge_messages_finished_total{${t},state!~"cancelled|unknown"}[$__range]))`}},
      {title: 'Gateways', kind: 'table', unit: 'none', description: 'Each way out: whether it can send, whether somebody paused it, what waits for it, what it takes a second (no limit was found: +Inf).',
        queries: {
          'Can send': `max by (gateway) (smsbridge_gateway_up{${j}})`,
          'Switched on': `max by (gateway) (smsbridge_gateway_enabled{${j}})`,
          'Waiting': `sum by (gateway) (smsbridge_queue_messages{${j},state="queued"})`,
          'Rate limit': `max by (gateway) (smsbridge_gateway_rate_limit_messages_per_second{${j}})`,
        }, columns: {units: {'Rate limit': 'cps', 'Waiting': 'short'}}},
      {title: 'Alerts that fire', kind: 'table', unit: 'none', description: 'What Prometheus holds for wrong now. Each alert has a page of its name in docs/runbooks. Nothing here: all is well.',
        queries: {'Firing': `sum by (alertname, severity, tenant, gateway) (ALERTS{alertname=~"SmsBridge.+",alertstate="firing",job=~"$job"})`}},
    ],
    'Traffic': [
      {title: 'Messages in and out', unit: 'cps', description: 'Accepted messages, and how others ended, a second.', queries: {
        'accepted': `sum(${rate(`smsbridge_messages_accepted_total{${t}}`)})`, '{{state}}': `sum by (state) (${rate(`smsbridge_messages_finished_total{${t}}`)})`}},
      {title: 'Accepted by source', unit: 'cps', description: 'Where messages come from: Fineract, the API, events of the bank, schedules, the command line.',
        queries: {'{{source}}': `sum by (source) (${rate(`smsbridge_messages_accepted_total{${t}}`)})`}},
      {title: 'Refused by reason', unit: 'cps', description: 'Messages that were not taken. The sender was told why.', queries: {'{{reason}}': `sum by (reason) (${rate(`smsbridge_messages_rejected_total{${t}}`)})`}},
      {title: 'Queue by gateway', unit: 'short', description: 'Messages that no carrier has taken yet, those for a later time included.',
        queries: {'{{gateway}}': `sum by (gateway) (smsbridge_queue_messages{${t},state="queued"})`}},
      {title: 'Waiting for receipts', unit: 'short', description: 'Messages that a carrier has and says nothing of yet. It grows when receipts stop.',
        queries: {'{{gateway}}': `sum by (gateway) (smsbridge_queue_messages{${t},state="awaiting_receipt"})`}},
      {title: 'Under way to the carrier', unit: 'short', description: 'Messages that were handed over and whose answer is still missing. They are among those that wait.',
        queries: {'{{gateway}}': `sum by (gateway) (smsbridge_queue_messages{${t},state="in_flight"})`}},
      {title: 'Oldest due message by gateway', unit: 's', description: 'How long the first message of each queue has waited since it was due.',
        queries: {'{{gateway}}': `max by (gateway) (smsbridge_queue_oldest_age_seconds{${t}})`}},
      {title: 'Time to submit', unit: 's', description: 'From when a message was due until it was given to its carrier: half of them, and 95 of 100, were faster.', queries: {
        'median': quantile(0.5, `smsbridge_message_submit_delay_seconds_bucket{${j}}`), '95 %': quantile(0.95, `smsbridge_message_submit_delay_seconds_bucket{${j}}`)}},
      {title: 'Messages in doubt', unit: 'cps', description: 'Handed over, and no answer came: sent again (a phone may get it twice), or held until a receipt comes.',
        queries: {'{{policy}}': `sum by (policy) (${rate(`smsbridge_doubtful_sends_total{${t}}`)})`}},
      {title: 'Moved to another gateway', unit: 'cps', description: 'Messages that left a gateway for the next one of their route, and why.',
        queries: {'{{gateway}}: {{reason}}': `sum by (gateway, reason) (${rate(`smsbridge_message_moves_total{${j}}`)})`}},
      {title: 'Time to delivery', kind: 'heatmap', unit: 's', description: 'From the first submission to the final receipt: how many messages took how long.',
        queries: {'{{le}}': `sum by (le) (${increase(`smsbridge_message_delivery_delay_seconds_bucket{${j}}`)})`}},
      {title: 'Messages routed', unit: 'cps', description: 'Which gateway new messages were given to; none: no route took them.',
        queries: {'{{gateway}}': `sum by (gateway) (${rate(`smsbridge_messages_routed_total{${j}}`)})`}},
    ],
  },
};

const gateways = {
  uid: 'smsbridge-gateways',
  title: 'SMS bridge / Gateways',
  description: 'Carriers and providers: binds, speed, answers and receipts. For whoever talks to them.',
  filters: ['gateway'],
  rows: {
    'Can it send?': [
      {title: 'Gateway state', kind: 'states', unit: 'none', description: 'When each gateway could send.', queries: {'{{gateway}}': `max by (gateway) (smsbridge_gateway_up{${g}})`}},
      {title: 'Bound sessions against wanted', unit: 'none', description: 'SMPP sessions that are bound, and how many are configured.', queries: {
        '{{gateway}} bound': `sum by (gateway) (smsbridge_smpp_sessions{${g},state="bound"})`, '{{gateway}} wanted': `sum by (gateway) (smsbridge_smpp_sessions_wanted{${g}})`}},
      {title: 'Bind attempts', unit: 'none', description: 'Attempts to connect and bind. refused: system_id, password or the number of sessions; connect_failed: address, port or firewall.',
        queries: {'{{gateway}} {{result}}': `sum by (gateway, result) (${increase(`smsbridge_smpp_bind_attempts_total{${g}}`)})`}},
      {title: 'Disconnects', unit: 'none', description: 'Sessions that ended, and who ended them.',
        queries: {'{{gateway}} {{reason}}': `sum by (gateway, reason) (${increase(`smsbridge_smpp_disconnects_total{${g}}`)})`}},
      {title: 'Sessions at a second host', unit: 'none', description: 'Sessions bound to another host of their carrier than their first choice.', queries: {'{{gateway}}': `sum by (gateway) (smsbridge_smpp_sessions_away{${g}})`}},
      {title: 'Changes of host', unit: 'none', description: 'Sessions that went to another host of their carrier, and that came back.',
        queries: {'{{gateway}} {{reason}}': `sum by (gateway, reason) (${increase(`smsbridge_smpp_host_changes_total{${g}}`)})`}},
      {title: 'Balance', unit: 'none', description: 'What the provider says is left on the account, in its currency. SMPP carriers do not tell.', queries: {'{{gateway}}': `max by (gateway) (smsbridge_gateway_balance{${g}})`}},
    ],
    'Submissions': [
      {title: 'Submit results', unit: 'cps', description: 'Answers to submissions. permanent: this message will not be taken; temporary: tried again.',
        queries: {'{{gateway}} {{result}}': `sum by (gateway, result) (${rate(`smsbridge_submit_results_total{${g}}`)})`}},
      {title: 'Submit rate against limit', unit: 'percentunit', description: 'How much of the rate that the carrier takes is used. 0 where no limit was found yet.',
        queries: {'{{gateway}}': `sum by (gateway) (${rate(`smsbridge_submit_results_total{${g}}`)}) / on (gateway) sum by (gateway) (smsbridge_gateway_rate_limit_messages_per_second{${g}})`}},
      {title: 'Rate learnt', unit: 'cps', description: 'What the carrier was found to take, or the rate that is configured. Nothing is drawn where no limit was found.',
        queries: {'{{gateway}}': `max by (gateway) (smsbridge_gateway_rate_limit_messages_per_second{${g}} < +Inf)`}},
      {title: 'Submit round trip', unit: 's', description: 'Time to the answer of a submission: 95 of 100 were faster.', queries: {'{{gateway}}': quantile(0.95, `smsbridge_submit_duration_seconds_bucket{${g}}`, 'gateway')}},
      {title: 'Window in use', unit: 'percentunit', description: 'SMPP requests that wait for their answer, as a share of those that may.',
        queries: {'{{gateway}}': `sum by (gateway) (smsbridge_smpp_window_in_use{${g}}) / sum by (gateway) (smsbridge_smpp_window_limit{${g}})`}},
      {title: 'Window learnt', unit: 'none', description: 'How many unanswered requests a carrier or provider takes at a time.', queries: {
        '{{gateway}}': `sum by (gateway) (smsbridge_smpp_window_limit{${g}}) or sum by (gateway) (smsbridge_provider_requests_limit{${g}})`}},
      {title: 'Held back by rate limit', unit: 'percentunit', description: 'Share of the time in which the gateway waited because the carrier throttled it.',
        queries: {'{{gateway}}': `sum by (gateway) (${rate(`smsbridge_gateway_throttled_seconds_total{${g}}`)})`}},
      {title: 'SMPP errors by status', unit: 'cps', description: 'Answers with an error, by the names of the SMPP specification.', queries: {'{{status}}': `sum by (status) (${rate(`smsbridge_smpp_errors_total{${g}}`)})`}},
      {title: 'Retries by reason', unit: 'cps', description: 'Submissions that will be tried again.', queries: {'{{reason}}': `sum by (reason) (${rate(`smsbridge_message_retries_total{${g}}`)})`}},
      {title: 'Parts by encoding', unit: 'cps', description: 'Parts that were given to the carrier. ucs2 has room for 70 characters instead of 160, and costs more parts.',
        queries: {'{{encoding}}': `sum by (encoding) (${rate(`smsbridge_message_parts_submitted_total{${g}}`)})`}},
      {title: 'HTTP provider answers', unit: 'cps', description: 'Answers of HTTP providers by status; none: no answer came.', queries: {'{{gateway}} {{code}}': `sum by (gateway, code) (${rate(`smsbridge_provider_responses_total{${g}}`)})`}},
      {title: 'HTTP provider requests', unit: 'none', description: 'Messages that were given to the provider and wait for its answer.', queries: {'{{gateway}}': `sum by (gateway) (smsbridge_provider_requests_in_flight{${g}})`}},
    ],
    'Receipts': [
      {title: 'Receipts by state', unit: 'cps', description: 'What carriers say became of messages.', queries: {'{{state}}': `sum by (state) (${rate(`smsbridge_receipts_total{${g}}`)})`}},
      {title: 'Receipts have stopped', kind: 'states', unit: 'none', description: 'up: receipts come, or none are expected. down: they came, and have stopped although messages wait for them.',
        queries: {'{{gateway}}': `1 - max by (gateway) (smsbridge_gateway_receipts_quiet{${g}})`}},
      {title: 'Parked receipts', unit: 'none', description: 'Receipts that no message is known for so far. They wait for theirs for two minutes.', queries: {'{{gateway}}': `sum by (gateway) (smsbridge_parked_receipts{${g}})`}},
      {title: 'Receipts that were parked', unit: 'cps', description: 'Receipts that came before the answer to their message was on disk. Under load this is usual.',
        queries: {'{{gateway}}': `sum by (gateway) (${rate(`smsbridge_receipts_parked_total{${g}}`)})`}},
      {title: 'Unmatched receipts', unit: 'cps', description: 'Receipts that were given up. Many mean that another program uses the account, or that a setting of dialect is missing.',
        queries: {'{{gateway}}': `sum by (gateway) (${rate(`smsbridge_receipts_unmatched_total{${g}}`)})`}},
      {title: 'Questions to the carrier', unit: 'cps', description: 'Parts whose carrier was asked what became of them, by its answer.', queries: {'{{gateway}} {{result}}': `sum by (gateway, result) (${rate(`smsbridge_smpp_queries_total{${g}}`)})`}},
      {title: 'Cancelled at the carrier', unit: 'cps', description: 'Parts that their carrier was asked to deliver no more, by its answer.', queries: {'{{gateway}} {{result}}': `sum by (gateway, result) (${rate(`smsbridge_smpp_cancels_total{${g}}`)})`}},
      {title: 'Unreadable callbacks', unit: 'cps', description: 'Calls of a provider that held neither a receipt nor a message.', queries: {'{{gateway}}': `sum by (gateway) (${rate(`smsbridge_callbacks_unreadable_total{${g}}`)})`}},
    ],
    'From phones, and the line itself': [
      {title: 'Messages from phones', unit: 'cps', description: 'Messages, and parts of messages, that phones sent.', queries: {'{{gateway}}': `sum by (gateway) (${rate(`smsbridge_inbound_messages_total{${g}}`)})`}},
      {title: 'Messages from phones with trouble', unit: 'cps', description: 'Known already, kept without all parts, refused because they could not be stored, or nobody\'s and taken for the first tenant\'s.', queries: {
        'repeated': `sum(${rate(`smsbridge_inbound_repeated_total{${g}}`)})`, 'incomplete': `sum(${rate(`smsbridge_inbound_incomplete_total{${g}}`)})`,
        'refused': `sum(${rate(`smsbridge_inbound_refused_total{${g}}`)})`, 'unassigned': `sum(${rate(`smsbridge_inbound_unassigned_total{${g}}`)})`}},
      {title: 'PDUs', unit: 'pps', description: 'SMPP requests and answers in both directions.', queries: {'{{direction}} {{command}}': `sum by (direction, command) (${rate(`smsbridge_smpp_pdus_total{${g}}`)}) > 0`}},
      {title: 'Refused PDUs', unit: 'pps', description: 'Requests of the message centre that we answered with an error.', queries: {'{{gateway}} {{command}}': `sum by (gateway, command) (${rate(`smsbridge_smpp_refused_pdus_total{${g}}`)})`}},
      {title: 'Enquire link round trip', unit: 's', description: 'Time to the answer of the last sign of life.', queries: {'{{gateway}}': `max by (gateway) (smsbridge_smpp_enquire_link_rtt_seconds{${g}})`}},
      {title: 'Congestion', unit: 'percent', description: 'How busy a centre of SMPP 5.0 says that it is. From 90 on we slow down.', queries: {'{{gateway}}': `max by (gateway) (smsbridge_smpp_congestion{${g}})`}, max: 100},
    ],
  },
};

const tenants = {
  uid: 'smsbridge-tenants',
  title: 'SMS bridge / Tenants',
  description: 'What each institution sends, what of it is refused, and what it is told.',
  filters: ['tenant'],
  rows: {
    'Messages': [
      {title: 'Accepted by tenant', unit: 'cps', description: 'Messages that were accepted and are safe on disk.', queries: {'{{tenant}}': `sum by (tenant) (${rate(`smsbridge_messages_accepted_total{${t}}`)})`}},
      {title: 'Final states', unit: 'cps', description: 'How messages ended.', queries: {'{{state}}': `sum by (state) (${rate(`smsbridge_messages_finished_total{${t}}`)})`}},
      {title: 'Rejected by reason', unit: 'cps', description: 'Messages that were not taken. queue_full, budget_spent and no_route are for you to mend; others for the sender.',
        queries: {'{{reason}}': `sum by (reason) (${rate(`smsbridge_messages_rejected_total{${t}}`)})`}},
      {title: 'Queue by tenant', unit: 'short', description: 'Messages that no carrier has taken yet. limits.queue of a tenant says how many may be.',
        queries: {'{{tenant}}': `sum by (tenant) (smsbridge_queue_messages{${t},state="queued"})`}},
      {title: 'Queue fill', kind: 'bargauge', unit: 'percentunit', description: 'How much of what may wait (limits.queue) waits. Tenants without a limit are not shown.', max: 1, colours: {warn: 0.5, bad: 0.8},
        queries: {'{{tenant}}': `sum by (tenant) (smsbridge_queue_messages{${t},state="queued"}) / (sum by (tenant) (smsbridge_queue_limit_messages{${t}}) > 0)`}},
      {title: 'Scheduled messages', unit: 'short', description: 'Messages that wait for a later time.', queries: {'{{tenant}}': `sum by (tenant) (smsbridge_queue_messages{${t},state="scheduled"})`}},
      {title: 'Held back and put off', unit: 'cps', description: 'Messages that came faster than the tenant\'s rate and leave later, and those that wait for the end of quiet hours.', queries: {
        'held back': `sum(${rate(`smsbridge_messages_held_back_total{${t}}`)})`, 'quiet hours, {{when}}': `sum by (when) (${rate(`smsbridge_messages_postponed_total{${t}}`)})`}},
      {title: 'Replayed requests', unit: 'cps', description: 'Messages that were submitted again under a known reference. None of them is sent twice.',
        queries: {'{{tenant}}': `sum by (tenant) (${rate(`smsbridge_messages_replayed_total{${t}}`)})`}},
      {title: 'Texts and numbers', unit: 'cps', description: 'Taken, and worth a look: texts that were changed to fit their alphabet, numbers that do not look like mobiles.', queries: {
        '{{how}}': `sum by (how) (${rate(`smsbridge_messages_changed_total{${t}}`)})`, 'unlikely number': `sum(${rate(`smsbridge_messages_unlikely_number_total{${t}}`)})`}},
      {title: 'Same text too often', unit: 'cps', description: 'Messages that were not sent because their number got the same text often enough within a day.',
        queries: {'{{tenant}}': `sum by (tenant) (${rate(`smsbridge_messages_same_text_total{${t}}`)})`}},
      {title: 'Spent this month', kind: 'bargauge', unit: 'none', description: 'What each tenant spent this month, in the currency of its budget; 0 without a budget.', queries: {'{{tenant}}': `max by (tenant) (smsbridge_budget_spent{${t}})`}},
    ],
    'Fineract': [
      {title: 'Events', unit: 'cps', description: 'Hooks of Fineract and the texts that follow from them, by what became of them. template_error: the text could not be made.',
        queries: {'{{result}}': `sum by (result) (${rate(`smsbridge_events_total{${t}}`)})`}},
      {title: 'Scheduled runs', unit: 'none', description: 'Runs of schedules, by how they ended.', queries: {'{{result}}': `sum by (result) (${increase(`smsbridge_schedule_runs_total{${t}}`)})`}},
      {title: 'Rows of schedules', unit: 'cps', description: 'Rows that schedules read, by what became of them.', queries: {'{{result}}': `sum by (result) (${rate(`smsbridge_schedule_rows_total{${t}}`)})`}},
      {title: 'Reports that Fineract asked for', unit: 'reqps', description: 'Answers to the job "Get Delivery Reports". None for long: the job is off, and Fineract does not learn what was delivered.',
        queries: {'{{code}}': `sum by (code) (${rate(`smsbridge_http_requests_total{${j},handler="/sms/report"}`)})`}},
      {title: 'Unknown ids', unit: 'cps', description: 'Ids that Fineract asked for and nobody posted, and what was found out about them.', queries: {
        'unknown': `sum(${rate(`smsbridge_fineract_unknown_ids_total{${t}}`)})`, '{{how}}': `sum by (how) (${rate(`smsbridge_fineract_repaired_total{${t}}`)})`}},
    ],
    'Phones': [
      {title: 'What phones said', unit: 'cps', description: 'Messages of phones that were kept, that a rule answered, and that it would have answered if nothing had been in the way.', queries: {
        'kept': `sum(${rate(`smsbridge_inbound_kept_total{${t}}`)})`, 'answered': `sum(${rate(`smsbridge_inbound_answered_total{${t}}`)})`, 'unanswered': `sum(${rate(`smsbridge_inbound_unanswered_total{${t}}`)})`}},
      {title: 'Opt-outs', unit: 'none', description: 'Phones that were to get no more campaigns, and those that get them again.', queries: {
        'by {{how}}': `sum by (how) (${increase(`smsbridge_opt_outs_total{${t}}`)})`, 'lifted': `sum(${increase(`smsbridge_opt_outs_lifted_total{${t}}`)})`}},
      {title: 'Blocked by opt-outs', unit: 'cps', description: 'Messages that were refused because their phone wants no more, or stopped after they had been accepted.', queries: {
        'refused': `sum(${rate(`smsbridge_messages_rejected_total{${t},reason="opted_out"}`)})`, 'stopped later': `sum(${rate(`smsbridge_messages_opted_out_late_total{${t}}`)})`}},
    ],
    'Callbacks (webhooks)': [
      {title: 'Callbacks', unit: 'cps', description: 'Requests to webhooks, by how they went.', queries: {'{{result}}': `sum by (result) (${rate(`smsbridge_webhook_attempts_total{${t}}`)})`}},
      {title: 'Callbacks done with', unit: 'cps', description: 'Events for webhooks by their end. given_up and no_room: the receiver never learns of them by itself.',
        queries: {'{{end}}': `sum by (end) (${rate(`smsbridge_webhook_events_total{${t}}`)})`}},
      {title: 'Waiting callbacks', unit: 'short', description: 'Events that wait for their webhooks.', queries: {'{{tenant}}': `sum by (tenant) (smsbridge_webhook_pending{${t}})`}},
      {title: 'Oldest waiting callback', unit: 's', description: 'Above 15 minutes the receiver is behind.', queries: {'{{tenant}}': `max by (tenant) (smsbridge_webhook_oldest_age_seconds{${t}})`}},
      {title: 'Callback time p95', unit: 's', description: 'Time to the answer of a webhook: 95 of 100 were faster.', queries: {'95 %': quantile(0.95, `smsbridge_webhook_duration_seconds_bucket{${j}}`)}},
    ],
  },
};

const runtime = {
  uid: 'smsbridge-runtime',
  title: 'SMS bridge / Runtime',
  description: 'The process, its store and its disk. For whoever runs the machine.',
  filters: [],
  rows: {
    'Process': [
      {title: 'Uptime', kind: 'stat', unit: 's', description: 'Time since the process was started.', queries: {'{{instance}}': `time() - process_start_time_seconds{${j}}`}},
      {title: 'Versions', kind: 'table', unit: 'none', description: 'Which version runs where.', queries: {'Info': `smsbridge_build_info{${j}}`}, columns: {without: {__name__: true, Value: true}}},
      {title: 'Last reload taken', kind: 'stat', unit: 'none', description: '1: the configuration on disk is the one that runs. 0: the last reload was refused.',
        queries: {'{{instance}}': `smsbridge_config_last_reload_successful{${j}}`}},
      {title: 'Age of the configuration', kind: 'stat', unit: 's', description: 'Time since a configuration was taken over.', queries: {'{{instance}}': `time() - smsbridge_config_last_reload_success_timestamp_seconds{${j}}`}},
      {title: 'CPU', unit: 'percentunit', description: 'Processors in use; 100 % is one of them.', queries: {'{{instance}}': rate(`process_cpu_seconds_total{${j}}`)}},
      {title: 'Resident memory', unit: 'bytes', description: 'Memory in RAM.', queries: {'{{instance}}': `process_resident_memory_bytes{${j}}`}},
      {title: 'Mapped memory', unit: 'bytes', description: 'Memory that is mapped, the whole store included. It is much larger than what is used, and that is right.', queries: {'{{instance}}': `process_virtual_memory_bytes{${j}}`}},
      {title: 'Open files', unit: 'percentunit', description: 'Share of the files and connections that may be open. Near 100 % new connections are refused: raise LimitNOFILE.', queries: {'{{instance}}': `process_open_fds{${j}} / process_max_fds{${j}}`}, max: 1},
      {title: 'Event loop lag p99', unit: 's', description: 'How late timers fire. Above 0.1 s the process has too much to do, or the machine too little to give.', queries: {'{{loop}}': quantile(0.99, `smsbridge_event_loop_lag_seconds_bucket{${j}}`, 'loop')}},
      {title: 'Errors logged', unit: 'cps', description: 'Lines of the log that are a warning or worse.', queries: {'{{level}}': `sum by (level) (${rate(`smsbridge_log_events_total{${j},level=~"warning|error|critical"}`)})`}},
      {title: 'Clock jumps', unit: 'none', description: 'Times that the clock of the machine was set.', queries: {'{{kind}}': `sum by (kind) (${increase(`smsbridge_clock_jumps_total{${j}}`)})`}},
      {title: 'Tenants without series of their own', unit: 'none', description: 'Tenants that are counted together as _other, because there are too many.', queries: {'{{instance}}': `smsbridge_metrics_series_folded_total{${j}}`}},
    ],
    'HTTP': [
      {title: 'HTTP requests', unit: 'reqps', description: 'Requests that were answered, by path and status.', queries: {'{{handler}} {{code}}': `sum by (handler, code) (${rate(`smsbridge_http_requests_total{${j}}`)}) > 0`}},
      {title: 'HTTP latency p95', unit: 's', description: 'Time to the end of the answer: 95 of 100 were faster.', queries: {'{{handler}}': `${quantile(0.95, `smsbridge_http_request_duration_seconds_bucket{${j}}`, 'handler')} >= 0`}},
      {title: 'Requests in flight', unit: 'none', description: 'Requests that are being answered.', queries: {'{{instance}}': `smsbridge_http_requests_in_flight{${j}}`}},
      {title: 'Connections', unit: 'none', description: 'Connections of clients that are open.', queries: {'{{instance}}': `smsbridge_http_connections{${j}}`}},
      {title: 'Connections dropped', unit: 'cps', description: 'Connections that were closed to make or keep room.', queries: {'{{reason}}': `sum by (reason) (${rate(`smsbridge_http_connections_dropped_total{${j}}`)})`}},
      {title: 'Bodies in memory', unit: 'bytes', description: 'Bodies of requests that are being read or answered.', queries: {'{{instance}}': `smsbridge_http_body_bytes{${j}}`}},
    ],
    'Store': [
      {title: 'Commit latency p99', unit: 's', description: 'Time to write and sync a transaction: 99 of 100 were faster. Every message waits for one.', queries: {'{{instance}}': quantile(0.99, `smsbridge_store_commit_duration_seconds_bucket{${j}}`, 'instance')}},
      {title: 'Commit that is being written', unit: 's', description: 'How long the present write has taken. One that grows: the disk does not answer.', queries: {'{{instance}}': `smsbridge_store_commit_running_seconds{${j}}`}},
      {title: 'Messages per commit', unit: 'none', description: 'Changes that one transaction writes. The more come, the more go together.',
        queries: {'changes': `sum(${rate(`smsbridge_store_commit_messages_sum{${j}}`)}) / sum(${rate(`smsbridge_store_commit_messages_count{${j}}`)})`}},
      {title: 'Store size', unit: 'bytes', description: 'What of the store is in use, and what it may grow to (store.size_limit).', queries: {
        '{{instance}} used': `smsbridge_store_used_bytes{${j}}`, '{{instance}} limit': `smsbridge_store_size_limit_bytes{${j}}`}},
      {title: 'Free share of the store', unit: 'percentunit', description: 'What can still be used of it. Below 15 % an alert fires; at 0 new messages are refused.',
        queries: {'{{instance}}': `smsbridge_store_free_bytes{${j}} / smsbridge_store_size_limit_bytes{${j}}`}, max: 1},
      {title: 'Disk free', unit: 'bytes', description: 'Free bytes of the disk below the store, as of the last commit.', queries: {'{{instance}}': `smsbridge_store_disk_free_bytes{${j}}`}},
      {title: 'Store reader lag', unit: 'none', description: 'Transactions that were written since the oldest read began. One that stands still keeps space from being used again.',
        queries: {'{{instance}}': `smsbridge_store_reader_lag_transactions{${j}}`}},
      {title: 'Store errors', unit: 'none', description: 'Operations of the store that failed.', queries: {'{{operation}}': `sum by (operation) (${increase(`smsbridge_store_errors_total{${j}}`)})`}},
      {title: 'Unreadable records', unit: 'none', description: 'Records that could not be read and were left out, since the start.', queries: {'{{instance}}': `smsbridge_store_unreadable_records_total{${j}}`}},
    ],
  },
};

export const boards = [overview, gateways, tenants, runtime];
