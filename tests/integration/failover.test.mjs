// SPDX-License-Identifier: MPL-2.0
// Routes: which gateway a message takes, when it leaves it for the next one, and that on the way nothing is lost and
// nothing is sent twice that is not marked. Carriers are `smsbridge smsc-sim` over SMPP and stand-ins of HTTP providers.
import assert from 'node:assert/strict';
import {existsSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import {after, before, describe, it} from 'node:test';
import {setTimeout as sleep} from 'node:timers/promises';
import smpp from 'smpp';
import {binary, Bridge, freePort, long, start, temporaryFolder, until} from './harness.mjs';
import {startProvider} from './peers/provider_standins.mjs';
import {Smsc} from './peers/smpp_smsc.mjs';

const timeout = 120_000;
const atOnce = 4;  // tests that run at the same time: most of them only wait
const suites = [];  // two of them run at the same time; the slowest is the first
const suite = (...settings) => suites.push(settings);

let lastNumber = 254712000000;
const nextNumber = () => `+${++lastNumber}`;
const numbered = (count, more = {}) => Array.from({length: count}, (_, n) => ({to: nextNumber(), text: `number ${n}`, ...more}));

const warmUp = 'warm-up';
const quick = {first: '100ms', resend_delay: '200ms'};
const reconnects = {reconnect_first: '50ms', reconnect_max: '200ms'};

// ---------------------------------------------------------------------------------------------------------------------
// Carriers

// A message centre that can be killed and come back on the same port.
class Carrier {
  static async start(t, ...settings) {
    const carrier = new Carrier();
    Object.assign(carrier, {t, settings, port: await freePort(), log: join(temporaryFolder(t), 'carrier.log')});
    await carrier.run();
    return carrier;
  }

  async run() {
    this.process = start(this.t, binary, ['smsc-sim', '--port', String(this.port), '--account', 'umoja:secret', '--receipt-delay', '5ms',
      '--log', this.log, '--quiet', ...this.settings]);
    await until('the carrier to listen', () => this.process.stdout.includes('listening'));
  }

  kill() { return this.process.end('SIGKILL'); }

  gateway(more = {}) { return {port: this.port, ...reconnects, retry: quick, ...more}; }

  // Texts as they were taken, over all its lives.
  get texts() {
    if (!existsSync(this.log)) return [];
    return readFileSync(this.log, 'utf8').split('\n').map((row) => row.split('\t')[6]).filter((text) => text !== undefined && text !== warmUp);
  }
}

const gatewayOf = (provider, more = {}) => ({kind: provider.kind, account: provider.settings(), retry: quick, ...more});
const textsOf = (provider) => provider.texts.filter((text) => text !== warmUp);

// A daemon with the gateways `a`, `b`, ... and one route over them in this order.
async function setUp(t, gateways, {fail_over, route, ...options} = {}) {
  const names = ['a', 'b', 'c', 'd'].slice(0, gateways.length);
  const bridge = await Bridge.start(t, {
    gateways: gateways.map((gateway, index) => ({name: names[index], ...gateway})),
    routes: [{name: 'all', id: 100, via: names.map((gateway) => ({gateway})), fail_over, ...route}],
    ...options,
  });
  const api = bridge.api();
  await trust(api, names);
  return {bridge, api};
}

// After a start a route gives a gateway one message a second until one was accepted.
async function trust(api, names) {
  for (const name of names) {
    await api.send({to: nextNumber(), text: warmUp, gateway: name});
    await trusted(api, name);
  }
}
const trusted = (api, name) => until(`${name} to be trusted`, async () => (await api.gateway(name)).routing === 'up');

// Stand-ins of the kinds given, by options: [provider, ...]. A warm-up is always accepted.
function standIns(t, ...given) {
  return Promise.all(given.map(({kind = 'twilio', script = () => 'accept', ...options}) =>
    startProvider(kind, {t, ...options, script: (draft, n) => (draft.text === warmUp ? 'accept' : script(draft, n))})));
}

const always = (fault) => () => fault;
const routeRefusal = always({fault: 'refuse', as: 'route'});

async function moves(api, id) { return (await api.timeline(id)).filter(({event}) => event === 'moved'); }
const moved = (bridge, gateway, reason) => bridge.metric('message_moves_total', {gateway, reason});

// How often each text was taken by all of them together.
function copies(...lists) {
  const counts = new Map();
  for (const text of lists.flat()) counts.set(text, (counts.get(text) ?? 0) + 1);
  return counts;
}

// Everything that was accepted was taken by somebody, and twice only what says so.
function assertComplete(messages, taken) {
  const lost = messages.filter(({text}) => !taken.has(text));
  const twice = messages.filter(({text, maybe_duplicate: marked}) => taken.get(text) > 1 && !marked);
  assert.deepEqual(lost.map(({text, state}) => [text, state]), [], 'lost');
  assert.deepEqual(twice.map(({text}) => text), [], 'sent twice without being marked');
}

const isRising = (texts) => {
  const numbers = texts.map((text) => Number(text.split(' ')[1]));
  return numbers.every((number, n) => n === 0 || number > numbers[n - 1]);
};

// The messages of the route, when all are at their end or wait for a receipt that a killed carrier took along.
const settledAll = (api, count) => until(`${count} messages to be done`, async () => {
  const {by_state: counts} = (await api.get('/messages/counts')).body;
  const done = (counts.delivered ?? 0) + (counts.submitted ?? 0);  // with the warm-ups
  const messages = done < count ? [] : (await api.all('state=delivered,submitted')).filter(({text}) => text !== warmUp);
  if (messages.length < count) throw new Error(JSON.stringify(counts));
  return messages;
}, 90_000);

// ---------------------------------------------------------------------------------------------------------------------
suite('carriers that die', {concurrency: 2}, () => {
  const count = long ? 100_000 : 10_000;
  const window = 100;  // of each of two sessions

  it(`${count} messages: A is killed, then B, and A comes back`, {timeout: long ? 900_000 : timeout}, async (t) => {
    const a = await Carrier.start(t, '--response-delay', '200ms');
    const b = await Carrier.start(t, '--response-delay', '20ms');
    const [c] = await standIns(t, {kind: 'infobip'});
    const {bridge, api} = await setUp(t, [a.gateway({window}), b.gateway({window}), gatewayOf(c, {max_in_flight: 32})],
        {fail_over: {unreachable_after: {transaction: '1s'}}});
    const sent = numbered(count);
    const ids = await api.sendAll(sent);
    await until('A to work', () => a.texts.length >= 4 * window);
    await a.kill();
    const atA = a.texts.length;
    await until('B to take most of them', () => b.texts.length >= (count - atA) * 0.7);
    assert.deepEqual(textsOf(c), [], 'B is before C');
    await b.kill();
    await until('C to take the rest', async () => {
      const {by_state: counts} = (await api.get('/messages/counts')).body;
      return (counts.queued ?? 0) <= 4 * window;
    }, 60_000);
    assert.ok(textsOf(c).length > 0);

    // What is in doubt waits for the carrier that may have it.
    const waiting = await api.all('state=queued');
    assert.deepEqual(waiting.filter((message) => !message.maybe_duplicate), []);
    await a.run();
    await b.run();
    const messages = await settledAll(api, count);
    assert.deepEqual(new Set(messages.map(({id}) => id)), new Set(ids));
    assertComplete(messages, copies(a.texts, b.texts, textsOf(c)));
    const marked = messages.filter(({maybe_duplicate: maybe}) => maybe);
    t.diagnostic(`${atA} by A, ${b.texts.length} by B, ${textsOf(c).length} by C, ${marked.length} in doubt`);
    assert.ok(marked.length <= 4 * window, `${marked.length} in doubt`);
    for (const {gateway} of marked) assert.ok(['a', 'b'].includes(gateway), 'what is in doubt stays');
    assert.ok(await moved(bridge, 'a', 'unreachable') >= count - atA - 2 * window);

    // A gets one message a second until one is accepted, then all new ones again.
    await trusted(api, 'a');
    await bridge.up('a');
    for (const id of await api.sendAll(numbered(20))) assert.equal((await api.reaches(id, 'delivered')).gateway, 'a');
  });

  for (const [words, stop] of [['stopped', (bridge) => bridge.stop()], ['killed', (bridge) => bridge.kill()]]) {
    it(`the daemon is ${words} while messages move`, {timeout}, async (t) => {
      const size = 3000;
      const a = await Carrier.start(t, '--response-delay', '500ms');
      const b = await Carrier.start(t, '--response-delay', '50ms');
      const {bridge, api} = await setUp(t, [a.gateway({window: 20}), b.gateway({window: 20})],
          {fail_over: {unreachable_after: {transaction: '1s'}}});
      await api.sendAll(numbered(size));
      await until('A to work', () => a.texts.length > 0);
      await a.kill();
      await until('messages to move', () => b.texts.length > 100);
      await stop(bridge);
      await bridge.restart();
      const client = bridge.api();
      await until('the others to move', async () => (await client.all('state=queued')).every((message) => message.maybe_duplicate), 60_000);
      await a.run();
      const messages = await settledAll(client, size);
      assertComplete(messages, copies(a.texts, b.texts));
      const marked = messages.filter(({maybe_duplicate: maybe}) => maybe);
      const atB = marked.filter(({gateway}) => gateway === 'b');
      t.diagnostic(`in doubt: ${marked.length - atB.length} at A, ${atB.length} at B`);
      // What the sessions of A had, and nothing else. A killed daemon cannot tell what it had claimed from what it had sent.
      if (words === 'stopped') assert.ok(marked.length <= 40 && atB.length === 0, `${marked.length} in doubt`);
    });
  }
});

// ---------------------------------------------------------------------------------------------------------------------
suite('a gateway that does not take a message', {concurrency: atOnce}, () => {
  it('refused by the first, taken by the next', {timeout}, async (t) => {
    const [a, b] = await standIns(t, {script: routeRefusal}, {kind: 'infobip'});
    const {bridge, api} = await setUp(t, [gatewayOf(a), gatewayOf(b)]);
    const {id} = await api.send({to: nextNumber(), text: 'Hello'});
    const message = await api.reaches(id, 'delivered');
    assert.deepEqual([message.gateway, message.maybe_duplicate, textsOf(a), textsOf(b)], ['b', false, [], ['Hello']]);
    const [move] = await moves(api, id);
    assert.match(move.detail, /route 21408/);
    assert.equal(await moved(bridge, 'a', 'refused'), 1);
  });

  it('a number that an SMPP carrier refuses is taken by the next', {timeout}, async (t) => {
    const a = await Carrier.start(t, '--reject', '25479900*=0x0B');
    const [b] = await standIns(t, {});
    const {api} = await setUp(t, [a.gateway(), gatewayOf(b)]);
    const {id} = await api.send({to: '+254799001234', text: 'Hello'});
    assert.equal((await api.reaches(id, 'delivered')).gateway, 'b');
    const [move] = await moves(api, id);
    assert.match(move.detail, /0x0000000B/);
  });

  it('refused by all: failed, with what the last one said, and each was asked once', {timeout}, async (t) => {
    const all = await standIns(t, {script: routeRefusal}, {kind: 'infobip', script: routeRefusal},
        {kind: 'vonage-messages', script: always({fault: 'refuse', as: 'sender'})});
    const {api} = await setUp(t, all.map((provider) => gatewayOf(provider)));
    const {id} = await api.send({to: nextNumber(), text: 'Hello'});
    const message = await api.reaches(id, 'failed');
    assert.match(message.status_message, /1120/);
    assert.deepEqual(all.map((provider) => provider.scripted.length), [1, 1, 1]);
    assert.equal((await moves(api, id)).length, 2);
  });

  it('a number that does not exist, and after_refusal: false: failed at once', {timeout}, async (t) => {
    const script = ({to}) => ({fault: 'refuse', as: to.endsWith('9') ? 'destination' : 'route'});
    const [a, b] = await standIns(t, {script}, {});
    const {api} = await setUp(t, [gatewayOf(a), gatewayOf(b)], {
      routes: ['all', 'stay'].map((name, index) => ({name, id: 100 + index, via: [{gateway: 'a'}, {gateway: 'b'}],
        fail_over: {after_refusal: name === 'all'}}))});
    const wrong = await api.send({to: '+254712999999', text: 'Hello'});
    assert.match((await api.reaches(wrong.id, 'failed')).status_message, /21211/);
    const stays = await api.send({to: '+254712999998', text: 'Hello', route: 'stay'});
    assert.match((await api.reaches(stays.id, 'failed')).status_message, /21408/);
    assert.deepEqual(textsOf(b), []);
  });

  it('temporary errors until the retries are used up', {timeout}, async (t) => {
    const [a, b] = await standIns(t, {script: always('503')}, {kind: 'infobip'});
    const {bridge, api} = await setUp(t, [gatewayOf(a, {retry: {first: '20ms', attempts: 3}}), gatewayOf(b)]);
    const {id} = await api.send({to: nextNumber(), text: 'Hello'});
    const message = await api.reaches(id, 'delivered');
    assert.deepEqual([message.gateway, message.attempts, a.scripted.length], ['b', 4, 3]);
    assert.equal(await moved(bridge, 'a', 'retries_used_up'), 1);
  });

  it('throttled for too long: what waits moves, in its order', {timeout}, async (t) => {
    const [a, b] = await standIns(t, {script: always('429')}, {kind: 'infobip'});
    const {bridge, api} = await setUp(t, [gatewayOf(a, {max_in_flight: 1}), gatewayOf(b, {max_in_flight: 1})],
        {fail_over: {throttled_after: {transaction: '1s'}}});
    const sent = numbered(60);
    const ids = await api.sendAll(sent);
    await until('those that wait to move', async () => textsOf(b).length >= 40);
    assert.ok(isRising(textsOf(b).slice(0, 40)), JSON.stringify(textsOf(b)));
    for (const id of ids) assert.equal((await api.reaches(id, 'delivered')).gateway, 'b');
    assert.deepEqual([...copies(textsOf(b)).values()], sent.map(() => 1));
    assert.equal(await moved(bridge, 'a', 'throttled'), 60);
  });

  it('paused: messages move, and come back to new trust', {timeout}, async (t) => {
    const [a, b] = await standIns(t, {}, {kind: 'infobip'});
    const {api} = await setUp(t, [gatewayOf(a), gatewayOf(b)], {fail_over: {unreachable_after: {transaction: '1s', campaign: '10m'}}});
    await api.post('/gateways/a/pause');
    await until('the route to know', async () => (await api.gateway('a')).routing === 'down');
    const next = await api.send({to: nextNumber(), text: 'now'});
    assert.equal((await api.reaches(next.id, 'delivered')).gateway, 'b', 'a new message takes the next');
    await api.post('/gateways/b/pause');
    await until('the route to know', async () => (await api.gateway('b')).routing === 'down');
    const [payment, offer] = await api.sendAll([{to: nextNumber(), text: 'payment'}, {to: nextNumber(), text: 'offer', lane: 'campaign'}]);
    await api.post('/gateways/b/resume');
    const message = await api.reaches(payment, 'delivered');
    assert.deepEqual([message.gateway, message.maybe_duplicate], ['b', false]);
    assert.match((await moves(api, payment))[0].detail, /a cannot send/);
    assert.equal((await api.message(offer)).gateway, 'a', 'its lane is patient');
    await api.post('/gateways/a/resume');
    assert.equal((await api.reaches(offer, 'delivered')).gateway, 'a');
    await trusted(api, 'a');
    const back = await api.send({to: nextNumber(), text: 'back'});
    assert.equal((await api.reaches(back.id, 'delivered')).gateway, 'a');
  });

  it('comes and goes and takes nothing: messages move all the same', {timeout}, async (t) => {
    const a = await Smsc.start(t, {port: await freePort(), answer: (part) => (part.text === warmUp ? null : {none: true})});
    const [b] = await standIns(t, {});
    const {bridge, api} = await setUp(t, [{port: a.port, window: 1, ...reconnects, retry: quick}, gatewayOf(b)],
        {fail_over: {unreachable_after: {transaction: '2s'}}});
    await api.sendAll(numbered(20));
    for (let times = 0; times < 10 && textsOf(b).length < 10; ++times) {
      await a.stop();
      await sleep(1200);
      await a.listen();
      await sleep(1200);
    }
    await until('those that wait to move', async () => textsOf(b).length >= 10);
    assert.ok(await moved(bridge, 'a', 'unreachable') >= 10);
  });

  it('refused by the first while no other is up: waits for the next', {timeout}, async (t) => {
    const [a, b] = await standIns(t, {script: routeRefusal}, {kind: 'infobip'});
    const {api} = await setUp(t, [gatewayOf(a), gatewayOf(b)]);
    await api.post('/gateways/b/pause');
    await until('the route to know', async () => (await api.gateway('b')).routing === 'down');
    const {id} = await api.send({to: nextNumber(), text: 'Hello'});
    await until('it to move', async () => (await moves(api, id)).length === 1);
    await api.post('/gateways/b/resume');
    const message = await api.reaches(id, 'delivered');
    assert.deepEqual([message.gateway, a.scripted.length], ['b', 1]);
  });
});

// ---------------------------------------------------------------------------------------------------------------------
suite('no receipt', {concurrency: atOnce}, () => {
  it('with no_receipt_after the next one sends it too, and it is marked', {timeout}, async (t) => {
    const [a, b] = await standIns(t, {script: always('stuck')}, {kind: 'infobip'});
    const {api} = await setUp(t, [gatewayOf(a), gatewayOf(b)], {fail_over: {no_receipt_after: {otp: '1s'}}});
    const code = await api.send({to: nextNumber(), text: 'code', lane: 'otp'});
    const payment = await api.send({to: nextNumber(), text: 'payment'});
    const message = await api.reaches(code.id, 'delivered');
    assert.deepEqual([message.gateway, message.maybe_duplicate, message.attempts, textsOf(b)], ['b', true, 2, ['code']]);
    const [move] = await moves(api, code.id);
    assert.match(move.detail, /no receipt/);
    assert.ok((await api.all('state=doubtful')).some(({id}) => id === code.id), 'listed');
    const other = await api.message(payment.id);
    assert.deepEqual([other.state, other.gateway, (await moves(api, payment.id)).length], ['submitted', 'a', 0]);
  });

  it('a receipt in time moves nothing, and one after the move is not counted', {timeout}, async (t) => {
    const [a, b] = await standIns(t, {receiptDelayMs: 1300, outcome: 'undelivered'}, {kind: 'infobip', receiptDelayMs: 1300});
    const {api} = await setUp(t, [gatewayOf(a), gatewayOf(b)], {fail_over: {no_receipt_after: {otp: '1s', transaction: '10s'}}});
    const payment = await api.send({to: nextNumber(), text: 'payment'});
    const code = await api.send({to: nextNumber(), text: 'code', lane: 'otp'});
    const early = await api.reaches(payment.id, 'undeliverable');
    assert.deepEqual([early.gateway, early.maybe_duplicate], ['a', false]);
    const late = await api.reaches(code.id, 'delivered', 'undeliverable');
    assert.deepEqual([late.state, late.gateway, textsOf(b)], ['delivered', 'b', ['code']]);
  });

  it('a gateway whose receipts have stopped gets one message a second until one comes', {timeout}, async (t) => {
    let reports = true;
    const [a, b] = await standIns(t, {script: () => (reports ? 'accept' : 'stuck')}, {kind: 'infobip'});
    const {bridge, api} = await setUp(t, [gatewayOf(a, {receipts_quiet: '1s'}), gatewayOf(b)]);
    for (const {text} of numbered(3)) await api.reaches((await api.send({to: nextNumber(), text})).id, 'delivered');
    reports = false;
    await api.sendAll(numbered(25, {gateway: 'a'}));
    await until('it to be seen', async () => (await api.gateway('a')).receipts_quiet_since !== null);
    assert.match(bridge.log, /receipts have stopped coming/);
    const ids = await api.sendAll(numbered(40));
    const took = [];
    for (const id of ids) took.push((await api.message(id)).gateway);
    assert.ok(took.filter((gateway) => gateway === 'b').length >= 37, `${took}`);
    assert.equal((await api.gateway('a')).routing, 'probing');
    reports = true;
    await api.reaches((await api.send({to: nextNumber(), text: 'named', gateway: 'a'})).id, 'delivered');
    await trusted(api, 'a');
    assert.equal((await api.gateway('a')).receipts_quiet_since, null);
  });

  it('without another gateway that can send nothing moves', {timeout}, async (t) => {
    const [a, b] = await standIns(t, {script: always('stuck')}, {});
    const {api} = await setUp(t, [gatewayOf(a, {receipt_wait: '2s'}), gatewayOf(b)], {fail_over: {no_receipt_after: {otp: '1s'}}});
    await api.post('/gateways/b/pause');
    await until('the route to know', async () => (await api.gateway('b')).routing === 'down');
    const {id} = await api.send({to: nextNumber(), text: 'code', lane: 'otp'});
    const message = await api.reaches(id, 'sent');
    assert.deepEqual([message.gateway, message.maybe_duplicate], ['a', false]);
  });
});

// ---------------------------------------------------------------------------------------------------------------------
suite('what never moves', {concurrency: atOnce}, () => {
  const fail_over = {unreachable_after: {transaction: '1s', campaign: '1s'}};

  // Both are closed, then the second one opens: a message that came later, and waited at the first, moves there.
  async function assertStays(api, id, second) {
    for (const name of ['a', 'b']) await api.post(`/gateways/${name}/pause`);
    for (const name of ['a', 'b']) await until(`${name} to be down`, async () => (await api.gateway(name)).routing === 'down');
    const {due_at: due, lane} = await api.message(id);
    await until('it to be due', () => Date.now() > Date.parse(due ?? 0));
    const {id: witness} = await api.send({to: nextNumber(), text: 'a witness', lane});
    assert.equal((await api.message(witness)).gateway, 'a');
    await api.post('/gateways/b/resume');
    assert.equal((await api.reaches(witness, 'delivered')).gateway, 'b');
    assert.equal((await api.message(id)).gateway, 'a');
    assert.deepEqual(textsOf(second), ['a witness']);
  }

  it('a message that is held as doubtful', {timeout}, async (t) => {
    const [a, b] = await standIns(t, {script: always({fault: 'lose-answer', reports: 'none'})}, {kind: 'infobip'});
    const {api} = await setUp(t, [gatewayOf(a), gatewayOf(b)], {fail_over});
    const {id} = await api.send({to: nextNumber(), text: 'offer', lane: 'campaign'});
    await api.reaches(id, 'doubtful');
    await assertStays(api, id, b);
    assert.equal((await api.message(id)).state, 'doubtful');
  });

  it('a message in doubt that waits to be sent again', {timeout}, async (t) => {
    const [a, b] = await standIns(t, {script: always({fault: 'lose-answer', reports: 'none'})}, {kind: 'infobip'});
    const {api} = await setUp(t, [gatewayOf(a, {retry: {resend_delay: '1s'}}), gatewayOf(b)], {fail_over});
    const {id} = await api.send({to: nextNumber(), text: 'payment'});
    await until('the answer to be lost', async () => (await api.message(id)).maybe_duplicate);
    await assertStays(api, id, b);
    assert.equal((await api.message(id)).state, 'queued');
  });

  it('a message whose answer was lost at a provider that knows repetitions', {timeout}, async (t) => {
    const [a, b] = await standIns(t, {kind: 'infobip', script: always({fault: 'lose-answer', reports: 'none'})}, {});
    const {api} = await setUp(t, [gatewayOf(a, {retry: {first: '1s', attempts: 3}}), gatewayOf(b)], {fail_over});
    const {id} = await api.send({to: nextNumber(), text: 'payment'});
    await until('the answer to be lost', async () => (await api.message(id)).attempts > 0);
    await assertStays(api, id, b);
  });

  it('a message whose retries are used up there', {timeout}, async (t) => {
    const script = (draft, n) => (n < 3 ? {fault: 'lose-answer', reports: 'none'} : '503');
    const [a, b] = await standIns(t, {kind: 'infobip', script}, {});
    const {api} = await setUp(t, [gatewayOf(a, {retry: {first: '20ms', attempts: 3}}), gatewayOf(b)], {fail_over});
    const {id} = await api.send({to: nextNumber(), text: 'payment'});
    const message = await api.reaches(id, 'failed', 'doubtful', 'delivered');
    assert.deepEqual([message.gateway, a.received.length - 1, textsOf(b)], ['a', 1, []]);
    assert.notEqual(message.state, 'delivered');
  });

  it('a message with a part at a carrier', {timeout}, async (t) => {
    const answer = ({number}) => (number === 2 ? {status: smpp.ESME_RSYSERR} : {});
    const a = await Smsc.start(t, {port: await freePort(), receipt: () => null, answer});
    const [b] = await standIns(t, {});
    const {bridge, api} = await setUp(t, [{port: a.port, ...reconnects, retry: {first: '20ms', attempts: 3}}, gatewayOf(b)], {fail_over});
    await bridge.up('a');
    const {id} = await api.send({to: nextNumber(), text: 'x'.repeat(200)});
    const message = await api.reaches(id, 'failed', 'delivered');
    assert.deepEqual([message.state, message.gateway, textsOf(b)], ['failed', 'a', []]);
  });

  it('a message that named its gateway, or that no route fits', {timeout}, async (t) => {
    const [a, b] = await standIns(t, {}, {kind: 'infobip'});
    const {api} = await setUp(t, [gatewayOf(a), gatewayOf(b)], {
      tenants: [{default_gateway: 'a'}],
      routes: [{name: 'all', id: 100, countries: ['KE'], via: [{gateway: 'a'}, {gateway: 'b'}], fail_over}]});
    await api.post('/gateways/a/pause');
    const [named, abroad] = await api.sendAll([{to: nextNumber(), text: 'named', gateway: 'a'}, {to: '+4915112345678', text: 'abroad'}]);
    await assertStays(api, named, b);
    for (const id of [named, abroad]) assert.deepEqual([(await api.message(id)).state, (await api.message(id)).gateway], ['queued', 'a']);
  });
});

// ---------------------------------------------------------------------------------------------------------------------
suite('which way', {concurrency: 1}, () => {
  const undone = [];
  const context = {after: (step) => undone.push(step)};  // what these tests share is undone at their end
  let bridge, api, cheap, dear, third;

  const clock = (hoursFromNow) => `${String((new Date().getUTCHours() + hoursFromNow) % 24).padStart(2, '0')}:00`;
  const via = (...gateways) => gateways.map((gateway) => ({gateway}));
  const routes = [
    {name: 'night', prefixes: ['+25479900'], hours: {from: clock(2), until: clock(4)}, via: via('third')},
    {name: 'day', prefixes: ['+25479900'], hours: {from: clock(23), until: clock(2)}, via: via('dear')},
    {name: 'zone', prefixes: ['+25479901'], hours: {from: clock(5), until: clock(7), zone: 'Etc/GMT-6'}, via: via('third')},
    {name: 'germany', countries: ['DE', 'AT'], via: via('third')},
    {name: 'capped', prefixes: ['+25479910'], via: via('dear', 'third', 'cheap'), price_max: '1.00'},
    {name: 'cheapest', prefixes: ['+25479920', '+25479921'], order: 'cheapest', via: via('dear', 'third', 'cheap')},
    {name: 'weighted', prefixes: ['+25479930'], order: 'weighted',
      via: [{gateway: 'cheap', weight: 7}, {gateway: 'dear', weight: 2}, {gateway: 'third', weight: 1}]},
    {name: 'codes', lanes: ['otp'], via: via('third')},
    {name: 'loans', senders: ['LOANS'], via: via('dear')},
    {name: 'others', tenants: ['second'], via: via('dear')},
    {name: 'by-name', countries: ['UG'], via: via('third')},
    {name: 'rest', countries: ['KE'], description: 'All the others', via: via('cheap', 'dear')},
  ].map((route, index) => ({id: 100 + index, ...route}));
  const prices = [
    {gateway: 'cheap', price: '0.80', currency: 'KES'}, {gateway: 'dear', price: '1.20', currency: 'KES'},
    {gateway: 'dear', prefix: '+25479921', price: '0.10', currency: 'KES'}, {gateway: 'cheap', prefix: '49', price: '9', currency: 'KES'},
  ];

  before(async () => {
    [cheap, dear, third] = await standIns(context, {}, {kind: 'infobip'}, {kind: 'vonage-messages'});
    bridge = await Bridge.start(context, {
      tenants: [{}, {name: 'second', key: 'another-key'}],
      gateways: [gatewayOf(cheap, {name: 'cheap'}), gatewayOf(dear, {name: 'dear'}), gatewayOf(third, {name: 'third'})], routes, prices,
    });
    api = bridge.api();
    await trust(api, ['cheap', 'dear', 'third']);
  });
  after(async () => { for (const step of undone.splice(0).reverse()) await step(); });

  const tested = async (question) => {
    const answer = await api.post('/routes/test', question);
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    return answer.body;
  };
  const step = ({steps}, subject) => steps.find((each) => each.subject === subject);

  for (const [what, message, gateway, route] of [
    ['a country', {to: '+4915112345678'}, 'third', 'germany'],
    ['the beginning of a number, at this time of day', {to: '+254799000001'}, 'dear', 'day'],
    ['a time of day in another zone', {to: '+254799010001'}, 'third', 'zone'],
    ['a lane', {to: '+254712100001', lane: 'otp'}, 'third', 'codes'],
    ['a sender', {to: '+254712100002', from: 'LOANS'}, 'dear', 'loans'],
    ['none of these', {to: '+254712100003', from: 'OTHER'}, 'cheap', 'rest'],
    ['a price that is too high, or not known', {to: '+254799100001'}, 'cheap', 'capped'],
    ['the lowest price', {to: '+254799200001'}, 'cheap', 'cheapest'],
    ['the lowest price for this number', {to: '+254799210001'}, 'dear', 'cheapest'],
    ['a route that is named', {to: '+256772123456', route: 'by-name'}, 'third', 'by-name'],
  ]) {
    it(`by ${what}: ${gateway}`, {timeout}, async () => {
      const {id} = await api.send({text: `by ${what}`, ...message});
      assert.equal((await api.reaches(id, 'delivered')).gateway, gateway);
      const preview = await api.post('/messages/preview', {text: 'x', to: message.to, ...(message.lane ? {lane: message.lane} : {}),
        ...(message.route ? {route: message.route} : {})});
      if (!message.from) assert.deepEqual([preview.body.gateway, preview.body.route], [gateway, route], JSON.stringify(preview.body));
      const answer = await tested(message);
      assert.deepEqual([answer.route, answer.gateways[0]], [route, gateway]);
      assert.equal(step(answer, `route ${route}`).taken, true);
      assert.equal(step(answer, `gateway ${gateway}`).taken, true);
    });
  }

  it('another tenant has its own', {timeout}, async () => {
    const second = bridge.api(await bridge.createKey('second'));
    const {id} = await second.send({to: '+254712100004', text: 'of the second'});
    assert.equal((await second.reaches(id, 'delivered')).gateway, 'dear');
  });

  it('refused when all gateways are too dear, and when no route fits', {timeout}, async () => {
    const dearer = await api.post('/messages', {to: '+254799100002', text: 'x'.repeat(161)});
    assert.deepEqual([dearer.status, dearer.body.code], [422, 'no-route']);
    assert.match(dearer.body.detail, /capped/);
    const nowhere = await api.post('/messages', {to: '+12125550123', text: 'Hello'});
    assert.deepEqual([nowhere.status, nowhere.body.code], [422, 'no-route']);
    const unknown = await api.post('/messages', {to: '+254712100001', text: 'Hello', route: 'nothing'});
    assert.equal(unknown.status, 422);
    const both = await api.post('/messages', {to: '+4915112345678', text: 'Hello', route: 'by-name'});
    assert.deepEqual([both.status, both.body.code], [422, 'no-route'], 'a route that is named must fit');
  });

  it('by weights: near 7 : 2 : 1 over 1000 messages', {timeout}, async () => {
    const messages = Array.from({length: 1000}, (_, n) => ({to: `+25479930${String(n).padStart(4, '0')}`, text: 'weighted'}));
    await api.sendAll(messages);
    const found = await until('all to be delivered', async () => {
      const done = (await api.all('state=delivered')).filter(({text}) => text === 'weighted');
      return done.length === messages.length && done;
    });
    const counts = {cheap: 0, dear: 0, third: 0};
    for (const {gateway} of found) ++counts[gateway];
    // Five times the standard deviation.
    for (const [gateway, expected] of [['cheap', 700], ['dear', 200], ['third', 100]]) {
      assert.ok(Math.abs(counts[gateway] - expected) < 5 * Math.sqrt(expected * (1 - expected / 1000)), JSON.stringify(counts));
    }
  });

  it('Fineract names a route or a gateway by its number', {timeout}, async () => {
    const fineract = bridge.fineract();
    const bridges = await fineract.bridges();
    const route = bridges.find(({providerName}) => providerName === 'rest');
    assert.deepEqual([route.id, route.providerDescription], [routes.at(-1).id, 'All the others']);
    assert.deepEqual(bridges.slice(-3).map(({providerName}) => providerName), ['cheap', 'dear', 'third']);
    assert.equal(new Set(bridges.map(({id}) => id)).size, bridges.length);
    assert.ok(!bridges.some(({providerName}) => providerName === 'others'), 'not those of another tenant');
    const message = (internalId, providerId) => ({internalId, mobileNumber: '0799200002', message: `fineract ${internalId}`, providerId});
    await fineract.send([message(1, routes.find(({name}) => name === 'rest').id), message(2, 3), message(3, undefined)]);
    await fineract.reaches([1, 2, 3], 300);
    const [byRoute, byGateway, byRules] = await Promise.all([1, 2, 3].map(async (id) => {
      const client = bridge.api();
      return (await client.all(`client_ref=${id}`))[0].gateway;
    }));
    assert.deepEqual([byRoute, byGateway, byRules], ['cheap', 'third', 'cheap']);
  });

  it('POST /routes/test tells why', {timeout}, async () => {
    const capped = await tested({to: '0799 100 003'});
    assert.deepEqual([capped.to, capped.country, capped.route, capped.gateways], ['+254799100003', 'KE', 'capped', ['cheap']]);
    assert.match(step(capped, 'gateway dear').why, /1\.2 KES.*allows 1/);
    assert.match(step(capped, 'gateway third').why, /price is not known/);
    assert.match(step(capped, 'route night').why, /no prefix/);
    assert.match(step(await tested({to: '+254799000002'}), 'route night').why, /only from .* to .* in UTC/);
    const none = await tested({to: '+12125550123'});
    assert.deepEqual([none.route, none.gateways], [null, []]);
    assert.equal(none.steps.at(-1).taken, false);
    const to = '0712345678';
    for (const [question, pointer] of [[{to: 'x'}, '/to'], [{}, '/to'], [{to, lane: 'express'}, '/lane'], [{to, route: 'no'}, '/route'],
      [{to, color: 'red'}, '/color']]) {
      const answer = await api.post('/routes/test', question);
      assert.deepEqual([answer.status, answer.body.errors?.[0].pointer], [422, pointer], JSON.stringify(answer.body));
    }
    assert.equal((await api.post('/routes/test', 'no JSON')).status, 400);
  });

  it('GET /routes lists them, for those who may read the configuration', {timeout}, async () => {
    const {body} = await bridge.api(await bridge.createOwnerKey()).get('/routes');
    assert.deepEqual(body.items.map(({name}) => name), routes.map(({name}) => name));
    const ours = routes.filter(({tenants = ['default']}) => tenants.includes('default'));
    assert.deepEqual((await api.get('/routes')).body.items.map(({name}) => name), ours.map(({name}) => name), 'and of other tenants\' nothing');
    const {body: one} = await api.get('/routes/weighted');
    assert.deepEqual([one.order, one.via[0]], ['weighted', {gateway: 'cheap', weight: 7}]);
    assert.equal((await api.get('/routes/nothing')).status, 404);
    const sender = bridge.api(await bridge.createKey('default', 'sender', '--scope', 'messages:send'));
    assert.equal((await sender.get('/routes')).status, 403);
  });

  it('smsbridge routes: list, show and test', {timeout}, async () => {
    const shown = await bridge.cli('routes', 'test', '+254799100001', '--tenant', 'default');
    assert.equal(shown.code, 0, shown.output);
    assert.match(shown.stdout, /gateway dear\s+no\s+costs 1\.2 KES, and the route allows 1/);
    assert.match(shown.stdout, /gateway cheap\s+yes/);
    const none = await bridge.cli('routes', 'test', '+12125550123', '--tenant', 'default');
    assert.equal(none.code, 1, none.output);
    assert.match((await bridge.cli('routes', 'list')).stdout, /weighted.*cheap\*7,dear\*2,third\*1/);
    assert.match((await bridge.cli('routes', 'show', 'capped')).stdout, /price_max\s+1/);
  });

  it('nobody complains', {timeout}, async () => {
    for (const provider of [cheap, dear, third]) assert.deepEqual([provider.rejects, [...provider.ignored], provider.errors], [[], [], []]);
  });
});

// ---------------------------------------------------------------------------------------------------------------------
describe('routes and fail-over', {concurrency: 2}, () => {
  for (const settings of suites) describe(...settings);
});
