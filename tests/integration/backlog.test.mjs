// SPDX-License-Identifier: MPL-2.0
// A carrier that is away for long: the queue grows on disk, not in memory, and a restart with it is quick.

import {test} from 'node:test';
import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import {Bridge, freePort, long, until} from './harness.mjs';
import {Smsc} from './peers/smpp_smsc.mjs';

const messages = 1_000_000;
const batchSize = 2000;
const memoryLimitMiB = 200;
const restartLimitMs = 2000;

function residentMiB(pid) {
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024;
}

// Entries of a Fineract's batch, the first of which has this id.
const batchFrom = (first, message) => `[${Array.from({length: batchSize}, (_, i) =>
  `{"internalId":${first + i},"mobileNumber":"07${10_000_000 + first + i}","message":"${message(first + i)}"}`).join(',')}]`;

test('a million messages wait in little memory, and the daemon starts with them at once', {timeout: 600_000}, async (t) => {
  const port = await freePort();  // nobody listens there
  const bridge = await Bridge.start(t, {gateways: [{port}]});
  const client = bridge.fineract();
  const idle = residentMiB(bridge.process.pid);
  let peak = idle;
  for (let first = 0; first < messages; first += batchSize) {
    await client.send(batchFrom(first, (id) => `Dear client, your instalment number ${id} of KES 4,500.50 is due on 25-11-2026. Please pay in time.`));
    if (first % 50_000 === 0) peak = Math.max(peak, residentMiB(bridge.process.pid));
  }
  const api = bridge.api();
  const {body} = await api.get('/messages/counts');
  assert.equal(body.by_state.queued, messages);
  const settled = await until('memory to settle', () => {
    const now = residentMiB(bridge.process.pid);
    return now - idle < memoryLimitMiB && now;
  });
  t.diagnostic(`resident: idle ${idle.toFixed(0)} MiB, peak ${peak.toFixed(0)} MiB, with ${messages} waiting ${settled.toFixed(0)} MiB`);

  await bridge.kill();
  const began = performance.now();
  bridge.spawn();
  await bridge.ready();
  const ready = performance.now() - began;
  t.diagnostic(`ready ${ready.toFixed(0)} ms after the start`);
  assert.ok(ready < restartLimitMs, `the start took ${ready} ms`);
  const after = await bridge.api().get('/messages/counts');
  assert.equal(after.body.by_state.queued, messages);
  await bridge.stop();
});

// A carrier that takes a hundred a second: what it took between the code's acceptance and the code is how long that waited.
test('a login code of one tenant passes the campaign of another within a second of its gateway', {timeout: 600_000}, async (t) => {
  const campaign = long ? 500_000 : 100_000, rate = 100;
  const smsc = await Smsc.start(t);
  const bridge = await Bridge.start(t, {gateways: [{port: smsc.port, rate, window: 10, tenants: ['default', 'other']}],
    tenants: [{fineract_lane: 'campaign'}, {name: 'other', fineract_lane: 'otp'}]});
  await bridge.up();
  const sender = bridge.fineract(), other = bridge.fineract({tenant: 'other'});
  for (let first = 0; first < campaign; first += batchSize) await sender.send(batchFrom(first, (id) => `Save more in December, offer ${id}`));
  for (let code = 1; code <= 5; ++code) {
    await other.send(`[{"internalId":${code},"mobileNumber":"0790000000","message":"Your code is 88${code}"}]`);
    const before = smsc.submits.length;
    await until(`code ${code}`, () => smsc.textsTo('254790000000').length === code);
    const passed = smsc.submits.findIndex(({text}) => text === `Your code is 88${code}`) - before;
    t.diagnostic(`${passed} of the campaign went before code ${code}`);
    assert.ok(passed <= rate, `${passed} messages of the campaign, more than a second of it, went before it`);
  }
  const {body} = await bridge.api().get('/messages/counts');
  assert.ok(body.by_state.queued > campaign / 2, 'most of the campaign waits still');
});
