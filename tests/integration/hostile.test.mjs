// SPDX-License-Identifier: MPL-2.0
// Clients that mean harm, or are broken in the worst way: none of them keeps the others out, fills the memory, or sees
// what it may not.
import assert from 'node:assert/strict';
import {writeFileSync} from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import {test} from 'node:test';
import YAML from 'yaml';
import {binary, Bridge, contract, freePort, HttpConnection, start, until} from './harness.mjs';
import {bodies, startAttack} from './peers/attacks.mjs';
import {RawSmsc, pdu, text} from './peers/raw_smsc.mjs';
import {Smsc} from './peers/smpp_smsc.mjs';

const timeout = 60_000;

// A socket that never complains; `answer` is what came, `over` is settled when it closed.
function open(t, port, octets = '') {
  const socket = net.connect({port, host: '127.0.0.1'});
  socket.answer = '';
  socket.setEncoding('latin1').on('data', (text) => { socket.answer += text; }).on('error', () => {});
  socket.over = new Promise((resolve) => socket.once('close', resolve));
  socket.connected = new Promise((resolve) => socket.once('connect', resolve));
  if (octets) socket.write(octets, 'latin1');
  t.after(() => socket.destroy());
  return socket;
}

const sendOne = (bridge, api, ref) => api.post('/messages', {to: '+254712345678', text: 'Habari', client_ref: ref});

test('bodies without a key, and endless lines around chunks, take no memory', {timeout}, async (t) => {
  const bridge = await Bridge.start(t, {gateways: [{port: 9}]});
  const before = bridge.residentMiB();
  const requests = bodies(bridge);
  const sockets = [];
  for (let i = 0; i < 120; i++) {
    const [listener, octets, status] = requests[i % requests.length];
    sockets.push([open(t, bridge[`${listener}Port`], octets), status]);
  }
  for (const [socket, status] of sockets) {
    await until('an answer', () => socket.answer.includes('\r\n\r\n'));
    assert.match(socket.answer, new RegExp(`^HTTP/1.1 ${status} `));
  }
  assert.ok(bridge.residentMiB() - before < 50, `${before} MiB became ${bridge.residentMiB()} MiB`);
});

test('a thousand clients that ask for metrics twenty times in one piece stall nobody', {timeout}, async (t) => {
  const bridge = await Bridge.start(t, {gateways: [{port: 9}], tenants: Array.from({length: 60}, (_, i) => ({name: `t${i}`}))});
  const api = bridge.api();
  assert.equal((await sendOne(bridge, api, 'before')).status, 202);
  const attack = await startAttack(t, 'metrics', {apiPort: bridge.apiPort});
  // The memory of a thousand sockets is first touched by the first wave, which takes seconds on some virtual machines.
  await until('the second wave', () => attack.struck > 1000, 30_000);
  const began = Date.now();
  const answer = await sendOne(bridge, api, 'meanwhile');
  assert.equal(answer.status, 202);
  assert.ok(Date.now() - began < 5000, `a message waited ${Date.now() - began} ms`);
  t.diagnostic(`a message waited ${Date.now() - began} ms`);
});

test('thousands of silent connections keep nobody out, and cost one line of the log', {timeout}, async (t) => {
  const bridge = await Bridge.start(t, {gateways: [{port: 9}]});
  const fineract = bridge.fineract();
  await fineract.send([]);
  const silent = Array.from({length: 4500}, () => open(t, bridge.fineractPort));
  await Promise.all(silent.map(({connected}) => connected));
  await fineract.send([{internalId: 1, mobileNumber: '254712345678', message: 'Habari'}]);
  assert.equal(fineract.connection.connections, 1, 'who has shown a key keeps his connection');
  await bridge.fineract().send([{internalId: 2, mobileNumber: '254712345678', message: 'Habari'}]);
  const evicted = await bridge.metric('http_connections_dropped_total', {reason: 'evicted'});
  assert.ok(evicted > 300, `${evicted} were closed`);
  assert.equal(await bridge.metric('http_connections_dropped_total', {reason: 'full'}), 0);
  assert.equal(bridge.log.match(/connections of clients were closed/g).length, 1);
});

