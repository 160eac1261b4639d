// SPDX-License-Identifier: MPL-2.0
// Providers behind HTTP as gateways of the daemon: every kind against its stand-in, which was written from what the
// provider documents; answers that get lost, callbacks that lie, a killed daemon.
import assert from 'node:assert/strict';
import {X509Certificate} from 'node:crypto';
import {after, before, describe, it} from 'node:test';
import {setTimeout as sleep} from 'node:timers/promises';
import {Bridge, HttpConnection, long, temporaryFolder, until} from './harness.mjs';
import {makeCertificate, startProvider} from './peers/provider_standins.mjs';

const timeout = 120_000;
const atOnce = 4;  // tests that run at the same time: most of them only wait
const suites = [];  // two of them run at the same time; the slowest is the first
const suite = (...settings) => suites.push(settings);

let lastNumber = 254712000000;
const nextNumber = () => `+${++lastNumber}`;

// Kinds whose requests cannot say where reports go: somebody enters our address at the provider.
const askedOutside = ['africastalking', 'android-smsgate'];

// A gateway called `main` with a stand-in behind it, in a daemon of its own.
async function setUp(t, kind, {standIn = {}, account, gateway = {}, ...options} = {}) {
  const provider = await startProvider(kind, {t, ...standIn});
  const bridge = await Bridge.start(t, {gateways: [gatewayOf(provider, {name: 'main', ...gateway}, account)], ...options});
  const api = bridge.api();
  await enterCallbackUrl(api, provider, 'main');
  return {provider, bridge, api};
}

const quick = {first: '100ms', resend_delay: '200ms'};

function gatewayOf(provider, gateway, account) {
  return {kind: provider.kind, account: provider.settings(account), retry: quick, ...gateway};
}

async function enterCallbackUrl(api, provider, name) {
  if (askedOutside.includes(provider.kind)) provider.options.callbackUrl = (await api.gateway(name)).callback_url;
}

// No wrong request, no parameter that the provider does not know, and no answer to a callback that it would not take.
function assertNoComplaint(provider) {
  assert.deepEqual([provider.rejects, [...provider.ignored], provider.errors], [[], [], []]);
  const forged = provider.callbacks.filter((call) => call.forged && call.attempt > 0);
  assert.deepEqual(forged.filter(({status}) => status < 400), [], 'a forged callback was believed');
  assert.deepEqual(provider.callbacks.filter((call) => !call.forged && !call.good), []);
}

const copies = (provider) => {
  const counts = new Map();
  for (const {to} of provider.received) counts.set(to, (counts.get(to) ?? 0) + 1);
  return [...counts.values()];
};

async function events(api, id, event) { return (await api.timeline(id)).filter((entry) => entry.event === event); }

// What is hard to carry, without what a provider itself replaces.
const samples = [
  (n) => `No. ${n}: KES 4,500.50 & more + 50% = ok? #1 <x> "y" 'z'; a,b`,
  (n) => `${n} ${'A long one that needs two parts. '.repeat(7)}`,
  (n) => `${n}: Mpendwa Wanjikũ 😀 ärger`,
  (n) => `${n} ${'ũ'.repeat(64)}😀${'ĩ'.repeat(30)}`,
  (n) => `${n} {braces} [brackets] ~ | \\ ^ € @ £\nsecond line`,
];

