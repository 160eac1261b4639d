// SPDX-License-Identifier: MPL-2.0
// The API and the command line, as an integrator and an operator use them. Every answer is checked against openapi.yaml
// by the client; the carrier is `smsbridge smsc-sim`, whose log tells what was really handed over.
import assert from 'node:assert/strict';
import {readFileSync, writeFileSync} from 'node:fs';
import net from 'node:net';
import {join} from 'node:path';
import {after, before, describe, test} from 'node:test';
import YAML from 'yaml';
import {binary, Bridge, contract, freePort, HttpConnection, root, run, smsbridge, start, temporaryFolder, until} from './harness.mjs';

const timeout = 60_000;
const undone = [];
const context = {after: (step) => undone.push(step)};  // what the tests of this file share is undone at their end

let folder, bridge, api, owner, second, pages, pagesKey;
const simulator = {};

let lastNumber = 254712000000;
const nextNumber = () => `+${++lastNumber}`;
const line = (text) => JSON.stringify(text);

function refused(answer, status, code, ...pointers) {
  assert.deepEqual([answer.status, answer.body.code], [status, code], JSON.stringify(answer.body));
  for (const pointer of pointers) {
    assert.ok(answer.body.errors?.some((error) => error.pointer === pointer), `no error points at '${pointer}': ${JSON.stringify(answer.body.errors)}`);
  }
}

async function startSimulator(name, port, ...more) {
  simulator[name] = {port, log: join(folder, `${name}.log`)};
  simulator[name].process = start(context, binary,
      ['smsc-sim', '--port', String(port), '--account', 'umoja:secret', '--receipt-delay', '10ms', '--log', simulator[name].log, '--quiet', ...more]);
  await until(`${name} to listen`, () => new Promise((resolve, reject) => {
    const socket = net.connect({port, host: '127.0.0.1'}, () => { socket.destroy(); resolve(true); });
    socket.once('error', reject);
  }));
}

// Texts that a carrier took for a number.
const taken = (name, number) => readFileSync(simulator[name].log, 'utf8').split('\n').map((row) => row.split('\t'))
    .filter((row) => row[4] === number.slice(1)).map((row) => row[6]);

async function whilePaused(gateway, work) {
  assert.equal((await owner.post(`/gateways/${gateway}/pause`)).body.state, 'paused');
  try {
    return await work();
  } finally {
    await owner.post(`/gateways/${gateway}/resume`);
  }
}

const cli = (...words) => smsbridge(...words, '-c', bridge.configFile);
const alive = () => {
  assert.equal(bridge.process.how, undefined, `the daemon ended:\n${bridge.process.output.slice(-4000)}`);
};

before(async () => {
  folder = temporaryFolder(context);
  const [main, promo] = [await freePort(), await freePort()];
  await startSimulator('main', main);
  await startSimulator('promo', promo, '--reject', '2547990*=0x0B');
  bridge = await Bridge.start(context, {
    tenants: [{}, {name: 'second', key: 'another-key'}, {name: 'pages', key: 'a-third-key'}],
    gateways: [{port: main, reconnect_first: '20ms'}, {port: promo, reconnect_first: '20ms', tenants: ['default', 'second', 'pages']}],
  });
  api = bridge.api();
  owner = bridge.api(await bridge.createOwnerKey());
  second = bridge.api(await bridge.createKey('second'));
  pagesKey = await bridge.createKey('pages');
  pages = bridge.api(pagesKey);
  await bridge.up('safaricom');
  await bridge.up('promo');
});
after(async () => { for (const step of undone.splice(0).reverse()) await step(); });