test('few descriptors: idle clients leave enough for the command line, for others, and for carriers', {timeout}, async (t) => {
  const bridge = await Bridge.prepare(t, {gateways: [{port: 9}]});
  bridge.process = start(t, 'bash', ['-c', 'ulimit -n 200; exec "$0" serve -c "$1"', binary, bridge.configFile]);
  bridge.logs.push(bridge.process);
  await bridge.ready();
  const idle = Array.from({length: 400}, (_, i) => open(t, i % 2 ? bridge.apiPort : bridge.fineractPort));
  await Promise.all(idle.map(({connected}) => connected));
  assert.equal((await sendOne(bridge, bridge.api(), 'one')).status, 202);
  assert.equal((await bridge.cli('messages', 'list')).code, 0);
  await bridge.fineract().send([{internalId: 2, mobileNumber: '254712345678', message: 'Habari'}]);
  assert.equal(await bridge.metric('http_connections_dropped_total', {reason: 'no_descriptor'}), 0);
  assert.ok(Number(/^process_open_fds (\d+)$/m.exec(await bridge.metrics())[1]) < 180);
});

test('metrics are for this machine, for an owner\'s key, or on a listener of their own', {timeout}, async (t) => {
  const own = await freePort();
  const bridge = await Bridge.prepare(t, {gateways: [{port: 9}], tenants: [{name: 'one'}, {name: 'two'}], listen: {metrics: `127.0.0.1:${own}`}});
  const owner = await bridge.createOwnerKey();
  bridge.spawn();
  await bridge.ready();
  const status = async (port, headers = []) => {
    const connection = new HttpConnection(port);
    const answer = await connection.request({path: '/metrics', headers});
    connection.close();
    contract.check({listener: 'api', method: 'GET', path: '/metrics', ...answer});
    assert.equal(answer.status === 200, /^smsbridge_/m.test(answer.body.toString()));
    return answer.status;
  };
  const forwarded = ['X-Forwarded-For', '203.0.113.7'];
  assert.equal(await status(bridge.apiPort), 200);
  assert.equal(await status(bridge.apiPort, [forwarded]), 401);
  assert.equal(await status(bridge.apiPort, [forwarded, ['Authorization', `Bearer ${bridge.key}`]]), 403);
  assert.equal(await status(bridge.apiPort, [forwarded, ['Authorization', `Bearer ${owner}`]]), 200);
  assert.equal(await status(own, [forwarded]), 200);
  const connection = new HttpConnection(own);
  t.after(() => connection.close());
  assert.equal((await connection.request({path: '/api/v1/messages'})).status, 404, 'it has nothing else');
});

test('what callers and carriers write cannot forge a row, move the cursor, or spoil a page', {timeout}, async (t) => {
  const bridge = await Bridge.start(t, {gateways: [{port: 9}]});
  const api = bridge.api();
  for (const field of ['client_ref', 'triggered_by', 'target_user']) {
    const answer = await api.post('/messages', {to: '+254712345678', text: 'x', [field]: 'a\nmsg_01 delivered'});
    assert.deepEqual([answer.status, answer.body.errors[0].pointer], [422, `/${field}`]);
  }
  await api.send({to: '+254712345678', text: 'one\nmsg_2\x1b]0;owned\x07\x1b[31mred\u009b31m', client_ref: '\u202egpj'});
  await bridge.fineract().send([{internalId: 'a\nforged', mobileNumber: '\x1b[2J', message: 'x'}]);
  for (const words of [['list'], ['list', '--json'], ['show', (await api.all())[1].id], ['show', (await api.all())[0].id]]) {
    const {stdout, code} = await bridge.cli('messages', ...words);
    assert.equal(code, 0);
    assert.doesNotMatch(stdout, /[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]/);
    if (words[0] === 'list') assert.equal(stdout.trim().split('\n').length, 2, stdout);
  }
  assert.doesNotMatch(bridge.log, /[\x1b\x07]|^forged/m);
});