// ---------------------------------------------------------------------------------------------------------------------
suite('a way out that is closed', {concurrency: atOnce}, () => {
  it('wrong credentials: loud, nothing is lost, and the order stays', {timeout}, async (t) => {
    const {provider, bridge, api} = await setUp(t, 'twilio', {account: {auth_token: 'changed'}, gateway: {max_in_flight: 1}});
    const messages = Array.from({length: 5}, (_, n) => ({to: nextNumber(), text: `number ${n}`}));
    const ids = await api.sendAll(messages);
    const gateway = await until('the gateway to be down', async () => {
      const now = await api.gateway('main');
      return now.state === 'down' && now;
    });
    assert.match(gateway.last_error, /auth 20003/);
    assert.equal(gateway.routing, 'down');
    await until('it to be logged', () => /level=error.*refuses this account.*gateway=main/.test(bridge.log));
    assert.doesNotMatch(bridge.log, /changed/, 'without the token');
    assert.match((await bridge.cli('gateways', 'show', 'main')).stdout, /down.*auth 20003/);
    assert.equal(await bridge.metric('gateway_up', {gateway: 'main'}), 0);
    for (const id of ids) {
      const {state, attempts} = await api.message(id);
      assert.deepEqual([state, attempts], ['queued', 0]);
    }
    assert.ok(provider.requests <= 4, `tried ${provider.requests} times at once`);
    provider.account.auth_token = 'changed';  // as the provider's customer would
    for (const id of ids) await until('delivery', async () => (await api.message(id)).state === 'delivered', 60_000);
    // The one that showed that the account is taken again was another than those that were refused.
    const [shown, ...others] = provider.texts;
    assert.deepEqual([shown, ...others].sort(), messages.map(({text}) => text));
    assert.deepEqual(others, messages.map(({text}) => text).filter((text) => text !== shown));
    assert.equal((await api.gateway('main')).state, 'up');
  });

  for (const [words, names, wrongAuthority, pinned] of [
    ['of another authority', 'IP:127.0.0.1', true],
    ['for another name', 'DNS:elsewhere.example', false],
    ['that is not the pinned one', 'IP:127.0.0.1', false, {fingerprints: ['ab'.repeat(32)]}],
    ['that is neither verified nor the pinned one', 'IP:127.0.0.1', true, {verify: false, fingerprints: ['ab'.repeat(32)]}],
  ]) {
    it(`a certificate ${words}: nothing is sent, and the next gateway of the route takes the messages`, {timeout}, async (t) => {
      const {ca, key, cert} = makeCertificate(temporaryFolder(t), {names});
      const trusted = wrongAuthority ? makeCertificate(temporaryFolder(t)).ca : ca;
      const wrong = await startProvider('twilio', {t, tls: {key, cert}});
      const good = await startProvider('infobip', {t, tls: {key, cert}});
      const {fingerprint256} = new X509Certificate(cert);
      const bridge = await Bridge.start(t, {
        gateways: [gatewayOf(wrong, {name: 'wrong', tls: {ca_file: trusted, ...pinned}}),
          gatewayOf(good, {name: 'good', tls: {verify: false, fingerprints: [fingerprint256]}})],
        routes: [{name: 'all', id: 100, via: [{gateway: 'wrong'}, {gateway: 'good'}],
          fail_over: {unreachable_after: {transaction: '1s'}}}],
      });
      const api = bridge.api();
      const ids = await api.sendAll(Array.from({length: 5}, (_, n) => ({to: nextNumber(), text: `number ${n}`})));
      for (const id of ids) {
        const {gateway, maybe_duplicate: maybe} = await api.reaches(id, 'delivered');
        assert.deepEqual([gateway, maybe], ['good', false]);
      }
      assert.deepEqual([wrong.requests, good.received.length], [0, 5]);
      assert.match(bridge.log, /gateway=wrong.*(certificate|subject name|hostname)/i);
      assert.match((await bridge.cli('gateways', 'show', 'wrong')).stdout, /certificate|subject name|hostname/i);
      if (pinned) assert.ok(bridge.log.includes(fingerprint256.replaceAll(':', '').toLowerCase()), 'what came is named');
    });
  }
});