// ---------------------------------------------------------------------------------------------------------------------
describe('sending', () => {
  test('202 with Location and everything that was given; then delivered', {timeout}, async () => {
    const to = nextNumber();
    const given = {to: `0${to.slice(4)}`, country: 'KE', text: 'Habari {}', from: 'UMOJA', client_ref: 'all', target_user: 'amina', triggered_by: 'test',
      lane: 'otp', gateway: 'promo', validity: '5m'};
    const sent = await api.send(given);
    assert.deepEqual([sent.to, sent.text, sent.from, sent.client_ref, sent.target_user, sent.triggered_by, sent.lane, sent.gateway, sent.tenant, sent.source,
      sent.state, sent.success, sent.encoding, sent.parts], [to, 'Habari {}', 'UMOJA', 'all', 'amina', 'test', 'otp', 'promo', 'default', 'api', 'queued', null, 'gsm7', 1]);
    const validity = Date.parse(sent.expires_at) - Date.parse(sent.created_at);  // counted from the request, which is a moment before
    assert.ok(validity > 290_000 && validity <= 300_000, `${validity} ms`);
    const done = await api.reaches(sent.id, 'delivered');
    assert.deepEqual([done.success, done.attempts, done.segments.map(({state}) => state)], [true, 1, ['delivered']]);
    assert.deepEqual(taken('promo', to), ['Habari {}']);
  });

  for (const [name, body, code, ...pointers] of [
    ['nothing', {}, 'invalid-request', '/to', '/text'],
    ['no text', {to: '+254712345678'}, 'invalid-request', '/text'],
    ['no number', {text: 'x'}, 'invalid-request', '/to'],
    ['an array', [], 'invalid-request', ''],
    ['an unknown field', {to: '+254712345678', text: 'x', colour: 'red'}, 'invalid-request', '/colour'],
    ['several mistakes', {to: 7, text: 'x', lane: 'fast', gateway: 'none', country: 'XX', validity: 'long', send_at: 'soon', from: ''}, 'invalid-request',
      '/to', '/lane', '/gateway', '/country', '/validity', '/send_at', '/from'],
    ['a validity of nothing', {to: '+254712345678', text: 'x', validity: 0}, 'invalid-request', '/validity'],
    ['a time too far ahead', {to: '+254712345678', text: 'x', send_at: '2199-01-01T00:00:00Z'}, 'invalid-request', '/send_at'],
    ['a number that is none', {to: '12', text: 'x'}, 'invalid-number', '/to'],
    ['an empty number', {to: '', text: 'x'}, 'invalid-number', '/to'],
    ['an empty text', {to: '+254712345678', text: ''}, 'invalid-request', '/text'],
    ['a text of too many parts', {to: '+254712345678', text: 'x'.repeat(153 * 15 + 1)}, 'too-many-parts', '/text'],
    ['a text of too many letters', {to: '+254712345678', text: 'x'.repeat(40_001)}, 'invalid-request', '/text'],
    ['a sender that is too long', {to: '+254712345678', text: 'x', from: 'x'.repeat(21)}, 'invalid-request', '/from'],
    ['a name of twelve letters', {to: '+254712345678', text: 'x', from: 'UMOJASACCOKE'}, 'invalid-request', '/from'],
    ['a sender with an accent', {to: '+254712345678', text: 'x', from: 'Café'}, 'invalid-request', '/from'],
    ['a sender with a NUL', {to: '+254712345678', text: 'x', from: 'A\0B'}, 'invalid-request', '/from'],
    ['a sender with a blank before it', {to: '+254712345678', text: 'x', from: ' UMOJA'}, 'invalid-request', '/from'],
    ['a national number as sender', {to: '+254712345678', text: 'x', from: '0712345678'}, 'invalid-request', '/from'],
    ['a day that is none', {to: '+254712345678', text: 'x', send_at: '2027-02-31T08:00:00Z'}, 'invalid-request', '/send_at'],
    ['seconds that are no number', {to: '+254712345678', text: 'x', send_at: '2026-12-01T08:00:nanZ'}, 'invalid-request', '/send_at'],
    ['seconds in hexadecimal', {to: '+254712345678', text: 'x', send_at: '2026-12-01T08:00:0x1pZ'}, 'invalid-request', '/send_at'],
    ['a year with a sign', {to: '+254712345678', text: 'x', send_at: '+026-12-01T08:00:00Z'}, 'invalid-request', '/send_at'],
    ['an offset of 99 hours', {to: '+254712345678', text: 'x', send_at: '2026-12-01T08:00:00+99:99'}, 'invalid-request', '/send_at'],
    ['an offset with two signs', {to: '+254712345678', text: 'x', send_at: '2026-12-01T08:00:00+-3:00'}, 'invalid-request', '/send_at'],
    ['a validity that overflows', '{"to":"+254712345678","text":"x","validity":18446744073709553}', 'invalid-request', '/validity'],
    ['a validity beyond 64 bits', '{"to":"+254712345678","text":"x","validity":18446744073709551617}', 'invalid-request', '/validity'],
    ['a validity as text that overflows', {to: '+254712345678', text: 'x', validity: '999999999d'.repeat(200)}, 'invalid-request', '/validity'],
    ['a negative validity', {to: '+254712345678', text: 'x', validity: -5}, 'invalid-request', '/validity'],
    ['two numbers', {to: '0712345678 / 79', text: 'x'}, 'invalid-number', '/to'],
    ['a number in scientific notation', {to: '2.54712E+11', text: 'x'}, 'invalid-number', '/to'],
    ['a number with a digit too many', {to: '+2547123456789', text: 'x'}, 'invalid-number', '/to'],
    ['nobody\'s calling code', {to: '+999123456789', text: 'x'}, 'invalid-number', '/to'],
  ]) {
    test(`422 for ${name}`, {timeout}, async () => { refused(await api.post('/messages', body), 422, code, ...pointers); });
  }

  test('bodies that cannot be read', {timeout}, async () => {
    for (const body of ['{"to":', 'hello', '', '[1,]', '{"to":"\\ud83d"}', '['.repeat(5000), Buffer.from([0x22, 0xff, 0x22])]) refused(await api.post('/messages', body), 400, 'malformed-json');
    for (const type of ['text/plain', 'application/xml', 'application/jsonx']) {
      refused(await api.post('/messages', '{}', {headers: {'Content-Type': type}}), 415, 'unsupported-media-type');
    }
    assert.equal((await api.post('/messages', {to: nextNumber(), text: 'x'}, {headers: {'Content-Type': 'Application/JSON; charset=utf-8'}})).status, 202);
    const client = bridge.api();
    refused(await client.post('/messages', {to: '+254712345678', text: 'x'.repeat(1 << 20)}), 413, 'payload-too-large');
    assert.equal((await client.get('/messages?limit=1')).status, 200, 'and the next request works');
  });

  test('what is no key', {timeout}, async () => {
    for (const key of [undefined, 'x', 'sbk_', 'sbk_00000000_0', `${bridge.key}0`, bridge.key.slice(0, -1), 'sbk_../keys_x']) {
      const client = bridge.api();
      client.key = key;
      const answer = await client.get('/messages');
      refused(answer, 401, 'unauthenticated');
      assert.match(answer.headers['www-authenticate'], /^Bearer/);
      refused(await client.post('/messages', {to: '+254712345678', text: 'x'}), 401, 'unauthenticated');
      refused(await client.get('/gateways'), 401, 'unauthenticated');
    }
    const basic = await api.get('/messages?limit=1', {headers: {Authorization: `Basic ${Buffer.from(`any:${bridge.key}`).toString('base64')}`}});
    assert.equal(basic.status, 200);
  });

  test('Idempotency-Key: a repetition is answered again, another body is refused', {timeout}, async () => {
    const headers = {'Idempotency-Key': 'order 66'};
    const message = {to: nextNumber(), text: 'once'};
    const first = await api.post('/messages', message, {headers});
    const again = await api.post('/messages', message, {headers});
    assert.deepEqual([again.status, again.headers['idempotency-replayed'], again.headers.location], [202, 'true', first.headers.location]);
    assert.deepEqual([first.headers['idempotency-replayed'], again.body], [undefined, first.body]);
    for (const more of [{text: 'other'}, {to: nextNumber()}, {lane: 'otp'}, {validity: '1h'}, {client_ref: 'x'}, {gateway: 'promo'}]) {
      refused(await api.post('/messages', {...message, ...more}, {headers}), 422, 'idempotency-mismatch');
    }
    assert.notEqual((await second.post('/messages', message, {headers})).body.id, first.body.id, 'another tenant has its own keys');
    refused(await api.post('/messages', message, {headers: {'Idempotency-Key': 'x'.repeat(201)}}), 422, 'invalid-request');
    await api.reaches(first.body.id, 'delivered');
    assert.equal((await api.post('/messages', message, {headers})).body.id, first.body.id, 'also when it was delivered');
    const racing = {to: nextNumber(), text: 'at once'};
    const ids = await Promise.all(Array.from({length: 8}, async () => (await bridge.api().post('/messages', racing, {headers: {'Idempotency-Key': 'race'}})).body.id));
    assert.equal(new Set(ids).size, 1);
    await api.reaches(ids[0], 'delivered');
    assert.deepEqual(taken('main', racing.to), ['at once']);
  });

  test('client_ref: the same message again is one message, another is refused', {timeout}, async () => {
    const message = {to: nextNumber(), text: 'instalment', client_ref: 'loan-1/3'};
    const first = await api.send(message);
    const again = await api.post('/messages', message);
    assert.deepEqual([again.status, again.body.id], [202, first.id]);
    refused(await api.post('/messages', {...message, text: 'other'}), 422, 'idempotency-mismatch');
    await api.reaches(first.id, 'delivered');
    assert.deepEqual(taken('main', message.to), ['instalment']);
    const {body} = await api.get(`/messages?client_ref=${encodeURIComponent(message.client_ref)}`);
    assert.deepEqual([body.items.map(({id}) => id), body.next_cursor], [[first.id], null]);
    assert.notEqual((await second.send(message)).id, first.id);
  });

  test('a batch: good ones beside bad ones; atomic: all or none', {timeout}, async () => {
    const good = {to: nextNumber(), text: 'good'};
    const mixed = {messages: [good, {to: '1', text: 'x'}, {text: 'x'}, {...good, colour: 1}, 7, {to: nextNumber(), text: 'also good'}]};
    const {status, body} = await api.post('/messages/batch', mixed);
    assert.deepEqual([status, body.accepted, body.rejected, body.items.map((item) => item.status)], [202, 2, 4, [202, 422, 422, 422, 422, 202]]);
    assert.deepEqual(body.items.slice(1, 4).map(({problem}) => [problem.code, problem.errors[0].pointer]),
        [['invalid-number', '/to'], ['invalid-request', '/to'], ['invalid-request', '/colour']]);
    for (const index of [0, 5]) await api.reaches(body.items[index].id, 'delivered');

    const to = nextNumber();
    const refusal = await api.post('/messages/batch', {atomic: true, messages: [{to, text: 'x'}, {to: '1', text: 'x'}, {to, colour: 1}]});
    refused(refusal, 422, 'invalid-request', '/messages/1/to', '/messages/2/text', '/messages/2/colour');
    assert.deepEqual((await api.get(`/messages?to=${encodeURIComponent(to)}`)).body.items, []);
    assert.equal((await api.post('/messages/batch', {atomic: true, messages: [{to, text: 'x'}]})).body.accepted, 1);

    for (const [wrong, pointer] of [[{}, '/messages'], [{messages: []}, '/messages'], [{messages: {}}, '/messages'], [[], '/messages'], [{messages: [good], atomic: 1}, '/atomic'],
      [{messages: [good], other: 1}, '/other'], [{messages: Array(1001).fill(good)}, '/messages']]) {
      refused(await api.post('/messages/batch', wrong), 422, 'invalid-request', pointer);
    }
    refused(await api.post('/messages/batch', '{'), 400, 'malformed-json');

    const headers = {'Idempotency-Key': 'batch'};
    const two = {messages: [{to: nextNumber(), text: 'a'}, {to: nextNumber(), text: 'b'}]};
    const first = await api.post('/messages/batch', two, {headers});
    const again = await api.post('/messages/batch', two, {headers});
    assert.deepEqual(again.body.items.map(({id}) => id), first.body.items.map(({id}) => id));
    assert.deepEqual([first.headers['idempotency-replayed'], again.headers['idempotency-replayed']], [undefined, 'true']);
  });

  test('preview stores nothing and says what a text costs', {timeout}, async () => {
    for (const [body, wanted] of [
      [{to: '0712345678', text: 'plain'}, {to: '+254712345678', country: 'KE', encoding: 'gsm7', parts: 1, units: 5, units_per_part: 160, gateway: 'safaricom'}],
      [{to: '0712345678', country: 'UG', text: 'a€'}, {to: '+256712345678', country: 'UG', encoding: 'gsm7', parts: 1, units: 3}],
      [{to: '+254712345678', text: 'ũ😀', gateway: 'promo'}, {encoding: 'ucs2', units: 3, units_per_part: 70, gateway: 'promo'}],
      [{to: '+254712345678', text: 'x'.repeat(161)}, {parts: 2, units: 161, units_per_part: 153}],
    ]) {
      const answer = await api.post('/messages/preview', body);
      assert.equal(answer.status, 200);
      for (const [name, value] of Object.entries(wanted)) assert.equal(answer.body[name], value, `${JSON.stringify(body)}: ${name}`);
    }
    const unlikely = (await api.post('/messages/preview', {to: '0312345678', text: 'x'})).body;
    assert.deepEqual([unlikely.pattern_matched, unlikely.warnings], [false, ['the number does not look like a mobile of KE']]);
    const likely = (await api.post('/messages/preview', {to: '0712345678', text: 'x'})).body;
    assert.deepEqual([likely.pattern_matched, likely.warnings], [true, []]);
    refused(await api.post('/messages/preview', {to: '1', text: 'x'}), 422, 'invalid-number', '/to');
    refused(await api.post('/messages/preview', {to: '+254712345678', text: 'x', from: 'A'}), 422, 'invalid-request', '/from');
    assert.deepEqual((await api.get('/messages?to=%2B256712345678')).body.items, []);
  });

  test('send_at: scheduled until then', {timeout}, async () => {
    const at = Date.now() + 800;
    const sent = await api.send({to: nextNumber(), text: 'later', send_at: new Date(at).toISOString(), client_ref: 'later'});
    assert.deepEqual([sent.state, Date.parse(sent.due_at)], ['scheduled', at]);
    const ids = async (state) => (await api.get(`/messages?client_ref=later&state=${state}`)).body.items.map(({id}) => id);
    assert.deepEqual([await ids('scheduled'), await ids('queued'), await ids('queued,scheduled')], [[sent.id], [], [sent.id]]);
    const done = await api.reaches(sent.id, 'delivered');
    assert.ok(Date.parse(done.submitted_at) >= at, `${done.submitted_at} is before ${new Date(at).toISOString()}`);
  });

  test('what is not sent in time expires, and is never sent', {timeout}, async () => {
    const sent = await whilePaused('safaricom', async () => {
      const message = await api.send({to: nextNumber(), text: 'too late', validity: '1s'});
      const done = await api.reaches(message.id, 'expired');
      assert.deepEqual([done.success, done.attempts, done.submitted_at], [false, 0, null]);
      return message;
    });
    const mark = await api.send({to: nextNumber(), text: 'mark'});
    await api.reaches(mark.id, 'delivered');
    assert.deepEqual(taken('main', sent.to), []);
  });
});

