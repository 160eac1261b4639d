// SPDX-License-Identifier: MPL-2.0
// Debian's Kannel as a provider: smsbox takes the messages over HTTP and calls back, bearerbox hands them to message
// centres of ours, one for each fate, by the number's prefix. So the fate of every single message is known beforehand.
import assert from 'node:assert/strict';
import {existsSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {test} from 'node:test';
import {Bridge, HttpConnection, binary, freePort, root, start, temporaryFolder, until} from './harness.mjs';

const timeout = 120_000;
const folders = ['/usr/sbin', '/usr/bin', '/usr/local/sbin', '/usr/local/bin'];
const programs = Object.fromEntries(['bearerbox', 'smsbox'].map((name) => [name, folders.map((folder) => join(folder, name)).find(existsSync)]));
const skip = (!programs.bearerbox || !programs.smsbox) && 'Kannel is not installed: apt-get install kannel';

const username = 'bridge', password = 'kannel-password';
const quick = {first: '100ms', resend_delay: '200ms'};

// What becomes of numbers with a prefix, and what the message is then.
const fates = {
  DELIVRD: {prefix: '2547120', state: 'delivered'},
  UNDELIV: {prefix: '2547121', state: 'undeliverable'},
  EXPIRED: {prefix: '2547122', state: 'expired'},
  REJECTD: {prefix: '2547123', state: 'rejected'},
  refused: {prefix: '2547124', state: 'rejected'},  // by the answer to submit_sm, not by a receipt
};
const refusal = '0x0B';

let numbers = 0;
const numberFor = (fate) => `+${fates[fate].prefix}${String(++numbers).padStart(5, '0')}`;

// Texts that are hard to carry. Kannel cuts between the halves of a surrogate pair, so none stands where a part ends.
const samples = [
  (n) => `No. ${n}: KES 4,500.50 & more + 50% = ok? #1 <x> "y" 'z'; a,b %d %F %%`,
  (n) => `${n} ${'A long one that needs two parts. '.repeat(7)}`,
  (n) => `${n}: Mpendwa Wanjikũ 😀 ärger`,
  (n) => `${n} ${'ũ'.repeat(80)}😀${'ĩ'.repeat(40)} stat:REJECTD err:099`,
  (n) => `${n} {braces} [brackets] ~ | \\ ^ € @ £\nsecond line`,
  (n) => `${n} ${'€[]'.repeat(50)} id:7 stat:UNDELIV err:042`,
  (n) => `stat:EXPIRED err:044 ${n}`,
];

// ---------------------------------------------------------------------------------------------------------------------
// Message centres and Kannel

// A message centre that gives every message the same fate; it can be ended and come back on the same port.
class Carrier {
  static async start(t, fate, ...settings) {
    const carrier = new Carrier();
    Object.assign(carrier, {t, fate, port: await freePort(), log: join(temporaryFolder(t), 'carrier.log')});
    carrier.settings = [...(fate === 'refused' ? ['--reject', `*=${refusal}`] : ['--outcomes', `${fate}:1`]), ...settings];
    await carrier.run();
    return carrier;
  }

  async run() {
    this.process = start(this.t, binary, ['smsc-sim', '--port', String(this.port), '--account', 'kannel:secret', '--log', this.log,
      '--receipt-delay', '20ms', '--receipt-jitter', '200ms', ...this.settings]);
    await until('the carrier to listen', () => this.process.stdout.includes('listening'));
  }

  // The counts of its life.
  async stop() {
    await this.process.end('SIGTERM');
    return JSON.parse(this.process.stdout.trim().split('\n').pop());
  }

  // Parts as they were taken, over all its lives.
  get parts() {
    if (!existsSync(this.log)) return [];
    return readFileSync(this.log, 'utf8').split('\n').filter(Boolean).map((row) => {
      const [, , id, from, to, place, text] = row.split('\t');
      const [part, parts] = place.split('/').map(Number);
      return {id, from, to, part, parts, text: text.replace(/\\(.)/g, (_, letter) => ({n: '\n', t: '\t', r: '\r', 0: '\0'}[letter] ?? letter))};
    });
  }
}

class Kannel {
  static async start(t, carriers, core = '') {
    const kannel = new Kannel();
    const [admin, boxes, sendsms] = [await freePort(), await freePort(), await freePort()];
    const folder = temporaryFolder(t);
    Object.assign(kannel, {t, admin, carriers, config: join(folder, 'kannel.conf'), url: `http://127.0.0.1:${sendsms}/cgi-bin/sendsms`, sendsms});
    const smsc = ({port, fate}) => `
group = smsc
smsc = smpp
smsc-id = ${fate}
allowed-prefix = "+${fates[fate].prefix};${fates[fate].prefix}"
host = 127.0.0.1
port = ${port}
transceiver-mode = 1
smsc-username = kannel
smsc-password = secret
system-type = ""
reconnect-delay = 1
`;
    writeFileSync(kannel.config, `
group = core
admin-port = ${admin}
admin-interface = 127.0.0.1
admin-password = admin
smsbox-port = ${boxes}
smsbox-interface = 127.0.0.1
box-allow-ip = "127.0.0.1"
dlr-storage = internal
log-file = ${join(folder, 'bearerbox.log')}
log-level = 1
${core}
${carriers.map(smsc).join('')}
group = smsbox
bearerbox-host = 127.0.0.1
sendsms-port = ${sendsms}
sendsms-interface = 127.0.0.1
http-request-retry = 5
http-queue-delay = 1
log-file = ${join(folder, 'smsbox.log')}
log-level = 1

group = sendsms-user
username = ${username}
password = ${password}
max-messages = 10
concatenation = true
`, {mode: 0o600});
    kannel.logs = ['bearerbox.log', 'smsbox.log'].map((name) => join(folder, name));
    await kannel.run();
    return kannel;
  }

  // Both boxes, until the carriers that are there are bound and smsbox is connected.
  async run() {
    this.boxes = {};
    const box = (name) => { this.boxes[name] = start(this.t, programs[name], ['-v', '4', this.config]); };
    const ready = (what, check) => until(what, () => {
      for (const each of Object.values(this.boxes)) {
        if (each.how) throw Object.assign(new Error(`${each.name} ended: ${each.output}\n${this.log}`), {giveUp: true});
      }
      return check();
    });
    box('bearerbox');
    await ready('Kannel to be bound', async () => ((await this.status()).match(/\(online/g) ?? []).length === this.carriers.length);
    box('smsbox');
    await ready('smsbox to be connected', async () => /smsbox:.*\(on-line/.test(await this.status()));
    await ready('smsbox to listen', async () => (await this.#get(this.sendsms, '/')).status > 0);
  }

  // smsbox goes when its bearerbox does.
  async stop() {
    await this.boxes.bearerbox.end('SIGTERM');
    await until('smsbox to have ended', () => this.boxes.smsbox.how);
  }

  async status() { return (await this.#get(this.admin, '/status.txt?password=admin')).body.toString('utf8'); }

  async #get(port, path) {
    const connection = new HttpConnection(port);
    try {
      return await connection.request({path});
    } finally {
      connection.close();
    }
  }

  get log() { return this.logs.filter(existsSync).map((file) => readFileSync(file, 'utf8').slice(-4000)).join('\n'); }

  gateway(more = {}, account = {}) {
    return {name: 'kannel', kind: 'kannel', account: {url: this.url, username, password, from: 'UMOJA', ...account}, retry: quick, ...more};
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// What was sent, and what arrived

// Messages for all fates, most of them delivered: [{fate, message}, ...].
function mixed(count, gateway) {
  const others = Object.keys(fates).filter((fate) => fate !== 'DELIVRD');
  return Array.from({length: count}, (_, n) => {
    const fate = others[n % 20 - 1] ?? 'DELIVRD';
    return {fate, message: {to: numberFor(fate), text: samples[n % samples.length](n), gateway, client_ref: `ref-${n}`}};
  });
}

// Until none of them waits for anything; the states of all that the daemon has.
function settled(api, count) {
  const final = ['delivered', 'undeliverable', 'expired', 'rejected', 'failed', 'sent', 'unknown', 'cancelled'];
  return until(`${count} messages to be at their end`, async () => {
    const {by_state: states} = (await api.get('/messages/counts')).body;
    const present = Object.entries(states).filter(([, number]) => number > 0);
    const done = present.filter(([state]) => final.includes(state)).reduce((sum, [, number]) => sum + number, 0);
    if (done < count) throw new Error(JSON.stringify(states));
    return Object.fromEntries(present);
  });
}

function tally(names) {
  const counts = {};
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}

// Every message once at its own carrier, whole, with its number, text and sender.
function assertArrived(carriers, sent, from = 'UMOJA') {
  for (const carrier of carriers) {
    const byNumber = new Map();
    for (const part of carrier.parts) byNumber.set(part.to, [...(byNumber.get(part.to) ?? []), part]);
    const wanted = sent.filter(({fate}) => fate === carrier.fate && fate !== 'refused');
    assert.deepEqual([...byNumber.keys()].sort(), wanted.map(({message}) => message.to.slice(1)).sort(), `the numbers at ${carrier.fate}`);
    for (const {message: {to, text}} of wanted) {
      const parts = byNumber.get(to.slice(1)).sort((a, b) => a.part - b.part);
      assert.deepEqual(parts.map(({part, parts: all}) => `${part}/${all}`), parts.map((_, index) => `${index + 1}/${parts.length}`), to);
      assert.deepEqual([parts.map((part) => part.text).join(''), ...new Set(parts.map((part) => part.from))], [text, from], to);
    }
  }
}

// Ends the carriers; they have nothing to complain about, and every receipt was answered. Their counts by fate.
async function assertContent(carriers) {
  const counts = {};
  for (const carrier of carriers) {
    const one = counts[carrier.fate] = await carrier.stop();
    const what = `${carrier.fate}: ${JSON.stringify(one)}`;
    assert.deepEqual([one.protocol_errors, one.receipts_answered, one.receipts_repeated], [0, one.receipts_due, 0], what);
  }
  return counts;
}

async function startCarriers(t, names = Object.keys(fates)) { return Promise.all(names.map((fate) => Carrier.start(t, fate))); }

// ---------------------------------------------------------------------------------------------------------------------

test('1,000 messages through Kannel: each has the fate that the carrier gave it', {timeout, skip}, async (t) => {
  const carriers = await startCarriers(t);
  const kannel = await Kannel.start(t, carriers);
  const bridge = await Bridge.start(t, {gateways: [kannel.gateway({max_in_flight: 32})]});
  const api = bridge.api();
  const sent = mixed(1000, 'kannel');
  const ids = await api.sendAll(sent.map(({message}) => message));
  const states = await settled(api, sent.length);
  assert.deepEqual(states, tally(sent.map(({fate}) => fates[fate].state)));

  const found = new Map((await api.all()).map((message) => [message.id, message]));
  assert.equal(found.size, sent.length);
  const words = {UNDELIV: /err:001/, EXPIRED: /err:027/, REJECTD: /err:013/, refused: /err:0x0000000b/};
  sent.forEach(({fate, message}, n) => {
    const {to, text, parts, state, success, attempts, maybe_duplicate: doubt, status_message: why, client_ref: ref} = found.get(ids[n]);
    assert.deepEqual([to, text, state, success, attempts, doubt, ref],
        [message.to, message.text, fates[fate].state, fate === 'DELIVRD', 1, false, message.client_ref]);
    // Kannel does not pass on why a message of several parts was refused.
    if (words[fate] && (fate !== 'refused' || parts === 1)) assert.match(why, words[fate], `${fate}: what the carrier said`);
  });
  assertArrived(carriers, sent);

  const events = (await api.timeline(ids[0])).map(({event}) => event);
  for (const wanted of ['accepted', 'submitted', 'receipt', 'final']) assert.ok(events.includes(wanted), `${wanted}: ${events}`);
  assert.equal(events.filter((event) => event === 'final').length, 1);
  assert.deepEqual(await api.all('state=doubtful'), []);
  assert.equal(await bridge.metric('submit_results_total', {gateway: 'kannel', result: 'ok'}), sent.length);
  for (const result of ['permanent', 'temporary', 'throttled', 'timeout', 'disconnected']) {
    assert.equal(await bridge.metric('submit_results_total', {gateway: 'kannel', result}), 0, result);
  }
  for (const [receipt, state] of [['delivered', 'delivered'], ['undeliverable', 'undeliverable'], ['expired', 'expired'], ['rejected', 'rejected']]) {
    assert.equal(await bridge.metric('receipts_total', {gateway: 'kannel', state: receipt}), states[state], `receipts: ${receipt}`);
  }
  await bridge.stop();
  assert.doesNotMatch(bridge.log, /level=(warn|error)/);
  assert.doesNotMatch(bridge.log, new RegExp(password));
  await kannel.stop();
  const counts = await assertContent(carriers);
  assert.deepEqual([counts.refused.accepted, counts.refused.rejected], [0, counts.refused.submits]);
});

test('20 messages through the definition of Kannel for the generic kind', {timeout, skip}, async (t) => {
  const carriers = await startCarriers(t);
  const kannel = await Kannel.start(t, carriers);
  const account = JSON.parse(readFileSync(join(root, 'tests', 'data', 'providers', 'generic', 'preset-kannel.json'), 'utf8'));
  account.request.url = kannel.url;
  account.request.auth.params = {username, password};
  account.from = 'UMOJA';
  const bridge = await Bridge.start(t, {gateways: [{name: 'generic', kind: 'generic', account, retry: quick}]});
  const api = bridge.api();
  const sent = mixed(20, 'generic');
  const ids = await api.sendAll(sent.map(({message}) => message));
  // It does not read the receipt, only what Kannel makes of it: 34 where it expired, 2 for the rest that failed.
  const stateOf = (fate) => (fate === 'REJECTD' ? 'undeliverable' : fates[fate].state);
  assert.deepEqual(await settled(api, sent.length), tally(sent.map(({fate}) => stateOf(fate))));
  for (const [n, {fate}] of sent.entries()) {
    const {state, attempts, maybe_duplicate: doubt} = await api.message(ids[n]);
    assert.deepEqual([state, attempts, doubt], [stateOf(fate), 1, false], fate);
  }
  assertArrived(carriers, sent);
  await bridge.stop();
  assert.doesNotMatch(bridge.log, /level=(warn|error)/);
  await assertContent(carriers);
});

test('Kannel is stopped: the message waits, and arrives once when it is back', {timeout, skip}, async (t) => {
  const carriers = await startCarriers(t, ['DELIVRD']);
  const kannel = await Kannel.start(t, carriers);
  const bridge = await Bridge.start(t, {gateways: [kannel.gateway()]});
  const api = bridge.api();
  const messages = Array.from({length: 2}, (_, n) => ({to: numberFor('DELIVRD'), text: `number ${n}`}));
  const before = await api.send(messages[0]);
  await api.reaches(before.id, 'delivered');

  await kannel.stop();
  const {id} = await api.send(messages[1]);
  const {last_error: error} = await until('the gateway to be down', async () => {
    const gateway = await api.gateway('kannel');
    return gateway.state === 'down' && gateway;
  });
  assert.match(error, /connect|refused/i);
  const waiting = await api.message(id);
  assert.deepEqual([waiting.state, waiting.attempts, waiting.maybe_duplicate], ['queued', 0, false]);
  await until('it to be logged', () => /level=warn.*the provider cannot be used.*gateway=kannel/.test(bridge.log));
  assert.ok(await bridge.metric('submit_results_total', {gateway: 'kannel', result: 'disconnected'}) >= 5);

  await kannel.run();
  const done = await api.reaches(id, 'delivered');
  assert.deepEqual([done.attempts, done.maybe_duplicate], [1, false]);
  assert.equal((await api.gateway('kannel')).state, 'up');
  await until('it to be logged', () => /the provider takes messages again.*gateway=kannel/.test(bridge.log));
  assertArrived(carriers, messages.map((message) => ({fate: 'DELIVRD', message})));
  await bridge.stop();
});

test('Kannel takes no more for a while (503): nothing is lost, sent twice or in doubt', {timeout, skip}, async (t) => {
  const carriers = await startCarriers(t, ['DELIVRD']);
  const kannel = await Kannel.start(t, carriers, 'sms-outgoing-queue-limit = 5');
  const bridge = await Bridge.start(t, {gateways: [kannel.gateway()]});
  const api = bridge.api();
  await carriers[0].stop();
  await until('Kannel to miss its carrier', async () => !/\(online/.test(await kannel.status()));
  const sent = Array.from({length: 20}, (_, n) => ({fate: 'DELIVRD', message: {to: numberFor('DELIVRD'), text: `number ${n}`}}));
  const ids = await api.sendAll(sent.map(({message}) => message));
  await until('the gateway to be down', async () => {
    const gateway = await api.gateway('kannel');
    return gateway.state === 'down' && /temporary.*503/.test(gateway.last_error);
  });
  assert.deepEqual(await api.all('state=doubtful'), []);
  await carriers[0].run();
  assert.deepEqual(await settled(api, sent.length), {delivered: sent.length});
  for (const id of ids) assert.equal((await api.message(id)).maybe_duplicate, false);
  assertArrived(carriers, sent);
  await bridge.stop();
});

test('wrong credentials: the gateway is down, loudly, and the other one is not', {timeout, skip}, async (t) => {
  const carriers = await startCarriers(t, ['DELIVRD']);
  const kannel = await Kannel.start(t, carriers);
  const bridge = await Bridge.start(t, {gateways: [kannel.gateway(), kannel.gateway({name: 'wrong'}, {password: 'a-wrong-one'})]});
  const api = bridge.api();
  const messages = Array.from({length: 3}, (_, n) => ({to: numberFor('DELIVRD'), text: `number ${n}`, gateway: 'wrong'}));
  const ids = await api.sendAll(messages);
  const gateway = await until('the gateway to be down', async () => {
    const now = await api.gateway('wrong');
    return now.state === 'down' && now;
  });
  assert.match(gateway.last_error, /^auth 403/);
  await until('it to be logged', () => /level=error.*refuses this account.*gateway=wrong/.test(bridge.log));
  for (const id of ids) {
    const {state, attempts} = await api.message(id);
    assert.deepEqual([state, attempts], ['queued', 0]);
  }
  assert.equal(await bridge.metric('gateway_up', {gateway: 'wrong'}), 0);
  assert.equal(await bridge.metric('gateway_up', {gateway: 'kannel'}), 1);
  assert.ok(await bridge.metric('provider_responses_total', {gateway: 'wrong', code: '403'}) >= 1);
  assert.match((await bridge.cli('gateways', 'show', 'wrong')).stdout, /down.*auth 403/);

  const right = {to: numberFor('DELIVRD'), text: 'Hello', gateway: 'kannel'};
  await api.reaches((await api.send(right)).id, 'delivered');
  assertArrived(carriers, [{fate: 'DELIVRD', message: right}]);
  await bridge.stop();
  assert.doesNotMatch(bridge.log, /a-wrong-one|kannel-password/, 'without passwords');
});

// Kannel answers "Not routable" and calls back with 16 as well, before or after its answer. The answer says more.
const unroutable = () => Array.from({length: 20}, (_, n) => ({fate: 'EXPIRED', message: {to: numberFor('EXPIRED'), text: `number ${n}`}}));
const denied = (bridge, count) => until('Kannel to have called back', async () =>
  await bridge.metric('receipts_total', {gateway: 'kannel', state: 'rejected'}) === count);

test('a number that Kannel has no way to: failed, and the gateway is not to blame', {timeout, skip}, async (t) => {
  const carriers = await startCarriers(t, ['DELIVRD']);
  const kannel = await Kannel.start(t, carriers);
  const bridge = await Bridge.start(t, {gateways: [kannel.gateway()]});
  const api = bridge.api();
  const sent = unroutable();
  const ids = await api.sendAll(sent.map(({message}) => message));
  for (const id of ids) await api.reaches(id, 'failed', 'rejected');
  await denied(bridge, sent.length);
  for (const id of ids) {
    const {state, success, attempts, status_message: why} = await api.message(id);
    assert.deepEqual([state, success, attempts], ['failed', false, 1]);
    assert.match(why, /^route 403/);
    assert.equal((await api.timeline(id)).filter(({event}) => event === 'final').length, 1);
  }
  assert.equal((await api.gateway('kannel')).state, 'up');
  assert.deepEqual(carriers[0].parts, []);
  await bridge.stop();
});

test('a number that Kannel has no way to goes another way, and Kannel has no more say in it', {timeout, skip}, async (t) => {
  const [carrier, other] = await startCarriers(t, ['DELIVRD', 'DELIVRD']);
  const kannel = await Kannel.start(t, [carrier]);
  const bridge = await Bridge.start(t, {
    gateways: [kannel.gateway(), {name: 'other', port: other.port, system_id: 'kannel'}],
    routes: [{name: 'all', id: 100, via: [{gateway: 'kannel'}, {gateway: 'other'}]}],
  });
  const api = bridge.api();
  await bridge.up('other');
  // A route trusts a gateway with more than one message a second when it took one.
  for (const gateway of ['kannel', 'other']) {
    await api.reaches((await api.send({to: numberFor('DELIVRD'), text: 'Hello', gateway})).id, 'delivered');
  }
  const sent = unroutable();
  const ids = await api.sendAll(sent.map(({message}) => message));
  for (const id of ids) await api.reaches(id, 'delivered', 'failed', 'rejected');
  await denied(bridge, sent.length);
  for (const id of ids) {
    const {state, gateway, maybe_duplicate: doubt} = await api.message(id);
    assert.deepEqual([state, gateway, doubt], ['delivered', 'other', false], JSON.stringify(await api.timeline(id)));
  }
  assert.deepEqual(other.parts.map(({text}) => text).sort(), ['Hello', ...sent.map(({message}) => message.text)].sort());
  await bridge.stop();
});
