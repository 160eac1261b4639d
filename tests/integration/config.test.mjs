// SPDX-License-Identifier: MPL-2.0
// The keys of the configuration in the three places that tell of them: the reader (check-config), `config schema`, and
// docs/configuration.md. They all go by one table, and this shows that none of them tells something else.
import assert from 'node:assert/strict';
import {readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {before, describe, test} from 'node:test';
import Ajv from 'ajv/dist/2020.js';
import YAML from 'yaml';
import {root, smsbridge, temporaryFolder} from './harness.mjs';

const timeout = 60_000;
process.env.HOOK_SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
let schema, validate;

before(async () => {
  const printed = await smsbridge('config', 'schema');
  assert.equal(printed.code, 0, printed.output);
  schema = JSON.parse(printed.stdout);
  const ajv = new Ajv({strict: false, allErrors: true});
  validate = ajv.compile(schema);
});

describe('config schema', () => {
  const tenant = {name: 'default', fineract_app_key: []};
  const smpp = {name: 'a', id: 1, host: '127.0.0.1', port: 2775, system_id: 's', password: {env: 'HOME'}};
  const twilio = {name: 't', id: 2, kind: 'twilio', account: {account_sid: 'AC1', auth_token: {env: 'HOME'}}};
  const file = (gateway, more = {}) => ({tenants: [tenant], gateways: [gateway], ...more});
  const rows = [
    ['the smallest file', file(smpp), true],
    ['a provider', file(twilio), true],
    ['an unknown key', file(smpp, {listne: {}}), false],
    ['an unknown key inside', file(smpp, {store: {paht: 'x'}}), false],
    ['no tenants', {gateways: [smpp]}, false],
    ['a tenant without a name', file(smpp, {tenants: [{fineract_app_key: []}]}), false],
    ['a gateway without a host', file({...smpp, host: undefined}), false],
    ['a gateway without a password', file({...smpp, password: undefined}), false],
    ['a key of a provider at SMPP', file({...smpp, proxy: 'http://p'}), false],
    ['a key of SMPP at a provider', file({...twilio, window: 5}), false],
    ['no such kind', file({...smpp, kind: 'carrier'}), false],
    ['no such setting of the account', file({...twilio, account: {...twilio.account, colour: 'red'}}), false],
    ['an account that lacks what it needs', file({...twilio, account: {auth_token: {env: 'HOME'}}}), false],
    ['a window of 0', file({...smpp, window: 0}), false],
    ['the largest window', file({...smpp, window: 10000}), true],
    ['a window beyond it', file({...smpp, window: 10001}), false],
    ['a rate', file({...smpp, rate: '50/s'}), true],
    ['a rate that is none', file({...smpp, rate: 'fast'}), false],
    ['a duration', file(smpp, {lanes: {otp: {validity: '1h30m'}}}), true],
    ['a duration without its unit', file(smpp, {lanes: {otp: {validity: 5}}}), false],
    ['a schedule of the lane', file(smpp, {lanes: {campaign: {retry: {first: '5m', attempts: 12}}}}), true],
    ['no such lane', file(smpp, {lanes: {adverts: {}}}), false],
    ['a size', file(smpp, {store: {size_limit: '64MiB'}}), true],
    ['a size that is none', file(smpp, {store: {size_limit: 'many'}}), false],
    ['no such level', file(smpp, {log: {level: 'loud'}}), false],
    ['an address', file(smpp, {listen: {api: '127.0.0.1:7000'}}), true],
    ['an address without a port', file(smpp, {listen: {api: 'localhost'}}), false],
    ['a secret from nowhere', file({...smpp, password: {url: 'x'}}), false],
    ['meanings of words', file({...smpp, dialect: {receipt_words: {NOCRED: 'undeliverable'}}}), true],
    ['a meaning that is none', file({...smpp, dialect: {receipt_words: {NOCRED: 'success'}}}), false],
    ['a version', file({...smpp, interface_version: 5.0}), true],
    ['a version in quotes', file({...smpp, interface_version: '3.4'}), true],
    ['no such version', file({...smpp, interface_version: 52}), false],
    ['a profile', file({...smpp, profile: 'jasmin'}), true],
    ['types of addresses', file({...smpp, addresses: {short_code: '6/0', destination_form: 'national', country: 'KE'}}), true],
    ['no such form', file({...smpp, addresses: {destination_form: '00'}}), false],
    ['TLVs', file({...smpp, tlvs: [{tag: '0x1400', value: 'x'}, {tag: 5121, type: 'u16', value: 7}], senders: [{sender: 'UMOJA', type: '5/0'}]}), true],
    ['a TLV of no type', file({...smpp, tlvs: [{tag: '0x1400', type: 'int', value: 7}]}), false],
    ['a TLV without its tag', file({...smpp, tlvs: [{value: 'x'}]}), false],
    ['a route', file(smpp, {routes: [{name: 'r', id: 9, via: [{gateway: 'a'}], lanes: 'otp', fail_over: {throttled_after: {otp: '5s'}}}]}), true],
    ['a route without its number', file(smpp, {routes: [{name: 'r', via: [{gateway: 'a'}]}]}), false],
    ['a route of no lane', file(smpp, {routes: [{name: 'r', id: 9, via: [{gateway: 'a'}], lanes: ['adverts']}]}), false],
    ['a budget', file(smpp, {tenants: [{...tenant, budget: {currency: 'KES', alert: 4000}}]}), true],
    ['a budget in nothing', file(smpp, {tenants: [{...tenant, budget: {alert: 4000}}]}), false],
    ['a webhook', file(smpp, {webhooks: [{name: 'w', id: 9, tenant: 'default', url: 'https://bank.example.org/e', secret: {env: 'HOOK_SECRET'}, events: ['message.failed']}]}), true],
    ['a webhook without its secret', file(smpp, {webhooks: [{name: 'w', id: 9, tenant: 'default', url: 'https://bank.example.org/e'}]}), false],
    ['a webhook of no event', file(smpp, {webhooks: [{name: 'w', id: 9, tenant: 'default', url: 'https://bank.example.org/e', secret: {env: 'HOOK_SECRET'}, events: 'message.read'}]}), false],
    ['a template', file(smpp, {templates: [{name: 'w', texts: {en: 'Dear {{firstName}}'}, lane: 'reminder', tlvs: [{tag: '0x1400'}]}]}), true],
    ['an event', file(smpp, {events: [{name: 'paid', event: 'loan-disbursed', recipients: [{to: 'client'}, {to: 'officer', template: 'loan-approved', language: 'en'}], amount_min: '100'}]}), true],
    ['an event of no catalogue', file(smpp, {events: [{name: 'paid', event: 'loan-paid'}]}), false],
    ['an event to nobody', file(smpp, {events: [{name: 'loan-disbursed', recipients: [{template: 'none'}]}]}), false],
    ['a template without a text', file(smpp, {templates: [{name: 'w'}]}), false],
    ['a template of no audience', file(smpp, {templates: [{name: 'w', texts: {en: 'x'}, audience: 'clerk'}]}), false],
    ['a price', file(smpp, {prices: [{gateway: 'a', price: '0.60', currency: 'KES'}]}), true],
    ['a price of nobody', file(smpp, {prices: [{price: '0.60', currency: 'KES'}]}), false],
  ];

  test('says of a file what the reader says', {timeout}, async (t) => {
    const path = join(temporaryFolder(t), 'smsbridge.yaml');
    for (const [name, content, good] of rows) {
      const written = JSON.parse(JSON.stringify(content));
      writeFileSync(path, YAML.stringify(written));
      const checked = await smsbridge('check-config', '-c', path);
      assert.equal(checked.code, good ? 0 : 78, `${name}: ${checked.stdout}`);
      assert.equal(validate(written), good, `${name}: ${JSON.stringify(validate.errors)}`);
    }
  });

  test('knows the files that we hand out', {timeout}, () => {
    for (const file of ['conf/smsbridge.yaml', 'conf/examples/fail-over.yaml']) {
      assert.ok(validate(YAML.parse(readFileSync(join(root, file), 'utf8'))), `${file}: ${JSON.stringify(validate.errors)}`);
    }
  });

  test('marks what is secret, and what a reload takes over', {timeout}, () => {
    const {gateway, secret} = schema.$defs;
    assert.deepEqual(Object.entries(gateway.properties).filter(([, key]) => key.writeOnly).map(([name]) => name), ['password', 'callback_secret']);
    assert.equal(gateway.properties.password.$ref, '#/$defs/secret');
    assert.deepEqual(secret.anyOf.slice(0, 3).map((kind) => Object.keys(kind.properties)[0]), ['file', 'env', 'credential']);
    const live = Object.entries(schema.properties).filter(([, key]) => key['x-live']).map(([name]) => name);
    assert.deepEqual(live.sort(),
                     ['events', 'gateways', 'inbound_rules', 'lanes', 'prices', 'prices_file', 'routes', 'schedules', 'templates', 'tenants', 'webhooks']);
  });
});

describe('docs/gateways.md', () => {
  test('has the settings of every account, needed and secret where they are', {timeout}, () => {
    const pages = readFileSync(join(root, 'docs', 'gateways.md'), 'utf8').split(/^## /m);
    const accounts = schema.$defs.gateway.allOf.slice(1).map((rule) => [rule.if.properties.kind.const, rule.then.properties.account]);
    assert.equal(accounts.length, 11);
    for (const [kind, account] of accounts) {
      const page = pages.find((each) => each.startsWith(`${kind}\n`));
      const table = page.slice(page.indexOf('| setting |')).split('\n\n')[0].split('\n').slice(2).map((row) => row.split('|').map((cell) => cell.trim()));
      const names = (cells) => [...cells[1].matchAll(/`([^`]+)`/g)].map((match) => match[1]);
      assert.deepEqual(table.flatMap(names).sort(), Object.keys(account.properties).sort(), kind);
      if (kind === 'generic') continue;  // no setting of its own is needed by all, and each may be a secret
      assert.deepEqual(table.filter((cells) => cells[2] === 'yes').flatMap(names).sort(), (account.required ?? []).sort(), kind);
      const secret = table.flatMap((cells) => cells[3] === 'yes' ? names(cells) : cells[3].includes('second') ? names(cells).slice(1) : []);
      assert.deepEqual(secret.sort(), Object.keys(account.properties).filter((name) => account.properties[name].writeOnly).sort(), kind);
    }
  });
});

describe('docs/configuration.md', () => {
  // What stands below each heading: its text, and the rows of its tables of keys.
  const chapters = {};
  let chapter, inTable = false;
  for (const line of readFileSync(join(root, 'docs', 'configuration.md'), 'utf8').split('\n')) {
    const heading = /^#+ (.*)$/.exec(line)?.[1];
    if (heading) chapter = chapters[heading] = {text: '', rows: []};
    chapter.text += `${line}\n`;
    inTable = line.startsWith('| key |') || (inTable && line.startsWith('|'));
    const [, keys, usual] = line.split('|').map((cell) => cell.trim());
    const codes = (cell) => [...cell.matchAll(/`([^`]+)`/g)].map((match) => match[1]);
    // What is said besides is no value.
    if (inTable && keys?.startsWith('`')) chapter.rows.push({keys: codes(keys), usual, codes: /[a-z]/.test(usual.replaceAll(/`[^`]+`/g, '')) ? [] : codes(usual)});
  }

  // The chapters that tell of an object; of several objects with the same keys, the first.
  const objects = () => {
    const {properties, $defs: {gateway}} = schema;
    const {dialect, addresses, tlvs, senders, ...keys} = gateway.properties;
    return [
      ...['listen', 'store', 'log'].map((name) => [[name], [properties[name]]]),
      [['lanes'], Object.values(properties.lanes.properties)],
      [['tenants'], [{properties: {...properties.tenants.items.properties, fineract: {}, quiet_hours: {}}}]],
      [['fineract'], [properties.tenants.items.properties.fineract]],
      [['quiet_hours'], [properties.tenants.items.properties.quiet_hours]],
      [['gateways', 'gateways of kind smpp', 'gateways of HTTP providers'], [{properties: {...keys, dialect: {}, addresses: {}, tlvs: {}, senders: {}}}]],
      [['dialect'], [dialect]],
      [['addresses'], [addresses]],
      [['tlvs'], [tlvs.items]],
      [['senders'], [senders.items]],
      [['routes', 'fail_over'], [properties.routes.items]],
      [['webhooks'], [properties.webhooks.items]],
      [['inbound'], [properties.inbound]],
      [['inbound_rules'], [properties.inbound_rules.items]],
      [['templates'], [properties.templates.items]],
      [['events'], [properties.events.items]],
      [['schedules'], [properties.schedules.items]],
      [['prices'], [properties.prices.items]],
    ];
  };
  const ms = {ms: 1, s: 1000, m: 60_000, h: 3600_000, d: 86_400_000};
  const plain = (text) => /^([0-9]+(ms|s|m|h|d))+$/.test(text)
    ? [...text.matchAll(/([0-9]+)(ms|s|m|h|d)/g)].reduce((sum, [, count, unit]) => sum + count * ms[unit], 0) : text;
  const inner = (key) => Object.entries(key.properties ?? key.items?.properties ?? {});

  test('tells of every key, and of none that there is not', {timeout}, () => {
    const wrong = Object.keys(schema.properties).filter((name) => !chapters[name] && !chapters.prices.text.includes(`\`${name}\``))
      .map((name) => `nothing is said of '${name}'`);
    for (const [names, [object]] of objects()) {
      const text = names.map((name) => chapters[name].text).join('');
      const rows = names.flatMap((name) => chapters[name].rows);
      assert.ok(rows.length > 0, names[0]);
      const known = new Map(inner(object).flatMap(([name, key]) => [[name, key], ...inner(key).map(([part, of]) => [`${name}: ${part}`, of])]));
      for (const [path] of known) {
        const said = path.includes(': ') ? new RegExp(`\`[^\`]*\\b${path.split(': ')[1]}\\b[^\`]*\``).test(text)
          : text.includes(`\`${path}\``) || names.includes(path);
        if (!said) wrong.push(`${names[0]}: nothing is said of '${path}'`);
      }
      for (const key of rows.flatMap((row) => row.keys)) {
        if (!known.has(key) && !known.has(`${names.at(-1)}: ${key}`)) wrong.push(`${names[0]}: there is no key '${key}'`);
      }
    }
    assert.deepEqual(wrong, []);
  });

  test('names the defaults that hold', {timeout}, () => {
    const wrong = [];
    for (const [names, all] of objects()) {
      for (const row of names.filter((name) => name !== 'fail_over').flatMap((name) => chapters[name].rows)) {
        // Of several keys, or of one key of several lanes, in their order.
        const hold = row.keys.length > 1 ? row.keys.map((key) => all[0].properties[key]?.default)
          : all.map((object) => object.properties[row.keys[0].split(': ')[0]]?.default);
        hold.forEach((value, index) => {
          const told = row.codes.length === 1 ? row.codes[0] : row.codes[index];
          if (row.keys[0].includes(': ') || (told === undefined && value === undefined)) return;
          if (plain(told ?? '') !== plain(String(value ?? ''))) wrong.push(`${names[0]}: ${row.keys.join(', ')}: '${row.usual}' is told, ${value} holds`);
        });
      }
    }
    for (const lane of ['otp', 'transaction', 'reminder', 'campaign']) {
      for (const row of chapters.fail_over.rows) {
        const holds = schema.properties.routes.items.properties.fail_over.properties[row.keys[0]].properties[lane].default;
        const column = /^\| key \|(.*)\|$/m.exec(chapters.fail_over.text)[1].split('|').findIndex((cell) => cell.includes(`\`${lane}\``));
        const told = chapters.fail_over.text.split('\n').find((line) => line.startsWith(`| \`${row.keys[0]}\``)).split(' | ')[column + 1];
        if (plain(told.replaceAll('`', '').replace('never', '0s')) !== plain(holds)) wrong.push(`fail_over: ${row.keys[0]}, ${lane}: ${told} is told, ${holds} holds`);
      }
    }
    assert.deepEqual(wrong, []);
  });
});
