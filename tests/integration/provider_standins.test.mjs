// SPDX-License-Identifier: MPL-2.0
// The stand-ins of the HTTP providers, tried with the recorded exchanges and cases of tests/data/providers, without the
// daemon: answers have the shape of the samples, and callbacks are signed as an independent computation says.
import assert from 'node:assert/strict';
import {createHash, createHmac, createSign} from 'node:crypto';
import {mkdtempSync, readFileSync, rmSync} from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import {tmpdir} from 'node:os';
import {dirname, join} from 'node:path';
import {test} from 'node:test';
import {fileURLToPath} from 'node:url';
import {faultNames, kinds, makeCertificate, startProvider} from './peers/provider_standins.mjs';

const data = join(dirname(fileURLToPath(import.meta.url)), '..', 'data', 'providers');
const text = (...path) => readFileSync(join(data, ...path), 'utf8');
const cases = (kind, name) => JSON.parse(text(kind, `${name}.json`));
const named = (kind, file, name) => cases(kind, file).find((each) => each.name === name).input;

// One request over a connection of its own: {status, headers, body}; rejects when the connection breaks.
function send(server, {method = 'POST', path, headers = {}, body, ca}) {
  return new Promise((resolve, reject) => {
    const request = (server.tls ? https : http).request({host: '127.0.0.1', port: server.port, method, path, headers, agent: false, ca},
        (incoming) => {
      const chunks = [];
      incoming.on('data', (chunk) => chunks.push(chunk)).on('error', reject)
          .on('end', () => resolve({status: incoming.statusCode, headers: incoming.headers, body: Buffer.concat(chunks).toString('utf8')}));
    });
    request.on('error', reject).end(body);
  });
}

