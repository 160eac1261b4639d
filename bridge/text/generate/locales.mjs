// SPDX-License-Identifier: MPL-2.0
// Writes locale_table.cpp from the CLDR that Node carries (Unicode License v3) through its Intl: how the shipped languages
// write numbers, sums of money and dates. npm run generate:locales, then clang-format the output.

// CLDR's English is that of the United States; who texts in it from Africa and India writes days before months.
const languages = {en: 'en-GB', fr: 'fr', es: 'es', sw: 'sw', hi: 'hi'};

// A thin or no-break space would make a text that is GSM 7 bit otherwise take twice the parts.
const plain = (text) => text.replace(/[\u00A0\u2009\u202F]/g, ' ');
const quoted = (text) => JSON.stringify(plain(text));
const part = (parts, type) => parts.find((each) => each.type === type)?.value ?? '';

function numbers(locale) {
  const format = new Intl.NumberFormat(locale);
  const parts = format.formatToParts(-123456789012.5);
  if (part(parts, 'minusSign') !== '-') throw new Error(`${locale}: another minus sign`);
  const groups = parts.filter(({type}) => type === 'integer').map(({value}) => value.length);
  if (!/^[\d.,\s]*$/.test(format.format(4500))) throw new Error(`${locale}: other digits`);
  const from = [4, 5].find((digits) => format.formatToParts(10 ** (digits - 1)).some(({type}) => type === 'group'));
  return {decimal: part(parts, 'decimal'), group: part(parts, 'group'), first: groups.at(-1), others: groups.at(-2), from};
}

function currencyFirst(locale) {
  const parts = new Intl.NumberFormat(locale, {style: 'currency', currency: 'KES', currencyDisplay: 'code'}).formatToParts(4500);
  const at = (type) => parts.findIndex((each) => each.type === type);
  return at('currency') < at('integer');
}

// {d} the day, {dd} with two digits, {m} the month's name, {mm} its two digits, {y} the year, {yy} its last two digits.
function dates(locale, dateStyle) {
  const format = new Intl.DateTimeFormat(locale, {dateStyle, timeZone: 'UTC'});
  const names = [];
  const word = ({type, value}) => {
    if (type === 'day') return value.length === 2 ? '{dd}' : '{d}';
    if (type === 'month') return !/^\d+$/.test(value) ? '{m}' : value.length === 2 ? '{mm}' : '{n}';
    if (type === 'year') return value.length === 2 ? '{yy}' : '{y}';
    return value;
  };
  const patterns = new Set();
  for (let month = 0; month < 12; month++) {
    const parts = format.formatToParts(Date.UTC(2026, month, 4));
    patterns.add(parts.map(word).join(''));
    names.push(part(parts, 'month'));
  }
  // A language that writes no leading zeros has one and two digits of a month.
  const [pattern] = patterns;
  if ([...patterns].some((each) => each.replace('{mm}', '{n}') !== pattern.replace('{mm}', '{n}'))) throw new Error(`${locale}: dates differ by month`);
  return {pattern, names};
}

const rows = Object.entries(languages).map(([language, locale]) => {
  const {decimal, group, first, others, from} = numbers(locale);
  const short = dates(locale, 'short'), medium = dates(locale, 'medium'), long = dates(locale, 'long');
  const list = (names) => `{${names.map(quoted).join(', ')}}`;
  return `{"${language}", ${quoted(decimal)}, ${quoted(group)}, ${first}, ${others}, ${from}, ${currencyFirst(locale)}, ` +
    `${quoted(short.pattern)}, ${quoted(medium.pattern)}, ${quoted(long.pattern)}, ${list(medium.names)}, ${list(long.names)}},`;
});

// As CLDR has them, where they are not two: no cents where nobody uses any, whatever ISO 4217 says.
const currencies = Intl.supportedValuesOf('currency').flatMap((currency) => {
  const {maximumFractionDigits: digits} = new Intl.NumberFormat('en', {style: 'currency', currency}).resolvedOptions();
  return digits === 2 ? [] : [`{"${currency}", ${digits}},`];
});

process.stdout.write(`// SPDX-License-Identifier: MPL-2.0
// Written by generate/locales.mjs from CLDR ${process.versions.cldr} (Unicode License v3); do not edit.
#include "bridge/text/locale.hpp"

namespace smsbridge::bridge::text {
namespace {

constexpr Locale all[] = {
${rows.join('\n')}
};

constexpr CurrencyDigits not_two[] = {
${currencies.join('\n')}
};

}  // namespace

std::span<const Locale> locales() { return all; }
std::span<const CurrencyDigits> currencies_without_two_digits() { return not_two; }

}  // namespace smsbridge::bridge::text
`);