// ---------------------------------------------------------------------------------------------------------------------
describe('following', () => {
  test('list: newest first, page by page, with every filter', {timeout}, async () => {
    const begin = new Date().toISOString();
    const messages = Array.from({length: 25}, (_, index) => ({to: nextNumber(), text: `page ${index}`, client_ref: `page-${index}`, target_user: `user-${index}`,
      lane: index % 2 ? 'otp' : 'campaign', gateway: index % 5 ? 'safaricom' : 'promo'}));
    const {body: sent} = await pages.post('/messages/batch', {messages});
    const ids = sent.items.map(({id}) => id).reverse();
    await until('all to be delivered', async () => (await pages.get('/messages?limit=500&state=delivered')).body.items.length === 25);
    const found = [];
    let path = '/messages?limit=10&state=delivered';
    const sizes = [];
    for (let cursor = ''; cursor !== null;) {
      const {body, headers} = await pages.get(path + (cursor && `&cursor=${cursor}`));
      sizes.push(body.items.length);
      found.push(...body.items.map(({id}) => id));
      cursor = body.next_cursor;
      const link = /^<\/api\/v1(.*)>; rel="next"$/.exec(headers.link ?? '')?.[1];
      assert.equal(link === undefined, cursor === null);
      if (link) assert.deepEqual((await pages.get(link)).body.items, (await pages.get(`${path}&cursor=${cursor}`)).body.items, 'Link keeps the filters');
    }
    assert.deepEqual([found, sizes], [ids, [10, 10, 5]]);

    const one = messages[7];
    for (const [query, count] of [['', 25], ['lane=otp', 12], ['lane=campaign', 13], ['gateway=promo', 5], ['source=api', 25], ['source=fineract', 0], ['state=delivered', 25],
      ['state=queued,failed', 0], [`to=${encodeURIComponent(one.to)}`, 1], [`to=0${one.to.slice(4)}`, 1], ['client_ref=page-7', 1], ['client_ref=page-7&lane=campaign', 0], ['client_ref=none', 0],
      ['q=page+24', 1], ['q=user-24', 1], ['q=nowhere', 0], [`from=${begin}`, 25], [`until=${begin}`, 0], ['from=2199-01-01T00:00:00Z', 0], ['lane=otp&gateway=promo', 2]]) {
      const {body} = await pages.get(`/messages?limit=500${query && `&${query}`}`);
      assert.equal(body.items.length, count, query);
    }
    for (const [query, pointer] of [['state=flying', '?state'], ['gateway=none', '?gateway'], ['lane=fast', '?lane'], ['source=fax', '?source'], ['from=noon', '?from'], ['until=1', '?until'],
      ['limit=0', '?limit'], ['limit=501', '?limit'], ['limit=x', '?limit'], ['cursor=!', '?cursor'], ['colour=red', '?colour']]) {
      refused(await pages.get(`/messages?${query}`), 422, 'invalid-request', pointer);
    }

    const {body: counts} = await pages.get('/messages/counts');
    const open = {queued: 0, in_flight: 0, awaiting_receipt: 0};
    assert.deepEqual([counts.by_state.delivered, counts.by_gateway], [25, {safaricom: open, promo: open}]);
  });

  test('counts tell what waits', {timeout}, async () => {
    await whilePaused('promo', async () => {
      const sent = await pages.send({to: nextNumber(), text: 'waits', gateway: 'promo'});
      const {body} = await pages.get('/messages/counts');
      assert.deepEqual([body.by_state.queued, body.by_gateway.promo.queued], [1, 1]);
      assert.equal((await api.get('/gateways/promo')).body.queued, 1);
      assert.equal((await pages.post(`/messages/${sent.id}/cancel`)).body.state, 'cancelled');
      assert.equal((await pages.get('/messages/counts')).body.by_state.queued, 0);
    });
  });

  test('one message and its timeline', {timeout}, async () => {
    const sent = await api.send({to: nextNumber(), text: 'x'.repeat(200)});
    const done = await api.reaches(sent.id, 'delivered');
    assert.deepEqual([done.parts, done.segments.map(({number, state}) => [number, state])], [2, [[1, 'delivered'], [2, 'delivered']]]);
    assert.equal(new Set(done.segments.map(({provider_message_id: id}) => id)).size, 2);
    const {body} = await api.get(`/messages/${sent.id}/timeline`);
    assert.deepEqual([body.id, body.items.map(({event}) => event)], [sent.id, ['accepted', 'routed', 'submitted', 'receipt', 'receipt', 'final']]);
    const times = body.items.map(({at}) => at);
    assert.deepEqual(times, [...times].sort());
    const wrong = sent.id.slice(0, -1) + (sent.id.endsWith('0') ? '1' : '0');
    for (const id of [wrong, 'msg_', 'x', '1', sent.id.toLowerCase(), 'msg_01JDF3Z8K4T6Q2W9X7Y5V1B0CA', '..%2F..%2Fetc']) {
      for (const [method, suffix] of [['GET', ''], ['GET', '/timeline'], ['POST', '/cancel'], ['POST', '/retry']]) {
        refused(await api.request(method, `/api/v1/messages/${id}${suffix}`, {unknownPath: true}), 404, 'not-found');
      }
    }
  });

  test('a number that looks like no mobile: taken, with a warning in answer, list, timeline, log and metrics', {timeout}, async () => {
    const warning = 'the number does not look like a mobile of KE';
    const counted = () => bridge.metric('messages_unlikely_number_total', {tenant: 'default'});
    const before = await counted();
    const sent = await api.send({to: '+254312345678', text: 'to nobody', client_ref: 'unlikely'});
    assert.deepEqual(sent.warnings, [warning]);
    assert.equal(await counted(), before + 1);
    const [listed] = (await api.get('/messages?client_ref=unlikely')).body.items;
    assert.deepEqual(listed.warnings, [warning]);
    const {body} = await api.get(`/messages/${sent.id}/timeline`);
    assert.equal(body.items[0].detail, `by api; ${warning}`);
    await until('the log to say it', () => /number does not look like a mobile.* to=\S*678 /.test(bridge.process.output));
  });

  test('cancel while it waits; afterwards it is too late', {timeout}, async () => {
    const sent = await whilePaused('safaricom', async () => {
      const message = await api.send({to: nextNumber(), text: 'never'});
      const answer = await api.post(`/messages/${message.id}/cancel`);
      assert.deepEqual([answer.status, answer.body.state, answer.body.success], [200, 'cancelled', false]);
      refused(await api.post(`/messages/${message.id}/cancel`), 409, 'state-conflict');
      return message;
    });
    const mark = await api.send({to: nextNumber(), text: 'mark'});
    await api.reaches(mark.id, 'delivered');
    assert.deepEqual(taken('main', sent.to), []);
    refused(await api.post(`/messages/${mark.id}/cancel`), 409, 'state-conflict');
    refused(await api.post(`/messages/${mark.id}/retry`), 409, 'state-conflict');
    assert.deepEqual((await api.get(`/messages/${sent.id}/timeline`)).body.items.map(({event}) => event), ['accepted', 'routed', 'cancelled']);
  });

  test('retry: what the carrier refused is delivered once it does not', {timeout}, async () => {
    const to = '+254799000001';
    const sent = await api.send({to, text: 'second try', gateway: 'promo'});
    const lost = await api.reaches(sent.id, 'failed', 'rejected');
    assert.equal(lost.success, false);
    assert.match(lost.status_message, /0x0000000B/);
    assert.deepEqual(lost.segments.map(({state}) => state), ['failed']);
    await simulator.promo.process.end();
    await startSimulator('promo', simulator.promo.port);
    await bridge.up('promo');
    const {status, body} = await api.post(`/messages/${sent.id}/retry`);
    assert.deepEqual([status, body.success, body.finished_at], [200, null, null]);
    const done = await api.reaches(sent.id, 'delivered');
    assert.deepEqual([done.success, done.maybe_duplicate, done.attempts], [true, false, 2]);
    assert.deepEqual(taken('promo', to), ['second try']);
    const {body: timeline} = await api.get(`/messages/${sent.id}/timeline`);
    assert.deepEqual(timeline.items.map(({event}) => event), ['accepted', 'routed', 'final', 'retried', 'submitted', 'receipt', 'final']);
  });

  test('tenants never see each other\'s messages', {timeout}, async () => {
    const sent = await api.send({to: nextNumber(), text: 'mine', client_ref: 'mine-1'});
    await api.reaches(sent.id, 'delivered');
    for (const [method, suffix] of [['GET', ''], ['GET', '/timeline'], ['POST', '/cancel'], ['POST', '/retry']]) {
      refused(await second.request(method, `/api/v1/messages/${sent.id}${suffix}`), 404, 'not-found');
    }
    for (const query of ['limit=500', 'client_ref=mine-1', 'q=mine', `to=${encodeURIComponent(sent.to)}`]) {
      const {body} = await second.get(`/messages?${query}`);
      assert.ok(body.items.every(({tenant}) => tenant === 'second'), query);
      assert.ok(body.items.every(({id}) => id !== sent.id), query);
    }
    const {body: theirs} = await second.get('/messages/counts');
    const {body: items} = await second.get('/messages?limit=500');
    assert.equal(Object.values(theirs.by_state).reduce((sum, count) => sum + count, 0), items.items.length);
    // A cursor is a place, not a permission.
    const {body: page} = await api.get('/messages?limit=1');
    const {body: beyond} = await second.get(`/messages?limit=500&cursor=${page.next_cursor}`);
    assert.ok(beyond.items.every(({tenant}) => tenant === 'second'));
    const header = await second.get('/messages?limit=500', {headers: {'Smsbridge-Tenant': 'default'}});
    assert.ok(header.body.items.every(({tenant}) => tenant === 'second'), 'the header is for the host only');
  });

  test('without content:read texts are absent, numbers masked, and not to be searched', {timeout}, async () => {
    const client = bridge.api(await bridge.createKey('default', 'blind', '--scope', 'messages:send,messages:read,messages:manage'));
    const sent = await client.send({to: '+254712999888', text: 'Your code is 40912', target_user: 'amina'});
    await api.reaches(sent.id, 'delivered');
    const whole = JSON.stringify([sent, (await client.get(`/messages/${sent.id}`)).body, (await client.get('/messages?limit=500')).body, (await client.get(`/messages/${sent.id}/timeline`)).body]);
    for (const secret of ['40912', '712999888', '2999', 'amina']) assert.ok(!whole.includes(secret), `${secret} is shown`);
    assert.match(sent.to, /^[+*]+888$/);
    refused(await client.get('/messages?q=40912'), 403, 'forbidden');
    assert.equal((await api.get('/messages?q=40912')).body.items.length, 1);
  });
});

