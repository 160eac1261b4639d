// SPDX-License-Identifier: MPL-2.0
// One message that a carrier or a provider chokes on ends by itself: the others go out, once, and nobody is told of an
// account that is refused.
import assert from 'node:assert/strict';
import {describe, it} from 'node:test';
import {Bridge, until} from './harness.mjs';
import {startProvider} from './peers/provider_standins.mjs';
import {Smsc} from './peers/smpp_smsc.mjs';

const timeout = 60_000;
const reconnects = {reconnect_first: '50ms', reconnect_max: '200ms'};
const quick = {first: '100ms', resend_delay: '100ms'};
const numbered = (count, text = (n) => `number ${n}`) => Array.from({length: count}, (_, n) => ({to: `+2547120000${String(n).padStart(2, '0')}`, text: text(n)}));

describe('SMPP', {concurrency: 3}, () => {
  it('a message at which the carrier cuts the connection is the only one that does not arrive', {timeout}, async (t) => {
    const smsc = await Smsc.start(t, {answer: ({text}) => (text === 'number 4' ? {reset: true} : {delay: 200})});
    const bridge = await Bridge.start(t, {gateways: [{port: smsc.port, sessions: 1, window: 10, retry: quick, ...reconnects}]});
    await bridge.up();
    const api = bridge.api();
    const ids = await api.sendAll(numbered(20));
    for (const [n, id] of ids.entries()) if (n !== 4) await api.reaches(id, 'delivered');
    const bad = await api.reaches(ids[4], 'doubtful');
    assert.equal(bad.maybe_duplicate, true);
    const copies = (n) => smsc.submits.filter(({text}) => text === `number ${n}`).length;
    assert.equal(copies(4), 2, 'once with others, and once alone');
    for (let n = 0; n < 20; n++) assert.ok(copies(n) <= 2, `number ${n} went out ${copies(n)} times`);
    const alone = smsc.submits.findLastIndex(({text}) => text === 'number 4');
    const session = smsc.submits[alone].session;
    assert.equal(smsc.submits.filter((part) => part.session === session && part.status === null).length, 1, 'nothing else was lost with it');
    assert.deepEqual(smsc.errors, []);
  });

  // ESME_RPROHIBITED, ESME_RINVSERTYP, and a carrier's own code for an empty account.
  for (const [status, dialect] of [[0x101, {}], [0x15, {}], [0x401, {status: {0x401: 'account'}}]]) {
    const code = `0x${status.toString(16)}`;
    it(`one message is refused with ${code} as if the account were: the others go out, and it ends`, {timeout}, async (t) => {
      const smsc = await Smsc.start(t, {answer: ({text}) => (text.includes('bad') ? {status} : {delay: 20})});
      const bridge = await Bridge.start(t, {gateways: [{name: 'main', port: smsc.port, sessions: 1, window: 10, dialect, retry: quick, ...reconnects}]});
      await bridge.up();
      const api = bridge.api();
      const long = await api.send({to: '+254712000099', text: 'bad '.repeat(100)});
      await until('the bad one to be tried', () => smsc.submits.length >= 3);
      const ids = await api.sendAll(numbered(20));
      for (const id of ids) await api.reaches(id, 'delivered');
      assert.match((await api.reaches(long.id, 'failed')).status_message, new RegExp(status.toString(16)));
      assert.equal((await api.gateway('main')).state, 'up');
      assert.doesNotMatch(bridge.log, /refuses this account/);
      assert.equal(smsc.submits.length - smsc.submits.filter(({text}) => text.includes('bad')).length, 20);
    });

    it(`an account that is refused with ${code} costs no message, and takes the gateway down until it is mended`, {timeout}, async (t) => {
      let refuses = true;
      const smsc = await Smsc.start(t, {answer: () => (refuses ? {status} : {})});
      const bridge = await Bridge.start(t, {gateways: [{name: 'main', port: smsc.port, sessions: 2, window: 2, dialect, retry: quick, ...reconnects}]});
      await bridge.up();
      const api = bridge.api();
      const ids = await api.sendAll(numbered(20));
      const gateway = await until('the gateway to be down', async () => {
        const found = await api.gateway('main');
        return found.state === 'down' && found;
      });
      assert.ok(smsc.submits.length <= 8, `${smsc.submits.length} were tried`);
      assert.match(gateway.last_error, new RegExp(status.toString(16)));
      assert.ok(gateway.next_try_at);
      await until('it to be logged', () => /level=error.*the carrier refuses this account/.test(bridge.log));
      for (const id of ids) {
        const {state, attempts} = await api.message(id);
        assert.deepEqual([state, attempts], ['queued', 0]);
      }
      refuses = false;
      assert.equal((await bridge.cli('gateways', 'reconnect', 'main')).code, 0);
      for (const id of ids) await api.reaches(id, 'delivered');
      assert.equal((await api.gateway('main')).state, 'up');
      assert.match(bridge.log, /the carrier takes messages again/);
    });
  }

  it('all parts of a message leave on one bind', {timeout}, async (t) => {
    const smsc = await Smsc.start(t, {answer: () => ({delay: 30})});
    for (const [sessions, window] of [[2, 50], [4, 5], [2, 1]]) {
      const from = smsc.submits.length;
      const bridge = await Bridge.start(t, {gateways: [{port: smsc.port, sessions, window, ...reconnects}]});
      await bridge.up();
      const api = bridge.api();
      const ids = await api.sendAll(numbered(window === 1 ? 20 : 60, (n) => `${n} `.repeat(200)));
      for (const id of ids) await api.reaches(id, 'delivered');
      const binds = new Map();
      for (const {reference, destination, session} of smsc.submits.slice(from)) {
        const key = `${destination} ${reference}`;
        binds.set(key, (binds.get(key) ?? new Set()).add(session));
      }
      assert.equal(binds.size, ids.length);
      assert.ok([...binds.values()].every(({size}) => size === 1), `${sessions} binds with a window of ${window}`);
      await bridge.stop();
    }
    assert.deepEqual(smsc.errors, []);
  });

  it('receipts come by whichever bind of the account', {timeout}, async (t) => {
    const smsc = await Smsc.start(t, {otherSession: true});
    const bridge = await Bridge.start(t, {gateways: [
      {name: 'main', port: smsc.port, sessions: 1, ...reconnects}, {name: 'spare', port: smsc.port, sessions: 1, ...reconnects}]});
    await bridge.up('main');
    await bridge.up('spare');
    const api = bridge.api();
    const ids = await api.sendAll(numbered(10).map((message) => ({...message, gateway: 'main'})));
    for (const id of ids) await api.reaches(id, 'delivered');
    assert.equal(await bridge.metric('receipts_unmatched_total', {gateway: 'spare'}), 0);
  });
});