test('what a key may not see it cannot ask for either', {timeout}, async (t) => {
  const bridge = await Bridge.start(t, {gateways: [{port: 9}]});
  const reader = bridge.api(await bridge.createKey('default', 'reader', '--scope', 'messages:read'));
  const api = bridge.api();
  await api.send({to: '+254712345678', text: 'Habari', client_ref: 'by-api'});
  await bridge.fineract().send([{internalId: 'by-fineract', mobileNumber: '254712345678', message: 'Habari'}]);
  assert.match((await reader.all())[0].to, /^\*+678$/);
  const asked = await reader.get('/messages?to=%2B254712345678');
  assert.deepEqual([asked.status, asked.body.code], [403, 'forbidden']);
  assert.equal((await api.all('to=%2B254712345678')).length, 2);
  assert.equal((await bridge.fineract().details('by-api')).status, 404);
  assert.equal((await bridge.fineract().details('by-fineract')).status, 200);
});

test('ids that nobody posted: no tenant costs another one its own', {timeout}, async (t) => {
  const bridge = await Bridge.start(t, {gateways: [{port: 9}], tenants: [{name: 'one'}, {name: 'two'}], store: {unknown_id_grace: '1ms'}});
  const [one, two] = [bridge.fineract({tenant: 'one'}), bridge.fineract({tenant: 'two'})];
  const asks = (client, id) => client.report([id]);
  assert.deepEqual(await asks(one, '7'), []);
  for (let round = 0; round < 11; round++) await two.report(Array.from({length: 10000}, (_, i) => String(round * 10000 + i + 1000)));
  assert.equal((await asks(one, '7'))[0]?.deliveryStatus, 400, 'it was asked for long enough ago');
  // Of its own those go that stood there longest, whatever they are.
  assert.equal((await asks(two, '110000'))[0]?.deliveryStatus, 400);
  assert.deepEqual(await asks(two, '99'), []);
  assert.deepEqual(await asks(two, '9999'), []);
});

test('a carrier whose ids and reasons are not text spoils no page, no terminal and no log', {timeout}, async (t) => {
  const [bind, submit, deliver, answer] = [0x09, 0x04, 0x05, 0x80000000];
  const id = Buffer.from('ab\xff\xfe7\x1b[31m\nmsg_1\x9b', 'latin1');
  const smsc = await RawSmsc.start(t, {port: 0, on: (one, socket) => {
    if (one?.command === bind) socket.write(pdu(bind + answer, 0, one.sequence, text('odd\x1b]0;x\x07')));
    if (one?.command !== submit) return;
    socket.write(pdu(submit + answer, 0, one.sequence, Buffer.concat([id, Buffer.alloc(1)])));
    const words = Buffer.concat([Buffer.from('id:'), id, Buffer.from(' sub:001 dlvrd:001 submit date:2511291200 done date:2511291201 stat:BAD\x1b\xff err:\x1b9 text:', 'latin1')]);
    socket.write(pdu(deliver, 0, 77, Buffer.concat([text(''), Buffer.from([1, 1]), text('254712345678'), Buffer.from([5, 0]), text('UM\x1b\x9bJA'),
      Buffer.from([4, 0, 0, 0, 0, 0, 0, 0, 0, words.length]), words])));
  }});
  const bridge = await Bridge.start(t, {gateways: [{port: smsc.port, sessions: 1}]});
  await bridge.up();
  const api = bridge.api();
  const sent = await api.send({to: '+254712345678', text: 'Habari'});
  const message = await until('an id', async () => (await api.message(sent.id)).segments[0].provider_message_id && api.message(sent.id));
  assert.match(message.segments[0].provider_message_id, /^ab.*7/);
  await until('the receipt to be answered', () => smsc.of(deliver + answer).length === 1);
  await api.timeline(sent.id);
  for (const words of [['messages', 'list'], ['messages', 'show', sent.id], ['gateways', 'show', 'safaricom']]) {
    const {stdout, code} = await bridge.cli(...words);
    assert.equal(code, 0);
    assert.doesNotMatch(stdout, /[\x00-\x08\x0b-\x1f\x7f-\x9f]|^msg_1\b/m);
    assert.doesNotMatch(stdout, /\ufffd/, 'it is valid UTF-8');
  }
  assert.doesNotMatch(bridge.log, /[\x00-\x08\x0b-\x1f\x7f-\x9f\ufffd]|^msg_1/m);
  assert.doesNotMatch(bridge.log, /was not valid UTF-8 and was repaired/, 'repaired where it is known what it is');
});