// ---------------------------------------------------------------------------------------------------------------------
suite('every kind of provider', {concurrency: 1}, () => {
  const undone = [];
  const context = {after: (step) => undone.push(step)};  // what these tests share is undone at their end
  const count = 20;
  const providers = {};
  let bridge, api;

  const phones = {'report-twice': '+254713000001', 'report-out-of-order': '+254713000002', 'report-before-answer': '+254713000003',
      'report-unknown-id': '+254713000004', 'wrong-signature': '+254713000005', refuse: '+254713000006', gzip: '+254713000007', deflate: '+254713000008',
      'odd-octets': '+254713000009', silent: '+254713000010'};
  const script = ({to}) => Object.keys(phones).find((fault) => phones[fault] === to) ?? 'accept';

  const accounts = {
    twilio: {}, 'twilio-tls': {kind: 'twilio', tls: true, account: {api_key_sid: 'SK1', api_key_secret: 'example'}},
    'vonage-sms': {}, 'vonage-messages': {}, telerivet: {}, africastalking: {},
    frontlinesms: {}, 'frontlinesms-cloud': {kind: 'frontlinesms', tls: true, account: {mode: 'cloud', activity_id: undefined, secret: undefined}},
    infobip: {}, 'infobip-v3': {kind: 'infobip', tls: true, account: {api: 'v3'}},
    'android-smsgate': {}, kannel: {}, 'kannel-tls': {kind: 'kannel', tls: true},
    jasmin: {}, 'jasmin-rest': {kind: 'jasmin', account: {api: 'rest'}},
    generic: {}, 'generic-tls': {kind: 'generic', tls: true},
  };
  const names = Object.keys(accounts);
  const end = (name) => (name.startsWith('frontlinesms') ? 'sent' : 'delivered');
  const reporting = names.filter((name) => end(name) === 'delivered');

  before(async () => {
    const {ca, key, cert} = makeCertificate(temporaryFolder(context));
    const gateways = [];
    for (const [name, {kind = name, tls, account}] of Object.entries(accounts)) {
      providers[name] = await startProvider(kind, {t: context, account, script, ...(tls ? {tls: {key, cert}} : {})});
      gateways.push(gatewayOf(providers[name], {name, ...(tls ? {tls: {ca_file: ca}} : {})}));
    }
    bridge = await Bridge.start(context, {gateways});
    api = bridge.api();
    for (const name of names) await enterCallbackUrl(api, providers[name], name);
  });
  after(async () => { for (const step of undone.splice(0).reverse()) await step(); });

  // One message through each of the gateways: [{name, provider, message}] when all are at their end.
  async function toEach(chosen, fault, ...states) {
    const sent = await Promise.all(chosen.map(async (name) => {
      const client = bridge.api();
      const {id} = await client.send({to: phones[fault], text: `through ${name}`, gateway: name});
      return {name, provider: providers[name], message: await client.reaches(id, ...states)};
    }));
    for (const {provider} of sent) await provider.settled();
    return sent;
  }

  for (const name of names) {
    it(`${name}: ${count} messages of all sorts, to ${end(name)}`, {timeout}, async () => {
      const provider = providers[name];
      const messages = Array.from({length: count}, (_, n) => ({to: nextNumber(), text: samples[n % samples.length](n), gateway: name}));
      const client = bridge.api();
      await client.sendAll(messages);
      await until(`all to be ${end(name)}`, async () => (await client.all(`gateway=${name}&state=${end(name)}`)).length === count);
      for (const {to, text} of messages) assert.deepEqual(provider.to(to).map((message) => message.text), [text]);
      assert.equal(provider.received.length, count);
      for (const message of await client.all(`gateway=${name}`)) {
        assert.deepEqual([message.success, message.attempts, message.maybe_duplicate], [true, 1, false], message.text);
      }
      await provider.settled();
      assertNoComplaint(provider);
      assert.equal(await bridge.metric('submit_results_total', {gateway: name, result: 'ok'}), count);
    });
  }

  for (const fault of Object.keys(phones).filter((each) => each.startsWith('report'))) {
    it(`${fault}: one SMS, and it is delivered`, {timeout}, async () => {
      for (const {name, provider, message} of await toEach(reporting, fault, 'delivered')) {
        assert.deepEqual([message.success, message.attempts, message.maybe_duplicate], [true, 1, false], name);
        assert.equal((await api.message(message.id)).state, 'delivered', `${name}: a late report changes nothing`);
        assert.equal((await events(api, message.id, 'final')).length, 1, name);
        assert.equal(provider.to(message.to).length, 1, name);
        assertNoComplaint(provider);
      }
    });
  }

  for (const fault of ['gzip', 'deflate', 'odd-octets']) {
    it(`${fault}: the answer is read, and nothing is in doubt`, {timeout}, async () => {
      for (const {name, provider, message} of await toEach(names, fault, 'sent', 'delivered')) {
        assert.deepEqual([message.success, message.attempts, message.maybe_duplicate], [true, 1, false], name);
        assert.equal(provider.to(message.to).length, 1, name);
      }
    });
  }

  it('a receipt behind a second question mark, with a lone percent sign, is read; calls of no use are counted', {timeout}, async () => {
    const {provider, message} = (await toEach(['kannel'], 'silent', 'submitted'))[0];
    const [address] = provider.to(message.to)[0].callbackUrl.split('&st=');
    for (const query of ['nothing=50%+failed', 'none=1']) assert.equal((await fetch(`${address.split('?')[0]}?${query}`)).status, 200);
    assert.equal(await bridge.metric('callbacks_unreadable_total', {gateway: 'kannel'}), 2);
    const told = () => bridge.log.split('\n').filter((line) => /held neither a receipt nor a message.*gateway=kannel.*fields=/.test(line));
    await until('it to be logged', () => told().length > 0);
    assert.equal(told().length, 1, 'once a minute');
    assert.match(told()[0], /fields=nothing/);
    assert.equal((await fetch(`${address}?st=1&reply=NACK/50%+failed`)).status, 200);
    await api.reaches(message.id, 'delivered');
  });

  it('wrong-signature: the report of somebody else is refused and changes nothing', {timeout}, async () => {
    for (const {name, provider, message} of await toEach(reporting, 'wrong-signature', 'delivered')) {
      assertNoComplaint(provider);
      const forged = provider.callbacks.filter((call) => call.forged);
      assert.equal(forged.length, 1, name);
      const details = (await api.timeline(message.id)).map(({detail}) => detail ?? '');
      assert.ok(!details.some((detail) => /undeliverable|rejected|failed/.test(detail)), `${name}: ${details}`);
    }
    assert.match(bridge.log, /a callback was refused.*gateway=twilio /);
  });

  const codes = {twilio: /21211/, 'twilio-tls': /21211/, 'vonage-sms': /\b6\b/, 'vonage-messages': /1150/, telerivet: /invalid_param/,
      frontlinesms: /no recipient/, 'frontlinesms-cloud': /400/, africastalking: /403/, infobip: /REJECTED_DESTINATION|52/,
      'infobip-v3': /REJECTED_DESTINATION|52/, 'android-smsgate': /400/, kannel: /400|receiver/, 'kannel-tls': /400|receiver/,
      jasmin: /400/, 'jasmin-rest': /400/, generic: /20/, 'generic-tls': /20/};
  it('refuse: failed, with what the provider said', {timeout}, async () => {
    for (const {name, provider, message} of await toEach(names, 'refuse', 'failed')) {
      assert.match(message.status_message, codes[name], name);
      assert.deepEqual([message.success, message.attempts, message.maybe_duplicate], [false, 1, false], name);
      assert.equal(provider.to(message.to).length, 0, name);
      assert.equal((await api.gateway(name)).state, 'up', `${name} is not to blame for a number`);
    }
  });

  for (const [name, amount, currency] of [['twilio', '12.50', 'USD'], ['vonage-sms', '10.17', 'EUR'], ['vonage-messages', '10.17', 'EUR'],
    ['africastalking', '1785.50', 'KES'], ['infobip', '47.79', 'EUR'], ['jasmin', '100', null]]) {
    it(`${name}: its balance is shown and measured`, {timeout}, async () => {
      const {balance} = await api.gateway(name);
      assert.deepEqual([Number(balance.amount), balance.currency], [Number(amount), currency]);
      assert.equal(await bridge.metric('gateway_balance', {gateway: name}), Number(amount));
      const {window_limit: limit} = await api.gateway(name);
      assert.ok(limit > 0);
      await until('its limit to be shown', async () => await bridge.metric('provider_requests_limit', {gateway: name}) === limit);
      const shown = await bridge.cli('gateways', 'show', name);
      assert.match(shown.stdout, new RegExp(`balance\\s+${balance.amount}`));
    });
  }

  it('a provider without a balance shows none', {timeout}, async () => {
    assert.equal((await api.gateway('kannel')).balance, null);
    assert.doesNotMatch(await bridge.metrics(), /smsbridge_gateway_balance\{[^}]*gateway="kannel"/);
  });

  it('the address for callbacks is only for those who manage gateways', {timeout}, async () => {
    const reader = bridge.api(await bridge.createKey('default', 'reader', '--scope', 'config:read'));
    assert.equal((await reader.gateway('twilio')).callback_url, null);
    assert.match((await api.gateway('twilio')).callback_url, new RegExp(`^http://127.0.0.1:${bridge.apiPort}/in/twilio/[^/]{16,}$`));
  });
});

