// SPDX-License-Identifier: MPL-2.0
// Every exchange of tests/data/providers, through the binary: `gateways parse` and `gateways build` as an operator uses
// them, one process a provider and action.
import assert from 'node:assert/strict';
import {readdirSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import {describe, test} from 'node:test';
import {binary, root, run} from './harness.mjs';

const timeout = 60_000;
const data = join(root, 'tests', 'data', 'providers');
const clock = 1787389510;  // of cases without `now`

const json = (...path) => JSON.parse(readFileSync(join(data, ...path), 'utf8'));
const providers = readdirSync(data, {withFileTypes: true}).filter((entry) => entry.isDirectory()).map(({name}) => name);

// One object a line for each line, from a folder where the files that cases name are found.
async function ask(words, lines, cwd = data) {
  const done = await run(binary, ['gateways', ...words], {cwd, input: lines.map((each) => `${each}\n`).join('')});
  assert.equal(done.code, 0, done.output);
  const answers = done.stdout.split('\n').filter((each) => each !== '').map((each) => JSON.parse(each));
  assert.equal(answers.length, lines.length, done.output);
  return answers;
}

// A case with the account of its folder, unless it brings one along.
function lineOf(provider, {input, ...rest}) {
  const config = {...(input.config ?? (input.config_file ? {} : json(provider, 'account.json')))};
  const key = /^see (.*)/.exec(config.private_key_pem ?? '');
  if (key) config.private_key_pem = readFileSync(join(data, provider, key[1]), 'utf8');
  return JSON.stringify({...rest, input: {now: clock, ...input, config}});
}

// ---------------------------------------------------------------------------------------------------------------------
// What a case expects

const text = (value) => (typeof value === 'string' ? value : JSON.stringify(value));
const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);
const pieces = (value) => (Array.isArray(value) ? value : typeof value === 'string' ? [value] : []);
const decimals = ['price', 'amount'];

// `wanted` is found in `got`: objects may have more members; null may also be absent; prices are compared as numbers.
function contains(wanted, got, path = '') {
  if (isObject(wanted)) {
    assert.ok(isObject(got), `${path} is ${JSON.stringify(got)}`);
    for (const [name, value] of Object.entries(wanted)) {
      if (decimals.includes(name) && value !== null) assert.equal(Number(got[name]), Number(value), `${path}/${name}`);
      else contains(value, got[name], `${path}/${name}`);
    }
  } else if (Array.isArray(wanted)) {
    assert.equal(got?.length, wanted.length, `${path} is ${JSON.stringify(got)}`);
    wanted.forEach((value, index) => contains(value, got[index], `${path}/${index}`));
  } else {
    assert.deepEqual(got ?? null, wanted, path);
  }
}

const decode = (part) => {
  try {
    return decodeURIComponent(part.replaceAll('+', ' '));
  } catch {
    return part;  // a bare '%', as in st=%d
  }
};
// Names and values of a query or form; of several with one name, the first.
const form = (encoded) => Object.fromEntries(encoded.split('&').filter((pair) => pair !== '').reverse().map((pair) => {
  const at = pair.indexOf('=');
  return at < 0 ? [decode(pair), ''] : [decode(pair.slice(0, at)), decode(pair.slice(at + 1))];
}));
// JavaScript has no (?i:...) inside a pattern; here the whole pattern then ignores case.
const pattern = (source) => (source.includes('(?i:') ? new RegExp(source.replaceAll('(?i:', '(?:'), 'i') : new RegExp(source));
const lowerNames = (fields) => Object.fromEntries(Object.entries(fields).map(([name, value]) => [name.toLowerCase(), value]));

