// SPDX-License-Identifier: MPL-2.0
// What the surroundings do to the daemon: it is started in odd ways, gets signals too early, its disk fails, its files are
// damaged. It goes on, or ends with an exit code and words; it is never ended by a signal, and never destroys its store.
import {spawn} from 'node:child_process';
import {existsSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import net from 'node:net';
import {join} from 'node:path';
import {test} from 'node:test';
import assert from 'node:assert/strict';
import {Bridge, binary, freePort, preload, run, start, temporaryFolder, until} from './harness.mjs';
import {RawSmsc, pdu, text} from './peers/raw_smsc.mjs';

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

test('a command with closed descriptors prints nowhere, not into what it writes', async (t) => {
  const bridge = await prepare(t);
  const made = await run('sh', ['-c', 'exec "$0" keys create --tenant default --name quiet --for operator -c "$1" <&- >&- 2>&-', binary, bridge.configFile]);
  assert.equal(made.code, 0);
  await bridge.restart();
  const listed = await bridge.cli('keys', 'list');
  assert.equal(listed.code, 0, listed.output);
  assert.match(listed.stdout, /quiet/);
  assert.equal((await bridge.api().get('/gateways')).status, 200, 'the key of before is good');
  await bridge.stop();
});

test('a crash leaves no image of the memory behind, unless it is asked for', async (t) => {
  const coreLimits = (pid) => /^Max core file size +(\S+) +(\S+)/m.exec(readFileSync(`/proc/${pid}/limits`, 'utf8')).slice(1);
  const bridge = await launch(t);
  assert.deepEqual(coreLimits(bridge.process.pid), ['0', '0']);
  await bridge.stop();
  writeFileSync(bridge.configFile, `core_dumps: true\n${readFileSync(bridge.configFile, 'utf8')}`);
  await bridge.restart();
  assert.deepEqual(coreLimits(bridge.process.pid), coreLimits('self'));
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

// Between the first files that it makes and "ready". On a busy machine it may be ready first: then another is started.
async function signalled(t, signal) {
  for (let tries = 0; tries < 20; ++tries) {
    const bridge = await prepare(t);
    rmSync(join(bridge.folder, 'data'), {recursive: true});
    bridge.spawn();
    const {process} = bridge;
    while (!process.how && !existsSync(join(bridge.folder, 'data', 'daemon.lock'))) await new Promise((resolve) => setImmediate(resolve));
    process.signal(signal);
    if (!/msg=ready/.test(process.output)) return bridge;
    process.signal('SIGTERM');
    await process.ended;
  }
  assert.fail('each time the signal came too late to show anything');
}

test('a SIGHUP before it is ready is a reload afterwards', async (t) => {
  const bridge = await signalled(t, 'SIGHUP');
  await bridge.ready();
  await until('the reload', () => /msg=reloaded/.test(bridge.process.output));
  alive(bridge);
  await bridge.stop();
});

test('a SIGTERM before it is ready ends it in an orderly way', async (t) => {
  const bridge = await signalled(t, 'SIGTERM');
  assert.deepEqual(await bridge.process.ended, {code: 0, signal: null}, bridge.process.output);
  assert.match(bridge.process.output, /msg=stopped/);
});

// ---------------------------------------------------------------------------------------------------------------------
// A disk that fails

async function onFaultyDisk(t, options) {
  const file = join(temporaryFolder(t), 'fault');
  writeFileSync(file, '');
  const bridge = await prepare(t, options);
  bridge.spawn({env: await preload(t, 'write_fault', {FAULT_FILE: file})});
  await bridge.ready();
  return {bridge, fail: (kind, code, times) => writeFileSync(file, `${kind} ${code} ${times}\n`)};
}

const message = (reference) => ({to: '0712345678', text: 'Habari', client_ref: reference});

test('when the file\'s head cannot be written it ends, and goes on when it is started anew', async (t) => {
  const {bridge, fail} = await onFaultyDisk(t);
  const ids = await post(bridge);
  fail('meta', 5, 1);
  const answer = await bridge.api().post('/messages', message('head'));
  assert.equal(answer.status, 503);
  assert.equal(answer.body.code, 'storage-failed');
  assert.deepEqual(await bridge.process.ended, {code: 74, signal: null}, bridge.process.output);
  assert.match(bridge.process.output, /level=error.*the store takes nothing more until the process starts anew/);
  assert.match(bridge.process.output, /ends, because its store can write nothing more/);
  await bridge.restart();
  await expectKept(bridge, ids);
  const repeated = await bridge.api().post('/messages', message('head'));
  assert.equal(repeated.status, 202);
  await bridge.stop();
});

for (const [kind, what] of [['data', 'written'], ['sync', 'flushed']]) {
  test(`a page that cannot be ${what} is an answer, not the end`, async (t) => {
    const {bridge, fail} = await onFaultyDisk(t, {store: {prewrite: '0B'}});
    fail(kind, 5, 1);
    const api = bridge.api();
    const refused = await api.post('/messages', message(kind));
    assert.equal(refused.status, 503);
    assert.equal(refused.body.code, 'storage-failed');
    assert.equal(await bridge.metric('store_errors_total', {operation: 'commit'}), 1);
    await bridge.ready();
    assert.equal((await api.post('/messages', message(kind))).status, 202);
    await until('the lines', () => /msg="a commit failed".*path=/.test(bridge.log) && /commits succeed again/.test(bridge.log));
    await bridge.stop();
  });
}

test('as long as the disk fails it is not ready, also while nobody asks for anything', async (t) => {
  const {bridge, fail} = await onFaultyDisk(t, {store: {prewrite: '0B'}});
  fail('sync', 5, 1_000_000);
  const api = bridge.api();
  assert.equal((await api.post('/messages', message('failing'))).body.code, 'storage-failed');
  // The writer's own trials fail, too.
  const errors = () => bridge.metric('store_errors_total', {operation: 'commit'});
  const before = await errors();
  await until('two trials', async () => {
    const {status, body} = await api.request('GET', '/readyz');
    assert.equal(status, 503);
    assert.equal(body.code, 'storage-failed');
    return await errors() >= before + 2;
  });
  fail('none', 0, 0);
  await bridge.ready();
  assert.equal((await api.post('/messages', message('failing'))).status, 202);
  await bridge.stop();
});

test('no room for a page refuses what is new', async (t) => {
  const {bridge, fail} = await onFaultyDisk(t, {store: {prewrite: '0B'}});
  fail('data', 28, 1);
  const refused = await bridge.api().post('/messages', message('full'));
  assert.equal(refused.status, 507);
  assert.equal(refused.body.code, 'store-full');
  await bridge.ready();
  assert.equal((await bridge.api().post('/messages', message('full'))).status, 202);
  await bridge.stop();
});

test('a disk that does not answer is shown while it lasts', async (t) => {
  const {bridge, fail} = await onFaultyDisk(t, {store: {prewrite: '0B'}});  // whose flushes would be the slow ones
  fail('slow', 4000, 1);
  const sent = bridge.api().post('/messages', message('slow'));
  await until('the gauge', async () => Number(/^smsbridge_store_commit_running_seconds (\S+)$/m.exec(await bridge.metrics())?.[1]) > 1);
  assert.equal((await sent).status, 202);
  await until('the lines', () => /a commit takes long/.test(bridge.log) && /a commit was slow/.test(bridge.log));
  await bridge.stop();
});

test('while a change waits for the disk the links and doors of its shard go on', async (t) => {
  const [bind, submit, enquire, answer] = [0x09, 0x04, 0x15, 0x80000000];
  let link, answered = () => {};
  const smsc = await RawSmsc.start(t, {port: 0, on: (one, socket) => {
    link = socket;
    if (one?.command === enquire + answer) return answered();
    const named = [bind, submit].includes(one?.command);
    if (one) socket.write(pdu(one.command + answer, 0, one.sequence, named ? text('slow') : undefined));
  }});
  const file = join(temporaryFolder(t), 'fault');
  writeFileSync(file, '');
  const bridge = await Bridge.prepare(t, {gateways: [{port: smsc.port, sessions: 1}], store: {prewrite: '0B'}});
  writeFileSync(bridge.configFile, `shards: 1\n${readFileSync(bridge.configFile, 'utf8')}`);
  bridge.spawn({env: await preload(t, 'write_fault', {FAULT_FILE: file})});
  await bridge.ready();
  await bridge.up();
  const api = bridge.api(), door = bridge.api(), owner = bridge.api(await bridge.createOwnerKey());
  await door.post('/messages', {});
  writeFileSync(file, 'slow 700 -1\n');
  let sequence = 1000;
  const changes = [
    ['making a route', () => owner.post('/routes', {name: 'kenya', id: 40, countries: ['KE'], via: [{gateway: 'safaricom'}]})],
    ['replacing it', () => owner.request('PUT', '/api/v1/routes/kenya', {body: {id: 40, countries: ['KE', 'TZ'], via: [{gateway: 'safaricom'}]}, headers: {'If-Match': '*'}})],
    ['making a gateway', () => owner.post('/gateways', {name: 'phones', id: 41, kind: 'kannel', account: {url: 'http://127.0.0.1:9', username: 'a', password: 'b'}})],
    ['pausing a gateway', () => owner.post('/gateways/safaricom/pause')],
    ['resuming it', () => owner.post('/gateways/safaricom/resume')],
    ['removing the route', () => owner.request('DELETE', '/api/v1/routes/kenya', {headers: {'If-Match': '*'}})],
  ];
  for (const [what, change] of changes) {
    const began = performance.now();
    let under_way = true, rounds = 0, longest = 0;
    const sent = api.post('/messages', message(what));
    const changed = change().finally(() => { under_way = false; });
    while (under_way) {
      const from = performance.now();
      link.write(pdu(enquire, 0, ++sequence));
      await new Promise((resolve) => { answered = resolve; });
      assert.equal((await door.post('/messages', {})).status, 422);  // which the same door answers without the disk
      longest = Math.max(longest, performance.now() - from);
      rounds += 1;
    }
    const {status, body} = await changed;
    assert.ok(status === 200 || status === 201, `${what}: ${status} ${JSON.stringify(body)}`);
    const took = performance.now() - began;
    assert.ok(took > 600, `${what} was answered after ${took} ms, before it was on disk`);
    assert.ok(rounds > 3 && longest < took / 2, `${what} took ${took} ms, and its shard stood still for ${longest} ms`);
    assert.equal((await sent).status, 202);
  }
  writeFileSync(file, '');
  await bridge.stop();
});

// ---------------------------------------------------------------------------------------------------------------------
// Files that are damaged, incomplete or gone

const storeFile = (bridge) => join(bridge.folder, 'data', 'data.mdb');

// A store with messages in all states, of a daemon that was killed.
async function filled(t) {
  const port = await freePort();
  const carrier = start(t, binary, ['smsc-sim', '--port', String(port), '--account', 'umoja:secret', '--receipt-delay', '20ms', '--quiet']);
  await until('the carrier to listen', () => carrier.stdout.includes('listening'));
  const bridge = await Bridge.start(t, {gateways: [{port}]});
  const api = bridge.api();
  const ids = await api.sendAll(Array.from({length: 60}, (_, i) => ({to: `07${12_000_000 + i}`, text: `Habari ${i}`, client_ref: `first${i}`})));
  await api.reaches(ids[0], 'delivered');
  await carrier.end();
  ids.push(...await api.sendAll(Array.from({length: 60}, (_, i) => ({to: `07${13_000_000 + i}`, text: `Habari ${i}`, client_ref: `second${i}`}))));
  await bridge.kill();
  return {bridge, ids};
}

async function verify(bridge) {
  const {code, stdout, output} = await bridge.cli('store', 'verify', '--json');
  assert.ok(code === 0 || code === 1, output);
  const found = JSON.parse(stdout);
  assert.equal(found.ok, code === 0);
  return found;
}

function pagesInUse(file) {
  const pages = [];
  for (let at = 0; at < file.length; at += 4096) if (file.subarray(at, at + 4096).some((octet) => octet !== 0)) pages.push(at);
  return pages;
}

// It did not start, and says which file, why, and what to do.
async function refusesToStart(bridge, reason) {
  bridge.spawn();
  await until('it to refuse', () => bridge.process.how);
  assert.deepEqual(bridge.process.how, {code: 78, signal: null}, bridge.process.output);
  assert.ok(bridge.process.output.includes(join(bridge.folder, 'data')), bridge.process.output);
  assert.match(bridge.process.output, reason);
}

test('store verify says what is there, while the daemon runs and when it does not', async (t) => {
  const {bridge, ids} = await filled(t);
  const stopped = await verify(bridge);
  assert.deepEqual([stopped.ok, stopped.messages, stopped.findings], [true, ids.length, []]);
  await bridge.restart();
  const [running] = await Promise.all([verify(bridge), post(bridge, 100)]);
  assert.equal(running.ok, true, JSON.stringify(running.findings));
  const shown = await bridge.cli('store', 'verify');
  assert.equal(shown.code, 0);
  assert.match(shown.stdout, /data: ok\n[^]*messages +220\n[^]*unreadable +0\n/);
  await bridge.stop();
  rmSync(storeFile(bridge));
  const gone = await bridge.cli('store', 'verify');
  assert.equal(gone.code, 78);
  assert.match(gone.output, /there is no store in .*data/);
});

test('store verify reads a store on a medium that cannot be written', async (t) => {
  const {bridge, ids} = await filled(t);
  const data = join(bridge.folder, 'data');
  // As root of a name space of its own, where nothing else changes.
  const readOnly = (...command) => run('unshare', ['-m', 'sh', '-c', 'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && exec "$@"', data, ...command]);
  if ((await readOnly('true')).code !== 0) return t.skip('no file system can be mounted here');
  assert.notEqual((await readOnly('touch', join(data, 'new'))).code, 0);
  rmSync(join(data, 'lock.mdb'));  // as in a copy of the file
  const {code, stdout, output} = await readOnly(binary, 'store', 'verify', '--json', '-c', bridge.configFile);
  assert.equal(code, 0, output);
  assert.equal(JSON.parse(stdout).messages, ids.length);
  assert.equal(existsSync(join(data, 'lock.mdb')), false);
});

test('a file that is shorter than its contents is not opened', async (t) => {
  const {bridge} = await filled(t);
  const whole = readFileSync(storeFile(bridge));
  const used = pagesInUse(whole).at(-1);  // what follows was written ahead, and is empty
  for (const part of [0.01, 0.3, 0.6]) {  // the last pages may be free ones
    writeFileSync(storeFile(bridge), whole.subarray(0, Math.ceil(used * part)));
    await refusesToStart(bridge, /is shorter than its contents.*backup/);
    const found = await verify(bridge);
    assert.match(found.damage, /shorter/);
  }
  writeFileSync(storeFile(bridge), whole);
  await bridge.restart();
  await bridge.stop();
});

for (const how of ['missing', 'empty']) {
  test(`a file that is ${how} although there was a store is missed loudly`, async (t) => {
    const {bridge} = await filled(t);
    if (how === 'empty') writeFileSync(storeFile(bridge), '');
    else rmSync(storeFile(bridge));
    await bridge.restart();
    assert.match(bridge.process.output, /level=error.*the store's file was not there.*path=\S*data\.mdb/);
    await bridge.stop();
    await bridge.restart();
    assert.doesNotMatch(bridge.process.output, /the store's file was not there/);
    await bridge.stop();
  });
}

test('flipped bits are passed over, or named by exit 78', {timeout: 300_000}, async (t) => {
  const {bridge, ids} = await filled(t);
  const whole = readFileSync(storeFile(bridge));
  const pages = pagesInUse(whole);
  let state = 20261129;
  const draw = (count) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor(state / 2 ** 32 * count);
  };
  let started = 0;
  for (let round = 0; round < 40; ++round) {
    const damaged = Buffer.from(whole);
    const at = pages[draw(pages.length)] + draw(round % 2 ? 4096 : 128);
    damaged[at] ^= 1 << draw(8);
    writeFileSync(storeFile(bridge), damaged);
    bridge.spawn();
    const how = await Promise.race([bridge.process.ended, bridge.ready().then(() => undefined, () => bridge.process.ended)]);
    if (how) {
      assert.deepEqual(how, {code: 78, signal: null}, `octet ${at}: ${bridge.process.output}`);
      assert.ok(bridge.process.output.includes(join(bridge.folder, 'data')), bridge.process.output);
      continue;
    }
    ++started;
    const key = await bridge.createKey();  // that of before may be what was damaged
    const items = await bridge.api(key).all();
    assert.ok(items.length >= ids.length - 1, `octet ${at}: ${items.length} of ${ids.length}`);
    for (const path of ['/messages/counts', '/gateways', '/usage']) assert.equal((await bridge.api(key).get(path)).status, 200, `octet ${at}: ${path}`);
    const found = await verify(bridge);
    t.diagnostic(`octet ${at}: ${found.unreadable} unreadable, ${found.broken} broken`);
    await bridge.stop();
  }
  assert.ok(started > 5 && started < 40, `${started} of 40 started`);
});

// On a file system of its own, of this size.
const mounted = (size, ...command) => ['-m', 'sh', '-c', `mount -t tmpfs -o size=${size} tmpfs "$0" && exec "$@"`, ...command];

test('a first start on a full disk says so', async (t) => {
  const folder = temporaryFolder(t);
  const may = await run('unshare', mounted('64k', folder, 'true'));
  if (may.code !== 0) return t.skip('no file system can be mounted here');
  for (const size of ['32k', '64k', '68k', '72k', '76k', '88k', '100k']) {
    const bridge = await prepare(t);
    const data = join(bridge.folder, 'data');
    const {code, signal, output} = await run('unshare', mounted(size, data, binary, 'serve', '-c', bridge.configFile));
    assert.deepEqual({code, signal}, {code: 78, signal: null}, `${size}: ${output}`);
    assert.ok(output.includes(data), output);
    assert.match(output, /[Nn]o (room|space) (is )?left/, size);
  }
});

test('on a full disk without a reserve it stays not ready, and says what to do when it is started again', async (t) => {
  const may = await run('unshare', mounted('64k', temporaryFolder(t), 'true'));
  if (may.code !== 0) return t.skip('no file system can be mounted here');
  const bridge = await prepare(t, {store: {prewrite: '0B'}});
  const twice = ['sh', '-c', '"$0" serve -c "$1" & echo "pid=$!"; wait $!; echo again; exec "$0" serve -c "$1"', binary, bridge.configFile];
  bridge.process = start(t, 'unshare', mounted('2m', join(bridge.folder, 'data'), ...twice));
  await bridge.ready();
  const api = bridge.api();
  const readiness = async () => (await api.request('GET', '/readyz')).status;
  await until('the disk to be full', async () => {
    await post(bridge, 200).catch((error) => assert.match(String(error), /507|room/));
    return await readiness() === 503;
  });
  // Each second the writer makes a small commit, which would fit.
  const rounds = async () => Number(/^smsbridge_store_commit_duration_seconds_count (\d+)$/m.exec((await api.request('GET', '/metrics')).body)[1]);
  for (const end = await rounds() + 3; await rounds() < end;) assert.equal(await readiness(), 503);
  const first = Number(/pid=(\d+)/.exec(bridge.process.output)[1]);
  process.kill(first, 'SIGKILL');
  await until('the second one to say what is', async () => bridge.process.how ?? (/again/.test(bridge.process.output) && await bridge.api().request('GET', '/readyz').then(({status}) => status === 503)));
  if (!bridge.process.how) return;
  assert.deepEqual(bridge.process.how, {code: 78, signal: null}, bridge.process.output);
  assert.match(bridge.process.output, /cannot open .*data: .*No room is left on its disk/);
});

// ---------------------------------------------------------------------------------------------------------------------
// Limits and neighbours

test('where no thread can be made it says so and ends, or does with fewer', async (t) => {
  const env = await preload(t, 'thread_fault');
  const bridge = await prepare(t);
  let refused = 0;
  for (let threads = 0; threads < 8; ++threads) {
    bridge.process = start(t, binary, ['serve', '-c', bridge.configFile], {env: {...env, THREADS: String(threads)}});
    const how = await until('it to be ready, or to end', () => bridge.process.how ?? (/msg=ready/.test(bridge.process.output) && 'ready'));
    if (how === 'ready') {
      await bridge.ready();
      await expectKept(bridge, await post(bridge));
      await bridge.stop();
    } else {
      ++refused;
      assert.deepEqual(how, {code: 1, signal: null}, `${threads} threads: ${bridge.process.output}`);
      assert.match(bridge.process.output, /error: .*(no thread can be made|log cannot be set up)/);
    }
  }
  assert.ok(refused >= 2 && refused < 8, `${refused} of 8 refused`);
});

test('a control socket that is a file, or belongs to another daemon, is left alone', async (t) => {
  const file = join(temporaryFolder(t), 'precious');
  writeFileSync(file, 'precious');
  const wrong = await prepare(t, {listen: {control: file}});
  wrong.spawn();
  await until('it to refuse', () => wrong.process.how);
  assert.deepEqual(wrong.process.how, {code: 1, signal: null});
  assert.match(wrong.process.output, new RegExp(`cannot listen on ${file}: a file that is no socket`));
  assert.equal(readFileSync(file, 'utf8'), 'precious');

  const first = await launch(t);
  const control = join(first.folder, 'data', 'control.sock');
  const second = await prepare(t, {listen: {control}});
  second.spawn();
  await until('it to refuse', () => second.process.how);
  assert.deepEqual(second.process.how, {code: 1, signal: null});
  assert.match(second.process.output, /another smsbridge that runs listens there/);
  assert.equal((await first.cli('gateways', 'list')).code, 0);
  // One that was killed leaves its socket behind.
  await first.kill();
  assert.ok(existsSync(control));
  await first.restart();
  assert.equal((await first.cli('gateways', 'list')).code, 0);
  await first.stop();
  assert.ok(!existsSync(control));
});

test('what cannot be reached or listened on is named, without anybody\'s source code', async (t) => {
  const first = await launch(t);
  const second = await prepare(t, {listen: {api: `127.0.0.1:${first.apiPort}`}});
  second.spawn();
  await until('it to refuse', () => second.process.how);
  assert.deepEqual(second.process.how, {code: 1, signal: null});
  assert.match(second.process.output, new RegExp(`error: cannot listen on 127\\.0\\.0\\.1:${first.apiPort}: Address already in use`));
  assert.doesNotMatch(second.process.output, /\/usr\/|\.hpp|\.ipp/);
  await first.stop();
  const nobody = await first.cli('gateways', 'list');
  assert.equal(nobody.code, 69);
  assert.match(nobody.output, /control\.sock/);
  const elsewhere = await run(binary, ['gateways', 'list', '--server', `http://127.0.0.1:${first.apiPort}`]);
  assert.equal(elsewhere.code, 69);
  assert.match(elsewhere.output, new RegExp(`127\\.0\\.0\\.1:${first.apiPort}`));
  assert.doesNotMatch(elsewhere.output, /\.hpp|\.ipp/);
  const folder = await prepare(t);
  rmSync(join(folder.folder, 'data'), {recursive: true});
  writeFileSync(join(folder.folder, 'data'), '');
  folder.spawn();
  await until('it to refuse', () => folder.process.how);
  assert.deepEqual(folder.process.how, {code: 78, signal: null});
  assert.match(folder.process.output, new RegExp(`${folder.folder}/data`));
});

test('clients that stay do not take the descriptors of carriers and of the command line', async (t) => {
  const port = await freePort();
  const carrier = () => start(t, binary, ['smsc-sim', '--port', String(port), '--account', 'umoja:secret', '--quiet']);
  let centre = carrier();
  await until('the carrier to listen', () => centre.stdout.includes('listening'));
  const bridge = await prepare(t, {gateways: [{port, reconnect_first: '20ms', reconnect_max: '100ms'}]});
  bridge.process = start(t, 'sh', ['-c', 'ulimit -n 72; exec "$0" serve -c "$1"', binary, bridge.configFile]);
  const listed = async (state) => {
    const {code, stdout, output} = await bridge.cli('gateways', 'show', 'safaricom', '--json');
    assert.equal(code, 0, output);
    return JSON.parse(stdout).state === state;
  };
  await until('the carrier to be bound', () => listed('up'));
  const idle = Array.from({length: 80}, (_, i) => net.connect(i % 2 ? bridge.apiPort : bridge.fineractPort, '127.0.0.1'));
  t.after(() => idle.forEach((socket) => socket.destroy()));
  await Promise.all(idle.map((socket) => new Promise((resolve) => socket.on('error', resolve).on('connect', resolve))));
  await until('the limit', () => /connections of clients were closed to make or keep room/.test(bridge.process.output));
  await centre.end();
  await until('the carrier to be missed', async () => !(await listed('up')));
  centre = carrier();
  await until('the carrier to be bound again', () => listed('up'));
  await bridge.stop();
});