test('a gateway whose patterns, templates and settings mean harm holds up no other tenant', {timeout}, async (t) => {
  const smsc = await Smsc.start(t, {});
  const bridge = await Bridge.prepare(t, {gateways: [{port: smsc.port, tenants: ['quiet']}], tenants: [{name: 'quiet'}, {name: 'harmful'}]});
  Object.assign(bridge.config, {shards: 1, allow_private_targets: ['127.0.0.1']});
  bridge.config.listen.public_url = `http://127.0.0.1:${bridge.apiPort}`;
  writeFileSync(bridge.configFile, YAML.stringify(bridge.config));
  const owner = bridge.api(await bridge.createOwnerKey());
  const harmful = bridge.api(await bridge.createKey('harmful'));
  bridge.spawn();
  await bridge.up('safaricom');
  const quiet = bridge.api();
  let answered = 0;
  const provider = http.createServer((request, response) => {
    answered += 1;
    request.resume().on('end', () => response.end(`${'a'.repeat(4000)}!`));
  });
  await new Promise((resolve) => provider.listen(0, '127.0.0.1', resolve));
  t.after(() => { provider.closeAllConnections?.(); provider.close(); });

  const request = {url: `http://127.0.0.1:${provider.address().port}/`};
  const rule = (pattern, errorClass) => ({when: {body_matches: pattern}, then: {error_class: errorClass}});
  const harm = (account) => ({name: 'harm', kind: 'generic', callback_secret: 'x'.repeat(16), tenants: ['harmful'], account: {request, ...account}});
  const raw = (template) => ({request: {...request, body: {type: 'raw', content_type: 'text/plain', template}}});
  const tooMuch = [
    [harm(raw('x'.repeat(900_000))), /at most 65536 are taken/],
    [harm(raw('{{text}}'.repeat(101))), /at most 100 variables/],
    [harm(raw(`{{text${'|base64'.repeat(100)}}}`)), /at most 4 filters/],
    [harm({response: {rules: Array(101).fill(rule('^ERR', 'route'))}}), /at most 100 rules/],
    [harm({response: {rules: [rule('a'.repeat(600), 'route')]}}), /the pattern has 600 octets/],
    [harm({response: {rules: [rule('(a)(?=b)', 'route')]}}), /look-around.*not known here/],
    [harm({callback: {auth: {type: 'hmac', header: 'X', key: 'k', parts: Array(5000).fill('body')}}}), /at most 10 parts/],
    [{name: 'harm', kind: 'smpp', ...Object.fromEntries(Array.from({length: 5000}, (_, i) => [`key${i}`, 1]))}, /settings are wrong/],
    [{name: 'harm', kind: 'smpp', ['k'.repeat(900_000)]: 1}, /at most 65536 are taken/],
  ];
  for (const [settings, why] of tooMuch) {
    const answer = await owner.post('/gateways', settings);
    assert.deepEqual([answer.status, answer.body.code], [422, 'invalid-request']);
    assert.match(answer.body.detail, why);
  }

  const many = Array.from({length: 99}, (_, i) => rule(`(a+)+${String.fromCharCode(66 + (i % 24))}`, 'sender'));
  const made = await owner.post('/gateways', harm({
    response: {rules: [...many, rule('!$', 'destination')]},
    callback: {list: {regex: '<r>(.*?)</r>'}, id: {regex: '(a+)+X'}, status: {regex: '(a|aa)+Y'}},
  }));
  assert.equal(made.status, 201, JSON.stringify(made.body));
  const sent = await harmful.sendAll(Array.from({length: 5}, () => ({to: '+254712345678', text: 'x', gateway: 'harm'})));
  const call = new HttpConnection(bridge.apiPort);
  t.after(() => call.close());
  const called = call.request({method: 'POST', path: '/in/harm/xxxxxxxxxxxxxxxx', body: `<r>${'a'.repeat(55)}</r>`.repeat(1000)});
  await until('the provider to have answered', () => answered > 0);
  const {id} = await quiet.send({to: '+254712345679', text: 'Habari'});
  await quiet.reaches(id, 'delivered');
  for (const other of sent) await harmful.reaches(other, 'failed', 'rejected');
  assert.equal((await called).status, 200);
});