// ---------------------------------------------------------------------------------------------------------------------
suite('answers that do not come as they should', {concurrency: atOnce}, () => {
  const lost = {fault: 'lose-answer', reports: 'none'};

  it('lose-answer: a payment is sent once more, and marked', {timeout}, async (t) => {
    const {provider, api} = await setUp(t, 'twilio', {standIn: {script: [lost]}});
    const {id} = await api.send({to: nextNumber(), text: 'a payment', lane: 'transaction'});
    const message = await api.reaches(id, 'delivered');
    assert.deepEqual([message.maybe_duplicate, message.attempts, provider.received.length], [true, 2, 2]);
    assert.equal((await events(api, id, 'doubtful')).length, 1);
    assert.deepEqual((await api.all('state=doubtful')).map((each) => each.id), [id], 'and listed');
  });

  it('lose-answer: the receipt comes before the payment would be sent again', {timeout}, async (t) => {
    const {provider, api} = await setUp(t, 'twilio', {standIn: {script: ['lose-answer']}, gateway: {retry: {resend_delay: '2s'}}});
    const {id} = await api.send({to: nextNumber(), text: 'a payment', lane: 'transaction'});
    await api.reaches(id, 'delivered');
    assert.equal(provider.received.length, 1);
  });

  for (const kind of ['twilio', 'vonage-messages', 'telerivet', 'kannel', 'jasmin', 'generic']) {
    it(`lose-answer: ${kind} tells with our reference what became of an offer that is held`, {timeout}, async (t) => {
      const {provider, api} = await setUp(t, kind, {standIn: {script: [{fault: 'lose-answer', receiptDelayMs: 400}]}});
      const {id} = await api.send({to: nextNumber(), text: 'an offer', lane: 'campaign'});
      const held = await api.reaches(id, 'doubtful');
      assert.match(held.status_message, /may have been sent/);
      await api.reaches(id, 'delivered');
      assert.equal(provider.received.length, 1);
    });
  }

  for (const kind of ['infobip', 'android-smsgate']) {
    it(`lose-answer: ${kind} is asked again under the same reference`, {timeout}, async (t) => {
      const script = [{fault: 'lose-answer', receiptDelayMs: 1500}, 'stall'];
      const {provider, api} = await setUp(t, kind, {standIn: {script}, gateway: {request_timeout: '1s'}});
      const {id} = await api.send({to: nextNumber(), text: 'once', lane: 'campaign'});
      const message = await api.reaches(id, 'delivered');
      assert.deepEqual([provider.received.length, provider.received[0].duplicates > 0, message.maybe_duplicate], [1, true, false]);
      assertNoComplaint(provider);
    });

    it(`lose-answer: ${kind} reports before it is asked again`, {timeout}, async (t) => {
      const {provider, api} = await setUp(t, kind, {standIn: {script: ['lose-answer']}, gateway: {retry: {first: '1s'}}});
      const {id} = await api.send({to: nextNumber(), text: 'once', lane: 'campaign'});
      const message = await api.reaches(id, 'delivered');
      assert.deepEqual([provider.received.length, message.maybe_duplicate], [1, false]);
    });

    it(`lose-answer, then trouble: ${kind} still gets the first reference`, {timeout}, async (t) => {
      const {provider, api} = await setUp(t, kind, {standIn: {script: [lost, '503', '429', 'drop', 'accept']}});
      const {id} = await api.send({to: nextNumber(), text: 'once', lane: 'transaction'});
      await until('the last try', () => provider.sends >= 5);
      const message = await api.reaches(id, 'submitted', 'delivered');
      assert.deepEqual([provider.received.length, message.maybe_duplicate], [1, false]);
    });

    it(`two kills in a row while ${kind} does not answer: one SMS`, {timeout}, async (t) => {
      const {provider, bridge, api} = await setUp(t, kind, {standIn: {script: ['stall', 'stall']}});
      const {id} = await api.send({to: nextNumber(), text: 'once', lane: 'transaction'});
      for (const sends of [1, 2]) {
        await until('the message to be at the provider', () => provider.sends === sends);
        await bridge.kill();
        await bridge.restart();
      }
      await until('the answer', () => provider.sends === 3);
      await bridge.api().reaches(id, 'submitted', 'delivered');
      assert.equal(provider.received.length, 1);
    });
  }

  it('drop: what the provider never took is sent again', {timeout}, async (t) => {
    const {provider, api} = await setUp(t, 'twilio', {standIn: {script: ['drop']}});
    const {id} = await api.send({to: nextNumber(), text: 'a payment'});
    await api.reaches(id, 'delivered');
    assert.equal(provider.received.length, 1);
  });

  for (const [kind, fault] of [...['bad-json', 'html', 'cut-answer', 'huge', 'stall'].map((each) => ['twilio', each]), ['kannel', 'html']]) {
    it(`${kind}, ${fault}: nobody knows, so the lane decides`, {timeout}, async (t) => {
      const {provider, api} = await setUp(t, kind, {standIn: {script: [{fault, reports: 'none'}, {fault, reports: 'none'}]},
          gateway: {max_in_flight: 1, request_timeout: '1s'}});
      const offer = await api.send({to: nextNumber(), text: 'an offer', lane: 'campaign'});
      await api.reaches(offer.id, 'doubtful');
      const payment = await api.send({to: nextNumber(), text: 'a payment', lane: 'transaction'});
      const message = await api.reaches(payment.id, 'delivered');
      assert.deepEqual([message.maybe_duplicate, provider.to(offer.to).length, provider.to(payment.to).length],
          [true, fault === 'html' ? 0 : 1, fault === 'html' ? 1 : 2]);
      assert.equal((await api.message(offer.id)).state, 'doubtful');
    });
  }

  it('redirect: not followed, and the gateway is to blame', {timeout}, async (t) => {
    const {provider, api} = await setUp(t, 'infobip', {standIn: {script: () => 'redirect'}});
    const {id} = await api.send({to: nextNumber(), text: 'Hello'});
    await until('the gateway to be down', async () => (await api.gateway('main')).state === 'down');
    assert.match((await api.gateway('main')).last_error, /config 302/);
    const {state, attempts} = await api.message(id);
    assert.deepEqual([state, attempts, provider.received.length, provider.rejects], ['queued', 0, 0, []]);
  });

  it('a stop waits for the answers that are due, and nothing is in doubt', {timeout}, async (t) => {
    const {provider, bridge, api} = await setUp(t, 'twilio', {standIn: {delayMs: 700, retries: 12}, gateway: {max_in_flight: 4}});
    const texts = Array.from({length: 20}, (_, n) => `number ${n}`);
    await api.sendAll(texts.map((text) => ({to: nextNumber(), text})));
    await until('some to be at the provider', () => provider.sends >= 8);
    await bridge.stop();
    await bridge.restart();
    const client = bridge.api();
    await until('all to be delivered', async () => (await client.all('state=delivered')).length === texts.length);
    assert.deepEqual([...provider.texts].sort(), [...texts].sort());
    assert.ok((await client.all()).every((message) => !message.maybe_duplicate));
  });

  for (const most of [3, 80])
    it(`max_in_flight ${most} is used and never exceeded, over connections that stay`, {timeout}, async (t) => {
      const {provider, api} = await setUp(t, 'jasmin',
          {standIn: {delayMs: 5 * most}, gateway: {max_in_flight: most, balance_interval: '0s'}});
      await api.sendAll(Array.from({length: 400}, (_, n) => ({to: nextNumber(), text: `number ${n}`})));
      await until('all to be delivered', async () => (await api.all('state=delivered')).length === 400);
      assert.equal(provider.inFlightMax, most);
      assert.ok(provider.connections <= most + 1, `${provider.connections} connections`);
    });

  for (const kind of ['twilio', 'vonage-messages', 'infobip', 'kannel', 'generic']) {
    for (const fault of ['500', '503', '429']) {
      it(`${kind} answers ${fault}: nothing is lost or sent twice, and the order is kept`, {timeout}, async (t) => {
        const {provider, api} = await setUp(t, kind, {standIn: {script: [null, fault]}, gateway: {max_in_flight: 1}});
        const texts = Array.from({length: 6}, (_, n) => `number ${n}`);
        await api.sendAll(texts.map((text) => ({to: nextNumber(), text})));
        await until('all to be delivered', async () => (await api.all('state=delivered')).length === texts.length);
        assert.deepEqual(copies(provider), texts.map(() => 1));
        // Who was told to slow down keeps the place; what met a fault is tried later, and the others do not wait for it.
        const ordered = fault === '429' ? texts : texts.filter((text) => text !== 'number 1');
        assert.deepEqual(provider.texts.filter((text) => ordered.includes(text)), ordered);
        assert.deepEqual(provider.rejects, []);
      });
    }
  }
});

