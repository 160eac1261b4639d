// SPDX-License-Identifier: MPL-2.0
// What the console reads of the API's answers. Members that it does not show are left out.
export type State = 'scheduled' | 'queued' | 'submitted' | 'doubtful' | 'delivered' | 'sent' | 'undeliverable' | 'expired' |
  'rejected' | 'failed' | 'cancelled' | 'unknown';
export type Lane = 'otp' | 'transaction' | 'reminder' | 'campaign';
export type Source = 'api' | 'fineract' | 'cli' | 'event' | 'schedule' | 'console';

export interface Me {
  kind: 'person' | 'key' | 'host';
  name: string;
  role: Role | null;
  scopes: string[];
  all_tenants: boolean;
  tenants: string[];
  language: string | null;
  expires_at: string | null;
}
export type Role = 'owner' | 'operator' | 'sender' | 'viewer';

export interface Person {
  name: string;
  role: Role;
  tenant: string | null;
  language: string | null;
  last_seen_at: string | null;
  has_password: boolean;
  disabled: boolean;
}
export interface Invitation extends Person {
  welcome_path: string;
  welcome_expires_at: string;
}

export interface Attention {
  code: string;
  severity: 'error' | 'warning' | 'info';
  what: string;
  since: string | null;
  messages: number;
  object: {kind: 'gateway' | 'webhook' | 'tenant' | 'schedule' | 'store' | 'config'; name: string} | null;
  action: 'reconnect' | 'resume' | null;
}

export interface Problem {
  title: string;
  status: number;
  detail: string;
  code: string;
  errors?: {pointer: string; code: string; detail: string}[];
  trace_id?: string;
  retry_after_seconds?: number;
}

export interface Page<T> {
  items: T[];
  next_cursor: string | null;
}

export interface MadeBy {name: string; version: number; language: string}
export interface Waiting {
  reason: 'scheduled' | 'quiet_hours' | 'retry' | 'queue' | 'being_sent' | 'throttled' | 'gateway_down' | 'gateway_paused' |
    'gateway_draining' | 'no_gateway' | 'receipt';
  detail: string;
  until: string | null;
  ahead: number | null;
}
export interface Message {
  id: string;
  client_ref: string | null;
  tenant: string;
  to: string | null;
  from: string | null;
  target_user: string | null;
  text?: string;
  template: MadeBy | null;
  state: State;
  success: boolean | null;
  status_message: string | null;
  triggered_by: string | null;
  source: Source;
  lane: Lane;
  gateway: string | null;
  route: string | null;
  price: {amount: string; currency: string; expected: boolean} | null;
  waiting?: Waiting | null;
  fineract?: {status: number; told_at: string} | null;
  warnings: string[];
  encoding: string;
  parts: number;
  attempts: number;
  maybe_duplicate: boolean;
  created_at: string;
  due_at: string | null;
  expires_at: string;
  submitted_at: string | null;
  finished_at: string | null;
  segments: {number: number; provider_message_id: string | null; state: State; error: string | null}[];
}
export interface TimelineItem {at: string; event: string; gateway: string | null; attempt: number | null; detail: string | null}
export interface Counts {
  by_state: Partial<Record<State, number>>;
  by_gateway: Record<string, {queued: number; in_flight: number; awaiting_receipt: number}>;
}
export interface BatchResult {
  accepted: number;
  rejected: number;
  items: ({status: 202; id: string; message: Message} | {status: number; problem: Problem})[];
}
export interface SendCheck {can_send: boolean; reason: string | null; name?: string | null; number: string | null; language: string | null}
export interface Forcing {character: string; code_point: string; position: number; replacement: string | null}
export interface Preview {
  to: string;
  country: string | null;
  pattern_matched: boolean;
  warnings: string[];
  encoding: string;
  parts: number;
  units: number;
  units_per_part: number;
  text: string;
  transliterated: boolean;
  forces_ucs2: Forcing[];
  choices: {encoding: string; parts: number; transliterated: boolean; allowed: boolean; price: string | null}[];
  gateway: string | null;
  route: string | null;
  price: string | null;
  currency: string | null;
  not_before: string | null;
  reason: string;
}

export interface CutOff {
  tenants: string[];
  destinations: {name: string; tenants: string[]}[];
  providers: {id: number; name: string; tenants: string[]}[];
}
export interface Gateway {
  name: string;
  id: number;
  kind: string;
  host: string | null;
  port: number | null;
  state: 'up' | 'down' | 'paused' | 'draining' | 'drained';
  paused_since: string | null;
  draining_since: string | null;
  receipts_quiet_since: string | null;
  receipts_parked: number;
  sessions: {number: number; state: string; host: string; bound_since: string | null; last_error: string | null; next_try_at: string | null}[];
  window_in_use: number;
  window_limit: number;
  queued: number;
  in_flight: number;
  awaiting_receipt: number;
  rate_limit: number | null;
  routing: 'up' | 'probing' | 'down';
  last_error: string | null;
  next_try_at: string | null;
  callback_url: string | null;
  balance: {amount: string; currency: string | null; at: string} | null;
  managed_by: 'file' | 'api';
  cut_off?: CutOff;
}
export interface Route {
  name: string;
  id: number;
  description: string;
  tenants: string[];
  countries: string[];
  prefixes: string[];
  senders: string[];
  lanes: Lane[];
  hours: {from: string; until: string; zone: string} | null;
  order: 'listed' | 'weighted' | 'cheapest';
  via: {gateway: string; weight: number}[];
  price_max: string | null;
  position: number;
  managed_by: 'file' | 'api';
}
export interface RouteChoice {
  to: string;
  country: string | null;
  route: string | null;
  gateways: string[];
  steps: {subject: string; taken: boolean; why: string}[];
}
export interface Usage {
  month: string;
  gateway: string;
  tenant: string;
  lane: Lane;
  submitted: number;
  accepted: number;
  parts: number;
  delivered: number;
  failed: number;
  price: string | null;
  currency: string | null;
  unpriced: number;
}
export interface OptOut {number: string; since: string | null; how: 'keyword' | 'carrier' | 'staff' | 'import' | null; reason: string | null; by: string | null}
export interface EventLine {
  id: string;
  at: string;
  occurrence: string;
  event: string;
  notice: string | null;
  result: string;
  detail: string | null;
  subject: string | null;
  audience: string | null;
  person: string | null;
  number: string | null;
  client_ref: string | null;
  by: string | null;
}
export interface Template {
  name: string;
  version: number;
  description: string;
  event: string | null;
  audience: string;
  texts: Record<string, string>;
  managed_by: 'file' | 'api' | 'ready';
}
export interface Rendered {
  language: string;
  text: string;
  missing: string[];
  encoding: string;
  parts: number;
  units: number;
  units_per_part: number;
  forces_ucs2: Forcing[];
}
export interface ScheduleRun {
  at: string;
  event: string;
  result: 'ok' | 'skipped' | 'stopped' | 'error' | null;
  by: string | null;
  rows: number;
  sent: number;
  repeated: number;
  refused: number | null;
  detail: string | null;
}
export interface Schedule {
  name: string;
  description: string;
  tenant: string;
  state: 'waiting' | 'running' | 'paused';
  when: string;
  zone: string;
  next_runs: string[];
  source: string;
  template: string;
  running: {rows: number; sent: number; repeated: number; refused: number; started_at: string} | null;
  last_run: ScheduleRun | null;
  managed_by: 'file' | 'api';
}
