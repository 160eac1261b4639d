// SPDX-License-Identifier: MPL-2.0
import type {Usage} from '../../api/types';

export function lastMonths(now: Date, how: number): string[] {
  return Array.from({length: how}, (_, back) => new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - back, 1)).toISOString().slice(0, 7));
}

// Decimals are added as whole numbers: a double would invent cents.
export function add(one: string, other: string): string {
  const digits = Math.max(one.split('.')[1]?.length ?? 0, other.split('.')[1]?.length ?? 0);
  const whole = (value: string) => {
    const [before, after = ''] = value.split('.');
    return BigInt(before + after.padEnd(digits, '0'));
  };
  const sum = (whole(one) + whole(other)).toString().padStart(digits + 1, '0');
  return digits === 0 ? sum : `${sum.slice(0, -digits)}.${sum.slice(-digits)}`;
}

export function sums(rows: readonly Pick<Usage, 'accepted' | 'unpriced' | 'price' | 'currency'>[]) {
  const prices = new Map<string, string>();
  for (const {price, currency} of rows) if (price !== null) prices.set(currency ?? '', add(prices.get(currency ?? '') ?? '0', price));
  return {
    accepted: rows.reduce((sum, row) => sum + row.accepted, 0),
    unpriced: rows.reduce((sum, row) => sum + row.unpriced, 0),
    prices: [...prices].map(([currency, amount]) => ({amount, currency: currency || null})),
  };
}
