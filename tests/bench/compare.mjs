// SPDX-License-Identifier: MPL-2.0
// Measures smsbridge and Kannel side by side: the same load generator, the same message centre (smsbridge smsc-sim), one
// run. Repetitions are the outermost loop, so that whatever else the machine does hits all cases alike; the table shows
// medians, and ratios are only taken within one run. docs/performance.md explains the cases. Started by run.sh.
import {spawn} from 'node:child_process';
import {closeSync, existsSync, fdatasyncSync, fsyncSync, mkdirSync, openSync, readFileSync, readSync, readdirSync, rmSync, statSync, writeFileSync, writeSync} from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import os from 'node:os';
import {dirname, join, resolve} from 'node:path';
import {fileURLToPath} from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const usage = `usage: compare.mjs [--out FOLDER] [--reps N] [--seconds S] [--quick] [--only TEXT] [--without-kannel] [--help]

  --out FOLDER       where table, figures and the temporary data go (build/bench-results); it must be on a real disk
  --reps N           repetitions, of which the table shows the median (3)
  --seconds S        how long each case loads (5)
  --quick            one short repetition: does it work, and roughly how fast
  --only TEXT        only the cases whose name contains TEXT; several with commas
  --without-kannel   smsbridge alone

SMSBRIDGE_BINARY and BENCH_LOAD name the programs (build/release/smsbridge, build/release/bench_load).
`;

function readOptions() {
  const o = {out: join(root, 'build', 'bench-results'), reps: 3, seconds: 0, quick: false, only: [], kannel: true};
  const given = process.argv.slice(2);
  for (let i = 0; i < given.length; i++) {
    const value = () => given[++i] ?? stop(`${given[i - 1]} needs a value`);
    switch (given[i]) {
      case '--out': o.out = resolve(value()); break;
      case '--reps': o.reps = Number(value()); break;
      case '--seconds': o.seconds = Number(value()); break;
      case '--quick': o.quick = true; break;
      case '--only': o.only = value().split(','); break;
      case '--without-kannel': o.kannel = false; break;
      case '-h': case '--help': process.stdout.write(usage); process.exit(0);
      default: stop(`unknown option ${given[i]}`);
    }
  }
  if (!(o.reps >= 1)) stop('--reps begins at 1');
  if (!(o.seconds >= 0)) stop('--seconds is a number');
  if (o.quick) o.reps = 1;
  return o;
}
function stop(text) {
  process.stderr.write(`compare.mjs: ${text}\n${usage}`);
  process.exit(2);
}

const options = readOptions();
const binary = process.env.SMSBRIDGE_BINARY ?? join(root, 'build', 'release', 'smsbridge');
const generator = process.env.BENCH_LOAD ?? join(root, 'build', 'release', 'bench_load');
const appKey = 'b1f3a2e0-bench-app-key';
const sessionWindow = 1000;      // both systems: requests without an answer on their one session
const idleMs = 10_000;           // nothing more arrives after this time: the rest is lost
const drainMs = 120_000;

// ---------------------------------------------------------------------------------------------------------------------
// Cases

const seconds = options.seconds || (options.quick ? 2 : 5);
const single = {duration: seconds, count: 400_000};
const kannels = ['kannel-file', 'kannel-none'];
const everyone = ['smsbridge', ...kannels];

const cases = [
  {name: 'single-32', what: 'single posts, 32 connections', systems: everyone, load: {connections: 32, ...single}},
  {name: 'single-128', what: 'single posts, 128 connections', systems: everyone, load: {connections: 128, ...single}},
  {name: 'batch-100', what: 'batches of 100, 8 connections', systems: ['smsbridge'], load: {connections: 8, batch: 100, duration: seconds, count: 1_000_000}},
  {name: 'batch-200', what: 'batches of 200, 8 connections', systems: ['smsbridge'], load: {connections: 8, batch: 200, duration: seconds, count: 1_000_000}},
  {name: 'receipts-single', what: 'receipts, single posts, 32 connections', receipts: true, systems: everyone, load: {connections: 32, ...single}},
  {name: 'receipts-batch-200', what: 'receipts, batches of 200, 8 connections', receipts: true, systems: ['smsbridge'],
    load: {connections: 8, batch: 200, duration: seconds, count: 1_000_000}},
  {name: 'window', what: 'centre answers after 100 ms, window 1000', responseDelay: '100ms', systems: ['smsbridge', 'kannel-none'],
    load: {connections: 32, count: options.quick ? 20_000 : 50_000, duration: 60}, batch: 200},
  {name: 'ingest-200', what: 'open loop, 200 single posts/s', systems: everyone, load: {connections: 32, rate: 200, duration: seconds}},
  {name: 'ingest-1000', what: 'open loop, 1000 single posts/s', systems: everyone, load: {connections: 32, rate: 1000, duration: seconds}},
].filter(({name}) => options.only.length === 0 || options.only.some((part) => name.includes(part)));

