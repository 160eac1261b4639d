// SPDX-License-Identifier: MPL-2.0
// The promise that matters most: the daemon is killed again and again while messages come in and receipts come back.
// Afterwards every accepted message has its final state, and the carrier got a message twice only if the daemon says so.

import {test} from 'node:test';
import assert from 'node:assert/strict';
import {existsSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import {Bridge, FineractClient, binary, freePort, long, run, start, temporaryFolder, until} from './harness.mjs';

const kills = long ? 200 : 20;
const batchSize = 40;
const quick = {reconnect_first: '20ms', reconnect_max: '200ms'};

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

// The simulator; taken() is what it took so far, number of a message -> how often.
async function startCarrier(t, ...options) {
  const port = await freePort();
  const log = join(temporaryFolder(t), 'carrier.log');
  const carrier = start(t, binary, ['smsc-sim', '--port', String(port), '--account', 'umoja:secret', '--log', log, '--quiet', ...options]);
  await until('the carrier to listen', () => carrier.stdout.includes('listening'));
  const taken = () => {
    const found = new Map();
    if (!existsSync(log)) return found;
    for (const line of readFileSync(log, 'utf8').split('\n')) {
      const id = /payment #(\d+)\./.exec(line)?.[1];
      if (id) found.set(Number(id), (found.get(Number(id)) ?? 0) + 1);
    }
    return found;
  };
  return {port, taken};
}

test(`${kills} kills under load lose nothing, and repeat only what is listed as doubtful`, {timeout: long ? 1_800_000 : 300_000}, async (t) => {
  const seed = Number(process.env.SMSBRIDGE_TEST_SEED ?? Date.now() % 1_000_000);
  t.diagnostic(`seed ${seed}`);
  const chance = random(seed);
  const carrier = await startCarrier(t, '--response-delay', '2ms', '--response-jitter', '5ms', '--receipt-delay', '5ms', '--receipt-jitter', '40ms');
  const bridge = await Bridge.start(t, {gateways: [{port: carrier.port, ...quick}]});
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

  const taken = carrier.taken();
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

// What is held when in doubt is given up for good in the end, so what was never sent should not be among it: no more
// than its rate lets out while a claim is on its way to the disk.
for (const {rate, between, unsentMax} of [{rate: 5, between: 4, unsentMax: 9}, {rate: 200, between: 100, unsentMax: 60}]) {
  test(`a kill at ${rate} campaign messages a second leaves few in doubt that were never sent`, {timeout: 120_000}, async (t) => {
    const {port, taken} = await startCarrier(t, '--response-delay', '2ms');
    const bridge = await Bridge.start(t, {gateways: [{port, rate: `${rate}/s`, ...quick}]});
    await bridge.up();
    await bridge.api().sendAll(Array.from({length: 8 * between}, (_, n) => (
      {to: `+2547${12_000_000 + n}`, text: `payment #${n}.`, client_ref: String(n), lane: 'campaign'})));
    let doubtful, sent = 0;
    for (let kill = 0; kill < 3; ++kill) {
      await until('some to be sent', () => taken().size >= sent + between);
      await bridge.kill();
      sent = taken().size;
      await bridge.restart();
      const api = bridge.api();
      await until('others to be sent', () => taken().size > sent);
      doubtful = await api.all('state=doubtful');
    }
    const unsent = doubtful.filter(({client_ref: n}) => !taken().has(Number(n))).length;
    t.diagnostic(`${doubtful.length} in doubt after three kills; ${unsent} of them were never sent`);
    assert.ok(unsent <= unsentMax, `${unsent} were never sent`);
    for (const {client_ref: n, attempts} of doubtful) assert.equal(attempts, 1, `#${n} was tried once, as far as anybody knows`);
    for (const [n, count] of taken()) assert.equal(count, 1, `#${n} was sent twice`);
    await bridge.stop();
  });
}
