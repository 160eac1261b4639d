// SPDX-License-Identifier: MPL-2.0
import {expect, test} from 'vitest';
import * as format from './format';
import {fill, pick} from './i18n-plain';

const now = new Date(2026, 10, 25, 14, 30);

test('times are said as people say them', () => {
  expect(format.ago('en', new Date(now.getTime() - 120_000), now)).toBe('2 min. ago');
  expect(format.ago('en', now, now)).toBe('now');
  expect(format.ago('en', new Date(2026, 10, 25, 9, 12), now)).toBe('09:12');
  expect(format.moment('en', new Date(2026, 10, 24, 9, 12), now)).toMatch(/24/);
  expect(format.moment('en', new Date(2025, 10, 24, 9, 12), now)).toMatch(/2025/);
});

test('money keeps its digits, and an unknown currency its name', () => {
  expect(format.money('en', '0.8', 'KES').replace(/\s/g, ' ')).toBe('KES 0.80');
  expect(format.money('en', '0.0125', 'KES').replace(/\s/g, ' ')).toBe('KES 0.0125');
  expect(format.money('en', '3', 'no currency')).toBe('3 no currency');
});

test('plural forms and places', () => {
  const value = {one: '{n} message', other: '{n} messages'};
  expect(fill(pick(value, 1, 'en'), {n: 1}, 'en').join('')).toBe('1 message');
  expect(fill(pick(value, 1204, 'en'), {n: 1204}, 'en').join('')).toBe('1,204 messages');
  expect(pick(value, 0, 'fr')).toBe('{n} message');
  expect(fill('{a} and {a}', {a: '{b}', b: 'x'}, 'en').join('')).toBe('{b} and {b}');
});