// ---------------------------------------------------------------------------------------------------------------------
// Processes

const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

async function until(what, check, timeoutMs = 20_000, pauseMs = 20) {
  const end = Date.now() + timeoutMs;
  let last;
  while (Date.now() < end) {
    try {
      const result = await check();
      if (result) return result;
    } catch (error) {
      if (error.giveUp) throw error;
      last = error;
    }
    await sleep(pauseMs);
  }
  throw new Error(`timed out: ${what}${last ? `: ${last.message}` : ''}`);
}

const running = new Set();

class Child {
  stdout = '';
  stderr = '';

  constructor(command, parameters) {
    this.name = command.split('/').pop();
    this.process = spawn(command, parameters.map(String), {stdio: ['ignore', 'pipe', 'pipe']});
    running.add(this);
    for (const stream of ['stdout', 'stderr']) {
      this.process[stream].setEncoding('utf8').on('data', (text) => { if (this[stream].length < 1 << 20) this[stream] += text; });
    }
    this.ended = new Promise((done) => {
      this.process.once('error', (error) => done({error}));
      this.process.once('close', (code, signal) => done({code, signal}));
    });
    this.ended.then((how) => {
      this.how = how;
      running.delete(this);
    });
  }

  get pid() { return this.process.pid; }

  async stop() {
    if (!this.how) this.process.kill('SIGTERM');
    const timer = setTimeout(() => { if (!this.how) this.process.kill('SIGKILL'); }, 60_000);
    const how = await this.ended;
    clearTimeout(timer);
    return how;
  }
}

process.once('exit', () => { for (const child of running) child.process.kill('SIGKILL'); });
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));

async function run(command, parameters) {
  const child = new Child(command, parameters);
  const how = await child.ended;
  if (how.error) throw how.error;
  if (how.code !== 0) throw new Error(`${child.name} ended with ${how.code ?? how.signal}: ${child.stderr}`);
  return child.stdout;
}

const portsGiven = new Set();
async function freePort() {
  for (;;) {
    const server = net.createServer();
    await new Promise((done, failed) => { server.once('error', failed).listen(0, '127.0.0.1', done); });
    const {port} = server.address();
    await new Promise((done) => { server.close(done); });
    if (!portsGiven.has(port)) return portsGiven.add(port), port;
  }
}

const agent = new http.Agent({keepAlive: true});
function get(port, path, headers = {}) {
  return new Promise((done, failed) => {
    const request = http.get({host: '127.0.0.1', port, path, headers, agent, timeout: 10_000}, (answer) => {
      let body = '';
      answer.setEncoding('utf8').on('data', (text) => { body += text; }).on('end', () => done({status: answer.statusCode, body}));
    });
    request.on('timeout', () => request.destroy(new Error('no answer'))).on('error', failed);
  });
}

// ---------------------------------------------------------------------------------------------------------------------
// What a process has used

const ticksPerSecond = 100;  // USER_HZ; the same on all Linux that Debian runs on

function usageOf(pid) {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const kib = (name) => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? 0);
  const io = readFileSync(`/proc/${pid}/io`, 'utf8');
  return {cpuMs: (Number(fields[11]) + Number(fields[12])) * 1000 / ticksPerSecond, rssPeakKib: kib('VmHWM'), anonymousKib: kib('RssAnon'),
    written: Number(/^write_bytes: (\d+)/m.exec(io)?.[1] ?? 0)};
}
function usageOfAll(pids) {
  const sum = {cpuMs: 0, rssPeakKib: 0, anonymousKib: 0, written: 0};
  for (const pid of pids) {
    const one = usageOf(pid);
    for (const key of Object.keys(sum)) sum[key] += one[key];
  }
  return sum;
}