// ---------------------------------------------------------------------------------------------------------------------
describe('running', () => {
  test('gateways: list, show, pause, resume', {timeout}, async () => {
    const {body} = await api.get('/gateways');
    assert.deepEqual(body.items.map(({name, id, state, sessions}) => [name, id, state, sessions.length]), [['safaricom', 1, 'up', 2], ['promo', 2, 'up', 2]]);
    for (const [method, path] of [['GET', '/gateways/none'], ['POST', '/gateways/none/pause'], ['POST', '/gateways/none/resume']]) {
      refused(await owner.request(method, `/api/v1${path}`), 404, 'not-found');
    }
    await whilePaused('promo', async () => {
      assert.equal((await owner.post('/gateways/promo/pause')).body.state, 'paused', 'again changes nothing');
      const waiting = await api.send({to: nextNumber(), text: 'waits', gateway: 'promo'});
      const beside = await api.send({to: nextNumber(), text: 'goes on', gateway: 'safaricom'});
      await api.reaches(beside.id, 'delivered');
      assert.equal((await api.message(waiting.id)).state, 'queued');
      assert.ok((await api.get('/gateways/promo')).body.sessions.every(({state}) => state === 'bound'), 'binds stay');
      assert.equal((await owner.post('/gateways/promo/resume')).body.state, 'up');
      await api.reaches(waiting.id, 'delivered');
    });
  });

  test('paths and methods', {timeout}, async () => {
    for (const [method, path, allow] of [['DELETE', '/api/v1/messages', 'POST, GET'], ['GET', '/api/v1/messages/batch', 'POST'], ['PUT', '/api/v1/messages/batch', 'POST'],
      ['GET', '/api/v1/messages/preview', 'POST'], ['POST', '/api/v1/messages/counts', 'GET'], ['DELETE', '/api/v1/messages/msg_01JDF3Z8K4T6Q2W9X7Y5V1B0CA', 'GET'],
      ['GET', '/api/v1/messages/x/cancel', 'POST'], ['PUT', '/api/v1/gateways', 'GET, POST'], ['POST', '/healthz', 'GET'], ['POST', '/metrics', 'GET'], ['PUT', '/openapi.json', 'GET']]) {
      const answer = await api.request(method, path);
      refused(answer, 405, 'method-not-allowed');
      assert.deepEqual(answer.headers.allow.split(', ').sort(), allow.split(', ').sort(), `${method} ${path}`);
    }
    for (const path of ['/api', '/api/v1', '/api/v1/messages/a/b', '/sms', '/api/v2/messages', '/%00', '/api/v1/messages/x/y/z']) {
      refused(await api.request('GET', path, {unknownPath: true}), 404, 'not-found');
    }
  });

  test('the type of a problem leads to a page for people, without a key', {timeout}, async () => {
    const anybody = bridge.api(null);
    const {body} = await anybody.get('/messages');
    const page = await anybody.request('GET', body.type);
    assert.equal(page.status, 200);
    assert.match(page.body.toString('utf8'), /smsbridge keys create/);
    refused(await anybody.request('GET', '/docs/problems/none'), 404, 'not-found');
  });

  test('health, contract and metrics need no key', {timeout}, async () => {
    const anybody = bridge.api();
    anybody.key = undefined;
    assert.deepEqual((await anybody.request('GET', '/healthz')).body, {status: 'ok'});
    assert.deepEqual((await anybody.request('GET', '/readyz')).body, {status: 'ready'});
    const yaml = (await anybody.request('GET', '/openapi.yaml')).body.toString('utf8');
    assert.equal(yaml, readFileSync(join(root, 'bridge', 'doors', 'api', 'openapi.yaml'), 'utf8'));
    assert.deepEqual((await anybody.request('GET', '/openapi.json')).body, YAML.parse(yaml));
  });

  test('metrics are as Prometheus wants them, while traffic runs', {timeout}, async () => {
    const messages = Array.from({length: 200}, () => ({to: nextNumber(), text: 'traffic'}));
    const {body} = await pages.post('/messages/batch', {messages});
    const during = await bridge.metrics();
    await pages.reaches(body.items.at(-1).id, 'delivered');
    for (const text of [during, await bridge.metrics()]) {
      const checked = await run('promtool', ['check', 'metrics'], {input: text});
      assert.deepEqual([checked.code, checked.output], [0, '']);
    }
  });

  test('connections that say nothing, or stop in the middle, do not stop others', {timeout}, async () => {
    const sockets = [];
    try {
      for (const port of [bridge.apiPort, bridge.fineractPort]) {
        for (let index = 0; index < 200; ++index) {
          const socket = net.connect({port, host: '127.0.0.1'});
          socket.on('error', () => {});
          sockets.push(socket);
          await new Promise((resolve) => socket.once('connect', resolve));
          socket.write(['', 'P', 'POST /sms HTTP/1.1\r\nHost: x\r\nX-Slow: ', 'POST /api/v1/messages HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{'][index % 4]);
        }
      }
      const sent = await api.send({to: nextNumber(), text: 'still quick'});
      await api.reaches(sent.id, 'delivered');
      assert.equal((await bridge.fineract().bridges()).length, 2);
    } finally {
      for (const socket of sockets) socket.destroy();
    }
    alive();
  });

  test('absolute targets, 100-Continue in any case, bearer in lower case', {timeout}, async () => {
    let received = '';
    const socket = net.connect({port: bridge.apiPort, host: '127.0.0.1'}).on('data', (octets) => { received += octets; });
    const body = JSON.stringify({to: nextNumber(), text: 'as RFC 9110 and 9112 allow'});
    const head = ['POST http://bridge.example/api/v1/messages HTTP/1.1', 'Host: bridge.example', `authorization: bearer ${bridge.key}`,
      'Content-Type: application/json', `Content-Length: ${body.length}`, 'Expect: 100-Continue'];
    socket.write(`${head.join('\r\n')}\r\n\r\n`);
    await until('the body to be asked for', () => received.startsWith('HTTP/1.1 100 Continue\r\n\r\n'));
    socket.write(body);
    await until('the answer', () => received.includes('HTTP/1.1 202 Accepted\r\n'));
    socket.destroy();
  });

  test('a byte order mark before the JSON is ignored', {timeout}, async () => {
    assert.equal((await api.post('/messages', `\uFEFF${JSON.stringify({to: nextNumber(), text: 'from Windows'})}`)).status, 202);
  });

  test('octets that are no UTF-8 come back as text', {timeout}, async () => {
    const answer = await api.request('GET', '/api/v1/messages/%ff%fe', {unknownPath: true});
    refused(answer, 404, 'not-found');
    assert.match(answer.body.detail, /ÿþ/);
  });

  test('what is not HTTP is refused, on both ports, and kills nobody', {timeout}, async () => {
    let state = 12345;
    const random = () => (state = (Math.imul(state, 1103515245) + 12345) >>> 0) >>> 24;
    const garbage = Array.from({length: 40}, (_, index) => Buffer.from(Array.from({length: 1 + index * 37}, random)));
    const text = ['GET / HTTP/9.9', 'GET', 'GET /%zz HTTP/1.1', 'GET / HTTP/1.1\r\nno colon', 'POST /sms HTTP/1.1\r\nContent-Length: -1', 'POST /sms HTTP/1.1\r\nContent-Length: 99999999999999999999',
      'POST /sms HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz', 'POST /sms HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff', '\0\0\0\x10\0\0\0\x15\0\0\0\0\0\0\0\x01'].map((start) => Buffer.from(`${start}\r\n\r\n`, 'latin1'));
    for (const [listener, port] of [['api', bridge.apiPort], ['fineract', bridge.fineractPort]]) {
      for (const bytes of [...garbage, ...text]) {
        const answer = await new Promise((resolve, reject) => {
          const received = [];
          const socket = net.connect({port, host: '127.0.0.1'}, () => socket.end(bytes));
          const timer = setTimeout(() => { socket.destroy(); reject(new Error(`no end: ${bytes.toString('hex').slice(0, 80)}`)); }, 10_000);
          socket.on('data', (chunk) => received.push(chunk)).on('error', () => {}).on('close', () => { clearTimeout(timer); resolve(Buffer.concat(received).toString('latin1')); });
        });
        if (answer) assert.match(answer, /^HTTP\/1\.1 4(00|13) /, bytes.toString('latin1').slice(0, 80));
      }
      for (const [headers, status] of [[[['X-Long', 'x'.repeat(20_000)]], 431], [Array.from({length: 2000}, (_, index) => [`X-${index}`, 'many']), 431], [[['X-Fits', 'x'.repeat(12_000)]], undefined]]) {
        const connection = new HttpConnection(port);
        const request = listener === 'api' ? {method: 'GET', path: '/healthz'} : {method: 'GET', path: '/smsbridges'};
        const answer = await connection.request({...request, headers});
        connection.close();
        if (status) {
          assert.equal(answer.status, status);
          contract.check({listener, ...request, transport: true, ...answer});
        } else {
          assert.equal(answer.status, listener === 'api' ? 200 : 401);
        }
      }
    }
    alive();
    const sent = await api.send({to: nextNumber(), text: 'after all that'});
    await api.reaches(sent.id, 'delivered');
  });
});