// What would be our listener of callbacks. `answer(request, number)` -> {status, body}.
async function receiver(t, answer = () => ({status: 200, body: 'ACK/Jasmin'})) {
  const calls = [];
  const server = http.createServer(async (incoming, outgoing) => {
    let body = '';
    for await (const chunk of incoming.setEncoding('utf8')) body += chunk;
    const call = {method: incoming.method, path: incoming.url, url: `https://${incoming.headers.host}${incoming.url}`,
        headers: incoming.headers, body};
    calls.push(call);
    const {status, body: words = ''} = answer(call, calls.length);
    outgoing.writeHead(status).end(words);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => { server.closeAllConnections(); server.close(); });
  return {calls, port: server.address().port};
}

// A value without what differs from message to message: types only.
function shape(value) {
  if (Array.isArray(value)) return value.map(shape);
  if (value === null || typeof value !== 'object') return typeof value;
  return Object.fromEntries(Object.entries(value).sort().map(([name, member]) => [name, shape(member)]));
}
const shapeOf = (body) => {
  try {
    return shape(JSON.parse(body));
  } catch {
    return body.trim().replace(/[0-9a-f]{8}-[0-9a-f-]{27}/, 'UUID');
  }
};

// The raw exchange of a file: {request, answer}.
function exchange(kind, file) {
  const [head, ...blocks] = text(kind, file).split('\n\n');
  const start = blocks.findIndex((block) => block.startsWith('HTTP/1.1'));
  const [line, ...lines] = head.split('\n');
  const [method, path] = line.split(' ');
  const headers = Object.fromEntries(lines.map((each) => each.split(/: (.*)/s).slice(0, 2)).filter(([name]) => name !== 'Host'));
  return {request: {method, path, headers, body: start > 0 ? blocks[0].trim() : undefined},
    answer: {status: Number(blocks[start].split(' ')[1]), body: blocks.slice(start + 1).join('\n\n').trim()}};
}

const form = (body) => [...new URLSearchParams(body)];

// The signatures, computed here once more; tried with the public vectors first.
const authentic = {
  twilio: ({url, headers, body}, {auth_token: token}) => headers['x-twilio-signature'] ===
    createHmac('sha1', token).update(url + [...new Set(form(body).map((pair) => pair.join('\0')))].sort().join('').replaceAll('\0',
        '')).digest('base64'),
  'vonage-sms'({url, body}, {signature_secret: secret, signature_method: method}) {
    const fields = form(body || url.split('?')[1]).filter(([name]) => !['ref', 'tok'].includes(name));
    const covered = fields.filter(([name]) => name !== 'sig').sort(([a], [b]) => (a < b ? -1 : 1))
        .map((pair) => `&${pair.map((part) => part.replace(/[&=]/g, '_')).join('=')}`).join('');
    const wanted = method === 'md5hash' ? createHash('md5').update(covered + secret) : createHmac(method, secret).update(covered);
    return Object.fromEntries(fields).sig.toLowerCase() === wanted.digest('hex');
  },
  'vonage-messages'({headers, body}, {signature_secret: secret}) {
    const [head, claims, signature] = headers.authorization.replace('Bearer ', '').split('.');
    const {payload_hash: hash, iss} = JSON.parse(Buffer.from(claims, 'base64url'));
    return createHmac('sha256', secret).update(`${head}.${claims}`).digest('base64url') === signature && iss === 'Vonage' &&
      JSON.parse(Buffer.from(head, 'base64url')).alg === 'HS256' && createHash('sha256').update(body).digest('hex') === hash;
  },
  telerivet: ({body}, {status_secret: secret}) => new URLSearchParams(body).get('secret') === secret,
  'android-smsgate': ({headers, body}, {signing_key: key}) =>
    headers['x-signature'] === createHmac('sha256', key).update(body + headers['x-timestamp']).digest('hex'),
  generic: ({url, headers, body}, {key}) => headers['x-acme-signature'] === `sha256=${createHmac('sha256', key).update(url + body).digest('hex')}`,
};

const now = 1787389200;  // of the recorded token
const publicKey = text('vonage-messages', 'test-key.pem');
const application = {application_id: 'aaaaaaaa-bbbb-4ccc-8ddd-000000000001', private_key_pem: publicKey};
const callbackUrl = 'https://gw.example.org/cb/own?ref=m-1001&tok=s3cr3t';

test('the computation of this test agrees with the vectors', () => {
  let checked = 0;
  for (const {name, input: {key, url, params, signature}} of cases('twilio', 'signature')) {
    if (!name.startsWith('public') || !params) continue;
    const pairs = params.map((pair) => pair.map(encodeURIComponent).join('=')).join('&');
    assert.ok(authentic.twilio({url, headers: {'x-twilio-signature': signature}, body: pairs}, {auth_token: key}), url);
    checked++;
  }
  for (const {input: {key, method, params, sig}, expect} of cases('vonage-sms', 'signature')) {
    if (expect.valid === false || Object.values(params ?? {b: ''}).some((value) => !value)) continue;
    const body = Object.entries({...params, sig}).map((pair) => pair.map(encodeURIComponent).join('=')).join('&');
    assert.ok(authentic['vonage-sms']({body}, {signature_secret: key, signature_method: method.replace('hmac-', '')}), `${method} ${sig}`);
    checked++;
  }
  assert.ok(checked >= 10, `${checked} vectors`);
});

for (const [kind, file, account] of [['twilio', 'exchange-send.txt'], ['vonage-sms', 'exchange-send.txt'], ['vonage-messages',
    'exchange-send.txt', application],
  ['telerivet', 'exchange-send.txt'], ['frontlinesms', 'exchange-v2.txt'], ['africastalking', 'exchange-send.txt'], ['infobip', 'exchange-v2.txt'],
  ['android-smsgate', 'exchange-send.txt'], ['kannel', 'exchange-send.txt'], ['jasmin', 'exchange-send.txt']]) {
  test(`${kind}: the recorded exchange, and the reports after it`, async (t) => {
    const ours = await receiver(t);
    const {base_url: drop, url, ...own} = JSON.parse(text(kind, 'account.json'));
    const server = await startProvider(kind, {t, account: {...own, ...account}, now: () => now, seed: 7, callbackUrl,
        callbackPort: ours.port, receiptDelayMs: 1});
    const {request, answer} = exchange(kind, file);
    const got = await send(server, request);
    assert.deepEqual([got.status, shapeOf(got.body)], [answer.status, shapeOf(answer.body)]);
    assert.deepEqual([server.rejects, server.errors, [...server.ignored]], [[], [], []]);
    const [message] = server.received;
    const body = request.body ?? decodeURIComponent(request.path);
    assert.ok(body.includes(message.text.split(' ')[0]) && body.includes(message.to.slice(1)), JSON.stringify(message));
    await server.settled();
    assert.deepEqual(server.callbacks.filter(({good}) => !good), []);
    assert.equal(ours.calls.length, {frontlinesms: 0, infobip: 1}[kind] ?? 2);
    for (const call of ours.calls) assert.ok(authentic[kind]?.(call, server.account) ?? true, JSON.stringify(call));
    assert.deepEqual([server.requests, server.connections, server.inFlight, server.inFlightMax], [1, 1, 0, 1]);
  });
}

// What send_request.json leaves out of a request.
function complete(kind, {input: {config, message}, expect}) {
  const account = {...JSON.parse(text(kind, 'account.json')), ...config};
  const token = (claims) => {
    const covered = [{alg: 'RS256', typ: 'JWT'}, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
    return `${covered}.${createSign('RSA-SHA256').update(covered).sign(publicKey, 'base64url')}`;
  };
  const fields = {'vonage-sms': {api_key: account.api_key, api_secret: account.api_secret, to: message.to.slice(1), from: account.from},
      jasmin: {username: account.username, password: account.password, to: message.to,
    ...(account.dlr_url ? {'dlr-url': account.dlr_url} : {})}, kannel: {username: account.username, password: account.password,
        from: 'SACCO', to: message.to}}[kind];
  const logins = {infobip: {Authorization: 'App example-key'}, generic: {Authorization: 'Bearer example-token'},
      africastalking: {apiKey: account.api_key, Accept: 'application/json'},
    'vonage-messages': expect.headers?.Authorization ? {} : {Authorization: `Bearer ${token({application_id: account.application_id, iat: now, jti: '11111111-2222', exp: now + 900})}`}};
  const pairs = {...fields, ...(expect.form ?? expect.query ?? expect.query_one_of?.[0])};
  const {pathname, search} = new URL(expect.url ?? 'https://sms.example.net/v1/send');
  const body = expect.json ? JSON.stringify(expect.json) : expect.form ? String(new URLSearchParams(pairs)) : undefined;
  const query = expect.method === 'GET' && fields ? `?${new URLSearchParams(pairs)}` : search;
  return {account, request: {method: expect.method, path: pathname + query, body, headers: {
    ...(body ? {'Content-Type': expect.json ? 'application/json' : 'application/x-www-form-urlencoded'} : {}), ...logins[kind], ...expect.headers}}};
}

for (const kind of kinds) {
  test(`${kind}: the requests that the cases describe are accepted, with text and number as they were`, async (t) => {
    for (const each of cases(kind, 'send_request').filter(({input}) => input.config.config_file !== 'config-formy.json')) {
      const {account: {base_url: drop, url, config_file: file, ...own}, request} = complete(kind, each);
      const account = kind === 'vonage-messages' && own.application_id ? {...own, private_key_pem: publicKey} : own;
      const server = await startProvider(kind, {t, account: kind === 'generic' ? {} : account, now: () => now, outcome: 'sent'});
      const {status, body} = await send(server, request);
      assert.ok(status >= 200 && status < 300 && server.rejects.length === 0, `${each.name}: ${status} ${body} ${JSON.stringify(server.rejects)}`);
      assert.deepEqual([server.texts, server.received[0].to, [...server.ignored]], [[each.input.message.text], each.input.message.to, []], each.name);
      await server.stop();
    }
  });
}

// A correct request for each kind: {path, headers, body}, and what to change in it for a wrong login and a wrong number.
const samples = {
  twilio: () => exchange('twilio', 'exchange-send.txt').request, 'vonage-sms': () => exchange('vonage-sms', 'exchange-send.txt').request,
  telerivet: () => exchange('telerivet', 'exchange-send.txt').request, africastalking: () => exchange('africastalking', 'exchange-send.txt').request,
  infobip: () => exchange('infobip', 'exchange-v2.txt').request, 'android-smsgate': () => exchange('android-smsgate', 'exchange-send.txt').request,
  kannel: () => exchange('kannel', 'exchange-send.txt').request, jasmin: () => exchange('jasmin', 'exchange-send.txt').request,
  'vonage-messages': () => complete('vonage-messages', cases('vonage-messages', 'send_request')[1]).request,
  frontlinesms: () => exchange('frontlinesms', 'exchange-v2.txt').request, generic: () => complete('generic', cases('generic',
      'send_request')[0]).request,
};
const changed = (request, from, to) => {
  const after = JSON.parse(JSON.stringify(request).replaceAll(from, to));
  assert.notDeepEqual(after, request, `${from} is in the request`);
  return after;
};

test('what is wrong is refused as the cases say', async (t) => {
  for (const [kind, from, to, name] of [
    ['twilio', 'Basic QU', 'Basic QQ', 'bad credentials'], ['twilio', 'Accounts/AC0', 'Accounts/AC1', 'wrong account in path'], ['twilio',
        '%2B15005550006', '0700', 'invalid To'],
    ['vonage-sms', 'example-secret', 'guess', 'status 4'], ['vonage-sms', 'to=254700000101&', '', 'status 2'], ['vonage-messages',
        'Basic Y', 'Basic X', 'unauthorized'],
    ['vonage-messages', '254700000101', '+254700000101', 'invalid to'], ['telerivet', 'Basic Z', 'Basic Y', '401'], ['telerivet', '+2547',
        '07', 'bad number'],
    ['telerivet', 'PJ0', 'PJ1', 'project not found'], ['frontlinesms', 's3cr3t', 'guess', 'v2 bad secret'], ['frontlinesms', 'connection/7',
        'connection/8', 'v2 unknown activity'],
    ['africastalking', 'example-api-key', 'guess', 'bad key'], ['africastalking', '%2B2547', '07', '403 InvalidPhoneNumber'],
        ['africastalking', 'from=SACCO', 'from=much-too-long-sender', 'empty recipients'],
    ['infobip', 'App example', 'App guess', 'v2 unauthorized'], ['android-smsgate', 'Basic d', 'Basic e', 'bad login'], ['kannel',
        'password=example', 'password=guess', 'auth'],
    ['kannel', 'to=%2B254700000101&', '', 'no receiver'], ['kannel', '%2B2547', '+2547', 'not routable'], ['kannel', 'dlr-mask=31',
        'dlr-mask=x', 'bad mask'],
    ['jasmin', 'password=example', 'password=guess', 'bad login'], ['jasmin', 'to=%2B254700000101&', '', 'missing'], ['jasmin', 'coding=0',
        'coding=0&foo=1', 'unknown argument'],
    ['jasmin', '%2B254700000101', '07x', 'bad number'],
  ]) {
    const server = await startProvider(kind, {t, now: () => now});
    const got = await send(server, changed(samples[kind](), from, to));
    const wanted = named(kind, 'send_response', name);
    assert.deepEqual([got.status, shapeOf(got.body)], [wanted.http_status, shapeOf(wanted.body)], `${kind}: ${name}: ${got.body}`);
    for (const code of wanted.body.match(/"(code|status|statusCode|messageId|param|Message)":("[^"]*"|\d+)/g) ?? []) assert.ok(got.body.includes(code), `${kind}: ${name}: ${code} in ${got.body}`);
    assert.deepEqual([server.received.length, server.rejects.length, server.errors], [0, 1, []]);
    await server.stop();
  }
});

test('other ways that the providers offer', async (t) => {
  for (const [receiptMethod, method] of [['GET', 'md5hash'], ['JSON', 'sha512'], ['POST', 'md5']]) {
    const ours = await receiver(t);
    const server = await startProvider('vonage-sms', {t, receiptMethod, account: {signature_method: method}, callbackUrl,
        callbackPort: ours.port, receiptDelayMs: 0});
    await send(server, samples['vonage-sms']());
    await server.settled();
    assert.equal(ours.calls.length, 2);
    for (const call of ours.calls) {
      const body = receiptMethod === 'JSON' ? String(new URLSearchParams(JSON.parse(call.body))) : call.body;
      assert.ok(authentic['vonage-sms']({...call, body}, server.account), JSON.stringify(call));
    }
  }
  const ours = await receiver(t);
  const rest = await startProvider('jasmin', {t, callbackPort: ours.port, receiptDelayMs: 0});
  const headers = {Authorization: `Basic ${Buffer.from('gw:example').toString('base64')}`, 'Content-Type': 'application/json'};
  const body = {to: '+254700000101', hex_content: '0416d83dde42', coding: 8, dlr: 'yes', dlr_url: callbackUrl, dlr_level: 2, dlr_method: 'GET'};
  const {body: words} = await send(rest, {path: '/secure/send', headers, body: JSON.stringify(body)});
  await rest.settled();
  assert.equal(shapeOf(JSON.parse(words).data), shapeOf(JSON.parse(named('jasmin', 'send_response',
      'REST success, closing quote missing').body).data));
  assert.deepEqual([rest.texts, ours.calls.length], [['Ж🙂'], 1]);
  assert.match(ours.calls[0].path, /&tok=s3cr3t&id=[0-9a-f-]{36}&message_status=DELIVRD&level=2&/);
  const phone = await startProvider('android-smsgate', {t, callbackPort: ours.port, receiptDelayMs: 0});
  const request = samples['android-smsgate']();
  for (const event of ['sms:delivered', 'sms:failed']) {
    const made = await send(phone, {path: '/3rdparty/v1/webhooks', headers: request.headers, body: JSON.stringify({url: callbackUrl, event})});
    assert.equal(made.status, 201);
  }
  await send(phone, request);
  await phone.settled();
  assert.deepEqual(phone.callbacks.map(({word, good}) => [word, good]), [['Delivered', true]]);
});

test('an idempotency key is taken once', async (t) => {
  for (const [kind, name] of [['infobip', 'duplicate own id = already accepted'], ['android-smsgate', 'same id']]) {
    const server = await startProvider(kind, {t, script: ['lose-answer']});
    await assert.rejects(send(server, samples[kind]()));
    const got = await send(server, samples[kind]()), wanted = named(kind, 'send_response', name);
    assert.deepEqual([got.status, shapeOf(got.body)], [wanted.http_status, shapeOf(wanted.body)]);
    assert.deepEqual([server.received.length, server.received[0].duplicates, server.scripted[0].fault], [1, 1, 'lose-answer']);
  }
});

test('polls and balances have the shape of the cases', async (t) => {
  for (const [kind, path, file, name] of [
    ['twilio', (id, {account_sid: sid}) => `/2010-04-01/Accounts/${sid}/Messages/${id}.json`, 'poll_response', 'poll undelivered'],
    ['twilio', (id, {account_sid: sid}) => `/2010-04-01/Accounts/${sid}/Balance.json`, 'balance_response', 'balance'],
    ['vonage-sms', (id, {api_key: key, api_secret: secret}) => `/account/get-balance?api_key=${key}&api_secret=${secret}`,
        'balance_response', 'balance'],
    ['telerivet', (id, {project_id: project}) => `/v1/projects/${project}/messages/${id}`, 'poll_response', 'poll'],
    ['africastalking', (id, {username}) => `/version1/user?username=${username}`, 'balance_response', 'balance'],
    ['infobip', (id) => `/sms/1/logs?messageId=${id}`, 'poll_response', 'reports pull'], ['infobip', () => '/account/1/balance',
        'balance_response', 'balance'],
    ['android-smsgate', (id) => `/3rdparty/v1/messages/${id}`, 'poll_response', 'poll Delivered'],
    ['jasmin', (id, {username, password}) => `/balance?username=${username}&password=${password}`, 'balance_response', 'balance']]) {
    const server = await startProvider(kind, {t, script: ['silent'], receiptDelayMs: 1,
        outcome: name === 'poll undelivered' ? 'undelivered' : 'delivered'});
    const request = samples[kind]();
    await send(server, request);
    await server.settled();
    assert.deepEqual(server.callbacks, []);
    const got = await send(server, {method: 'GET', path: path(server.received[0].id, server.account), headers: request.headers});
    const wanted = named(kind, file, name);
    const known = ({error_code: code, error_message: words, date_sent: day, time_sent: time, ...value}) => value;  // absent or null at times
    assert.deepEqual([got.status, known(shapeOf(got.body))], [wanted.http_status, known(shapeOf(wanted.body))], `${kind} ${got.body}`);
    await server.stop();
  }
});

test('long texts: one id and receipt a part where the provider does so', async (t) => {
  for (const [kind, from, words] of [['vonage-sms', 'Malipo+yamepokelewa', ['accepted', 'delivered']], ['android-smsgate', 'Loan approved',
      ['Sent', 'Delivered']]]) {
    const ours = await receiver(t);
    const server = await startProvider(kind, {t, callbackUrl: `http://127.0.0.1:${ours.port}/cb`, receiptDelayMs: 0});
    await send(server, changed(samples[kind](), from, 'x'.repeat(307)));
    await server.settled();
    const count = (word) => server.callbacks.filter((call) => call.word === word && call.good).length;
    assert.deepEqual([server.received[0].parts, words.map(count)], [3, kind === 'vonage-sms' ? [3, 3] : [1, 3]]);
    for (const call of ours.calls) assert.ok(authentic[kind]({...call, url: `http://127.0.0.1:${ours.port}${call.path}`}, server.account));
  }
});

test('a callback is repeated until it was answered as the provider wants it', async (t) => {
  for (const [kind, first, good] of [['telerivet', {status: 204}, {status: 200}], ['jasmin', {status: 200, body: 'OK'}, {status: 200,
      body: 'ACK/Jasmin'}],
    ['jasmin', {status: 404}, undefined], ['vonage-sms', {status: 503}, {status: 204}]]) {
    const ours = await receiver(t, (call, number) => (number <= 2 ? first : good));
    const server = await startProvider(kind, {t, callbackUrl, callbackPort: ours.port, outcome: 'rejected', receiptDelayMs: 1, retryMs: 1});
    await send(server, samples[kind]());
    await server.settled();
    const [one] = server.callbacks;
    assert.deepEqual(server.callbacks.filter(({word}) => word === one.word).map(({good: fine}) => fine).at(-1), good !== undefined,
        `${kind} ${JSON.stringify(server.callbacks)}`);
    assert.equal(one.good, false);
  }
});

test('faults', async (t) => {
  const ours = await receiver(t);
  const server = await startProvider('twilio', {t, callbackPort: ours.port, receiptDelayMs: 1, script: (message, number) => faultNames[number - 1]});
  const seen = {};
  for (const fault of faultNames) {
    const before = server.callbacks.length, taken = server.received.length;
    const controller = new Promise((resolve) => setTimeout(resolve, 200, {status: 'no answer'}).unref());
    const answer = await Promise.race([send(server, samples.twilio()).catch(() => ({status: 'broken'})),
        fault === 'stall' ? controller : new Promise(() => {})]);
    await server.settled();
    seen[fault] = [answer.status, server.received.length - taken, server.callbacks.slice(before).map(({word, forged,
        unknown}) => (forged ? 'forged ' : unknown ? 'unknown ' : '') + word).join(' ')];
    if (['429', '503'].includes(fault)) assert.equal(answer.headers['retry-after'], '1');
    if (['gzip', 'deflate'].includes(fault)) assert.equal(answer.headers['content-encoding'], fault);
    if (fault === 'odd-octets') assert.throws(() => JSON.parse(answer.body));
    if (fault === 'bad-json') assert.throws(() => JSON.parse(answer.body));
    if (fault === 'wrong-signature') assert.deepEqual(ours.calls.slice(-3).map((call) => authentic.twilio(call, server.account)), [false,
        true, true]);
    if (fault === 'report-unknown-id') assert.ok(ours.calls.at(-3).path.includes('ref=unknown-0') && !ours.calls.at(-3).body.includes(server.received.at(-1).id));
  }
  const usual = [201, 1, 'sent delivered'], nothing = (status) => [status, 0, ''];
  assert.deepEqual(seen, {accept: usual, delay: usual, 'lose-answer': ['broken', 1, usual[2]], 'cut-answer': ['broken', 1, usual[2]],
      stall: ['no answer', 1, usual[2]],
    drop: nothing('broken'), 'bad-json': usual, html: nothing(200), huge: usual, gzip: usual, deflate: usual, 'odd-octets': usual,
        redirect: nothing(302), 500: nothing(500),
        503: nothing(503), 429: nothing(429),
    refuse: nothing(400), silent: [201, 1, ''], stuck: [201, 1, ''], 'report-twice': [201, 1, 'sent sent delivered delivered'],
    'report-out-of-order': [201, 1, 'delivered sent'], 'report-before-answer': usual, 'report-unknown-id': [201, 1,
        'unknown delivered sent delivered'],
    'wrong-signature': [201, 1, 'forged undelivered sent delivered']});
  assert.deepEqual([server.errors, server.rejects], [[], []]);
});

test('over TLS, for those who trust its authority; a name of the Internet is not called', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'smsbridge-test-'));
  t.after(() => rmSync(folder, {recursive: true, force: true}));
  const {ca, key, cert} = makeCertificate(folder);
  const server = await startProvider('telerivet', {t, tls: {key, cert}, retries: 0, receiptDelayMs: 0});
  assert.equal((await send(server, {...samples.telerivet(), ca: readFileSync(ca)})).status, 200);
  await assert.rejects(send(server, samples.telerivet()), /certificate/);
  await server.settled();
  assert.deepEqual(new Set(server.callbacks.map(({error}) => error)), new Set(['not a loopback address']));
  assert.match(server.settings().base_url, /^https:\/\/127\.0\.0\.1:\d+$/);
});