// Octets that went to the disk of a folder, of all processes. The counter of a single process, write_bytes in /proc, says
// several times too much where the page cache holds a file in large pieces, and each small write counts as a piece.
function diskWritten(folder) {
  const {dev} = statSync(folder);
  const file = `/sys/dev/block/${(dev >> 8) & 0xfff}:${(dev & 0xff) | ((dev >> 12) & 0xfff00)}/stat`;
  return existsSync(file) ? Number(readFileSync(file, 'utf8').trim().split(/\s+/)[6]) * 512 : NaN;
}

// What one durable write of 4 KiB costs now, in microseconds: the median of 200. Blocks that were written before are
// overwritten, so the file system's journal has no part in it.
function probeDisk(folder) {
  const file = join(folder, 'probe');
  const fd = openSync(file, 'w');
  const page = Buffer.alloc(4096, 'p');
  writeSync(fd, page, 0, page.length, 0);
  fsyncSync(fd);
  const times = [];
  for (let i = 0; i < 200; i++) {
    const began = process.hrtime.bigint();
    writeSync(fd, page, 0, page.length, 0);
    fdatasyncSync(fd);
    times.push(Number(process.hrtime.bigint() - began) / 1000);
  }
  closeSync(fd);
  rmSync(file);
  return median(times);
}

