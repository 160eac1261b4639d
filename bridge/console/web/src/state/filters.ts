// SPDX-License-Identifier: MPL-2.0
// Which messages are listed: the address of the page says it, and the API is asked for it.
import type {State} from '../api/types';

export const tabs = {
  all: [],
  waiting: ['queued'],
  carrier: ['submitted'],
  unsure: ['doubtful'],
  delivered: ['delivered', 'sent'],
  not: ['undeliverable', 'expired', 'rejected', 'failed', 'cancelled', 'unknown'],
  planned: ['scheduled'],
} as const satisfies Record<string, readonly State[]>;
export type Tab = keyof typeof tabs;

export const filterNames = ['state', 'gateway', 'lane', 'source', 'to', 'client_ref', 'q', 'time', 'from', 'until'] as const;
export type FilterName = (typeof filterNames)[number];
export type Filters = Partial<Record<FilterName, string>>;

export function readFilters(search: string): Filters {
  const given = new URLSearchParams(search);
  const found: Filters = {};
  for (const name of filterNames) {
    const value = given.get(name);
    if (value) found[name] = value;
  }
  return found;
}

export function writeFilters(filters: Filters): string {
  const query = new URLSearchParams();
  for (const name of filterNames) if (filters[name]) query.set(name, filters[name]);
  // Commas stay readable in an address that people send each other.
  const text = query.toString().replaceAll('%2C', ',');
  return text && `?${text}`;
}

// The tab whose states they are; null for any other selection of states.
export function tabOf(filters: Filters): Tab | null {
  const wanted = (filters.state ?? '').split(',').filter(Boolean).sort().join(',');
  const found = (Object.keys(tabs) as Tab[]).find((tab) => [...tabs[tab]].sort().join(',') === wanted);
  return found ?? null;
}

export const count = (tab: Tab, byState: Partial<Record<State, number>>): number =>
  (tab === 'all' ? Object.values(byState) : tabs[tab].map((state) => byState[state] ?? 0)).reduce((sum: number, n) => sum + (n ?? 0), 0);

// Midnights are those of this browser.
export function timeRange(preset: string | undefined, now: Date): {from?: Date; until?: Date} {
  const midnight = new Date(now.getFullYear(), now.getMonth(), now.getDate());
  const daysBefore = (days: number) => new Date(now.getFullYear(), now.getMonth(), now.getDate() - days);
  if (preset === 'today') return {from: midnight};
  if (preset === 'yesterday') return {from: daysBefore(1), until: midnight};
  if (preset === 'week') return {from: daysBefore(6)};
  if (preset === 'month') return {from: new Date(now.getFullYear(), now.getMonth(), 1)};
  return {};
}

export function queryOf(filters: Filters, now: Date, limit: number): string {
  const query = new URLSearchParams({limit: String(limit)});
  for (const name of ['state', 'gateway', 'lane', 'source', 'to', 'client_ref', 'q'] as const) {
    if (filters[name]) query.set(name, filters[name]);
  }
  const {from, until} = timeRange(filters.time, now);
  const first = filters.from ?? from?.toISOString();
  const last = filters.until ?? until?.toISOString();
  if (first) query.set('from', first);
  if (last) query.set('until', last);
  return query.toString();
}

// The newest page beside what is on the screen: rows that are there get their new state in place, others wait to be asked for.
export function merge<T extends {id: string}>(shown: readonly T[], newest: readonly T[]): {rows: T[]; fresh: T[]} {
  const fresh = new Map(newest.map((row) => [row.id, row]));
  const rows = shown.map((row) => {
    const other = fresh.get(row.id);
    fresh.delete(row.id);
    return other ?? row;
  });
  const top = shown[0]?.id ?? '';
  return {rows, fresh: [...fresh.values()].filter(({id}) => id > top)};
}

// What a search box means by what was typed.
export type Meaning = {kind: 'message'; id: string} | {kind: FilterName; value: string};
export function meanings(typed: string, content: boolean): Meaning[] {
  const value = typed.trim();
  if (value === '') return [];
  const id = /^msg_[0-9A-HJKMNP-TV-Z]{26}$/i.exec(value);
  if (id) return [{kind: 'message', id: `msg_${value.slice(4).toUpperCase()}`}];
  const named = /^(\w+):(\S.*)$/.exec(value);
  if (named && (filterNames as readonly string[]).includes(named[1])) return [{kind: named[1] as FilterName, value: named[2].trim()}];
  const found: Meaning[] = [];
  const digits = value.replace(/[\s().-]/g, '');
  if (content && /^(\+|00)\d{7,15}$/.test(digits)) found.push({kind: 'to', value: digits.replace(/^00/, '+')});
  else if (content && /^\d{9,15}$/.test(digits)) found.push({kind: 'to', value: digits});
  if (/^\S+$/.test(value) && !value.startsWith('+')) found.push({kind: 'client_ref', value});
  if (content) found.push({kind: 'q', value});
  if (content && !/\d/.test(value)) found.reverse();
  return found;
}
