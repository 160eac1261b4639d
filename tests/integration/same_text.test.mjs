// SPDX-License-Identifier: MPL-2.0
// A loop in another program sends hundreds of equal texts to one number: three of them go, and of the rest somebody learns.
import assert from 'node:assert/strict';
import {describe, it} from 'node:test';
import {Bridge} from './harness.mjs';
import {Smsc} from './peers/smpp_smsc.mjs';

const timeout = 60_000;
const to = '+254712000001';
const flood = 500;

const started = async (t, tenant = {}) => {
  const smsc = await Smsc.start(t);
  const bridge = await Bridge.start(t, {gateways: [{port: smsc.port}], tenants: [{name: 'default', same_text_max: 3, ...tenant}]});
  await bridge.up();
  return {smsc, bridge, api: bridge.api()};
};

describe('the same text to the same number', {concurrency: 3}, () => {
  it('is refused over the API, each with the reason; login codes and other texts go', {timeout}, async (t) => {
    const {smsc, bridge, api} = await started(t);
    const {body} = await api.post('/messages/batch', {messages: Array.from({length: flood}, () => ({to, text: 'you owe 100', lane: 'campaign'}))});
    assert.deepEqual([body.accepted, body.rejected], [3, flood - 3]);
    const {problem} = body.items.at(-1);
    assert.deepEqual([problem.code, problem.status], ['same-text', 422]);
    assert.match(problem.detail, /^same_text: this number got this text 3 times within a day/);
    for (const {id} of body.items.slice(0, 3)) await api.reaches(id, 'delivered');
    assert.equal((await api.post('/messages', {to, text: 'you owe 100'})).status, 422, 'one by one, and in another lane');
    const atomic = await api.post('/messages/batch', {atomic: true, messages: Array.from({length: 4}, () => ({to, text: 'all or none'}))});
    assert.equal(atomic.status, 422);
    for (let n = 0; n < 3; n++) await api.reaches((await api.send({to, text: 'all or none'})).id, 'delivered');
    for (let n = 0; n < 5; n++) await api.reaches((await api.send({to, text: 'code 1234', lane: 'otp'})).id, 'delivered');
    await api.reaches((await api.send({to: '+254712000002', text: 'you owe 100'})).id, 'delivered');
    assert.equal(smsc.submits.filter(({text}) => text === 'you owe 100').length, 4);
    assert.equal(await bridge.metric('messages_rejected_total', {tenant: 'default', reason: 'same_text'}), flood - 3 + 1);
    assert.ok(await bridge.metric('messages_same_text_total', {tenant: 'default'}) > flood - 3);
    assert.match(bridge.log, /the same text to the same number, too often/);
    assert.ok(!bridge.log.includes('712000001') && !bridge.log.includes('you owe'));
  });

  it('ends as failed for Fineract, which sees why, and can be let go by hand', {timeout}, async (t) => {
    const {smsc, bridge, api} = await started(t);
    const fineract = bridge.fineract();
    const ids = Array.from({length: flood}, (_, n) => n + 1);
    const posts = ids.map((internalId) => ({internalId, mobileNumber: '0712000001', message: 'you owe 100'}));
    for (let at = 0; at < flood; at += 50) await fineract.send(posts.slice(at, at + 50));
    await fineract.reaches(ids.slice(0, 3), 300);
    await fineract.reaches(ids.slice(3), 400);
    // What it posts again is known.
    await fineract.send(posts.slice(0, 3));
    assert.equal(smsc.textsTo(to.slice(1)).length, 3);
    const [failed] = await api.all('client_ref=4');
    assert.match(failed.status_message, /^same_text: this number got this text 3 times/);
    assert.equal((await api.post(`/messages/${failed.id}/retry`)).status, 200);
    await api.reaches(failed.id, 'delivered');
    assert.equal(smsc.textsTo(to.slice(1)).length, 4);
  });

  it('goes as often as a tenant says', {timeout}, async (t) => {
    const {smsc, api} = await started(t, {same_text_max: 0});
    const ids = await api.sendAll(Array.from({length: 20}, () => ({to, text: 'again'})));
    for (const id of ids) await api.reaches(id, 'delivered');
    assert.equal(smsc.submits.length, 20);
  });
});