function median(values) {
  const sorted = values.filter((value) => Number.isFinite(value)).sort((a, b) => a - b);
  if (sorted.length === 0) return NaN;
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

// ---------------------------------------------------------------------------------------------------------------------
// The message centre, one process a case. Its log is the truth about what arrived; it is kept in memory where possible,
// so that it takes no part of the disk.

class Centre {
  static async start(folder, {receipts, responseDelay}) {
    const centre = new Centre();
    centre.log = join(existsSync('/dev/shm') ? '/dev/shm' : folder, `smsbridge-bench-${process.pid}.log`);
    rmSync(centre.log, {force: true});
    const parameters = ['smsc-sim', '--port', 0, '--quiet', '--log', centre.log, '--receipts', receipts ? 'requested' : 'off',
      '--receipt-delay', '5ms', '--receipt-window', 1000];
    if (responseDelay) parameters.push('--response-delay', responseDelay);
    centre.process = new Child(binary, parameters);
    const ready = await until('the message centre', () => {
      if (centre.process.how) throw Object.assign(new Error(`smsc-sim ended: ${centre.process.stderr}`), {giveUp: true});
      return /listening on .*:(\d+)/.exec(centre.process.stdout);
    });
    centre.port = Number(ready[1]);
    return centre;
  }

  lines = 0;
  #offset = 0;

  // Counts the lines that came since the last call, and notes the time in the newest one.
  count() {
    if (!existsSync(this.log)) return 0;
    const fd = openSync(this.log, 'r');
    const buffer = Buffer.allocUnsafe(1 << 22);
    for (;;) {
      const n = readSync(fd, buffer, 0, buffer.length, this.#offset);
      if (n === 0) break;
      this.#offset += n;
      for (let at = buffer.indexOf(10); at >= 0 && at < n; at = buffer.indexOf(10, at + 1)) this.lines++;
    }
    closeSync(fd);
    return this.lines;
  }

  // Waits until so many messages arrived, or nothing more comes.
  async wait(count) {
    const end = Date.now() + drainMs;
    for (let last = -1, since = Date.now(); Date.now() < end;) {
      const now = this.count();
      if (now >= count) return;
      if (now !== last) [last, since] = [now, Date.now()];
      else if (Date.now() - since > idleMs) return;
      await sleep(50);
    }
  }

  // {counts: what it printed, distinct, repeated, firstUs, lastUs}
  async stop() {
    await this.process.stop();
    const counts = JSON.parse(this.process.stdout.trim().split('\n').pop());
    const seen = new Uint8Array(1e8);
    let distinct = 0, repeated = 0, firstUs = 0, lastUs = 0;
    if (existsSync(this.log)) {
      const fd = openSync(this.log, 'r');
      const buffer = Buffer.allocUnsafe(1 << 22);
      let kept = 0;
      for (;;) {
        const n = readSync(fd, buffer, kept, buffer.length - kept, null);
        if (n === 0) break;
        const text = buffer.toString('latin1', 0, kept + n);
        let from = 0;
        for (let eol = text.indexOf('\n'); eol >= 0; eol = text.indexOf('\n', from)) {
          // microseconds, session, message id, source, destination, ...
          const [at, , , , destination] = text.slice(from, Math.min(eol, from + 120)).split('\t', 5);
          from = eol + 1;
          const index = Number(destination.slice(-8));
          if (seen[index]) repeated++;
          else distinct++;
          seen[index] = 1;
          lastUs = Number(at);
          firstUs ||= lastUs;
        }
        kept = text.length - from;
        buffer.write(text.slice(from), 'latin1');
      }
      closeSync(fd);
      rmSync(this.log);
    }
    return {counts, distinct, repeated, firstUs, lastUs};
  }
}

// Takes Kannel's callbacks. It reads no more than it must: this program shares the cores with what it measures.
class CallbackSink {
  count = 0;
  lastUs = 0;
  port = 0;

  static async start() {
    const sink = new CallbackSink();
    const answer = Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
    sink.server = net.createServer({noDelay: true}, (socket) => {
      let tail = '';
      socket.on('data', (chunk) => {
        const text = tail + chunk.toString('latin1');
        let from = 0, answers = 0;
        for (let end = text.indexOf('\r\n\r\n'); end >= 0; end = text.indexOf('\r\n\r\n', from)) {
          // The final ones only: 1 delivered, 2 undeliverable.
          if (/[?&]s=[12]\b/.test(text.slice(from, from + 100))) {
            sink.count++;
            sink.lastUs = Date.now() * 1000;
          }
          from = end + 4;
          answers++;
        }
        tail = text.slice(from);
        for (; answers > 0; answers--) socket.write(answer);
      });
      socket.on('error', () => {});
    });
    await new Promise((done) => { sink.server.listen(0, '127.0.0.1', done); });
    sink.port = sink.server.address().port;
    return sink;
  }

  stop() {
    this.server.close();
    this.server.closeAllConnections?.();
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// The systems

class Smsbridge {
  static async start(folder, {centre, receipts}) {
    const system = new Smsbridge();
    system.apiPort = await freePort();
    system.fineractPort = await freePort();
    system.receipts = receipts;
    const config = join(folder, 'smsbridge.yaml');
    writeFileSync(join(folder, 'app-key.txt'), `${appKey}\n`, {mode: 0o600});
    writeFileSync(join(folder, 'password.txt'), 'bench\n', {mode: 0o600});
    // Everything that is not said here is as a user has it.
    writeFileSync(config, `
listen: {api: 127.0.0.1:${system.apiPort}, fineract: 127.0.0.1:${system.fineractPort}}
store: {path: data}
tenants:
  - {name: default, default_country: KE, fineract_app_key: {file: app-key.txt}}
gateways:
  - {name: carrier, id: 1, kind: smpp, host: 127.0.0.1, port: ${centre.port}, system_id: bench, password: {file: password.txt}, sender: BENCH,
     sessions: 1, window: ${sessionWindow}, receipts: ${Boolean(receipts)}}
`);
    const made = await run(binary, ['keys', 'create', '--tenant', 'default', '--name', 'bench', '--for', 'operator', '-c', config]);
    system.key = /\bsbk_[A-Za-z0-9]+_[A-Za-z0-9_-]+/.exec(made)[0];
    system.daemon = new Child(binary, ['serve', '-c', config]);
    await until('smsbridge to be ready', async () => {
      if (system.daemon.how) throw Object.assign(new Error(`smsbridge ended: ${system.daemon.stderr}`), {giveUp: true});
      return (await get(system.apiPort, '/readyz')).status === 200;
    });
    await until('the bind', async () => JSON.parse((await system.#api('/gateways/carrier')).body).state === 'up');
    // It writes the file of its store ahead in the background; the load begins after that, as in a daemon that runs.
    await until('the store file', () => statSync(join(folder, 'data', 'data.mdb')).size >= 64 << 20, 5000).catch(() => {});
    await sleep(200);
    return system;
  }

  get children() { return [this.daemon]; }
  #api(path) { return get(this.apiPort, `/api/v1${path}`, {Authorization: `Bearer ${this.key}`}); }

  parameters(batch) {
    return batch > 1 ? ['--preset', 'fineract', '--port', this.fineractPort, '--key', appKey, '--batch', batch]
                     : ['--preset', 'api', '--port', this.apiPort, '--key', this.key];
  }

  async states() { return JSON.parse((await this.#api('/messages/counts')).body).by_state; }

  // Until every message has its end; returns when that was.
  async finals(count) {
    const end = Date.now() + drainMs;
    let last = -1, since = Date.now();
    while (Date.now() < end) {
      const {delivered = 0} = await this.states();
      if (delivered !== last) [last, since] = [delivered, Date.now()];
      if (delivered >= count || Date.now() - since > idleMs) break;
      await sleep(20);
    }
    return {finals: last, lastUs: since * 1000};
  }

  async stop() { await this.daemon.stop(); }
}

class Kannel {
  static async start(folder, {centre, receipts, store}) {
    const system = new Kannel();
    const [admin, boxes, sendsms] = [await freePort(), await freePort(), await freePort()];
    system.port = sendsms;
    const config = join(folder, 'kannel.conf');
    writeFileSync(config, `
group = core
admin-port = ${admin}
admin-interface = 127.0.0.1
admin-password = bench
smsbox-port = ${boxes}
smsbox-interface = 127.0.0.1
box-allow-ip = "127.0.0.1"
log-level = 4
dlr-storage = internal
${store ? `store-type = ${store}\nstore-location = ${join(folder, 'store')}` : ''}

group = smsc
smsc = smpp
smsc-id = carrier
host = 127.0.0.1
port = ${centre.port}
transceiver-mode = 1
smsc-username = bench
smsc-password = bench
system-type = ""
max-pending-submits = ${sessionWindow}
reconnect-delay = 1

group = smsbox
bearerbox-host = 127.0.0.1
sendsms-port = ${sendsms}
sendsms-interface = 127.0.0.1
log-level = 4

group = sendsms-user
username = bench
password = bench
max-messages = 10
concatenation = true
`);
    if (receipts) system.callbacks = await CallbackSink.start();
    // log-level does not silence the terminal log, which costs Kannel a good part of its speed; -v does.
    const box = (name) => new Child(existsSync(`/usr/sbin/${name}`) ? `/usr/sbin/${name}` : name, ['-v', 4, config]);
    system.bearerbox = box('bearerbox');
    await until('the bind of bearerbox', async () => {
      if (system.bearerbox.how) throw Object.assign(new Error(`bearerbox ended: ${system.bearerbox.stderr}`), {giveUp: true});
      return (await get(admin, '/status.txt?password=bench')).body.includes('(online');
    });
    system.smsbox = box('smsbox');
    await until('smsbox', async () => (await get(sendsms, '/')).status > 0);
    await sleep(500);
    return system;
  }

  get children() { return [this.bearerbox, this.smsbox]; }

  parameters() {
    const parameters = ['--preset', 'kannel', '--port', this.port];
    if (this.callbacks) parameters.push('--dlr-mask', 3, '--dlr-url', `http://127.0.0.1:${this.callbacks.port}/dlr?s=%d&i={i}`);
    return parameters;
  }

  async finals(count) {
    const end = Date.now() + drainMs;
    for (let last = -1, since = Date.now(); Date.now() < end;) {
      const now = this.callbacks.count;
      if (now !== last) [last, since] = [now, Date.now()];
      if (now >= count || Date.now() - since > idleMs) break;
      await sleep(20);
    }
    return {finals: this.callbacks.count, lastUs: this.callbacks.lastUs};
  }

  async stop() {
    await this.smsbox.stop();
    await this.bearerbox.stop();
    this.callbacks?.stop();
  }
}

const systems = {
  'smsbridge': (folder, more) => Smsbridge.start(folder, more),
  'kannel-file': (folder, more) => Kannel.start(folder, {...more, store: 'file'}),
  'kannel-none': (folder, more) => Kannel.start(folder, more),
};

// ---------------------------------------------------------------------------------------------------------------------
// One case on one system

async function measure(theCase, systemName) {
  const folder = join(options.out, 'work');
  rmSync(folder, {recursive: true, force: true});
  mkdirSync(folder, {recursive: true});
  const probeUs = probeDisk(folder);
  let centre, system;
  try {
    centre = await Centre.start(folder, theCase);
    system = await systems[systemName](folder, {centre, receipts: theCase.receipts});
    const pids = system.children.map(({pid}) => pid);
    const before = usageOfAll(pids);
    const diskBefore = diskWritten(folder);
    const {connections, rate, duration, count} = theCase.load;
    const batch = systemName === 'smsbridge' ? theCase.load.batch ?? theCase.batch ?? 1 : 1;
    const parameters = [...system.parameters(batch), '--connections', batch > 1 ? Math.min(connections, 8) : connections];
    for (const [flag, value] of Object.entries({rate, duration, count})) if (value) parameters.push(`--${flag}`, value);
    const load = new Child(generator, parameters);
    let anonymousKib = before.anonymousKib;
    const sample = setInterval(() => { anonymousKib = Math.max(anonymousKib, usageOfAll(pids).anonymousKib); }, 100);
    const how = await load.ended;
    if (how.code !== 0) throw new Error(`bench_load ended with ${how.code ?? how.signal}: ${load.stderr}`);
    const got = JSON.parse(load.stdout);
    await centre.wait(got.accepted);
    const finals = theCase.receipts ? await system.finals(got.accepted) : undefined;
    clearInterval(sample);
    const after = usageOfAll(pids);
    const diskAfter = diskWritten(folder);
    const states = systemName === 'smsbridge' ? await system.states() : undefined;
    await system.stop();
    system = undefined;
    const sink = await centre.stop();
    centre = undefined;
    const lastUs = finals ? finals.lastUs : sink.lastUs;
    return {
      case: theCase.name, system: systemName, probeUs, accepted: got.accepted, refused: got.refused, unknown: got.unknown, statuses: got.statuses,
      acceptedPerS: got.accepted_per_s, endToEndPerS: got.accepted / ((lastUs - got.began_us) / 1e6),
      // What the session carried while it was busy: the first answers come one delay after the first submits.
      submitsPerS: sink.counts.submits_per_second, windowMax: sink.counts.window_max,
      p50Us: got.latency_us.p50, p90Us: got.latency_us.p90, p99Us: got.latency_us.p99, maxUs: got.latency_us.max,
      cpuMsPer1000: (after.cpuMs - before.cpuMs) / got.accepted * 1000, rssPeakMib: after.rssPeakKib / 1024, anonymousMib: anonymousKib / 1024,
      diskPerMessage: (diskAfter - diskBefore) / got.accepted, writtenPerMessage: (after.written - before.written) / got.accepted,
      arrived: sink.distinct, lost: Math.max(0, got.accepted - sink.distinct), twice: sink.repeated,
      finals: finals?.finals, states, sink: sink.counts,
    };
  } finally {
    if (system) await system.stop().catch(() => {});
    if (centre) await centre.process.stop().catch(() => {});
    rmSync(folder, {recursive: true, force: true});
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// The report

const number = (value, digits = 0) => (Number.isFinite(value) ? value.toFixed(digits).replace(/\B(?<!\.\d*)(?=(\d{3})+(?!\d))/g, ' ') : '');
const ms = (us) => number(us / 1000, 2);
const ratio = (a, b) => (Number.isFinite(a / b) ? `${number(a / b, a / b < 10 ? 2 : 1)}x` : '');

function table(head, rows) {
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

function summarise(runs) {
  const keys = ['acceptedPerS', 'endToEndPerS', 'submitsPerS', 'p50Us', 'p99Us', 'cpuMsPer1000', 'rssPeakMib', 'anonymousMib', 'diskPerMessage', 'writtenPerMessage', 'probeUs'];
  const groups = new Map();
  for (const one of runs) {
    const key = `${one.case} ${one.system}`;
    if (!groups.has(key)) groups.set(key, []);
    groups.get(key).push(one);
  }
  const medians = {};
  for (const group of groups.values()) {
    const [{case: name, system}] = group;
    const m = {reps: group.length};
    for (const key of keys) m[key] = median(group.map((one) => one[key]));
    m.range = [Math.min(...group.map((one) => one.endToEndPerS)), Math.max(...group.map((one) => one.endToEndPerS))];
    for (const key of ['accepted', 'refused', 'unknown', 'lost', 'twice']) m[key] = group.reduce((sum, one) => sum + one[key], 0);
    (medians[name] ??= {})[system] = m;
  }
  return medians;
}

function report(runs, failures) {
  const m = summarise(runs);
  const at = (name, system) => m[name]?.[system] ?? {};
  const best = (key = 'endToEndPerS') => Math.max(...['single-32', 'single-128'].flatMap((name) => kannels.map((system) => at(name, system)[key] ?? 0)));
  // What a case of smsbridge is compared with: Kannel's file store; with many connections or batches, Kannel's best single post.
  const base = (name, key) => {
    if (name.startsWith('batch') || name === 'single-128') return best(key);
    if (name === 'receipts-batch-200') return at('receipts-single', 'kannel-file')[key];
    return at(name, 'kannel-file')[key] ?? at(name, 'kannel-none')[key];
  };
  const rows = [];
  for (const {name, what} of cases) {
    for (const [system, v] of Object.entries(m[name] ?? {})) {
      const ours = system === 'smsbridge';
      rows.push([what, system, number(v.acceptedPerS), number(v.endToEndPerS), `${number(v.range[0])} to ${number(v.range[1])}`,
        ours && !name.startsWith('ingest') ? ratio(v.endToEndPerS, base(name, 'endToEndPerS')) : '', ms(v.p50Us), ms(v.p99Us), number(v.cpuMsPer1000, 1),
        number(v.rssPeakMib), number(v.anonymousMib), number(v.diskPerMessage), ms(v.probeUs),
        v.lost + v.twice + v.refused + v.unknown === 0 ? 'none' : `${v.lost} lost, ${v.twice} twice, ${v.refused} refused, ${v.unknown} unknown`]);
    }
  }
  const goals = [];
  const goal = (id, what, aim, value, ok) => { if (Number.isFinite(value)) goals.push([id, what, aim, value, ok]); };
  const higher = (id, what, aim, value) => goal(id, what, `${aim}x`, value, value >= aim);
  const lower = (id, what, aim, value) => goal(id, what, `at most 1/${aim}`, 1 / value, value >= aim);
  higher('P1', 'single posts, 32 connections, to Kannel with file store', 1.7, at('single-32', 'smsbridge').endToEndPerS / at('single-32', 'kannel-file').endToEndPerS);
  higher('P2', 'single posts, 128 connections, to Kannel at its best', 3, at('single-128', 'smsbridge').endToEndPerS / best());
  higher('P3', 'batches of 100, to Kannel at its best', 10, at('batch-100', 'smsbridge').endToEndPerS / best());
  higher('P3', 'batches of 200, to Kannel at its best', 10, at('batch-200', 'smsbridge').endToEndPerS / best());
  higher('P4', 'receipts, single posts, to Kannel with file store', 3, at('receipts-single', 'smsbridge').endToEndPerS / at('receipts-single', 'kannel-file').endToEndPerS);
  lower('P6', 'CPU per message, single posts', 4, at('single-32', 'kannel-file').cpuMsPer1000 / at('single-32', 'smsbridge').cpuMsPer1000);
  lower('P6', 'CPU per message, with receipts', 6, at('receipts-single', 'kannel-file').cpuMsPer1000 / at('receipts-single', 'smsbridge').cpuMsPer1000);
  for (const rate of [200, 1000]) {
    const v = at(`ingest-${rate}`, 'smsbridge');
    const aim = (4 * v.probeUs + 500) / 1000;
    goal('P7', `ingest p50 at ${rate}/s: 4 x fdatasync + 0.5 ms`, `${number(aim, 2)} ms`, v.p50Us / 1000, v.p50Us / 1000 <= aim);
  }
  const file = at('ingest-1000', 'kannel-file').p99Us / 1000;
  goal('P8', 'ingest p99 at 1000/s: at most Kannel with file store', `${number(file, 2)} ms`, at('ingest-1000', 'smsbridge').p99Us / 1000,
    at('ingest-1000', 'smsbridge').p99Us / 1000 <= file);
  goal('P9', 'share of window / delay that is used', '95 %', at('window', 'smsbridge').submitsPerS / 10_000 * 100, at('window', 'smsbridge').submitsPerS >= 9500);
  goal('P10', 'KiB to the disk per message, batches of 100', '2.5', at('batch-100', 'smsbridge').diskPerMessage / 1024, at('batch-100', 'smsbridge').diskPerMessage <= 2560);

  const cpu = os.cpus();
  const text = [
    `# Benchmark of ${new Date().toISOString().slice(0, 16).replace('T', ' ')} UTC`,
    '',
    `${cpu.length} cores (${cpu[0]?.model.trim()}), ${number(os.totalmem() / 2 ** 30, 1)} GiB, Linux ${os.release()}. Load average at the end ${os.loadavg().map((v) => v.toFixed(1)).join(', ')}.`,
    `Disk: 4 KiB overwrite + fdatasync p50 ${ms(median(runs.map(({probeUs}) => probeUs)))} ms (${ms(Math.min(...runs.map(({probeUs}) => probeUs)))} to ${ms(Math.max(...runs.map(({probeUs}) => probeUs)))}) over the run.`,
    `Medians of ${options.reps}. ${version} against ${kannelVersion}.`,
    '',
    table(['case', 'system', 'accepted/s', 'end to end/s', 'range', 'ratio', 'ingest p50 ms', 'p99 ms', 'CPU ms per 1000', 'peak RSS MiB', 'anonymous MiB',
      'disk octets per message', 'fdatasync ms', 'losses'], rows),
    '',
    ...(goals.length === 0 ? [] : [table(['goal', 'what', 'first aim', 'measured', 'met'],
      goals.map(([id, what, aim, value, ok]) => [id, what, aim, number(value, 2), ok ? 'yes' : '**no**'])), '']),
    ...failures.map((failure) => `- failed: ${failure}`),
  ].join('\n');
  return {text, medians: m, goals: goals.map(([id, what, aim, value, ok]) => ({id, what, aim, value, ok}))};
}

// ---------------------------------------------------------------------------------------------------------------------

for (const program of [binary, generator]) if (!existsSync(program)) stop(`${program} is not there; run.sh builds it`);
if (options.kannel && !existsSync('/usr/sbin/bearerbox')) stop('Kannel is not installed (Debian: kannel); --without-kannel measures smsbridge alone');
mkdirSync(options.out, {recursive: true});
for (const name of existsSync('/dev/shm') ? readdirSync('/dev/shm') : []) {
  const [, pid] = /^smsbridge-bench-(\d+)\.log$/.exec(name) ?? [];
  if (pid && !existsSync(`/proc/${pid}`)) rmSync(join('/dev/shm', name), {force: true});  // of a run that was cut off
}
const version = (await run(binary, ['version'])).trim();
const kannelVersion = options.kannel ? (await run('dpkg-query', ['-W', '-f', 'Kannel ${Version}', 'kannel']).catch(() => 'Kannel')).trim() : 'nothing';

const runs = [], failures = [];
const plan = cases.map((theCase) => ({...theCase, systems: theCase.systems.filter((name) => options.kannel || !name.startsWith('kannel'))}));
for (let rep = 1; rep <= options.reps; rep++) {
  for (const theCase of plan) {
    for (const systemName of theCase.systems) {
      const label = `${rep}/${options.reps} ${theCase.name} ${systemName}`;
      try {
        const one = {rep, ...(await measure(theCase, systemName))};
        runs.push(one);
        const {lost, twice, refused, unknown} = one;
        process.stderr.write(`${label}: ${number(one.acceptedPerS)} accepted/s, ${number(one.endToEndPerS)} end to end/s, p50 ${ms(one.p50Us)} p99 ${ms(one.p99Us)} ms, ` +
          `CPU ${number(one.cpuMsPer1000, 1)} ms/1000, disk ${ms(one.probeUs)} ms${lost + twice + refused + unknown ? `; ${lost} lost, ${twice} twice, ${refused} refused, ${unknown} unknown` : ''}\n`);
      } catch (error) {
        failures.push(`${label}: ${error.message}`);
        process.stderr.write(`${label}: FAILED: ${error.message}\n`);
      }
      const {text, medians, goals} = report(runs.length ? runs : [], failures);
      if (runs.length) {
        writeFileSync(join(options.out, 'benchmark.md'), `${text}\n`);
        writeFileSync(join(options.out, 'benchmark.json'), `${JSON.stringify({version, kannel: kannelVersion, reps: options.reps, medians, goals, failures, runs}, null, 1)}\n`);
      }
    }
  }
}
if (runs.length > 0) process.stdout.write(`${report(runs, failures).text}\n\nwritten to ${options.out}/benchmark.md and benchmark.json\n`);
agent.destroy();
process.exit(failures.length > 0 ? 1 : 0);