describe('HTTP', {concurrency: 4}, () => {
  // How each of these says that the account is not allowed, or too busy.
  for (const [kind, fault] of [['twilio', {fault: 'refuse', as: 'auth'}], ['infobip', {fault: 'refuse', as: 'auth'}],
    ['telerivet', {fault: 'refuse', as: 'auth'}], ['jasmin', {fault: 'refuse', as: 'auth'}], ['kannel', {fault: 'refuse', as: 'auth'}],
    ['vonage-sms', {fault: 'refuse', as: 'auth'}], ['twilio', 429], ['generic', 429]]) {
    it(`${kind} refuses one message with ${fault.as ?? fault}: the others go out, and it ends`, {timeout}, async (t) => {
      const provider = await startProvider(kind, {t, script: ({text}) => (text === 'bad' ? fault : 'accept')});
      const bridge = await Bridge.start(t, {gateways: [{name: 'main', kind, account: provider.settings(), retry: {...quick, attempts: 3}}]});
      const api = bridge.api();
      const bad = await api.send({to: '+254712000099', text: 'bad'});
      await until('the bad one to be tried', () => provider.scripted.length > 0);
      const began = Date.now();
      for (const id of await api.sendAll(numbered(5))) await api.reaches(id, 'delivered', 'sent');
      assert.ok(Date.now() - began < 15_000, 'they waited for no more than a probe');
      const ended = await api.reaches(bad.id, 'failed');
      assert.ok(ended.attempts >= 1, 'its attempts are counted');
      assert.equal((await api.gateway('main')).state, 'up');
      assert.match(bridge.log, new RegExp(`id=${bad.id}|one message`), 'the log names it');
    });
  }

  it('an account that is refused takes the gateway down after a few messages', {timeout}, async (t) => {
    const provider = await startProvider('twilio', {t, script: () => ({fault: 'refuse', as: 'auth'})});
    const bridge = await Bridge.start(t, {gateways: [{name: 'main', kind: 'twilio', account: provider.settings(), max_in_flight: 2, retry: quick}]});
    const api = bridge.api();
    const ids = await api.sendAll(numbered(20));
    await until('the gateway to be down', async () => (await api.gateway('main')).state === 'down');
    assert.ok(provider.scripted.length <= 6, `${provider.scripted.length} were tried`);
    for (const id of ids) assert.equal((await api.message(id)).state, 'queued');
    assert.match(bridge.log, /refuses this account/);
  });
});

