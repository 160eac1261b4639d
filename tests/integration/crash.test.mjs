// SPDX-License-Identifier: MPL-2.0
// The promise that matters most: the daemon is killed again and again while messages come in and receipts come back.
// Afterwards every accepted message has its final state, and the carrier got a message twice only if the daemon says so.

import {test} from 'node:test';
import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {Bridge, FineractClient, binary, freePort, long, run, start, temporaryFolder, until} from './harness.mjs';

const kills = long ? 200 : 20;
const batchSize = 40;

// Posts batches until told to stop. A batch whose answer was lost counts as neither accepted nor refused: it may or may
// not be kept, and Fineract would not send it again either.
async function post(bridge, state) {
  let client;
  while (!state.stop) {
    const ids = Array.from({length: batchSize}, () => state.next++);
    const messages = ids.map((id) => ({internalId: id, mobileNumber: `07${String(10_000_000 + id).slice(0, 8)}`, message: `payment #${id}.`}));
    try {
      client ??= new FineractClient({port: bridge.fineractPort});
      await client.send(messages);
      for (const id of ids) state.accepted.add(id);
    } catch {
      for (const id of ids) state.unknown.add(id);
      client?.close();
      client = undefined;
      await new Promise((resolve) => setTimeout(resolve, 5));  // it is down; a client that spins would only heat the machine
    }
  }
  client?.close();
}

// A small generator with a printed seed, so that a failing run can be repeated as far as time allows.
function random(seed) {
  let state = seed >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

test(`${kills} kills under load lose nothing, and repeat only what is listed as doubtful`, {timeout: long ? 1_800_000 : 300_000}, async (t) => {
  const seed = Number(process.env.SMSBRIDGE_TEST_SEED ?? Date.now() % 1_000_000);
  t.diagnostic(`seed ${seed}`);
  const chance = random(seed);
  const port = await freePort();
  const log = join(temporaryFolder(t), 'carrier.log');
  const carrier = start(t, binary, ['smsc-sim', '--port', String(port), '--account', 'umoja:secret', '--response-delay', '2ms',
    '--response-jitter', '5ms', '--receipt-delay', '5ms', '--receipt-jitter', '40ms', '--log', log, '--quiet']);
  await until('the carrier to listen', () => carrier.stdout.includes('listening'));
  const bridge = await Bridge.start(t, {gateways: [{port, reconnect_first: '20ms', reconnect_max: '200ms'}]});
  const state = {next: 1, accepted: new Set(), unknown: new Set(), stop: false};
  const posting = post(bridge, state);

  for (let kill = 0; kill < kills; ++kill) {
    const before = state.accepted.size;
    await until('messages to be accepted', () => state.accepted.size > before + batchSize);
    // Somewhere in the life of these messages: between two ticks, or up to 60 ms on.
    const end = performance.now() + chance() * 60;
    while (performance.now() < end) await new Promise((resolve) => setImmediate(resolve));
    await bridge.kill();
    await bridge.restart();
  }
  state.stop = true;
  await posting;

  // Every accepted message ends, and as delivered: this carrier refuses nothing.
  const client = bridge.fineract();
  const waiting = new Set(state.accepted);
  await until('all accepted messages to be delivered', async () => {
    for (let page = [...waiting].slice(0, 200); page.length > 0; page = [...waiting].slice(0, 200)) {
      const answer = await client.report(page);
      assert.equal(answer.length, page.length, 'an accepted message is not known any more');
      const done = answer.filter(({deliveryStatus}) => deliveryStatus === 300);
      if (done.length === 0) throw new Error(`${waiting.size} are not delivered, for example ${JSON.stringify(answer[0])}`);
      for (const {id} of done) waiting.delete(Number(id));
    }
    return true;
  }, 120_000);

  // What the carrier took, by message.
  const taken = new Map();
  for (const line of readFileSync(log, 'utf8').split('\n')) {
    const id = /payment #(\d+)\./.exec(line)?.[1];
    if (id) taken.set(Number(id), (taken.get(Number(id)) ?? 0) + 1);
  }
  const listed = await run(binary, ['messages', 'list', '-c', bridge.configFile, '--state', 'doubtful', '--limit', '10000000', '--json'], {timeoutMs: 120_000});
  assert.equal(listed.code, 0, listed.output);
  const doubtful = new Set(listed.stdout.split('\n').filter(Boolean).map((line) => Number(JSON.parse(line).client_ref)));
  const lost = [...state.accepted].filter((id) => !taken.has(id));
  const twice = [...taken].filter(([, count]) => count > 1).map(([id]) => id);
  const unlisted = twice.filter((id) => !doubtful.has(id));
  t.diagnostic(`${kills} kills, ${state.accepted.size} accepted, ${state.unknown.size} without an answer, ${twice.length} sent twice, ${doubtful.size} listed as doubtful`);
  assert.deepEqual(lost, [], 'accepted messages that never reached the carrier');
  assert.deepEqual(unlisted, [], 'messages the carrier got twice that are not listed as doubtful');
  await bridge.stop();
});
