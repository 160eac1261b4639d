// SPDX-License-Identifier: MPL-2.0
// Writes numbering_table.cpp from the npm package libphonenumber-js (MIT), which carries the plans of Google's
// libphonenumber (Apache-2.0). In a copy of this folder: npm install && npm run generate, then clang-format the output.
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const metadata = require('libphonenumber-js/metadata.max.json');
const { version } = require('libphonenumber-js/package.json');

// Positions in a country's row of metadata version 4.
const CALLING_CODE = 0, INTERNATIONAL_PREFIX = 1, PATTERN = 2, LENGTHS = 3, NATIONAL_PREFIX = 5,
  PREFIX_FOR_PARSING = 7, TRANSFORM = 8, LEADING_DIGITS = 10, TYPES = 11;
const FIXED_LINE = 0, MOBILE = 1;  // of a row's types, each [pattern, lengths if they are not the row's]
if (metadata.version !== 4) throw new Error(`metadata version ${metadata.version} is not known here`);

// Splits a regular expression at the '|' outside of all brackets.
function alternatives(pattern) {
  const parts = [''];
  let depth = 0;
  for (const c of pattern) {
    if (c === '(' || c === '[') depth++;
    if (c === ')' || c === ']') depth--;
    if (c === '|' && depth === 0) parts.push('');
    else parts[parts.length - 1] += c;
  }
  return parts;
}

// Captures mean nothing to the matcher of pattern.cpp: it answers how much was matched.
const withoutCaptures = (pattern) => pattern.replace(/\((?!\?:)/g, '(?:');

// libphonenumber describes national prefixes by a pattern with captures and a rule that puts the captured together
// again. The table keeps three plain facts instead: the prefix to strip, local numbers to which an area is added, and
// for Argentina the areas after which a mobile 15 stands.
function prefixes(iso, row) {
  const pattern = row[PREFIX_FOR_PARSING] || row[NATIONAL_PREFIX] || '';
  const rule = row[TRANSFORM] || '';
  switch (iso) {
    case 'AR':  // 0 <area> 15 <subscriber> is +54 9 <area> <subscriber>
      return { prefix: '0', local: '', area: '', mobileArea: /^0\?\(\?:\((.*)\)15\)\?$/.exec(pattern)[1] };
    case 'BR':  // 0 or 90, then perhaps a carrier; which it is follows from the length of the rest
      return { prefix: pattern.replace(/\(\\d\{10,11\}\)/, ''), local: '', area: '', mobileArea: '' };
    case 'GA':  // the 0 of an eight-digit number belongs to it
      return { prefix: '0', local: '0\\d{7}', area: '', mobileArea: '' };
  }
  const out = { prefix: [], local: [], area: '', mobileArea: '' };
  for (const part of alternatives(pattern)) {
    const whole = /^\((.*)\)\$$/.exec(part);
    if (!whole) {
      out.prefix.push(part);
      continue;
    }
    if (!/^\d*\$1$/.test(rule)) throw new Error(`${iso}: rule ${rule} is not known here`);
    out.local.push(whole[1]);
    out.area = rule.slice(0, -2);
  }
  if (rule && out.local.length === 0) throw new Error(`${iso}: rule ${rule} is not known here`);
  return { ...out, prefix: out.prefix.join('|'), local: out.local.join('|') };
}

const text = (pattern) => {
  const plain = withoutCaptures(pattern);
  if (!/^(?:\\d|[\d()?:[\]|{},-])*$/.test(plain)) throw new Error(`not a pattern the matcher knows: ${plain}`);
  return plain === '' ? '""' : `R"(${plain})"`;
};

// What phones that take SMS look like. Where no such type is listed, as in North America, nothing tells them from fixed
// lines, whose pattern counts for both. Satellite and machine networks are mobile; other numbers of no country are not,
// and only their length is known.
function mobile(row) {
  const types = row[TYPES] || [];
  const listed = [types[MOBILE], types[FIXED_LINE]].find((type) => type && type[0]);
  const [pattern, lengths] = listed || ['', row[LENGTHS]];
  return { pattern, lengths: lengths || row[LENGTHS] };
}

const rows = [];
function add(iso, row) {
  const { pattern, lengths } = mobile(row);
  const mask = lengths.reduce((sum, length) => sum + 2 ** length, 0);
  const { prefix, local, area, mobileArea } = prefixes(iso, row);
  rows.push(`{"${iso}", "${row[CALLING_CODE]}", 0x${mask.toString(16).toUpperCase()}, ` +
    `${text(row[INTERNATIONAL_PREFIX] || '')}, ${text(prefix)}, ${text(local)}, "${area}", ${text(mobileArea)}, ` +
    `${text(row[LEADING_DIGITS] || '')}, ${text(row[PATTERN])}, ${text(pattern)}},`);
}

const codes = [...Object.keys(metadata.country_calling_codes), ...Object.keys(metadata.nonGeographic)].sort((a, b) => Number(a) - Number(b));
for (const code of codes) {
  if (metadata.nonGeographic[code]) add('', metadata.nonGeographic[code]);
  for (const iso of metadata.country_calling_codes[code] || []) {  // the main country first
    const row = metadata.countries[iso];
    if (!row) continue;  // 001: not a country
    if (row[CALLING_CODE] !== code) throw new Error(`${iso}: calling code ${row[CALLING_CODE]} listed under ${code}`);
    add(iso, row);
  }
}

process.stdout.write(`// SPDX-License-Identifier: MPL-2.0
// Written by generate/numbering.mjs from libphonenumber-js ${version} (metadata.max.json); do not edit. The numbering
// plans are those of Google's libphonenumber (Apache License 2.0): for each country its code, the prefixes dialled
// abroad and at home, and the lengths and patterns of its mobile numbers.
#include "bridge/text/numbering_table.hpp"

namespace smsbridge::bridge::text {
namespace {

constexpr NumberingPlan plans[] = {
${rows.join('\n')}
};

}  // namespace

std::span<const NumberingPlan> numbering_plans() { return plans; }

}  // namespace smsbridge::bridge::text
`);
