// SPDX-License-Identifier: MPL-2.0
import {expect, it} from 'vitest';
import {count, meanings, merge, queryOf, readFilters, tabOf, timeRange, writeFilters} from './filters';

it('the address says which messages are listed, and back', () => {
  const filters = {state: 'queued,submitted', gateway: 'safaricom', q: 'a b', time: 'week'};
  expect(writeFilters(filters)).toBe('?state=queued,submitted&gateway=safaricom&q=a+b&time=week');
  expect(readFilters(writeFilters(filters))).toEqual(filters);
  expect(readFilters('?colour=red&state=')).toEqual({});
  expect(writeFilters({})).toBe('');
});

it('a tab is its states, in whatever order', () => {
  expect(tabOf({})).toBe('all');
  expect(tabOf({state: 'sent,delivered'})).toBe('delivered');
  expect(tabOf({state: 'sent'})).toBe(null);
  expect(count('not', {failed: 2, expired: 1, delivered: 9})).toBe(3);
  expect(count('all', {failed: 2, delivered: 9})).toBe(11);
});

it('a preset of time begins and ends at midnight here', () => {
  const now = new Date(2026, 2, 1, 15, 30);
  expect(timeRange('yesterday', now)).toEqual({from: new Date(2026, 1, 28), until: new Date(2026, 2, 1)});
  expect(timeRange('week', now)).toEqual({from: new Date(2026, 1, 23)});
  expect(queryOf({time: 'today'}, now, 50)).toBe(new URLSearchParams({limit: '50', from: new Date(2026, 2, 1).toISOString()}).toString());
  expect(queryOf({time: 'today', from: '2026-01-01T00:00:00Z'}, now, 50)).toContain('from=2026-01-01');
});

it('rows change where they are, and new ones wait', () => {
  const row = (id: string, state = 'queued') => ({id, state});
  const {rows, fresh} = merge([row('c'), row('a')], [row('d'), row('c', 'delivered'), row('b')]);
  expect(rows).toEqual([row('c', 'delivered'), row('a')]);
  expect(fresh).toEqual([row('d')]);
});

it('a search means what was typed', () => {
  expect(meanings('msg_01m8qna41d00004ab4zgrgsyvg', false)).toEqual([{kind: 'message', id: 'msg_01M8QNA41D00004AB4ZGRGSYVG'}]);
  expect(meanings('+254 712 345-678', true)[0]).toEqual({kind: 'to', value: '+254712345678'});
  expect(meanings('+254712345678', false)).toEqual([]);
  expect(meanings('gateway:x', true)).toEqual([{kind: 'gateway', value: 'x'}]);
  expect(meanings('1042', false)).toEqual([{kind: 'client_ref', value: '1042'}]);
  expect(meanings('  ', true)).toEqual([]);
});