describe('What was refused at the door', () => {
  it('goes out once a way exists: by a retry, and when Fineract posts it again', {timeout}, async (t) => {
    const smsc = await Smsc.start(t, {});
    const bridge = await Bridge.start(t, {gateways: [{name: 'kenya', id: 1, port: smsc.port, ...reconnects}],
      routes: [{name: 'uganda', id: 100, countries: ['UG'], via: [{gateway: 'kenya'}]}]});
    await bridge.up('kenya');
    const fineract = bridge.fineract();
    const post = (internalId) => fineract.send([{internalId, mobileNumber: '0712000001', message: `number ${internalId}`, providerId: null}]);
    await post(1);
    await post(2);
    const api = bridge.api();
    const kept = (ref) => until('the message to be kept', async () => (await api.all(`client_ref=${ref}`))[0]);
    const [one, two] = [await kept(1), await kept(2)];
    assert.equal(one.state, 'failed');
    const refused = await api.post(`/messages/${one.id}/retry`);
    assert.equal(refused.status, 409);
    assert.match(refused.body.detail, /no way out/);
    const made = await bridge.cli('routes', 'create', 'kenya', '--set', 'via=[{gateway: kenya}]');
    assert.equal(made.code, 0, made.output);
    assert.equal((await api.post(`/messages/${one.id}/retry`)).status, 200);
    await post(2);
    await api.reaches(one.id, 'delivered');
    await api.reaches(two.id, 'delivered');
    assert.equal(smsc.submits.length, 2);
  });

  it('what Fineract posts for a gateway that is being drained waits there', {timeout}, async (t) => {
    const smsc = await Smsc.start(t, {});
    const bridge = await Bridge.start(t, {gateways: [{name: 'main', port: smsc.port, ...reconnects}]});
    await bridge.up();
    const drained = await bridge.cli('gateways', 'drain', 'main', '--yes');
    assert.equal(drained.code, 0, drained.output);
    const fineract = bridge.fineract();
    await fineract.send([{internalId: 7, mobileNumber: '0712000001', message: 'wait', providerId: 1}]);
    const api = bridge.api();
    const message = await until('the message to be kept', async () => (await api.all('client_ref=7'))[0]);
    assert.equal(message.state, 'queued');
    assert.equal((await api.post('/messages', {to: '+254712000002', text: 'x', gateway: 'main'})).status, 422);
    assert.equal((await bridge.cli('gateways', 'resume', 'main')).code, 0);
    await api.reaches(message.id, 'delivered');
    assert.equal(smsc.submits.length, 1);
  });
});
