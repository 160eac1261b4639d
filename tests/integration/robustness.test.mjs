// SPDX-License-Identifier: MPL-2.0
// What the surroundings do to the daemon: it is started in odd ways, gets signals too early, its disk fails, its files are
// damaged. It goes on, or ends with an exit code and words; it is never ended by a signal, and never destroys its store.
import {spawn} from 'node:child_process';
import {existsSync, rmSync} from 'node:fs';
import {join} from 'node:path';
import {test} from 'node:test';
import assert from 'node:assert/strict';
import {Bridge, binary, freePort, start, until} from './harness.mjs';

// A daemon whose carrier is not there: what is accepted waits.
const prepare = async (t, options = {}) => Bridge.prepare(t, {gateways: [{port: await freePort()}], ...options});
const launch = async (t, options) => {
  const bridge = await prepare(t, options);
  await bridge.restart();
  return bridge;
};

let next = 1;
async function post(bridge, count = 20) {
  const ids = Array.from({length: count}, () => next++);
  const client = bridge.fineract();
  await client.send(ids.map((id) => ({internalId: id, mobileNumber: `07${10_000_000 + id}`, message: `payment ${id}`})));
  client.close();
  return ids;
}

async function expectKept(bridge, ids) {
  const client = bridge.fineract();
  for (let from = 0; from < ids.length; from += 200) {
    const part = ids.slice(from, from + 200);
    const known = (await client.report(part)).map(({id}) => Number(id));
    assert.deepEqual(known.sort((a, b) => a - b), part);
  }
  client.close();
}

const alive = (bridge) => assert.equal(bridge.process.how, undefined, `the daemon ended: ${JSON.stringify(bridge.process.how)}\n${bridge.process.output}`);

test('started with closed descriptors it writes its log nowhere, not into its store', async (t) => {
  const bridge = await prepare(t);
  bridge.process = start(t, 'sh', ['-c', 'exec "$0" serve -c "$1" --log-level debug <&- >&- 2>&-', binary, bridge.configFile]);
  await bridge.ready();
  const ids = [];
  for (let round = 0; round < 20; ++round) {
    ids.push(...await post(bridge));
    bridge.process.signal('SIGHUP');  // which is logged
  }
  await bridge.kill();
  await bridge.restart();
  await expectKept(bridge, ids);
  await bridge.stop();
});

test('it goes on when the reader of its log has ended', async (t) => {
  const bridge = await prepare(t);
  const child = spawn(binary, ['serve', '-c', bridge.configFile, '--log-level', 'debug'], {stdio: ['ignore', 'ignore', 'pipe']});
  t.after(() => child.kill('SIGKILL'));
  const ended = new Promise((resolve) => child.once('exit', (code, signal) => resolve({code, signal})));
  bridge.process = {output: ''};
  ended.then((how) => { bridge.process.how = how; });
  await bridge.ready();
  child.stderr.destroy();
  const lines = () => bridge.metric('log_events_total', {level: 'info'});
  for (let before = await lines(), round = 0; round < 3; ++round, before = await lines()) {
    child.kill('SIGHUP');
    await until('a line to be logged', async () => await lines() > before);
  }
  await expectKept(bridge, await post(bridge));
  child.kill('SIGTERM');
  assert.deepEqual(await ended, {code: 0, signal: null});
});

// Between the first files that it makes and "ready".
async function signalled(t, signal) {
  const bridge = await prepare(t);
  rmSync(join(bridge.folder, 'data'), {recursive: true});
  bridge.spawn();
  const {process} = bridge;
  while (!process.how && !existsSync(join(bridge.folder, 'data', 'daemon.lock'))) await new Promise((resolve) => setImmediate(resolve));
  process.signal(signal);
  assert.doesNotMatch(process.output, /msg=ready/, 'the signal came too late to show anything');
  return bridge;
}

test('a SIGHUP before it is ready is a reload afterwards', async (t) => {
  const bridge = await signalled(t, 'SIGHUP');
  await bridge.ready();
  await until('the reload', () => bridge.process.output.includes('reloaded gateways'));
  alive(bridge);
  await bridge.stop();
});

test('a SIGTERM before it is ready ends it in an orderly way', async (t) => {
  const bridge = await signalled(t, 'SIGTERM');
  assert.deepEqual(await bridge.process.ended, {code: 0, signal: null}, bridge.process.output);
  assert.match(bridge.process.output, /msg=stopped/);
});