// ---------------------------------------------------------------------------------------------------------------------
suite('receipts and callbacks', {concurrency: atOnce}, () => {
  for (const kind of ['twilio', 'telerivet', 'infobip', 'android-smsgate'])
    it(`${kind} is asked where it cannot call us`, {timeout}, async (t) => {
      const provider = await startProvider(kind, {t, outcome: 'undelivered'});
      const bridge = await Bridge.start(t, {listen: {public_url: ''}, gateways: [gatewayOf(provider, {name: 'main'})]});
      const api = bridge.api();
      const {id} = await api.send({to: nextNumber(), text: 'Hello'});
      await api.reaches(id, 'submitted');
      await api.reaches(id, 'undeliverable');
      assert.deepEqual(provider.callbacks.filter(({status}) => status), [], 'nobody called');
      assert.deepEqual(provider.rejects, []);
    });

  it('a callback that came while nobody listened is not missed', {timeout}, async (t) => {
    const provider = await startProvider('twilio', {t, receiptDelayMs: 500});
    const bridge = await Bridge.start(t, {gateways: [gatewayOf(provider, {name: 'main'})]});
    const {id} = await bridge.api().send({to: nextNumber(), text: 'Hello'});
    await bridge.api().reaches(id, 'submitted');
    await bridge.kill();
    await sleep(1500);
    await bridge.restart();
    await bridge.api().reaches(id, 'delivered');
  });

  it('a provider that cannot call us is asked again after a kill', {timeout}, async (t) => {
    const provider = await startProvider('twilio', {t, receiptDelayMs: 3000});
    const bridge = await Bridge.start(t, {listen: {public_url: ''}, gateways: [gatewayOf(provider, {name: 'main'})]});
    const {id} = await bridge.api().send({to: nextNumber(), text: 'Hello'});
    await bridge.api().reaches(id, 'submitted');
    await bridge.kill();
    await bridge.restart();
    await bridge.api().reaches(id, 'delivered');
  });

  it('silent: submitted until the wait for a receipt ends, then sent', {timeout}, async (t) => {
    const provider = await startProvider('twilio', {t, script: () => 'stuck'});
    const bridge = await Bridge.start(t, {
      gateways: [gatewayOf(provider, {name: 'patient'}), gatewayOf(provider, {name: 'hasty', receipt_wait: '1s'})]});
    const api = bridge.api();
    const patient = await api.send({to: nextNumber(), text: 'Hello', gateway: 'patient'});
    const hasty = await api.send({to: nextNumber(), text: 'Hello', gateway: 'hasty'});
    await api.reaches(patient.id, 'submitted');
    const message = await api.reaches(hasty.id, 'sent');
    assert.deepEqual([message.success, message.status_message], [true, 'no receipt came in time']);
    assert.equal((await api.message(patient.id)).state, 'submitted');
  });

  it('a receipt after the wait still tells the truth', {timeout}, async (t) => {
    const {api} = await setUp(t, 'twilio', {standIn: {receiptDelayMs: 3000, outcome: 'undelivered'}, gateway: {receipt_wait: '1s'}});
    const {id} = await api.send({to: nextNumber(), text: 'Hello'});
    await api.reaches(id, 'sent');
    const message = await api.reaches(id, 'undeliverable');
    assert.match(message.status_message, /30003/);
  });

  for (const [outcome, state] of [['undelivered', 'undeliverable'], ['expired', 'expired'], ['rejected', 'rejected']]) {
    it(`${outcome} at the provider is ${state} here`, {timeout}, async (t) => {
      const {api} = await setUp(t, 'vonage-messages', {standIn: {outcome}});
      const {id} = await api.send({to: nextNumber(), text: 'Hello'});
      const message = await api.reaches(id, 'undeliverable', 'expired', 'rejected', 'delivered');
      assert.deepEqual([message.state, message.success], [state, false]);
    });
  }

  it('an address with a wrong secret is not there, and the right one stays over a restart', {timeout}, async (t) => {
    const {provider, bridge, api} = await setUp(t, 'kannel', {standIn: {script: () => 'silent'}});
    const {id} = await api.send({to: nextNumber(), text: 'Hello'});
    const before = await api.reaches(id, 'submitted');
    const {callback_url: url} = await api.gateway('main');
    const [{callbackUrl, text}] = provider.received;
    assert.ok(callbackUrl.startsWith(`${url}?`));
    const call = async (address, method = 'GET') => {
      const connection = new HttpConnection(bridge.apiPort);
      t.after(() => connection.close());
      return connection.request({method, path: address.slice(address.indexOf('/in/')), ...(method === 'GET' ? {} : {body: ''})});
    };
    const report = callbackUrl.replace(/%./g, (mark) => ({'%d': '1', '%A': `id%3A1+stat%3ADELIVRD+text%3A${text}`}[mark] ?? 'x'));
    const secret = url.split('/').pop();
    for (const wrong of ['wrong', secret.slice(0, -1), `${secret}0`, secret.toUpperCase(), '%00', '']) {
      for (const method of ['GET', 'POST']) {
        const answer = await call(report.replace(secret, wrong), method);
        assert.equal(answer.status, 404, `${method} ${wrong}`);
        assert.ok(!answer.body.includes(secret));
      }
    }
    assert.equal((await call(report.replace('/in/main/', '/in/other/'))).status, 404);
    const {state, segments} = await api.message(id);
    assert.deepEqual([state, segments], [before.state, before.segments]);

    await bridge.stop();
    await bridge.restart();
    assert.equal((await bridge.api().gateway('main')).callback_url, url);
    assert.ok((await call(report)).status < 300, 'the true one is taken');
    await bridge.api().reaches(id, 'delivered');
  });

  it('a secret from the configuration is the one in the address', {timeout}, async (t) => {
    const {api} = await setUp(t, 'twilio', {gateway: {callback_secret: 'a-secret-of-our-own'}});
    assert.match((await api.gateway('main')).callback_url, /\/in\/main\/a-secret-of-our-own$/);
    await api.reaches((await api.send({to: nextNumber(), text: 'Hello'})).id, 'delivered');
  });
});

