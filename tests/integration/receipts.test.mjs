// SPDX-License-Identifier: MPL-2.0
// What is made of delivery receipts beyond their states: how a carrier writes ids, those that belong to nobody so far,
// and words on the way.
import assert from 'node:assert/strict';
import {it} from 'node:test';
import {Bridge, until} from './harness.mjs';
import {Smsc} from './peers/smpp_smsc.mjs';

const timeout = 60_000;
const messages = (count) => Array.from({length: count}, (_, i) => ({to: `+2547120001${String(i).padStart(2, '0')}`, text: `Habari ${i}`}));

async function setUp(t, options, gateway = {}) {
  const smsc = await Smsc.start(t, {receiptTlvs: false, ...options});
  const bridge = await Bridge.start(t, {gateways: [{port: smsc.port, ...gateway}]});
  await bridge.up();
  return {smsc, bridge, api: bridge.api()};
}

it('learns how ids are written in receipts, and remembers it', {timeout}, async (t) => {
  const {bridge, api} = await setUp(t, {id: (number) => (0x4A000000 + 7 * number).toString(16).toUpperCase(),
    idInReceipt: (id) => String(parseInt(id, 16)).padStart(12, '0')});
  assert.deepEqual((await api.gateway('safaricom')).receipt_ids,
      {state: 'learning', conversion: null, receipt_prefix: null, response_prefix: null, pairs: 0, pairs_wanted: 20});
  assert.match((await bridge.cli('gateways', 'show', 'safaricom')).stdout, /receipt ids\s+learning how they are written: 0 of 20 receipts agree/);
  for (const id of await api.sendAll(messages(20))) await api.reaches(id, 'delivered');
  const learnt = {state: 'learnt', conversion: 'decimal to hexadecimal', receipt_prefix: null, response_prefix: null, pairs: 0, pairs_wanted: 20};
  assert.deepEqual((await api.gateway('safaricom')).receipt_ids, learnt);
  await until('the line', () => /learnt how ids of messages are written in receipts.*conversion="?decimal to hexadecimal/.test(bridge.log));
  await bridge.stop();
  await bridge.restart();
  await bridge.up();
  const again = bridge.api();
  assert.deepEqual((await again.gateway('safaricom')).receipt_ids, learnt);
  assert.match((await bridge.cli('gateways', 'show', 'safaricom')).stdout, /receipt ids\s+learnt: decimal to hexadecimal/);
  for (const id of await again.sendAll(messages(3))) await again.reaches(id, 'delivered');
});

it('learns a prefix, and shows what waits for its message', {timeout}, async (t) => {
  const {smsc, bridge, api} = await setUp(t, {idInReceipt: (id) => `GW7:${id}`});
  // Also the first: what its receipt shows is a guess for itself.
  for (const id of await api.sendAll(messages(20))) await api.reaches(id, 'delivered');
  const {receipt_ids: ids} = await api.gateway('safaricom');
  assert.deepEqual([ids.state, ids.conversion, ids.receipt_prefix], ['learnt', 'none', 'gw7:']);
  const [part] = smsc.submits;
  smsc.sendReceipt({...part, id: '990077'});
  await until('it to be parked', async () => (await api.gateway('safaricom')).receipts_parked === 1);
  const {items} = (await api.get('/receipts/parked?gateway=safaricom')).body;
  assert.equal(items.length, 1);
  const [{parked_at: at, ...parked}] = items;
  assert.ok(Math.abs(Date.parse(at) - Date.now()) < timeout);
  assert.deepEqual(parked, {gateway: 'safaricom', gateway_id: 1, ids: ['990077'], state: 'delivered', error: '000', phone: part.destination,
    message: null, why: 'early'});
  assert.equal(await bridge.metric('parked_receipts', {gateway: 'safaricom'}), 1);
  const {stdout} = await bridge.cli('receipts', 'list', '--gateway', 'safaricom');
  assert.match(stdout, new RegExp(`safaricom\\t990077\\tdelivered\\t${part.destination}\\tits message may still come`));
});

it('lists parked receipts page by page, and says what is wrong with a question', {timeout}, async (t) => {
  const {smsc, bridge, api} = await setUp(t, {receipt: () => null});
  const [id] = await api.sendAll(messages(1));
  await api.reaches(id, 'submitted');
  for (let i = 1; i <= 5; ++i) smsc.sendReceipt({...smsc.submits[0], id: `9900${i}`});
  await until('all of them', async () => (await api.gateway('safaricom')).receipts_parked === 5);
  const seen = [];
  for (let path = '/receipts/parked?limit=2'; path;) {
    const {status, body} = await api.get(path);
    assert.equal(status, 200);
    assert.ok(body.items.length <= 2);
    seen.push(...body.items.flatMap(({ids}) => ids));
    path = body.next_cursor && `/receipts/parked?limit=2&cursor=${body.next_cursor}`;
  }
  assert.deepEqual(seen.sort(), ['99001', '99002', '99003', '99004', '99005']);
  for (const [query, detail] of [['gateway=nobody', /there is no gateway 'nobody'/], ['cursor=1', /not a cursor/], ['cursor=!.1', /not a cursor/],
    ['limit=0', /1 to 500/], ['state=x', /no filter state/]]) {
    const {status, body} = await api.get(`/receipts/parked?${query}`);
    assert.equal(status, 422, query);
    assert.match(body.errors[0].detail, detail);
  }
  assert.notEqual((await bridge.cli('receipts', 'list', '--gateway', 'nobody')).code, 0);
  await bridge.kill();
  await bridge.restart();
  assert.equal((await bridge.api().gateway('safaricom')).receipts_parked, 5);
});

it('shows what a carrier says on the way, and ends nothing for it', {timeout}, async (t) => {
  const {smsc, bridge, api} = await setUp(t, {receipt: () => null});
  const [id] = await api.sendAll(messages(1));
  await api.reaches(id, 'submitted');
  const [part] = smsc.submits;
  const lines = async () => (await api.timeline(id)).filter(({event}) => event === 'receipt').map(({detail}) => detail);
  const words = ['SCHEDLD', 'ENROUTE', 'BUFFRED', 'ACCEPTD'];
  for (const [i, state] of words.entries()) {
    smsc.sendReceipt(part, {state});
    await until(state, async () => (await lines()).length === i + 1);
  }
  for (const state of words) smsc.sendReceipt(part, {state});
  assert.equal((await api.message(id)).state, 'submitted');
  smsc.sendReceipt(part, {state: 'DELIVRD'});
  await api.reaches(id, 'delivered');
  assert.deepEqual(await lines(), ['enroute, SCHEDLD err:000', 'enroute err:000', 'enroute, BUFFRED err:000', 'enroute, ACCEPTD err:000', 'delivered err:000']);
  assert.match((await bridge.cli('messages', 'show', id)).stdout, /enroute, BUFFRED/);
});