// ---------------------------------------------------------------------------------------------------------------------
describe('the command line', () => {
  test('check-config lists every mistake with its place', {timeout}, async () => {
    const file = join(folder, 'bad.yaml');
    const mistakes = ['listen:', '  api: nowhere', 'store:', '  size_limit: big', '  colour: red', 'log:', '  level: loud', 'shards: -1', 'lanes:', '  otp:', '    validity: 5', 'tenants:', '  - name: default',
      '    default_country: XX', '    fineract_app_key: {file: not-there.txt}', 'gateways:', '  - name: safaricom', '    id: 0', '    host: 127.0.0.1', '    port: 70000', `    system_id: ${'longer-than-can-be-sent-'.repeat(3)}`, '    windw: 3'];
    writeFileSync(file, `${mistakes.join('\n')}\n`);
    const checked = await smsbridge('check-config', '-c', file);
    assert.equal(checked.code, 78);
    const lines = checked.stdout.trim().split('\n');
    const places = lines.map((text) => {
      assert.ok(text.startsWith(`${file}:`), text);
      return Number(/^:([0-9]+):[0-9]+: error: /.exec(text.slice(file.length))?.[1]);
    });
    assert.deepEqual(places, [2, 4, 5, 7, 8, 11, 14, 15, 17, 18, 20, 21, 22], checked.stdout);
    assert.match(checked.stdout, /did you mean 'window'/);
    const json = (await smsbridge('check-config', '-c', file, '--json')).stdout.trim().split('\n').map((text) => JSON.parse(text));
    assert.deepEqual(json.map((problem) => problem.line), places);
    assert.equal((await smsbridge('serve', '-c', file)).code, 78, 'and the daemon does not start with it');
    for (const content of ['a: [', '', '[]', '\t', 'listen: 5\n']) {
      writeFileSync(file, content);
      assert.equal((await smsbridge('check-config', '-c', file)).code, 78, line(content));
    }
    assert.equal((await smsbridge('check-config', '-c', join(folder, 'none.yaml'))).code, 78);
    assert.equal((await cli('check-config')).code, 0);
  });

  test('send, and messages list, show, cancel, retry', {timeout}, async () => {
    const to = nextNumber();
    assert.notEqual((await cli('send', to, 'Habari')).code, 0, 'which of three tenants?');
    const sent = await cli('send', to, 'Habari', '--tenant', 'default', '--ref', 'cli-1');
    assert.equal(sent.code, 0, sent.output);
    const id = /msg_[0-9A-Z]{26}/.exec(sent.stdout)[0];
    assert.equal((await api.reaches(id, 'delivered')).source, 'cli');
    const listed = await cli('messages', 'list', '--ref', 'cli-1', '--tenant', 'default');
    assert.deepEqual([listed.code, listed.stdout.split('\n').length, listed.stdout.split('\t').slice(0, 1)], [0, 2, [id]]);
    const json = await cli('messages', 'list', '--to', to, '--json');
    assert.deepEqual(json.stdout.trim().split('\n').map((text) => JSON.parse(text).id), [id]);
    assert.equal((await cli('messages', 'list', '--limit', '7')).stdout.trim().split('\n').length, 7);
    const shown = await cli('messages', 'show', id);
    for (const word of [id, to, 'Habari', 'delivered', 'accepted', 'submitted', 'receipt']) assert.ok(shown.stdout.includes(word), `${word} is not in\n${shown.output}`);
    assert.equal((await cli('messages', 'show', 'msg_x')).code, 5);
    assert.equal((await cli('messages', 'cancel', id)).code, 6);
    assert.equal((await cli('messages', 'retry', id)).code, 6);
    assert.equal((await cli('send', '12', 'x', '--tenant', 'default')).code, 1);
    await whilePaused('safaricom', async () => {
      const waiting = await api.send({to: nextNumber(), text: 'from the shell'});
      const cancelled = await cli('messages', 'cancel', waiting.id);
      assert.deepEqual([cancelled.code, cancelled.stdout.trim()], [0, `${waiting.id} is now cancelled`]);
      const retried = await cli('messages', 'retry', waiting.id);
      assert.deepEqual([retried.code, retried.stdout.trim()], [0, `${waiting.id} is now queued`]);
      await cli('gateways', 'resume', 'safaricom');
      await api.reaches(waiting.id, 'delivered');
    });
    // The same from elsewhere, with a key.
    const key = join(folder, 'key.txt');
    writeFileSync(key, `${pagesKey}\n`);
    const remote = await smsbridge('messages', 'list', '--server', `http://127.0.0.1:${bridge.apiPort}`, '--key-file', key, '--json', '--limit', '3');
    assert.deepEqual(remote.stdout.trim().split('\n').map((text) => JSON.parse(text).tenant), ['pages', 'pages', 'pages']);
    assert.equal((await smsbridge('messages', 'list', '--server', `http://127.0.0.1:${bridge.apiPort}`)).code, 4);
    assert.equal((await smsbridge('messages', 'list', '--server', `http://127.0.0.1:${await freePort()}`)).code, 69);
  });

  test('gateways list, show, pause, resume', {timeout}, async () => {
    const listed = await cli('gateways', 'list');
    assert.deepEqual(listed.stdout.trim().split('\n').map((row) => row.split('\t').slice(0, 4)), [['safaricom', '1', 'up', '2/2'], ['promo', '2', 'up', '2/2']]);
    assert.equal((await cli('gateways', 'pause', 'promo')).code, 0);
    assert.equal((await cli('gateways', 'show', 'promo')).stdout.split('\t')[2], 'paused');
    assert.equal((await cli('gateways', 'resume', 'promo')).code, 0);
    assert.equal(JSON.parse((await cli('gateways', 'show', 'promo', '--json')).stdout).state, 'up');
    assert.equal((await cli('gateways', 'pause', 'none')).code, 5);
  });

  test('keys: list, remove; a removed key is refused at once, an expired one too', {timeout}, async () => {
    const key = await bridge.createKey('second', 'short lived');
    const client = bridge.api(key);
    assert.equal((await client.get('/messages?limit=1')).status, 200);
    const id = key.split('_')[1];
    const listed = await cli('keys', 'list');
    assert.deepEqual(listed.stdout.split('\n').find((row) => row.startsWith(id)).split('\t').slice(1, 4), ['second', 'short lived', 'never']);
    assert.ok(!listed.output.includes(key.split('_')[2]), 'the secret is never shown again');
    assert.equal((await cli('keys', 'remove', id)).code, 0);
    refused(await client.get('/messages?limit=1'), 401, 'unauthenticated');
    assert.equal((await cli('keys', 'remove', id)).code, 5);
    const expiring = bridge.api(await bridge.createKey('second', 'brief', '--expires', '1ms'));
    await until('the key to expire', async () => (await expiring.get('/messages?limit=1')).status === 401);
    assert.equal((await cli('keys', 'create', '--tenant', 'nobody')).code, 5);
    const unsaid = await cli('keys', 'create', '--tenant', 'second');
    assert.equal(unsaid.code, 2);
    for (const purpose of ['fineract-addon', 'monitoring', 'integrator', 'operator']) assert.match(unsaid.output, new RegExp(`--for ${purpose}: `));
    assert.equal((await cli('keys', 'create', '--tenant', 'second', '--for', 'everything')).code, 2);
    const monitoring = /sbk_([0-9a-f]+)_/.exec((await cli('keys', 'create', '--tenant', 'second', '--for', 'monitoring')).stdout)[1];
    assert.match((await cli('keys', 'list')).stdout, new RegExp(`^${monitoring}\\tsecond\\t\\tnever\\tmessages:read,config:read,system:read\\t\\S+\\tany\\tnever$`, 'm'));
    assert.equal((await cli('keys', 'create', '--tenant', 'second', '--scope', 'messages:sent')).code, 2);
  });

  test('version, help, and what is no command', {timeout}, async () => {
    assert.match((await smsbridge('version')).stdout, /^smsbridge [0-9]+\.[0-9]+\.[0-9]+ /);
    assert.equal((await smsbridge('--help')).code, 0);
    for (const [words, hint] of [[['mesages'], /did you mean 'messages'/], [['messages', 'lst'], /did you mean 'list'/], [['qqqqqqqqqqqq'], /--help/], [[], /--help/],
      [['messages', 'list', '--nonsense'], /nonsense/], [['gateways', 'pause'], /name/]]) {
      const done = await smsbridge(...words);
      assert.equal(done.code, 2, words.join(' '));
      assert.match(done.output, hint, words.join(' '));
    }
  });

  // A filter: lines in, one object a line out, and 0 whatever the lines were.
  const filters = {
    'smpp decode': [
      ['00000010 00000015 00000000 0000000a', {command_length: 16, command_id: '0x00000015', command: 'enquire_link', command_status: 0, sequence_number: 10, body: {}, tlvs: []}],
      ['0000001180000004000000000000000500', {command: 'submit_sm_resp', body: {message_id: ''}}],
      [message(4, 'Hello'), {command: 'submit_sm', text: 'Hello', udh: null}],
      [message(4, '\x05\x00\x03\x07\x02\x01Hello', 0x40), {text: 'Hello', udh: [{iei: '0x00', length: 3, data_hex: '070201'}]}],
      ['zz', {error: {code: 'not-hex', action: 'ignore'}}],
      ['', {error: {code: 'not-hex', action: 'ignore'}}],
      ['00000010', {error: {code: 'truncated', action: 'wait'}}],
      ['0000000f000000150000000000000001', {error: {code: 'bad-length', action: 'close'}}],
      ['ffffffff000000150000000000000001', {error: {code: 'bad-length', action: 'close'}}],
      ['00000010000000990000000000000001', {error: {code: 'unknown-command', action: 'nack'}}],
      ['00000010800000990000000000000001', {error: {code: 'unknown-response', action: 'ignore'}}],
      ['00000012000000040000000000000001ffff', {error: {code: 'bad-body', action: 'nack'}}],
    ],
    'smpp receipt': [
      [message(5, 'id:17 sub:001 dlvrd:001 submit date:2611240815 done date:2611240816 stat:DELIVRD err:000 text:Hi', 4), {is_receipt: true, id: '17', state: 'DELIVRD', final: true, err: '000', text: 'Hi'}],
      [message(5, 'id:aF09 stat:ENROUTE', 4), {is_receipt: true, id: 'aF09', state: 'ENROUTE', final: false}],
      [message(5, 'Where is my money?'), {is_receipt: false}],
      ['0000001000000015000000000000000a', {is_receipt: false}],
      ['zz', {error: {code: 'not-hex', action: 'ignore'}}],
      ['00000010', {error: {code: 'truncated', action: 'wait'}}],
    ],
    text: [
      ['{"text":"Hello €"}', {encoding: 'gsm7', data_coding: 0, segments: 1, units: 8, units_per_segment: 160, udhi: false, segment: [{udh_hex: '', body_hex: '48656c6c6f201b65'}]}],
      ['{"text":"ũ"}', {encoding: 'ucs2', data_coding: 8, segments: 1, units: 1, segment: [{udh_hex: '', body_hex: '0169'}]}],
      [line({text: 'x'.repeat(161), ref: 7}), {segments: 2, units: 161, units_per_segment: 153, udhi: true}],
      [line({text: 'x'.repeat(161), ref: 7, concat: 'sar'}), {segments: 2, udhi: false}],
      ['{"text":"é","charset":"latin1"}', {encoding: 'latin1', data_coding: 3, segment: [{udh_hex: '', body_hex: 'e9'}]}],
      ['{"text":""}', {segments: 1, units: 0}],
      ['{"text":"x","national":null,"translit":false,"grapheme":false,"charset":"auto","concat":"udh8"}', {segments: 1}],
      ['{"text":7}', {error: {code: 'invalid_text'}}],
      ['{}', {error: {code: 'missing_text'}}],
      ['{', {error: {code: 'malformed_json'}}],
      ['', {error: {code: 'malformed_json'}}],
      ['{"text":"x","charset":"ebcdic"}', {error: {code: 'invalid_charset'}}],
      ['{"text":"x","concat":"glue"}', {error: {code: 'invalid_concat'}}],
      ['{"text":"x","ref":65536}', {error: {code: 'invalid_ref'}}],
      ['{"text":"“x”","translit":true}', {encoding: 'ucs2', segments: 1}],
      [line({text: `“${'x'.repeat(70)}”`, translit: true}), {encoding: 'gsm7', segments: 1, text: `"${'x'.repeat(70)}"`}],
      [line({text: 'ğ'.repeat(71), national: {langs: ['tr']}}), {encoding: 'gsm7', segments: 1, udhi: true, national: {single: 'turkish', locking: null}}],
      [line({text: `${'ж'.repeat(66)}🇰🇪жж`, grapheme: true}), {encoding: 'ucs2', segments: 2, units: 72}],
      ['{"text":"“","explain":true}', {parts: 1, forces_ucs2: [{character: '“', code_point: 'U+201C', position: 1, replacement: '"'}]}],
      ['{"text":"x","national":{"langs":["xx"]}}', {error: {code: 'invalid_national'}}],
      ['{"text":"x","translit":7}', {error: {code: 'invalid_translit'}}],
      ['{"text":"x","colour":1}', {error: {code: 'unknown_field'}}],
    ],
  };
  for (const [command, table] of Object.entries(filters)) {
    test(`${command}: ${table.length} lines`, {timeout}, async () => {
      const done = await run(binary, command.split(' '), {input: `${table.map(([given]) => given).join('\n')}\n`});
      assert.equal(done.code, 0);
      const lines = done.stdout.split('\n');
      assert.deepEqual([lines.length, lines.pop()], [table.length + 1, '']);
      for (const [index, [given, wanted]] of table.entries()) {
        const got = JSON.parse(lines[index]);
        if (wanted.error) assert.ok(got.error.detail, given);
        else assert.equal(got.error, undefined, `${given}: ${lines[index]}`);
        for (const [name, value] of Object.entries(wanted.error ?? wanted)) assert.deepEqual((wanted.error ? got.error : got)[name], value, `${given}: ${name}`);
      }
    });
  }
});

// The hex of a submit_sm (4) or deliver_sm (5) with this text.
function message(command, text, esmClass = 0) {
  const body = Buffer.concat([Buffer.from([0, 1, 1]), Buffer.from('254712345678\0'), Buffer.from([5, 0]), Buffer.from('UMOJA\0'),
    Buffer.from([esmClass, 0, 0, 0, 0, 0, 0, 0, 0, text.length]), Buffer.from(text, 'latin1')]);
  const header = Buffer.alloc(16);
  header.writeUInt32BE(16 + body.length, 0);
  header.writeUInt32BE(command, 4);
  header.writeUInt32BE(1, 12);
  return Buffer.concat([header, body]).toString('hex');
}

test('the log tells neither texts nor keys nor whole numbers', {timeout}, () => {
  alive();
  for (const secret of ['40912', '254712999888', bridge.key, 'second try']) assert.ok(!bridge.log.includes(secret), `${secret} is in the log`);
});
