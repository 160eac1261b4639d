// SPDX-License-Identifier: MPL-2.0
// Phones that fetch their messages: FrontlineSync and SMSSync. What waits for a phone is handed out once, comes back
// when the phone is silent, and is never lost.
import assert from 'node:assert/strict';
import {describe, it} from 'node:test';
import {Bridge, until} from './harness.mjs';
import {PollingPhone} from './peers/polling_phone.mjs';

const timeout = 120_000;
const secret = 'p4ss c0de';
let lastNumber = 254714000000;
const nextNumber = () => `+${++lastNumber}`;
const some = (count, more = {}) => Array.from({length: count}, (_, n) => ({to: nextNumber(), text: `number ${n}`, ...more}));

const gatewayOf = (name, more = {}, account = {}) =>
  ({name, kind: 'frontlinesms', account: {mode: 'sync', secret, ...account}, retry: {first: '100ms', resend_delay: '200ms'}, ...more});

// A gateway called `main` and its phone, which polls when the test says so.
async function setUp(t, {gateway = {}, account = {}, phone = {}, others = [], ...options} = {}) {
  const bridge = await Bridge.start(t, {gateways: [gatewayOf('main', gateway, account), ...others], ...options});
  const api = bridge.api();
  return {bridge, api, phone: await phoneOf(t, api, 'main', phone)};
}

async function phoneOf(t, api, name, options) {
  return new PollingPhone({t, url: (await api.gateway(name)).callback_url, secret, ...options});
}

const waiting = (api, count) => until(`${count} to wait for the phone`, async () => {
  const {window_in_use: now} = await api.gateway('main');
  if (now !== count) throw new Error(`${now} do`);
  return true;
});
const is = (api, state, name = 'main') => until(`${name} to be ${state}`, async () => (await api.gateway(name)).state === state);
const textsOf = (phone) => phone.received.map(({message}) => message);

