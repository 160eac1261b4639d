// SPDX-License-Identifier: MPL-2.0
// A message says why it waits, how it was routed, what it costs and what Fineract was told: over the API and on the
// command line.
import assert from 'node:assert/strict';
import {describe, it} from 'node:test';
import {Bridge, freePort, until} from './harness.mjs';
import {startProvider} from './peers/provider_standins.mjs';
import {Smsc} from './peers/smpp_smsc.mjs';

const timeout = 60_000;
const to = '+254712000001';
const reconnects = {reconnect_first: '100ms', reconnect_max: '500ms'};

const waiting = async (api, id, reason) => until(`it to wait for ${reason}`, async () => {
  const message = await api.message(id);
  if (message.waiting?.reason !== reason) throw new Error(JSON.stringify(message.waiting));
  return message.waiting;
});

describe('why a message waits', {concurrency: 4}, () => {
  it('its gateway cannot send: since when, why, when it is tried, and how many are before it', {timeout}, async (t) => {
    const port = await freePort();  // where nobody listens
    const bridge = await Bridge.start(t, {gateways: [{port, ...reconnects}]});
    const api = bridge.api();
    await api.send({to, text: 'first'});
    const {id} = await api.send({to, text: 'second'});
    const why = await waiting(api, id, 'gateway_down');
    assert.match(why.detail, /safaricom cannot send since .*(refused|connection)/i);
    assert.equal(why.ahead, 1);
    await until('the next try to be told', async () => (await api.message(id)).waiting.until);
    const shown = await bridge.cli('messages', 'show', id);
    assert.match(shown.stdout, /waiting +.*safaricom cannot send/);
  });

  it('paused, drained, scheduled, and its receipt', {timeout}, async (t) => {
    const smsc = await Smsc.start(t, {receipt: () => null});
    const bridge = await Bridge.start(t, {gateways: [{port: smsc.port, ...reconnects}]});
    await bridge.up();
    const api = bridge.api();
    const sent = await api.send({to, text: 'sent'});
    await api.reaches(sent.id, 'submitted');
    const receipt = await waiting(api, sent.id, 'receipt');
    assert.ok(Date.parse(receipt.until) > Date.now());
    const later = await api.send({to, text: 'later', send_at: new Date(Date.now() + 3600_000).toISOString()});
    assert.ok((await waiting(api, later.id, 'scheduled')).until);
    await api.post('/gateways/safaricom/pause');
    const paused = await api.send({to, text: 'paused'});
    assert.match((await waiting(api, paused.id, 'gateway_paused')).detail, /gateways resume safaricom/);
    await api.post('/gateways/safaricom/resume');
    await api.reaches(paused.id, 'submitted');
    assert.equal((await api.post('/gateways/safaricom/drain')).status, 200);
    await bridge.fineract().send([{internalId: 5, mobileNumber: '0712000005', message: 'wait', providerId: 1}]);
    const held = await until('it to be kept', async () => (await api.all('client_ref=5'))[0]);
    assert.match((await waiting(api, held.id, 'gateway_draining')).detail, /being emptied since/);
  });

  it('how it was routed, what it costs, and what Fineract was told', {timeout}, async (t) => {
    const smsc = await Smsc.start(t, {});
    const port = await freePort();
    const bridge = await Bridge.start(t, {
      gateways: [{name: 'away', port, ...reconnects}, {name: 'here', port: smsc.port, ...reconnects}],
      routes: [{name: 'all', id: 100, via: [{gateway: 'away'}, {gateway: 'here'}]}],
      prices: [{gateway: 'here', prefix: '+254', price: 0.80, currency: 'KES'}],
    });
    await bridge.up('here');
    const api = bridge.api();
    const sent = await api.send({to, text: 'x'});
    assert.deepEqual([sent.route, sent.gateway, sent.price], ['all', 'here', {amount: '0.8', currency: 'KES', expected: true}]);
    const done = await api.reaches(sent.id, 'delivered');
    assert.deepEqual([done.price, done.waiting, done.fineract], [{amount: '0.8', currency: 'KES', expected: false}, null, null]);
    const routed = (await api.timeline(sent.id)).find(({event}) => event === 'routed');
    assert.equal(routed.gateway, 'here');
    assert.match(routed.detail, /route all; passed over: gateway away: /);

    const named = await api.send({to, text: 'named', gateway: 'here'});
    assert.equal((await api.timeline(named.id)).find(({event}) => event === 'routed').detail, 'named by the caller');

    const fineract = bridge.fineract();
    await fineract.send([{internalId: 9, mobileNumber: '0712000009', message: 'y', providerId: 100}]);
    const message = await until('it to be kept', async () => (await api.all('client_ref=9'))[0]);
    await api.reaches(message.id, 'delivered');
    await fineract.report([9]);
    const told = (await api.message(message.id)).fineract;
    assert.equal(told.status, 300);
    assert.ok(Math.abs(Date.parse(told.told_at) - Date.now()) < 60_000);
  });

  it('by default', {timeout}, async (t) => {
    const smsc = await Smsc.start(t, {});
    const bridge = await Bridge.start(t, {
      gateways: [{name: 'here', port: smsc.port, ...reconnects}],
      tenants: [{name: 'default', default_gateway: 'here'}],
      routes: [{name: 'elsewhere', id: 100, countries: ['UG'], via: [{gateway: 'here'}]}],
    });
    const sent = await bridge.api().send({to, text: 'x'});
    const routed = (await bridge.api().timeline(sent.id)).find(({event}) => event === 'routed');
    assert.deepEqual([routed.gateway, routed.detail], ['here', "the tenant's default gateway"]);
  });

  it('an account that is refused', {timeout}, async (t) => {
    const provider = await startProvider('twilio', {t, script: () => ({fault: 'refuse', as: 'auth'})});
    const bridge = await Bridge.start(t, {gateways: [{name: 'main', kind: 'twilio', account: provider.settings()}]});
    const api = bridge.api();
    const ids = await api.sendAll(Array.from({length: 6}, (_, n) => ({to: `+25471200010${n}`, text: 'x'})));
    const why = await waiting(api, ids[5], 'gateway_down');
    assert.match(why.detail, /auth 20003/);
    assert.ok(Date.parse(why.until) > Date.now() - 1000);
  });
});
