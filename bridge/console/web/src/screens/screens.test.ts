// SPDX-License-Identifier: MPL-2.0
import {expect, test} from 'vitest';
import {tabs} from '../state/filters';
import {cannotCancel, cannotRetry} from './messages/possible';
import {pieces, similar} from './send/forcing';
import {add, lastMonths, sums} from './usage/sums';

test('each state stands in one tab, so that the tabs add up', () => {
  const states = Object.values(tabs).flat();
  expect(new Set(states).size).toBe(states.length);
  expect(states.length).toBe(12);
});

test('characters are counted as people see them', () => {
  expect(pieces('a😀ũb', [{position: 2}, {position: 3}])).toEqual([{text: 'a', forces: false}, {text: '😀ũ', forces: true}, {text: 'b', forces: false}]);
  expect(similar('😀“a”ũ', [{position: 2, replacement: '"'}, {position: 4, replacement: '"'}, {position: 5, replacement: null}])).toBe('😀"a"ũ');
});

test('what can be done with a state', () => {
  expect([cannotCancel('queued'), cannotCancel('delivered')]).toEqual([null, 'message.cancel.late']);
  expect([cannotRetry('queued'), cannotRetry('failed'), cannotRetry('delivered')]).toEqual(['message.retry.open', null, 'message.retry.done']);
});

test('money is added without a double', () => {
  expect(add('0.1', '0.2')).toBe('0.3');
  expect(add('12', '0.005')).toBe('12.005');
  expect(add('0', '7')).toBe('7');
  expect(sums([{accepted: 2, unpriced: 1, price: '0.10', currency: 'KES'}, {accepted: 3, unpriced: 0, price: '0.2', currency: 'KES'}, {accepted: 1, unpriced: 1, price: null, currency: null}]))
    .toEqual({accepted: 6, unpriced: 2, prices: [{amount: '0.30', currency: 'KES'}]});
  expect(lastMonths(new Date('2026-01-15T00:00:00Z'), 3)).toEqual(['2026-01', '2025-12', '2025-11']);
});