describe('phones that poll', {concurrency: 4}, () => {
  it('FrontlineSync: fetched, sent, told', {timeout}, async (t) => {
    const failing = nextNumber();
    const {bridge, api, phone} = await setUp(t, {gateway: {max_in_flight: 50}, phone: {fails: ({to}) => to === failing}});
    assert.match((await api.gateway('main')).last_error, /no messages since the start/);
    assert.equal((await api.gateway('main')).state, 'down');
    assert.deepEqual(await phone.fetch(), []);
    assert.deepEqual(phone.config, {sendEnabled: true, receiveEnabled: true, missedCallEnabled: false, checkInterval: 1});
    const messages = [...some(18), {to: failing, text: 'to a phone that fails'}, {to: nextNumber(), text: 'Mpendwa Wanjikũ 😀 "a" \\ \n b'}];
    const ids = await api.sendAll(messages);
    await waiting(api, 20);
    assert.equal((await api.gateway('main')).state, 'up');
    assert.equal((await phone.fetch()).length, 20);
    assert.deepEqual(phone.received.map(({to, message: text}) => ({to, text})), messages);
    for (const id of ids) await api.reaches(id, 'submitted');
    assert.deepEqual(await phone.fetch(), [], 'with the statuses');
    for (const [n, id] of ids.entries()) {
      const message = await api.reaches(id, n === 18 ? 'undeliverable' : 'sent');
      assert.deepEqual([message.success, message.attempts, message.maybe_duplicate], [n !== 18, 1, false]);
      assert.equal(message.segments[0].state, message.state);
    }
    assert.match((await api.message(ids[0])).status_message, /whether it arrived is not reported/);
    assert.equal((await phone.post('+254700000101', 'BAL')).status, 200);
    assert.equal(await bridge.metric('inbound_messages_total', {gateway: 'main'}), 1);
    const shown = await bridge.cli('gateways', 'show', 'main');
    assert.ok(shown.stdout.includes(phone.url), shown.output);
    assert.ok(!bridge.log.includes(secret));
  });

  it('FrontlineSync: an answer that is lost leaves no status', {timeout}, async (t) => {
    const {api, phone} = await setUp(t, {gateway: {receipt_wait: '1s'}});
    await phone.fetch();
    const {id} = await api.send({to: nextNumber(), text: 'Hello'});
    await waiting(api, 1);
    await phone.fetch({lost: true});
    const message = await api.reaches(id, 'sent');
    assert.equal(message.status_message, 'no receipt came in time');
    assert.deepEqual(await phone.fetch(), []);
  });

  it('FrontlineSync: a message that was lost goes out elsewhere where its route says so', {timeout}, async (t) => {
    const {api, phone} = await setUp(t, {others: [gatewayOf('other')],
      routes: [{name: 'all', id: 100, via: [{gateway: 'main'}, {gateway: 'other'}], fail_over: {no_receipt_after: {transaction: '1s'}}}]});
    const other = await phoneOf(t, api, 'other');
    await Promise.all([phone.fetch(), other.fetch()]);
    const {id} = await api.send({to: nextNumber(), text: 'Hello', lane: 'transaction'});
    await waiting(api, 1);
    await phone.fetch({lost: true});
    other.start();
    const message = await api.reaches(id, 'sent');
    assert.deepEqual([message.gateway, message.maybe_duplicate, textsOf(other)], ['other', true, ['Hello']]);
  });

  it('SMSSync: fetched is sent', {timeout}, async (t) => {
    const {bridge, api, phone} = await setUp(t, {phone: {protocol: 'smssync'}, gateway: {max_in_flight: 50}});
    assert.deepEqual(await phone.fetch(), []);
    const messages = some(20);
    const ids = await api.sendAll(messages);
    await waiting(api, 20);
    assert.equal((await phone.fetch()).length, 20);
    assert.deepEqual(phone.received.map(({to, message: text}) => ({to, text})), messages);
    for (const id of ids) {
      const message = await api.reaches(id, 'sent');
      assert.deepEqual([message.success, message.status_message], [true, 'taken by the carrier; no receipt is expected']);
    }
    assert.deepEqual(JSON.parse((await phone.post('+254700000101', 'BAL')).body), {payload: {success: 'true'}});
    assert.equal(await bridge.metric('inbound_messages_total', {gateway: 'main'}), 1);
    assert.deepEqual(await phone.fetch(), []);
  });

  for (const protocol of ['frontlinesync', 'smssync'])
    it(`${protocol}: many messages, and no more at a time than there is room for`, {timeout}, async (t) => {
      const {api, phone} = await setUp(t, {phone: {protocol}, gateway: {max_in_flight: 80}});
      await phone.fetch();
      const messages = some(300);
      const ids = await api.sendAll(messages);
      await waiting(api, 80);
      assert.equal((await phone.fetch()).length, 50);
      phone.start(5);
      await until('all to be sent', async () => (await api.all('state=sent')).length === ids.length);
      assert.deepEqual(textsOf(phone), messages.map(({text}) => text), 'each once, in order');
    });

  it('login codes leave first', {timeout}, async (t) => {
    const {api, phone} = await setUp(t, {});
    await phone.fetch();
    await api.sendAll(some(3, {lane: 'reminder'}));
    await api.send({to: nextNumber(), text: 'code', lane: 'otp'});
    await waiting(api, 4);
    await phone.fetch();
    assert.equal(textsOf(phone)[0], 'code');
  });

  it('a rate is kept', {timeout}, async (t) => {
    const {api, phone} = await setUp(t, {gateway: {rate: 2, max_in_flight: 50}});
    await phone.fetch();
    const began = Date.now();
    await api.sendAll(some(7));
    phone.start();
    await until('all to be fetched', () => phone.received.length === 7);
    assert.ok(Date.now() - began >= 2900, `after ${Date.now() - began} ms`);
  });

  it('fetches at the same time hand out each message once', {timeout}, async (t) => {
    const {api, phone} = await setUp(t, {gateway: {max_in_flight: 200}});
    const smssync = await phoneOf(t, api, 'main', {protocol: 'smssync'});
    await phone.fetch();
    const messages = some(150);
    const ids = await api.sendAll(messages);
    await waiting(api, 150);
    await Promise.all(Array.from({length: 12}, (_, n) => (n % 3 ? phone : smssync).fetch()));
    const texts = [...textsOf(phone), ...textsOf(smssync)];
    assert.deepEqual(texts.sort(), messages.map(({text}) => text).sort());
    await phone.fetch();
    for (const id of ids) await api.reaches(id, 'sent');
  });

  it('a phone that stops polling: its messages go by the route, and none is lost', {timeout}, async (t) => {
    const {bridge, api, phone} = await setUp(t, {phone: {protocol: 'smssync'}, account: {check_interval_s: 1}, gateway: {max_in_flight: 8}, others: [gatewayOf('other')],
      routes: [{name: 'all', id: 100, via: [{gateway: 'main'}, {gateway: 'other'}], fail_over: {unreachable_after: {transaction: '1s'}}}]});
    const other = (await phoneOf(t, api, 'other')).start();
    await is(api, 'up', 'other');
    await phone.fetch();
    const first = some(20);
    const ids = await api.sendAll(first);
    await waiting(api, 8);
    assert.equal((await phone.fetch()).length, 8);
    for (const id of ids) await api.reaches(id, 'sent');
    assert.match(bridge.log, /level=warn.*the phone no longer fetches messages.*gateway=main/);
    assert.equal((await api.gateway('main')).state, 'down');
    assert.match((await api.gateway('main')).last_error, /no messages for \d+ s/);
    assert.equal(await bridge.metric('gateway_up', {gateway: 'main'}), 0);
    assert.deepEqual([...textsOf(phone), ...textsOf(other)].sort(), first.map(({text}) => text).sort(), 'each once');
    const all = await api.all();
    assert.ok(all.every(({maybe_duplicate: maybe}) => !maybe));
    assert.deepEqual(new Set(all.map(({gateway}) => gateway)), new Set(['main', 'other']));
  });

  it('a phone that stops polling, without a route: its messages wait', {timeout}, async (t) => {
    const {api, phone} = await setUp(t, {account: {check_interval_s: 1}});
    await phone.fetch();
    const ids = await api.sendAll(some(5));
    await waiting(api, 5);
    await is(api, 'down');
    await until('them to be in the queue', async () => (await api.gateway('main')).in_flight === 0);
    for (const id of ids) {
      const {state, attempts} = await api.message(id);
      assert.deepEqual([state, attempts], ['queued', 0]);
    }
    phone.start();
    for (const id of ids) {
      const message = await api.reaches(id, 'sent');
      assert.deepEqual([message.attempts, message.maybe_duplicate], [1, false]);
    }
    assert.equal(phone.received.length, 5);
  });

  it('an expired message is not handed out', {timeout}, async (t) => {
    const {api, phone} = await setUp(t, {});
    await phone.fetch();
    const {id, expires_at: end} = await api.send({to: nextNumber(), text: 'Hello', validity: '3s'});
    await waiting(api, 1);
    await until('its validity to end', () => Date.now() > Date.parse(end));
    assert.deepEqual(await phone.fetch(), []);
    await api.reaches(id, 'expired');
  });

  it('a wrong secret is refused as the protocol says', {timeout}, async (t) => {
    const {bridge, api, phone} = await setUp(t, {});
    await phone.fetch();
    await api.sendAll(some(3));
    await waiting(api, 3);
    const {callback_url: url} = await api.gateway('main');
    const forger = new PollingPhone({t, url, secret: 'guess'});
    await assert.rejects(forger.fetch(), /403 bad secret/);
    const answer = await phone.request('GET', '?task=send&secret=guess');
    assert.deepEqual([answer.status, JSON.parse(answer.body)], [200, {payload: {success: 'false', error: 'bad secret'}}]);
    for (const protocol of ['frontlinesync', 'smssync'])
      await assert.rejects(new PollingPhone({t, url: `${url}0`, secret, protocol}).fetch(), /404/);
    assert.equal((await phone.request('HEAD', `?task=send&secret=${encodeURIComponent(secret)}`)).body, '');
    assert.equal((await phone.fetch()).length, 3, 'they were not handed out');
    await until('it to be logged', () => /level=warn.*a callback was refused.*gateway=main/.test(bridge.log));
    assert.ok(!bridge.log.includes('guess'));
  });

  it('paused: the phone gets nothing until it goes on', {timeout}, async (t) => {
    const {api, phone} = await setUp(t, {});
    await phone.fetch();
    const ids = await api.sendAll(some(5));
    await waiting(api, 5);
    assert.equal((await api.post('/gateways/main/pause')).status, 200);
    await waiting(api, 0);
    assert.deepEqual(await phone.fetch(), []);
    assert.equal((await api.post('/gateways/main/resume')).status, 200);
    phone.start();
    for (const id of ids) assert.equal((await api.reaches(id, 'sent')).maybe_duplicate, false);
    assert.equal(phone.received.length, 5);
  });

  it('a stop puts back what nobody fetched', {timeout}, async (t) => {
    const {bridge, api, phone} = await setUp(t, {});
    await phone.fetch();
    const ids = await api.sendAll(some(5, {lane: 'reminder'}));
    await waiting(api, 5);
    await bridge.stop();
    await bridge.restart();
    phone.start();
    for (const id of ids) assert.equal((await bridge.api().reaches(id, 'sent')).maybe_duplicate, false);
    assert.equal(phone.received.length, 5);
  });

  it('killed while messages wait for the phone: none is lost, and doubts are marked or held', {timeout}, async (t) => {
    const {bridge, api, phone} = await setUp(t, {});
    await phone.fetch();
    const resent = await api.sendAll(some(4, {lane: 'transaction'}));
    const held = await api.sendAll(some(2, {lane: 'campaign'}));
    await waiting(api, 6);
    await bridge.kill();
    await bridge.restart();
    phone.start();
    const client = bridge.api();
    for (const id of resent) assert.equal((await client.reaches(id, 'sent')).maybe_duplicate, true);
    for (const id of held) await client.reaches(id, 'doubtful');
    assert.equal(phone.received.length, 4);
    assert.equal(new Set(phone.received.map(({to}) => to)).size, 4);
  });

  it('killed after messages were handed out: their statuses still count', {timeout}, async (t) => {
    const {bridge, api, phone} = await setUp(t, {gateway: {doubt: 'hold'}});
    await phone.fetch();
    const ids = await api.sendAll(some(6));
    await waiting(api, 6);
    assert.equal((await phone.fetch()).length, 6);
    await bridge.kill();
    await bridge.restart();
    phone.start();
    for (const id of ids) await bridge.api().reaches(id, 'sent');
    assert.equal(phone.received.length, 6, 'each once');
  });
});
