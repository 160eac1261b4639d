// SPDX-License-Identifier: MPL-2.0
// How numbers are read, compared with libphonenumber-js for every country it knows: an example of its mobiles, in the ways
// people write it, at home and abroad.
import assert from 'node:assert/strict';
import {spawnSync} from 'node:child_process';
import {createRequire} from 'node:module';
import {test} from 'node:test';
import {getCountries, getExampleNumber, parsePhoneNumberFromString} from 'libphonenumber-js/max';
import {binary} from './harness.mjs';

const require = createRequire(import.meta.url);
const examples = require('libphonenumber-js/examples.mobile.json');
const plans = require('libphonenumber-js/metadata.max.json').countries;
const internationalPrefix = (country) => plans[country][1] || '';
const nationalPrefix = (country) => plans[country][5] || '';
// A country for each of the prefixes that are dialled before a calling code.
const homes = [...new Map(getCountries().map((country) => [internationalPrefix(country), country])).values()];

// Where we read another thing on purpose.
const differences = [{
  why: 'people write 00 everywhere: where that makes a number too, what is behind the 001 or 009 of the country is not guessed',
  applies: ({number, country}) => /^00\d$/.test(internationalPrefix(country)) && number.startsWith(internationalPrefix(country)) &&
    parsePhoneNumberFromString(`+${number.slice(2)}`)?.isPossible(),
}];

// What `smsbridge text` makes of each {number, country}.
function read(lines) {
  const input = lines.map(({number, country}) => JSON.stringify({number, country})).join('\n') + '\n';
  const {stdout, status} = spawnSync(binary, ['text'], {input, encoding: 'utf8', maxBuffer: 1 << 28});
  assert.equal(status, 0);
  return stdout.trimEnd().split('\n').map((line) => JSON.parse(line));
}

// In the forms that are understood at home.
function waysAtHome(example, country) {
  const {countryCallingCode: code, nationalNumber: national} = example;
  return [
    example.formatNational(), example.formatNational().replace(/\D/g, ''), example.formatNational().replace(/\D+/g, '-'),
    national, code + national, `${national}.0`, `+${code} (0)${national}`, `+${code} (${nationalPrefix(country)}) ${national}`,
    `+${code}${nationalPrefix(country)}${national}`,
  ];
}

// In the forms that name its country, dialled in `home`.
function waysAbroad(example, home) {
  const {countryCallingCode: code, nationalNumber: national} = example;
  const own = internationalPrefix(home);
  return [
    example.number, example.formatInternational(), `+${code} ${national}`, `00${code}${national}`, `00 ${code} ${national}`,
    `${example.number}.0`, `\u202A${example.formatInternational()}\u202C\r\n`, ...(/^\d+$/.test(own) ? [own + code + national] : []),
  ];
}

test('the mobile of every country is read as libphonenumber reads it, at home and abroad', () => {
  const cases = [];
  for (const country of getCountries()) {
    const example = getExampleNumber(country, examples);
    for (const number of waysAtHome(example, country)) cases.push({number, country, want: example.number});
    for (const home of homes)
      for (const number of waysAbroad(example, home)) cases.push({number, country: home, want: example.number});
  }
  const got = read(cases);
  const differ = cases.map((one, at) => ({...one, got: got[at]}))
    .filter((one) => one.got.e164 !== one.want || !one.got.pattern_matched);
  const unexplained = differ.filter((one) => !differences.some(({applies}) => applies(one)));
  assert.deepEqual(unexplained.slice(0, 20), []);
  for (const {applies, why} of differences) assert.ok(differ.some(applies), `no longer so: ${why}`);
});
