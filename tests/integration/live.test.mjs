// SPDX-License-Identifier: MPL-2.0
// What changes while the daemon runs, and what a restart lets in: tenants, their keys, lanes, and the open door.
import assert from 'node:assert/strict';
import {connect} from 'node:net';
import {writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {describe, it} from 'node:test';
import {setTimeout as sleep} from 'node:timers/promises';
import YAML from 'yaml';
import {Bridge, long, smsbridge, until} from './harness.mjs';
import {Smsc} from './peers/smpp_smsc.mjs';

const timeout = 120_000;
const quick = {reconnect_first: '50ms', reconnect_max: '200ms'};

let lastId = 0;
let lastNumber = 254714000000;
const nextNumber = () => `+${++lastNumber}`;
const fineractMessage = (text, more = {}) => ({internalId: ++lastId, mobileNumber: nextNumber(), message: text, providerId: 1, ...more});

const textsTo = (smsc, {mobileNumber}) => smsc.textsTo(mobileNumber.slice(1));

function write(bridge) { writeFileSync(bridge.configFile, YAML.stringify(bridge.config)); }

async function reload(bridge) {
  write(bridge);
  const answer = await bridge.cli('reload', '--yes', '--json');
  assert.equal(answer.code, 0, answer.output);
  return JSON.parse(answer.stdout);
}

const none = {new: [], changed: [], removed: []};

describe('a reload', () => {
  it('takes over tenants and keys, and says what it took', {timeout}, async (t) => {
    const smsc = await Smsc.start(t);
    const bridge = await Bridge.start(t, {gateways: [{port: smsc.port, ...quick}], tenants: [{name: 'umoja'}, {name: 'tujenge'}]});
    const umoja = bridge.fineract({tenant: 'umoja'});
    const tujenge = bridge.fineract({tenant: 'tujenge'});
    const pamoja = bridge.fineract({tenant: 'pamoja', key: 'key-of-pamoja'});
    await assert.rejects(pamoja.send([fineractMessage('too early')]), /401/);
    await bridge.up();
    await bridge.api(await bridge.createOwnerKey()).post('/gateways/safaricom/pause');
    const waiting = fineractMessage('waits');
    await tujenge.send([waiting]);

    writeFileSync(join(bridge.folder, 'next-key.txt'), 'key-of-pamoja\n');
    bridge.config.tenants.pop();
    bridge.config.tenants.push({name: 'pamoja', default_country: 'KE', fineract_app_key: {file: 'next-key.txt'}});
    bridge.config.tenants[0].fineract_app_key = [{file: 'app-key-umoja.txt'}, {file: 'next-key.txt'}];
    bridge.config.shards = 2;
    bridge.config.log = {level: 'debug'};
    const taken = await reload(bridge);
    assert.deepEqual(taken.tenants, {new: ['pamoja'], changed: ['umoja'], removed: ['tujenge']});
    assert.deepEqual([taken.gateways, taken.routes, taken.lanes, taken.prices], [none, none, [], false]);
    assert.deepEqual(taken.takes_restart, ['log.level', 'shards']);
    assert.deepEqual(taken.cut_off.tenants, ['tujenge']);

    const first = fineractMessage('from the new tenant');
    await pamoja.send([first]);
    await umoja.send([fineractMessage('by the old key')]);
    const changed = bridge.fineract({tenant: 'umoja', key: 'key-of-pamoja'});
    await changed.send([fineractMessage('by the new key')]);
    await assert.rejects(tujenge.send([fineractMessage('too late')]), /401/);
    await assert.rejects(tujenge.report([waiting.internalId]), /401/);

    await bridge.api(await bridge.createOwnerKey()).post('/gateways/safaricom/resume');
    await pamoja.reaches([first.internalId], 300);
    await until('what the removed tenant left to go out', () => textsTo(smsc, waiting).length === 1);
    assert.equal(await bridge.metric('messages_accepted_total', {tenant: 'pamoja', source: 'fineract'}), 1);
    await until('its end to be counted', async () => await bridge.metric('messages_finished_total', {tenant: 'pamoja', state: 'delivered'}) === 1);

    bridge.config.tenants[0].fineract_app_key = {file: 'next-key.txt'};
    assert.deepEqual((await reload(bridge)).tenants, {...none, changed: ['umoja']});
    await assert.rejects(umoja.send([fineractMessage('by the old key')]), /401/);
    await changed.send([fineractMessage('by the new key')]);
    assert.deepEqual((await reload(bridge)).tenants, none, 'nothing changed since');

    bridge.config.tenants.push({name: 'wrong', default_gateway: 'nobody'});
    write(bridge);
    assert.equal((await bridge.cli('reload')).code, 78);
    await changed.send([fineractMessage('all as it was')]);
    assert.equal(smsc.errors.length, 0);
  });

  it('takes over lanes: how long messages are good for', {timeout}, async (t) => {
    const smsc = await Smsc.start(t);
    const bridge = await Bridge.start(t, {gateways: [{port: smsc.port, ...quick}]});
    const api = bridge.api();
    const lives = async () => {
      const message = await api.send({to: nextNumber(), text: 'Hello', lane: 'otp'});
      return Math.round((Date.parse(message.expires_at) - Date.parse(message.created_at)) / 1000);  // it was read a moment before it was kept
    };
    assert.equal(await lives(), 300);
    bridge.config.lanes = {otp: {validity: '2m'}, reminder: {doubt: 'resend'}};
    const taken = await reload(bridge);
    assert.deepEqual([taken.lanes, taken.takes_restart], [['otp', 'reminder'], []]);
    assert.equal(await lives(), 120);
  });
});

describe('whose a gateway is', () => {
  const gateways = {shared: ['umoja', 'tujenge'], umoja_only: ['umoja'], tujenge_only: undefined, nobodys: undefined};
  const may = {umoja: ['shared', 'umoja_only'], tujenge: ['shared', 'tujenge_only']};

  it('holds at every door', {timeout}, async (t) => {
    const smsc = await Smsc.start(t);
    const names = Object.keys(gateways);
    const bridge = await Bridge.start(t, {
      gateways: names.map((name) => ({name, port: smsc.port, sessions: 1, ...quick, ...(gateways[name] ? {tenants: gateways[name]} : {})})),
      tenants: [{name: 'umoja', default_gateway: 'shared'}, {name: 'tujenge'}],
      routes: [{name: 'theirs', id: 50, tenants: ['tujenge'], via: [{gateway: 'tujenge_only'}]}, {name: 'closed', id: 51, via: [{gateway: 'umoja_only'}]}],
    });
    const owner = bridge.api(await bridge.createOwnerKey());
    assert.deepEqual([...bridge.log.matchAll(/no tenant may use this gateway.* gateway=(\w+)/g)].map(([, name]) => name), ['nobodys']);
    for (const [tenant, own] of Object.entries(may)) {
      const api = bridge.api(await bridge.createKey(tenant));
      const fineract = bridge.fineract({tenant});
      const listed = (await api.get('/gateways')).body.items.map(({name}) => name);
      assert.deepEqual(listed, own, `GET /gateways of ${tenant}`);
      assert.deepEqual(Object.keys((await api.get('/messages/counts')).body.by_gateway).sort(), [...own].sort(), `counts of ${tenant}`);
      const bridges = (await fineract.bridges()).map(({providerName}) => providerName).filter((name) => names.includes(name));
      assert.deepEqual(bridges.sort(), [...own].sort(), `GET /smsbridges of ${tenant}`);
      for (const [index, name] of names.entries()) {
        const is = own.includes(name);
        const what = `${name} for ${tenant}`;
        assert.equal((await api.get(`/gateways/${name}`)).status, is ? 200 : 404, `GET: ${what}`);
        const message = {to: nextNumber(), text: 'Hello', gateway: name};
        const sent = await api.post('/messages', message);
        assert.deepEqual([sent.status, sent.body.code ?? null], is ? [202, null] : [422, 'no-route'], `POST: ${what}`);
        const batch = await api.post('/messages/batch', {messages: [message]});
        assert.equal(batch.body.items[0].status, is ? 202 : 422, `batch: ${what}`);
        assert.equal((await api.post('/messages/preview', message)).body.gateway === name, is, `preview: ${what}`);
        const posted = fineractMessage('Hello', {providerId: index + 1});
        await fineract.send([posted]);
        const {errorMessage} = (await fineract.reaches([posted.internalId], is ? 300 : 400)).get(String(posted.internalId));
        if (!is) assert.equal(errorMessage, `there is no gateway or route with the id ${index + 1} (providerId)`, 'and no name');
        assert.equal((await owner.post(`/gateways/${name}/test-send`, {to: nextNumber()}, {headers: {'Smsbridge-Tenant': tenant}})).status, 202, `tried out by the operator: ${what}`);
        assert.equal((await api.post(`/gateways/${name}/test-send`, {to: nextNumber()})).status === 202, is, `tried out: ${what}`);
      }
      // Names the way that is closed, and the way that nobody names.
      const closed = fineractMessage('Hello', {providerId: 51});
      await fineract.send([closed]);
      await fineract.reaches([closed.internalId], tenant === 'umoja' ? 300 : 400);
      const {body: choice} = await api.post('/routes/test', {to: nextNumber()});
      assert.deepEqual([choice.route, choice.gateways], tenant === 'umoja' ? ['closed', ['umoja_only']] : ['theirs', ['tujenge_only']]);
      assert.deepEqual((await api.get('/routes')).body.items.map(({name}) => name), tenant === 'umoja' ? ['closed'] : ['theirs']);
    }
  });

  it('is checked where it is written', {timeout}, async (t) => {
    const smsc = await Smsc.start(t);
    const bridge = await Bridge.start(t, {gateways: [{name: 'first', port: smsc.port, ...quick, tenants: ['umoja']}], tenants: [{name: 'umoja'}, {name: 'tujenge'}]});
    const owner = bridge.api(await bridge.createOwnerKey());
    const wrong = async (what, settings, detail) => {
      const answer = await owner.post(`/${what}`, settings);
      assert.equal(answer.status, 422, JSON.stringify(answer.body));
      assert.match(answer.body.detail, detail);
    };
    const settings = {name: 'second', kind: 'smpp', host: '127.0.0.1', port: smsc.port, system_id: 'umoja', password: 'secret'};
    await wrong('gateways', {...settings, tenants: ['nobody']}, /unknown tenant 'nobody'/);
    await wrong('routes', {name: 'theirs', tenants: ['tujenge'], via: [{gateway: 'first'}]}, /its gateway 'first' is not/);
    const check = async (change, expected) => {
      const config = structuredClone(bridge.config);
      change(config);
      const file = join(bridge.folder, 'changed.yaml');
      writeFileSync(file, YAML.stringify(config));
      const answer = await smsbridge('check-config', '-c', file);
      assert.equal(answer.code, 78, answer.output);
      assert.match(answer.output, expected);
    };
    await check((c) => { c.gateways[0].tenants = ['nobody']; }, /gateway 'first' names the unknown tenant 'nobody'/);
    await check((c) => { c.tenants[1].default_gateway = 'first'; }, /default_gateway 'first' of the tenant 'tujenge' is not for it/);
    await check((c) => { c.routes = [{name: 'theirs', id: 9, tenants: ['tujenge'], via: [{gateway: 'first'}]}]; }, /see the gateway's 'tenants'/);
  });
});

describe('a restart', () => {
  // Whether somebody takes a connection at this moment.
  const isOpen = (port) => new Promise((resolve) => {
    const socket = connect({port, host: '127.0.0.1'});
    socket.once('connect', () => { socket.destroy(); resolve(true); });
    socket.once('error', () => resolve(false));
  });

  // A client that comes every 10 ms. Calling the result ends it, and tells for how many ms at a stretch nobody let it in.
  function watchDoor(port) {
    let longest = 0, closedSince = 0, watching = true;
    const watcher = (async () => {
      while (watching) {
        const asked = performance.now();
        const open = await isOpen(port);
        if (!open) closedSince ||= asked;
        else if (closedSince) {
          longest = Math.max(longest, performance.now() - closedSince);
          closedSince = 0;
        }
        await sleep(Math.max(0, asked + 10 - performance.now()));
      }
    })();
    return async () => {
      watching = false;
      await watcher;
      return Math.round(longest);
    };
  }

  it('lets in while gateways wait for answers, and keeps what came', {timeout}, async (t) => {
    let answers = true;
    const smsc = await Smsc.start(t, {answer: () => (answers ? {} : {delay: 1500})});
    const bridge = await Bridge.start(t, {gateways: [{port: smsc.port, sessions: 1, ...quick}]});
    await bridge.up();
    answers = false;
    const slow = fineractMessage('its answer is waited for');
    await bridge.fineract().send([slow]);
    await until('it to be under way', () => smsc.submits.length === 1);

    const longestClosed = watchDoor(bridge.fineractPort);
    const stopped = bridge.stop();
    await until('it to be stopping', () => /stopping/.test(bridge.log));
    const late = fineractMessage('came while it was stopping');
    await bridge.fineract().send([late]);
    assert.equal(smsc.unbinds, 0, 'the gateway was still waiting');
    await stopped;
    assert.match(bridge.log, /stopped/);
    answers = true;
    await bridge.restart();
    await bridge.fineract().reaches([slow.internalId, late.internalId], 300);
    const longest = await longestClosed();
    assert.equal(textsTo(smsc, slow).length, 1);
    assert.equal(textsTo(smsc, late).length, 1);
    assert.ok(longest < 1400, `the door was closed for ${longest} ms, as long as the gateway waited`);
  });

  // A start takes as long as the machine is busy; alone on it, it is the short time that callers do not notice.
  const closedMax = long ? 300 : 1000;
  it(`closes the door for less than ${closedMax} ms`, {timeout}, async (t) => {
    const smsc = await Smsc.start(t);
    const bridge = await Bridge.start(t, {gateways: [{port: smsc.port, ...quick}]});
    await bridge.up();
    const before = Array.from({length: 2000}, (_, n) => fineractMessage(`before ${n}`));
    await bridge.fineract().send(before);
    const times = [];
    for (let round = 0; round < 5; ++round) {
      const longestClosed = watchDoor(bridge.fineractPort);
      await bridge.stop();
      await bridge.restart();
      times.push(await longestClosed());
      await bridge.up();
    }
    t.diagnostic(`closed for ${times.join(', ')} ms`);
    assert.ok(Math.max(...times) > 0, 'the client saw no restart at all');
    assert.ok(Math.max(...times) < closedMax, `closed for ${times.join(', ')} ms`);
    await bridge.fineract().reaches(before.map(({internalId}) => internalId).slice(0, 200), 300);
    assert.equal(new Set(smsc.submits.map(({text}) => text)).size, smsc.submits.length, 'none went out twice');
  });
});