// ---------------------------------------------------------------------------------------------------------------------
suite('a killed daemon', {concurrency: 1}, () => {
  const count = long ? 5000 : 500;
  const kills = long ? 20 : 3;

  for (const kind of ['twilio', 'infobip']) {
    it(`${kills} kills during ${count} messages through ${kind}`, {timeout: long ? 600_000 : timeout}, async (t) => {
      const {provider, bridge, api} = await setUp(t, kind, {standIn: {delayMs: [1, 20], receiptDelayMs: [1, 50], retries: 12}});
      const ids = await api.sendAll(Array.from({length: count}, (_, n) => ({to: nextNumber(), text: `number ${n}`})));
      for (let kill = 1; kill <= kills; ++kill) {
        await until('some to be sent', () => provider.received.length >= count * kill / (kills + 2));
        await bridge.kill();
        await bridge.restart();
      }
      const client = bridge.api();
      const done = await until('all to be delivered', async () => {
        const found = await client.all('state=delivered');
        if (found.length < count) throw new Error(`${found.length} are`);
        return found;
      }, 60_000);
      assert.deepEqual(new Set(done.map(({id}) => id)), new Set(ids));
      const marked = new Set(done.filter((message) => message.maybe_duplicate).map(({to}) => to));
      const twice = done.filter(({to}) => provider.to(to).length > 1).map(({to}) => to);
      assert.deepEqual(done.filter(({to}) => provider.to(to).length === 0), [], 'lost');
      assert.deepEqual(twice.filter((to) => !marked.has(to)), [], 'sent twice without being marked');
      if (kind === 'infobip') assert.deepEqual(twice, [], 'this provider knows a repetition');
      t.diagnostic(`${marked.size} marked, ${twice.length} sent twice`);
      assert.deepEqual([provider.rejects, provider.errors], [[], []]);
    });
  }
});

// ---------------------------------------------------------------------------------------------------------------------
describe('HTTP gateways', {concurrency: 2}, () => {
  for (const settings of suites) describe(...settings);
});
