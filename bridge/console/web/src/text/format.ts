// SPDX-License-Identifier: MPL-2.0
// Numbers, money and times as each language writes them.
const made = new Map<string, Intl.NumberFormat | Intl.DateTimeFormat | Intl.RelativeTimeFormat | Intl.PluralRules | Intl.ListFormat>();

function once<T>(key: string, make: () => T): T {
  if (!made.has(key)) made.set(key, make() as never);
  return made.get(key) as T;
}

export const number = (locale: string, value: number) => once(`n ${locale}`, () => new Intl.NumberFormat(locale)).format(value);

export const plural = (locale: string, value: number) => once(`p ${locale}`, () => new Intl.PluralRules(locale)).select(value);

export const list = (locale: string, values: string[]) => once(`l ${locale}`, () => new Intl.ListFormat(locale, {type: 'conjunction'})).format(values);

export const choice = (locale: string, values: string[]) => once(`o ${locale}`, () => new Intl.ListFormat(locale, {type: 'disjunction'})).format(values);

// A decimal of the API, which may have more digits than a double: only its writing changes.
export function money(locale: string, amount: string, currency: string | null): string {
  const digits = Math.min(6, Math.max(2, amount.split('.')[1]?.length ?? 0));
  try {
    return once(`m ${locale} ${currency} ${digits}`, () => new Intl.NumberFormat(locale, currency
      ? {style: 'currency', currency, currencyDisplay: 'code', minimumFractionDigits: digits, maximumFractionDigits: digits}
      : {minimumFractionDigits: digits, maximumFractionDigits: digits})).format(Number(amount));
  } catch {
    return currency ? `${amount} ${currency}` : amount;
  }
}

// The day is left out of what happened today.
export function moment(locale: string, time: Date, now: Date, seconds = false): string {
  const today = time.toDateString() === now.toDateString();
  const options: Intl.DateTimeFormatOptions = {hour: '2-digit', minute: '2-digit', hourCycle: 'h23', ...(seconds ? {second: '2-digit'} : {}),
    ...(today ? {} : {day: 'numeric', month: 'short'}), ...(time.getFullYear() === now.getFullYear() ? {} : {year: 'numeric'})};
  return once(`d ${locale} ${JSON.stringify(options)}`, () => new Intl.DateTimeFormat(locale, options)).format(time);
}

// Under an hour as people say it, otherwise the time.
export function ago(locale: string, time: Date, now: Date): string {
  const seconds = Math.round((time.getTime() - now.getTime()) / 1000);
  if (Math.abs(seconds) >= 3600) return moment(locale, time, now);
  const format = once(`r ${locale}`, () => new Intl.RelativeTimeFormat(locale, {numeric: 'auto', style: 'short'}));
  return Math.abs(seconds) < 60 ? format.format(Math.abs(seconds) < 5 ? 0 : seconds, 'second') : format.format(Math.round(seconds / 60), 'minute');
}

export const month = (locale: string, value: string) =>
  once(`y ${locale}`, () => new Intl.DateTimeFormat(locale, {month: 'long', year: 'numeric', timeZone: 'UTC'})).format(new Date(`${value}-15T00:00:00Z`));

export const seconds = (locale: string, value: number) =>
  once(`s ${locale} ${value < 10}`, () => new Intl.NumberFormat(locale, {style: 'unit', unit: 'second', maximumFractionDigits: value < 10 ? 1 : 0})).format(value);
