// SPDX-License-Identifier: MPL-2.0
// A carrier that is away for long: the queue grows on disk, not in memory, and a restart with it is quick.

import {test} from 'node:test';
import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import {Bridge, freePort, until} from './harness.mjs';

const messages = 1_000_000;
const batchSize = 2000;
const memoryLimitMiB = 200;
const restartLimitMs = 2000;

function residentMiB(pid) {
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024;
}

test('a million messages wait in little memory, and the daemon starts with them at once', {timeout: 600_000}, async (t) => {
  const port = await freePort();  // nobody listens there
  const bridge = await Bridge.start(t, {gateways: [{port}]});
  const client = bridge.fineract();
  const idle = residentMiB(bridge.process.pid);
  let peak = idle;
  for (let first = 0; first < messages; first += batchSize) {
    const batch = [];
    for (let id = first; id < first + batchSize; ++id) {
      batch.push(`{"internalId":${id},"mobileNumber":"07${10_000_000 + id}","message":"Dear client, your instalment number ${id} of KES 4,500.50 is due on 25-11-2026. Please pay in time."}`);
    }
    await client.send(`[${batch.join(',')}]`);
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