function checkRequest(got, expect) {
  const queryText = got.url.includes('?') ? got.url.slice(got.url.indexOf('?') + 1).split('#')[0] : '';
  let members = {};
  try {
    members = JSON.parse(got.body);
  } catch {
    // Not every body is JSON.
  }
  const fields = {form: form(got.body), query: form(queryText), json: members, headers: lowerNames(got.headers)};
  const ignoreQuery = 'url_ignore_query' in expect || 'query' in expect || 'query_one_of' in expect;
  const anyCaseIn = expect.form_case_insensitive ?? [];
  const same = (name, a, b) => a === b || (anyCaseIn.includes(name) && a?.toLowerCase() === b.toLowerCase());
  const has = (place, wanted) => Object.entries(wanted).every(([name, value]) =>
    same(name, fields[place][place === 'headers' ? name.toLowerCase() : name], text(value)));
  const checks = {
    method: (wanted) => assert.equal(got.method, wanted),
    url: (wanted) => assert.equal(ignoreQuery ? got.url.split('?')[0] : got.url, wanted),
    url_ignore_query: (wanted) => { if (typeof wanted === 'string') assert.equal(got.url.split('?')[0], wanted); },
    json: (wanted) => contains(wanted, members),
    no_body: () => assert.equal(got.body, ''),
    body_contains: (wanted) => { for (const piece of pieces(wanted)) assert.ok(got.body.includes(piece), `${piece} in ${got.body}`); },
    raw_query_contains: (wanted) => { for (const piece of pieces(wanted)) assert.ok(queryText.includes(piece), `${piece} in ${got.url}`); },
    absent: (wanted) => {
      for (const name of pieces(wanted)) for (const place of ['form', 'query', 'json']) assert.ok(!(name in fields[place]), `${name} in ${place}`);
    },
    query_one_of: (wanted) => assert.ok(wanted.some((set) => has('query', set)), got.url),
    auth_any: (wanted) => assert.ok(wanted.some((way) => Object.entries(way).some(([place, set]) => has(place, set))), JSON.stringify(got)),
    form_case_insensitive: () => {},  // names members of `form`
  };
  for (const place of ['form', 'query', 'headers']) {
    checks[place] ??= (wanted) => assert.ok(has(place, wanted), `${JSON.stringify(wanted)} in ${JSON.stringify(fields[place])}`);
  }
  for (const place of ['form', 'query']) {
    checks[`${place}_any`] = (wanted) => {
      for (const [name, values] of Object.entries(wanted)) assert.ok(values.includes(fields[place][name] ?? null), `${name} is ${fields[place][name]}`);
    };
  }
  for (const place of ['form', 'json', 'headers']) {
    checks[`${place}_match`] = (wanted) => {
      for (const [name, source] of Object.entries(wanted)) {
        assert.match(fields[place][place === 'headers' ? name.toLowerCase() : name] ?? '', pattern(source), name);
      }
    };
  }
  for (const [name, wanted] of Object.entries(expect)) {
    assert.ok(name in checks, `nobody checks '${name}'`);
    checks[name](wanted);
  }
}

// Those of a reply with several recipients; ours has one, the first.
const withoutRecipients = ({recipients, ...rest}) => ({...(recipients ? (({to, ...first}) => first)(recipients[0]) : {}), ...rest});

function checkVerdict(got, expect) {
  const {provider_message_id: id, ...rest} = withoutRecipients(expect);
  contains(rest, got);
  if (id !== undefined) assert.deepEqual([got.provider_message_id ?? []].flat(), [id ?? []].flat());
}

const noError = (update) => ({error_code: null, ...update});  // absent: the provider reports none

function checkReply(got, {http_status_in: allowed, http_status_class: first, json: wanted, json_has_any: some, ...rest}) {
  contains(rest, got);
  if (allowed) assert.ok(allowed.includes(got.http_status), String(got.http_status));
  if (first) assert.equal(Math.floor(got.http_status / 100), first);
  if (wanted) contains(wanted, JSON.parse(got.body));
  if (some) assert.ok(some.some((name) => name in JSON.parse(got.body)), got.body);
}

// What is put together of several messages, when something was received, and opt-outs without a message are not of
// this level.
function checkCallback(got, {updates, reply, message, joined, opt_out: optOut, ...rest}) {
  contains(rest, got);
  if (updates) contains(updates.map(noError), got.updates, '/updates');
  if (updates?.length > 0) contains({state: updates[0].status, final: updates[0].final}, got);
  if (reply) checkReply(got.reply, reply);
  if (message) {
    const {received_at: receivedAt, ...known} = message;
    contains(known, got.message, '/message');
  }
  if (!got.authentic) assert.deepEqual([got.updates, got.message, typeof got.refusal], [[], undefined, 'string']);
}

