// SPDX-License-Identifier: MPL-2.0
// What the integration tests share: processes, ports, configuration, HTTP clients, and the contract every answer is
// checked against. Nothing here sleeps for a fixed time: every wait is for something, and has a deadline.
import assert from 'node:assert/strict';
import {spawn} from 'node:child_process';
import {existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import net from 'node:net';
import {tmpdir} from 'node:os';
import {dirname, join} from 'node:path';
import {fileURLToPath} from 'node:url';
import Ajv2020 from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import YAML from 'yaml';

export const here = dirname(fileURLToPath(import.meta.url));
export const root = join(here, '..', '..');
export const binary = process.env.SMSBRIDGE_BINARY ?? join(root, 'build', 'release', 'smsbridge');
export const long = process.env.SMSBRIDGE_TEST_LONG === '1';
const deadlineMs = 30_000;

// ---------------------------------------------------------------------------------------------------------------------
// Waiting

// Calls `check` until it gives something true, and returns that. Looks again after a short while that grows to 50 ms.
// What `check` throws counts as "not yet" and is part of the message when time is up.
export async function until(what, check, timeoutMs = deadlineMs) {
  const end = Date.now() + timeoutMs;
  let pause = 2;
  let last;
  for (;;) {
    try {
      const result = await check();
      if (result) return result;
      last = undefined;
    } catch (error) {
      if (error?.giveUp) throw error;
      last = error;
    }
    if (Date.now() > end) {
      throw new Error(`timed out after ${timeoutMs} ms: ${what}${last ? `: ${last.message}` : ''}`, {cause: last});
    }
    await new Promise((resolve) => setTimeout(resolve, pause));
    pause = Math.min(pause * 2, 50);
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// Places and processes

const portsGiven = new Set();

// A port of 127.0.0.1 that nobody listens on now and that was not given out before.
export async function freePort() {
  for (;;) {
    const port = await new Promise((resolve, reject) => {
      const server = net.createServer();
      server.once('error', reject);
      server.listen(0, '127.0.0.1', () => {
        const {port} = server.address();
        server.close(() => resolve(port));
      });
    });
    if (!portsGiven.has(port)) {
      portsGiven.add(port);
      return port;
    }
  }
}

// A new folder, removed when the test `t` ends.
export function temporaryFolder(t) {
  const folder = mkdtempSync(join(tmpdir(), 'smsbridge-test-'));
  t.after(() => rmSync(folder, {recursive: true, force: true}));
  return folder;
}

export class Process {
  #child;
  output = '';  // stdout and stderr as they came
  stdout = '';

  constructor(command, parameters, options = {}) {
    if (command === binary && !existsSync(binary)) {
      throw Object.assign(new Error(`${binary} is not there: run ./test.sh, or cmake --build --preset release`), {giveUp: true});
    }
    this.name = [command, ...parameters].join(' ');
    this.#child = spawn(command, parameters, {stdio: [options.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'], ...options});
    if (options.input !== undefined) this.#child.stdin.end(options.input);
    for (const stream of ['stdout', 'stderr']) {
      this.#child[stream].setEncoding('utf8').on('data', (text) => {
        this.output += text;
        if (stream === 'stdout') this.stdout += text;
      });
    }
    this.ended = new Promise((resolve) => {
      this.#child.once('error', (error) => resolve({code: null, signal: null, error}));
      this.#child.once('close', (code, signal) => resolve({code, signal}));
      // A child of the child may hold the pipes open; what it still writes is not waited for.
      this.#child.once('exit', (code, signal) => setTimeout(() => {
        resolve({code, signal});
        this.#child.stdout.destroy();
        this.#child.stderr.destroy();
      }, 1000).unref());
    });
    this.ended.then((how) => { this.how = how; });
  }

  get pid() { return this.#child.pid; }

  // To its stdin, which has to be a pipe.
  write(text) { this.#child.stdin.write(text); }

  signal(name) { this.#child.kill(name); }

  // Ends this one process, by its id. Politely first unless told otherwise.
  async end(signal = 'SIGTERM') {
    if (!this.how) this.#child.kill(signal);
    const timer = setTimeout(() => { if (!this.how) this.#child.kill('SIGKILL'); }, deadlineMs);
    const how = await this.ended;
    clearTimeout(timer);
    return how;
  }
}

// Starts a process that is ended with the test, whatever happens.
export function start(t, command, parameters, options) {
  const process = new Process(command, parameters, options);
  t.after(() => process.end('SIGKILL'));
  return process;
}

// Runs a command to its end: {code, signal, stdout, output}.
export async function run(command, parameters, options = {}) {
  const process = new Process(command, parameters, options);
  const timer = setTimeout(() => process.end('SIGKILL'), options.timeoutMs ?? deadlineMs);
  const how = await process.ended;
  clearTimeout(timer);
  if (how.error) throw how.error;
  return {...how, stdout: process.stdout, output: process.output};
}

// The environment of a process that gets peers/<name>.c preloaded, for which no root is needed.
export async function preload(t, name, more = {}) {
  const library = join(temporaryFolder(t), `${name}.so`);
  const built = await run('gcc', ['-shared', '-fPIC', '-O1', '-o', library, join(here, 'peers', `${name}.c`), '-ldl']);
  assert.equal(built.code, 0, built.output);
  return {...process.env, LD_PRELOAD: library, ASAN_OPTIONS: `${process.env.ASAN_OPTIONS ?? ''}:verify_asan_link_order=0`, ...more};
}

export const smsbridge = (...parameters) => run(binary, parameters);

// ---------------------------------------------------------------------------------------------------------------------
// The daemon

export const appKey = '3f0c5b1e-6d0e-4c53-9d59-1c2f8f0f7a11';  // the one of the recorded requests

// A daemon of its own: configuration, data and keys in a temporary folder.
//   const bridge = await Bridge.start(t, {gateways: [{port}]})
export class Bridge {
  static async start(t, options = {}) {
    const bridge = new Bridge(t);
    await bridge.#prepare(options);
    bridge.spawn();
    await bridge.ready();
    return bridge;
  }

  // The same without starting it.
  static async prepare(t, options = {}) {
    const bridge = new Bridge(t);
    await bridge.#prepare(options);
    return bridge;
  }

  constructor(t) {
    this.t = t;
    this.folder = temporaryFolder(t);
    this.configFile = join(this.folder, 'smsbridge.yaml');
    this.logs = [];
  }

  // options: gateways [{port, ...} or, of a provider, {kind, account, ...}], tenants [{name, ...}], listen {...}; each is
  // laid over what is usual. Also webhooks [{url, ...}]; routes, prices, lanes and store as they are in the file.
  async #prepare(options) {
    this.apiPort = await freePort();
    this.fineractPort = await freePort();
    // Most tests send equal texts to one number, as often as they like.
    const tenants = (options.tenants ?? [{}]).map((tenant) => ({name: 'default', default_country: 'KE', same_text_max: 0, ...tenant}));
    const usual = {kind: 'smpp', host: '127.0.0.1', system_id: 'umoja', sessions: 2, window: 50};
    const gateways = (options.gateways ?? []).map((gateway, index) => ({
      name: ['safaricom', 'promo'][index] ?? `gateway-${index + 1}`, id: index + 1, ...(gateway.account ? {} : usual), ...gateway}));
    for (const tenant of tenants) {
      const {key = appKey} = tenant;
      delete tenant.key;
      writeFileSync(join(this.folder, `app-key-${tenant.name}.txt`), `${key}\n`, {mode: 0o600});
      tenant.fineract_app_key = {file: `app-key-${tenant.name}.txt`};
    }
    for (const gateway of gateways.filter(({kind}) => kind === 'smpp')) {
      const {secret = 'secret'} = gateway;
      delete gateway.secret;
      writeFileSync(join(this.folder, `password-${gateway.name}.txt`), `${secret}\n`, {mode: 0o600});
      gateway.password = {file: `password-${gateway.name}.txt`};
    }
    this.config = {
      listen: {
        api: `127.0.0.1:${this.apiPort}`,
        fineract: `127.0.0.1:${this.fineractPort}`,
        ...(gateways.some(({account}) => account) ? {public_url: `http://127.0.0.1:${this.apiPort}`} : {}),
        ...options.listen,
      },
      store: {path: 'data', ...options.store},
      tenants,
      gateways,
    };
    if (options.webhooks) {
      writeFileSync(join(this.folder, 'webhook-secret.txt'), 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n', {mode: 0o600});
      this.config.webhooks = options.webhooks.map((webhook, index) => ({
        name: 'bank', id: 901 + index, tenant: tenants[0].name, secret: {file: 'webhook-secret.txt'}, ...webhook}));
    }
    for (const key of ['routes', 'prices', 'lanes', 'inbound', 'inbound_rules', 'templates', 'events', 'schedules']) if (options[key]) this.config[key] = options[key];
    this.prefix = options.listen?.fineract_prefix;
    writeFileSync(this.configFile, YAML.stringify(this.config));
    if (tenants.length > 0) this.key = await this.createKey(tenants[0].name);
  }

  createKey(tenant = 'default', name = 'test', ...more) { return this.#makeKey('--tenant', tenant, '--name', name, ...more); }

  // Good for all tenants, and for gateways and routes.
  createOwnerKey() { return this.#makeKey('--owner'); }

  async #makeKey(...words) {
    const scopes = words.includes('--scope') || words.includes('--for') ? [] : ['--for', 'operator'];
    const made = await smsbridge('keys', 'create', ...words, ...scopes, '-c', this.configFile);
    assert.equal(made.code, 0, `keys create failed:\n${made.output}`);
    const key = /\bsbk_[A-Za-z0-9]+_[A-Za-z0-9_-]+/.exec(made.stdout)?.[0];
    assert.ok(key, `keys create printed no key:\n${made.output}`);
    return key;
  }

  spawn(options) {
    this.process = start(this.t, binary, ['serve', '-c', this.configFile], options);
    this.logs.push(this.process);
  }

  // Everything the daemon has written so far, of all its lives.
  get log() { return this.logs.map((process) => process.output).join(''); }

  async ready(timeoutMs = deadlineMs) {
    await until('the daemon to be ready', async () => {
      if (this.process.how) {
        throw Object.assign(new Error(`the daemon ended: ${JSON.stringify(this.process.how)}\n${this.process.output}`), {giveUp: true});
      }
      const connection = new HttpConnection(this.apiPort);
      try {
        const answer = await connection.request({path: '/readyz', timeoutMs: 1000});
        contract.check({listener: 'api', method: 'GET', path: '/readyz', ...answer});
        return answer.status === 200;
      } finally {
        connection.close();
      }
    }, timeoutMs);
  }

  async stop() {
    const how = await this.process.end('SIGTERM');
    assert.deepEqual(how, {code: 0, signal: null}, `the daemon did not stop cleanly:\n${this.process.output.slice(-4000)}`);
  }

  kill() { return this.process.end('SIGKILL'); }

  async restart() {
    this.spawn();
    await this.ready();
  }

  // What it holds of the memory now.
  residentMiB() { return Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${this.process.pid}/status`, 'utf8'))[1]) / 1024; }

  api(key = this.key) {
    const client = new ApiClient(this.apiPort, key);
    this.t.after(() => client.close());
    return client;
  }

  fineract(options = {}) {
    const client = new FineractClient({port: this.fineractPort, tenant: this.config.tenants[0]?.name, prefix: this.prefix, ...options});
    this.t.after(() => client.close());
    return client;
  }

  // A command with this daemon's configuration, run to its end.
  cli(...words) { return smsbridge(...words, '-c', this.configFile); }

  // The value of one series, without its prefix; 0 when it is not there. labels: {name: value}, others may be anything.
  async metric(name, labels = {}) {
    const wanted = Object.entries(labels).map(([label, value]) => `(?=[^}]*\\b${label}="${value}")`).join('');
    const line = new RegExp(`^smsbridge_${name}\\{${wanted}[^}]*\\} (\\S+)$`, 'm').exec(await this.metrics());
    return Number(line?.[1] ?? 0);
  }

  // Over the control socket, where they are never a second old.
  async metrics() {
    const connection = new HttpConnection(join(this.folder, this.config.store.path, 'control.sock'));
    try {
      const answer = await connection.request({path: '/metrics'});
      contract.check({listener: 'api', method: 'GET', path: '/metrics', ...answer});
      return answer.body.toString('utf8');
    } finally {
      connection.close();
    }
  }

  // Waits until all sessions of a gateway are bound.
  async up(name = this.config.gateways[0].name) {
    const api = this.api();
    return until(`gateway ${name} to be up`, async () => {
      const {body} = await api.get(`/gateways/${name}`);
      return body.state === 'up' && body.sessions.every(({state}) => state === 'bound') && body;
    });
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// HTTP, byte for byte

// One kept-alive connection, used as the JDK's HttpURLConnection uses it: one request at a time; the path goes out as it
// is given; headers in the order given; the answer is read up to its Content-Length; a redirect is not followed; when
// the server closes a connection it said it would keep, the next request fails and is not sent again. `port` may be the
// path of a Unix socket.
export class HttpConnection {
  #socket;
  #received = Buffer.alloc(0);
  #closed;            // the reason, once the peer or an error ended it
  #wake = () => {};
  connections = 0;

  constructor(port, host = '127.0.0.1') {
    this.port = port;
    this.host = host;
  }

  close() {
    this.#socket?.destroy();
    this.#socket = undefined;
  }

  async #connect() {
    if (this.#socket) return;
    this.#received = Buffer.alloc(0);
    this.#closed = undefined;
    const socket = net.connect(typeof this.port === 'string' ? {path: this.port} : {port: this.port, host: this.host, noDelay: true});
    await new Promise((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    this.connections++;
    this.#socket = socket;
    const mine = (react) => (argument) => {
      if (this.#socket !== socket) return;  // of a connection given up before
      react(argument);
      this.#wake();
    };
    const over = () => { this.#closed ??= new Error('Unexpected end of file from server'); };
    socket.on('data', mine((chunk) => { this.#received = Buffer.concat([this.#received, chunk]); }));
    socket.on('error', mine((error) => { this.#closed ??= error; }));
    socket.on('close', mine(over));
    socket.on('end', mine(over));
  }

  async #more(end, what) {
    if (this.#closed) throw this.#closed;
    let timer;
    await new Promise((resolve) => {
      this.#wake = resolve;
      timer = setTimeout(resolve, Math.max(0, end - Date.now()));
    });
    clearTimeout(timer);
    this.#wake = () => {};
    if (Date.now() >= end) throw new Error(`timed out waiting for ${what}`);
  }

  // {method, path, headers: [[name, value], ...], body: Buffer or text, chunks: [Buffer] for a chunked body}
  // -> {status, reason, headers (lower case), body (Buffer)}
  async request({method = 'GET', path, headers = [], body, chunks, timeoutMs = deadlineMs}) {
    await this.#connect();
    const named = new Set(headers.map(([name]) => name.toLowerCase()));
    const lines = [`${method} ${path} HTTP/1.1`, ...headers.map(([name, value]) => `${name}: ${value}`)];
    if (!named.has('host')) lines.push(typeof this.port === 'string' ? 'Host: smsbridge' : `Host: ${this.host}:${this.port}`);
    if (!named.has('connection')) lines.push('Connection: keep-alive');
    const content = body === undefined ? undefined : Buffer.from(body);
    if (chunks) lines.push('Transfer-Encoding: chunked');
    else if (content && !named.has('content-length')) lines.push(`Content-Length: ${content.length}`);
    this.#socket.write(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
    if (chunks) {
      for (const chunk of chunks) this.#socket.write(Buffer.concat([Buffer.from(`${chunk.length.toString(16)}\r\n`), chunk, Buffer.from('\r\n')]));
      this.#socket.write('0\r\n\r\n');
    } else if (content) {
      this.#socket.write(content);
    }
    return this.read(method, timeoutMs);
  }

  // Writes bytes as they are, for requests that are not HTTP.
  async raw(bytes) {
    await this.#connect();
    this.#socket.write(bytes);
  }

  async read(method = 'GET', timeoutMs = deadlineMs) {
    const end = Date.now() + timeoutMs;
    try {
      for (;;) {
        let split;
        while ((split = this.#received.indexOf('\r\n\r\n')) < 0) await this.#more(end, 'an answer');
        const [statusLine, ...lines] = this.#received.subarray(0, split).toString('latin1').split('\r\n');
        this.#received = this.#received.subarray(split + 4);
        const [, version, code, reason] = /^HTTP\/(1\.[01]) ([0-9]{3}) ?(.*)$/.exec(statusLine) ?? assert.fail(`no status line: ${statusLine}`);
        const status = Number(code);
        if (status < 200) continue;
        const headers = {};
        for (const line of lines) {
          const colon = line.indexOf(':');
          const name = line.slice(0, colon).toLowerCase();
          assert.ok(colon > 0, `no header: ${line}`);
          assert.ok(!(name in headers) || name === 'set-cookie', `header twice: ${name}`);
          headers[name] = line.slice(colon + 1).trim();
        }
        let body = Buffer.alloc(0);
        const bodiless = method === 'HEAD' || status === 204 || status === 304;
        if (!bodiless && headers['transfer-encoding'] === 'chunked') {
          for (;;) {
            let eol;
            while ((eol = this.#received.indexOf('\r\n')) < 0) await this.#more(end, 'a chunk');
            const size = parseInt(this.#received.subarray(0, eol).toString('latin1'), 16);
            while (this.#received.length < eol + 2 + size + 2) await this.#more(end, 'a chunk');
            body = Buffer.concat([body, this.#received.subarray(eol + 2, eol + 2 + size)]);
            this.#received = this.#received.subarray(eol + 2 + size + 2);
            if (size === 0) break;
          }
        } else if (!bodiless) {
          assert.ok('content-length' in headers, `an answer ${status} without Content-Length`);
          const length = Number(headers['content-length']);
          while (this.#received.length < length) await this.#more(end, 'the rest of a body');
          body = Buffer.from(this.#received.subarray(0, length));
          this.#received = this.#received.subarray(length);
        }
        const keep = (headers.connection ?? (version === '1.1' ? 'keep-alive' : 'close')).toLowerCase() !== 'close';
        if (!keep) this.close();
        return {status, reason, headers, body, kept: keep};
      }
    } catch (error) {
      this.close();
      throw error;
    }
  }
}

// The API as a program uses it: JSON in, JSON out, every answer checked against the contract.
export class ApiClient {
  constructor(port, key) {
    this.connection = new HttpConnection(port);
    this.key = key;
  }

  close() { this.connection.close(); }

  async request(method, path, {body, headers = {}, unknownPath = false} = {}) {
    const all = {...headers};
    if (this.key) all.Authorization ??= `Bearer ${this.key}`;
    let content;
    if (body !== undefined) {
      all['Content-Type'] ??= 'application/json';
      content = typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body);
    } else if (method === 'POST') {
      content = '';
    }
    const answer = await this.connection.request({method, path, headers: Object.entries(all), body: content});
    contract.check({listener: 'api', method, path, unknownPath, ...answer});
    const type = answer.headers['content-type'] ?? '';
    return {...answer, body: /json/.test(type) ? JSON.parse(answer.body.toString('utf8')) : answer.body};
  }

  get(path, options) { return this.request('GET', `/api/v1${path}`, options); }
  post(path, body, options) { return this.request('POST', `/api/v1${path}`, {body, ...options}); }

  async send(message, headers) {
    const answer = await this.post('/messages', message, {headers});
    assert.equal(answer.status, 202, JSON.stringify(answer.body));
    assert.equal(answer.headers.location, `/api/v1/messages/${answer.body.id}`);
    return answer.body;
  }

  // Any number of messages, in batches; all are accepted. Their ids, in the order given.
  async sendAll(messages) {
    const ids = [];
    for (let first = 0; first < messages.length; first += 1000) {
      const {status, body} = await this.post('/messages/batch', {messages: messages.slice(first, first + 1000)});
      assert.deepEqual([status, body.rejected], [202, 0], JSON.stringify(body.items?.find((item) => item.status !== 202) ?? body));
      ids.push(...body.items.map(({id}) => id));
    }
    return ids;
  }

  // Every message that fits, such as all('state=submitted').
  async all(query = '') {
    const found = [];
    let cursor = '';
    do {
      const {status, body} = await this.get(`/messages?limit=500&${query}${cursor}`);
      assert.equal(status, 200, JSON.stringify(body));
      found.push(...body.items);
      cursor = body.next_cursor && `&cursor=${encodeURIComponent(body.next_cursor)}`;
    } while (cursor);
    return found;
  }

  async timeline(id) {
    const answer = await this.get(`/messages/${id}/timeline`);
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    return answer.body.items;
  }

  async gateway(name) {
    const answer = await this.get(`/gateways/${name}`);
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    return answer.body;
  }

  async message(id) {
    const answer = await this.get(`/messages/${id}`);
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    return answer.body;
  }

  // Waits until a message is in one of the states.
  reaches(id, ...states) {
    return until(`${id} to be ${states.join(' or ')}`, async () => {
      const message = await this.message(id);
      if (states.includes(message.state)) return message;
      throw new Error(`it is ${message.state}: ${message.status_message}`);
    });
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// Fineract

// JSON as Gson writes it: null members left out, and the characters of HTML escaped.
export function gson(value) {
  const escapes = {'<': '\\u003c', '>': '\\u003e', '&': '\\u0026', '=': '\\u003d', '\'': '\\u0027', '\u2028': '\\u2028', '\u2029': '\\u2029'};
  const plain = JSON.stringify(value, (_, member) => (member === null ? undefined : member));
  return plain.replace(/[<>&='\u2028\u2029]/g, (character) => escapes[character]);
}

export class FineractFailure extends Error {
  constructor(status, body) {
    super(`${status} ${body}`);
    this.status = status;
  }
}

// What an unmodified Fineract does: one kept-alive connection, its exact headers, no retry, no redirect; anything but
// 202 for a batch is a failure, and the batch is lost.
export class FineractClient {
  // endPoint as it would be configured in Fineract; generation: '1.6' and later write %2F, '1.5' writes slashes.
  // prefix: what the listener strips, only for the check against the contract.
  constructor({port, tenant = 'default', key = appKey, endPoint = '/', generation = '1.6', prefix}) {
    Object.assign(this, {tenant, key, endPoint, generation, prefix});
    this.connection = new HttpConnection(port);
  }

  close() { this.connection.close(); }

  pathOf(resource) {
    const parts = [];
    if (this.endPoint !== null && this.endPoint !== '/') parts.push(this.endPoint);
    parts.push(resource);
    return parts.map((part) => `/${this.generation === '1.5' ? part : part.replaceAll('/', '%2F')}`).join('');
  }

  headers(resource) {
    return [
      ['Accept', resource === 'sms' ? 'text/plain, application/json, application/*+json, */*' : 'application/json, application/*+json'],
      ['Content-Type', 'application/json'],
      ['Fineract-Platform-TenantId', this.tenant],
      ['Fineract-Tenant-App-Key', this.key ?? ''],
      ['User-Agent', 'Java/17.0.15'],
    ];
  }

  // The bare exchange, checked against the contract.
  async exchange({method, path, headers, body, chunks, unknownPath = false, timeoutMs}) {
    const answer = await this.connection.request({method, path, headers, body, chunks, timeoutMs});
    contract.check({listener: 'fineract', method, path, prefix: this.prefix, unknownPath, ...answer});
    return answer;
  }

  // Hands over a batch: an array, or the body itself. Throws when Fineract would count it as lost.
  async send(messages) {
    const body = typeof messages === 'string' || Buffer.isBuffer(messages) ? messages : gson(messages);
    const answer = await this.exchange({method: 'POST', path: this.pathOf('sms'), headers: this.headers('sms'), body});
    if (answer.status !== 202) throw new FineractFailure(answer.status, answer.body);
  }

  async #json(answer) {
    if (answer.status < 200 || answer.status > 299) throw new FineractFailure(answer.status, answer.body);
    const type = answer.headers['content-type'] ?? '';
    if (!/^application\/(.*\+)?json(;|$)/.test(type)) throw new FineractFailure(answer.status, `no converter for '${type}'`);
    const list = JSON.parse(answer.body.toString('utf8'));
    assert.ok(Array.isArray(list), 'Fineract reads an array');
    return list;
  }

  // The elements as they came. ids: numbers, or bigint for those that a double cannot hold.
  async report(ids) {
    const body = `[${ids.map((id) => (typeof id === 'string' ? JSON.stringify(id) : String(id))).join(',')}]`;
    const answer = await this.exchange({method: 'POST', path: this.pathOf('sms/report'), headers: this.headers('sms/report'), body});
    return this.#json(answer);
  }

  async bridges() {
    const answer = await this.exchange({method: 'GET', path: this.pathOf('smsbridges'), headers: this.headers('smsbridges')});
    if (answer.status !== 200) throw new FineractFailure(answer.status, answer.body);
    return this.#json(answer);
  }

  async details(id) {
    return this.exchange({method: 'GET', path: `/sms/details/${id}`, headers: this.headers('sms/details')});
  }

  // One run of the job "Get Delivery Reports": asks for the waiting rows and applies what comes, as Fineract does.
  // rows: Map of id -> {status, externalId}.
  async pollReports(rows) {
    const waiting = [...rows].filter(([, row]) => row.status === 150).map(([id]) => id).slice(0, 200);
    if (waiting.length === 0) return;
    for (const element of await this.report(waiting)) {
      const row = rows.get(Number(element.id));
      if (!row) throw new Error(`Fineract knows no row ${element.id}: the rest of the page would be lost`);
      if (element.hasError === null || element.hasError === undefined) throw new Error('hasError is null: null pointer in Fineract');
      if (element.deliveryStatus === null || element.deliveryStatus === undefined) throw new Error('deliveryStatus is null: null pointer in Fineract');
      if (element.hasError || element.deliveryStatus === 100) continue;
      if (element.externalId !== null && element.externalId.length > 100) throw new Error('externalId too long: the job rolls back');
      row.externalId = element.externalId;
      if ([0, 150, 200, 300, 400].includes(element.deliveryStatus)) row.status = element.deliveryStatus;
    }
  }

  // Polls until every id has the status. Returns the elements of the last answer by id.
  reaches(ids, status) {
    return until(`${ids.length} messages to be ${status}`, async () => {
      const elements = await this.report(ids);
      const byId = new Map(elements.map((element) => [element.id, element]));
      const missing = ids.filter((id) => byId.get(String(id))?.deliveryStatus !== status);
      if (missing.length === 0) return byId;
      throw new Error(`${missing.length} are not, for example ${missing[0]}: ${JSON.stringify(byId.get(String(missing[0])))}`);
    }, 60_000);
  }
}

// A recorded request: request line, headers (without those that are computed anew) and body.
export function recorded(headersFile, bodyFile) {
  const folder = join(here, '..', 'data', 'fineract');
  const [requestLine, ...lines] = readFileSync(join(folder, headersFile), 'utf8').replaceAll('\r', '').split('\n').filter((line) => line !== '');
  const [method, path] = requestLine.split(' ');
  const headers = lines.map((line) => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon), line.slice(colon + 1).trim()];
  }).filter(([name]) => !['host', 'content-length'].includes(name.toLowerCase()));
  return {method, path, headers, body: bodyFile ? readFileSync(join(folder, bodyFile)) : undefined};
}

// ---------------------------------------------------------------------------------------------------------------------
// The contract

// Checks answers against bridge/doors/api/openapi.yaml: path template, method, status, headers, type and schema of the body.
export class Contract {
  #compiled = new Map();

  constructor(file = join(root, 'bridge', 'doors', 'api', 'openapi.yaml')) {
    this.document = YAML.parse(readFileSync(file, 'utf8'));
    this.ajv = new Ajv2020({strict: true, strictRequired: false, allowUnionTypes: true, allErrors: true});
    addFormats(this.ajv);
    this.ajv.addSchema({$id: 'contract', $defs: this.#relink(this.document.components.schemas)});
    this.templates = Object.entries(this.document.paths).map(([template, item]) => ({
      template,
      item,
      listener: item.servers ? 'fineract' : 'api',
      parameters: (template.match(/\{/g) ?? []).length,
      pattern: new RegExp(`^${template.replace(/[.*+?^$()|[\]\\]/g, '\\$&').replace(/\{[^}]+\}/g, '[^/]+')}$`),
    })).sort((a, b) => a.parameters - b.parameters);  // /messages/counts before /messages/{id}
  }

  #relink(schema) { return JSON.parse(JSON.stringify(schema).replaceAll('"#/components/schemas/', '"contract#/$defs/')); }

  #resolve(node) {
    let at = node;
    while (at && at.$ref) at = at.$ref.slice(2).split('/').reduce((part, name) => part[name.replaceAll('~1', '/').replaceAll('~0', '~')], this.document);
    return at;
  }

  #validator(schema) {
    const key = JSON.stringify(schema);
    if (!this.#compiled.has(key)) this.#compiled.set(key, this.ajv.compile(this.#relink(schema)));
    return this.#compiled.get(key);
  }

  validate(schema, value, where) {
    const validator = this.#validator(schema);
    if (!validator(value)) {
      const errors = validator.errors.map(({instancePath, message, params}) => `${instancePath || '/'} ${message} ${JSON.stringify(params)}`);
      assert.fail(`${where} does not fit the contract:\n  ${errors.join('\n  ')}\n  ${JSON.stringify(value)?.slice(0, 2000)}`);
    }
  }

  find(listener, path, prefix) {
    let plain = path.split('?')[0];
    if (listener === 'fineract') {
      plain = plain.replace(/%2f/gi, '/').replace(/\/+/g, '/');
      const stripped = prefix?.replace(/^\/+|\/+$/g, '');
      if (stripped && plain.startsWith(`/${stripped}/`)) plain = plain.slice(stripped.length + 1);
      if (plain.length > 1) plain = plain.replace(/\/$/, '');
    }
    return this.templates.find((entry) => entry.listener === listener && entry.pattern.test(plain));
  }

  // unknownPath: the caller asked for something that is not there, on purpose.
  // transport: the caller sent something that is not HTTP as we take it, on purpose: 400, 408, 413 or 431.
  check({listener, method, path, prefix, status, headers, body, unknownPath = false, transport = false}) {
    const where = `${method} ${path.slice(0, 200)} -> ${status}`;
    const shape = {$ref: `#/components/schemas/${listener === 'fineract' ? 'FineractError' : 'Problem'}`};
    const errorType = listener === 'fineract' ? 'application/json' : 'application/problem+json';
    const isError = () => {
      assert.equal(this.#type(headers), errorType, `${where}: type of an error`);
      const value = JSON.parse(body.toString('utf8'));
      this.validate(shape, value, where);
      assert.equal(Number(value.status ?? value.httpStatusCode), status, `${where}: the body names another status`);
    };
    assert.notEqual(status, 500, `${where}: ${body.toString('utf8').slice(0, 2000)}`);
    if (transport) {
      assert.ok([400, 408, 413, 431].includes(status), where);
      return isError();
    }
    const found = this.find(listener, path, prefix);
    if (!found) {
      assert.ok(unknownPath, `${where}: the contract knows no such path`);
      assert.equal(status, 404, where);
      return isError();
    }
    const operation = found.item[method.toLowerCase()];
    if (!operation) {
      assert.equal(status, 405, `${where}: the contract knows no such method here`);
      assert.ok(headers.allow, `${where}: 405 without Allow`);
      return isError();
    }
    assert.ok(String(status) in operation.responses, `${where}: the contract of ${operation.operationId} knows no such status: ${body.toString('utf8').slice(0, 2000)}`);
    const response = this.#resolve(operation.responses[status]);
    for (const [name, reference] of Object.entries(response.headers ?? {})) {
      const header = this.#resolve(reference);
      const value = headers[name.toLowerCase()];
      if (value === undefined) assert.ok(!header.required, `${where}: header ${name} is missing`);
      else this.validate(header.schema, value, `${where}: header ${name}`);
    }
    if (!response.content) {
      assert.equal(body.length, 0, `${where}: a body where the contract has none`);
      return undefined;
    }
    const type = this.#type(headers);
    assert.ok(type in response.content, `${where}: type '${type}' is not in the contract`);
    const text = body.toString('utf8');
    const value = /json$/.test(type) ? JSON.parse(text) : text;
    this.validate(response.content[type].schema, value, where);
    if (type === 'application/problem+json') {
      assert.equal(value.status, status, `${where}: the problem names another status`);
      assert.equal(value.type, `/docs/problems/${value.code}`, where);
    }
    if (status >= 400 && listener === 'fineract') assert.equal(value.httpStatusCode, String(status), where);
    return undefined;
  }

  #type(headers) { return (headers['content-type'] ?? '').split(';')[0].trim().toLowerCase(); }

  // The contract itself: every schema compiles, every example fits, every operation has its own id.
  checkItself() {
    for (const name of Object.keys(this.document.components.schemas)) this.#validator({$ref: `#/components/schemas/${name}`});
    const ids = new Set();
    let examples = 0;
    for (const {template, item} of this.templates) {
      for (const [method, operation] of Object.entries(item)) {
        if (!['get', 'post', 'put', 'patch', 'delete'].includes(method)) continue;
        assert.ok(!ids.has(operation.operationId), `operationId twice: ${operation.operationId}`);
        ids.add(operation.operationId);
        const contents = [operation.requestBody?.content, ...Object.values(operation.responses).map((response) => this.#resolve(response).content)];
        for (const content of contents.filter(Boolean)) {
          for (const {schema, examples: given = {}} of Object.values(content)) {
            this.#validator(schema);
            for (const [name, {value}] of Object.entries(given)) {
              this.validate(schema, value, `example ${name} of ${method} ${template}`);
              examples++;
            }
          }
        }
      }
    }
    return {operations: ids.size, examples};
  }
}

export const contract = new Contract();
