// SPDX-License-Identifier: MPL-2.0
// What a carrier is asked about messages that it has: what became of them, and to deliver them no more.
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {binary, Bridge, freePort, start, until} from './harness.mjs';

const timeout = 120_000;

async function carrier(t, keeps, ...settings) {
  const port = await freePort();
  const process = start(t, binary, ['smsc-sim', '--port', String(port), '--account', 'umoja:secret', '--keeps', keeps, ...settings]);
  await until('the carrier to listen', () => /listening/.test(process.stdout));
  return {port, process};
}

test('a carrier is asked what became of a message whose receipt did not come', {timeout}, async (t) => {
  const {port} = await carrier(t, '1000', '--receipt-lost', '1', '--outcomes', 'UNDELIV:1');
  const bridge = await Bridge.start(t, {gateways: [{port, query: true, receipt_wait: '8s'}, {port, receipt_wait: '4s'}]});
  const api = bridge.api();
  await bridge.up();
  await bridge.up('promo');
  const asked = await api.send({to: '+254712345678', text: 'x'.repeat(200), from: 'UMOJA'});
  const alone = await api.send({to: '+254712345679', text: 'Hello', gateway: 'promo'});
  await api.reaches(alone.id, 'sent');
  const {status_message: why} = await api.reaches(asked.id, 'undeliverable');
  assert.doesNotMatch(why ?? '', /no receipt came/);
  assert.equal(await bridge.metric('smpp_queries_total', {gateway: 'safaricom', result: 'ended'}), 2, 'both parts');
});

test('a message that the carrier has is cancelled there, and what it says is told', {timeout}, async (t) => {
  const slow = await carrier(t, '1000', '--receipt-delay', '1h');
  const strict = await carrier(t, '0', '--receipt-delay', '1h');
  const bridge = await Bridge.start(t, {gateways: [{port: slow.port, cancel: true}, {port: strict.port, cancel: true}, {port: slow.port}]});
  const api = bridge.api();
  const names = bridge.config.gateways.map(({name}) => name);
  for (const name of names) await bridge.up(name);
  const answers = [];
  for (const [n, gateway] of names.entries()) {
    const sent = await api.send({to: `+25471234567${n}`, text: 'x'.repeat(200), gateway});
    await api.reaches(sent.id, 'submitted');
    answers.push(await api.post(`/messages/${sent.id}/cancel`));
  }
  const [taken, refused, without] = answers;
  assert.equal(taken.status, 200, JSON.stringify(taken.body));
  assert.deepEqual([taken.body.state, taken.body.status_message], ['cancelled', 'cancelled at the carrier by request']);
  assert.equal(refused.status, 409);
  assert.match(refused.body.detail, /was not cancelled: the carrier refuses: 0x00000011 ESME_RCANCELFAIL/);
  assert.equal(without.status, 409);
  assert.match(without.body.detail, /only a message that still waits can be cancelled/);
  assert.equal((await api.post(`/messages/${taken.body.id}/cancel`)).status, 409, 'once');
  assert.deepEqual([await bridge.metric('smpp_cancels_total', {gateway: names[0], result: 'cancelled'}),
    await bridge.metric('smpp_cancels_total', {gateway: names[1], result: 'refused'})], [2, 2]);
});

test('a carrier that never answers a question changes nothing, and it is said', {timeout}, async (t) => {
  const {port} = await carrier(t, '1000', '--receipt-lost', '1', '--swallow-questions', '1');
  const bridge = await Bridge.start(t, {gateways: [{port, query: true, receipt_wait: '4s'}, {port, cancel: true}]});
  const api = bridge.api();
  await bridge.up();
  await bridge.up('promo');
  const asked = await api.send({to: '+254712345678', text: 'Hello'});
  const kept = await api.send({to: '+254712345679', text: 'Hello', gateway: 'promo'});
  await api.reaches(kept.id, 'submitted');
  const cancelled = await api.post(`/messages/${kept.id}/cancel`);
  assert.match(cancelled.body.detail, /did not answer in time, and it is not known whether it cancels/);
  assert.equal((await api.message(kept.id)).state, 'submitted');
  await api.reaches(asked.id, 'sent');
  assert.match((await api.message(asked.id)).status_message, /no receipt came/);
  await until('the silence to be counted', async () => await bridge.metric('smpp_queries_total', {gateway: 'safaricom', result: 'unanswered'}) >= 1);
  assert.equal(await bridge.metric('smpp_cancels_total', {gateway: 'promo', result: 'unanswered'}), 1);
});