const kinds = {
  send_request: {words: ['build'], check: checkRequest},
  send_response: {words: ['parse', 'reply'], check: checkVerdict},
  status_callback: {words: ['parse', 'callback'], check: checkCallback},
  inbound: {words: ['parse', 'inbound'], check: checkCallback},
  poll_response: {words: ['parse', 'poll'], check: (got, {updates, ...rest}) => contains({...rest, updates: updates.map(noError)}, got)},
  balance_response: {words: ['parse', 'balance'], check: (got, expect) => contains(expect, got)},
};
const elsewhere = ['signature', 'config_load'];  // the unit tests call these

describe('exchanges with providers', () => {
  for (const provider of providers) {
    const cases = readdirSync(join(data, provider)).filter((file) => file.endsWith('.json')).sort()
      .map((file) => json(provider, file)).filter(Array.isArray).flat();

    test(`${provider}: every case is of a kind that somebody checks`, () => {
      const known = [...Object.keys(kinds), ...elsewhere];
      assert.deepEqual(cases.filter(({kind}) => !known.includes(kind)), []);
      assert.ok(cases.some(({kind}) => kind === 'send_response'));
    });

    for (const [kind, {words: [action, ...answer], check}] of Object.entries(kinds)) {
      const some = cases.filter((each) => each.kind === kind);
      if (some.length === 0) continue;
      test(`${provider}: ${[action, ...answer].join(' ')}`, {timeout}, async (t) => {
        const answers = await ask([action, provider, ...answer], some.map((each) => lineOf(provider, each)), join(data, provider));
        for (const [index, each] of some.entries()) {
          await t.test(each.name, () => {
            assert.equal(answers[index].error, undefined, JSON.stringify(answers[index]));
            check(answers[index], each.expect);
          });
        }
      });
    }
  }
});

describe('lines of an operator', () => {
  test('a reply is read without credentials, and refused lines do not end the run', {timeout}, async () => {
    const answers = await ask(['parse', 'twilio', 'reply'], [
      '{"http_status":201,"headers":{},"body":"{\\"sid\\":\\"SM00000000000000000000000000000001\\",\\"status\\":\\"queued\\"}"}',
      'oops', '', '[]', '{"http_status":"201"}', '{"http_status":201,"config":[]}', '{"http_status":201,"colour":"red"}',
      '{"http_status":201,"config_file":"not-there.json"}',
      '{"http_status":429,"headers":{"Retry-After":"7"},"body":""}',
    ]);
    contains({outcome: 'accepted', provider_message_id: 'SM00000000000000000000000000000001', retry: 'none'}, answers[0]);
    assert.deepEqual(answers.slice(1, 8).map(({error}) => error?.code),
        ['bad-line', 'bad-line', 'bad-line', 'bad-line', 'bad-line', 'bad-settings', 'bad-settings']);
    contains({outcome: 'rejected', error_class: 'throttled', retry: 'backoff', provider_code: '429', retry_after_ms: 7000}, answers[8]);
  });

  test('a request is not built without credentials', {timeout}, async () => {
    const message = {ref: 'm-1', to: '+254700000101', text: 'Hello'};
    const [refused, built] = await ask(['build', 'twilio'], [{message}, {message, account_sid: 'AC1', auth_token: 't', from: '+15005550001'}].map((each) => JSON.stringify(each)));
    assert.equal(refused.error.code, 'bad-settings');
    assert.equal(built.method, 'POST');
    assert.equal(form(built.body).Body, 'Hello');
  });

  test('help, and words that are not known', {timeout}, async () => {
    const help = await run(binary, ['gateways', 'parse', '--help']);
    assert.equal(help.code, 0);
    for (const word of [...providers, 'callback', 'http_status']) assert.ok(help.stdout.includes(word), word);
    for (const [words, hint] of [[['parse', 'twillio', 'reply'], /did you mean 'twilio'/], [['parse', 'twilio', 'replay'], /did you mean 'reply'/],
      [['build', 'carrier-pigeons'], /it is one of .*twilio/], [['parse', 'twilio'], /answer/]]) {
      const done = await run(binary, ['gateways', ...words], {input: ''});
      assert.equal(done.code, 2, words.join(' '));
      assert.match(done.output, hint, words.join(' '));
    }
  });
});
