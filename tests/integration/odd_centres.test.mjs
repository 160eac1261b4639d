// SPDX-License-Identifier: MPL-2.0
// The daemon against message centres that do what the standard does not expect, octet by octet.
import assert from 'node:assert/strict';
import {writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {test} from 'node:test';
import {Bridge, until} from './harness.mjs';
import {RawSmsc, pdu, text} from './peers/raw_smsc.mjs';

const timeout = 120_000;
const bind = 0x09, submit = 0x04, deliver = 0x05, unbind = 0x06, enquire = 0x15, answer = 0x80000000;
const bound = (one) => pdu(bind + answer, 0, one.sequence, text('odd'));
const accepted = (one, id) => pdu(submit + answer, 0, one.sequence, text(id));
const gateway = {sessions: 1, window: 10, reconnect_first: '100ms'};

const receipt = ({id = '1', stat = 'DELIVRD', err = '000', serviceType = '', source = '254712000001', extra = Buffer.alloc(0), length = 0}) => {
  const words = Buffer.from(`id:${id} sub:001 dlvrd:001 submit date:2511291200 done date:2511291201 stat:${stat} err:${err} text:`);
  return Buffer.concat([text(serviceType), Buffer.from([1, 1]), text(source), Buffer.from([5, 0]), text('UMOJA'), Buffer.from([4, 0, 0, 0, 0, 0, 0, 0, 0]),
    Buffer.from([words.length + length]), words, extra]);
};

test('answers behind an unbind are taken, and nothing goes out twice', {timeout}, async (t) => {
  const smsc = await RawSmsc.start(t, {port: 0, on: (one, socket, centre) => {
    if (one?.command === bind) socket.write(bound(one));
    if (one?.command !== submit) return;
    const held = centre.of(submit);
    if (one.connection > 1) return socket.write(accepted(one, `again${held.length}`));
    if (held.length < 3) return;
    socket.write(Buffer.concat([pdu(unbind, 0, 900), ...held.map((each, index) => accepted(each, `id${index}`))]));
    socket.once('data', () => socket.end());
  }});
  const bridge = await Bridge.start(t, {gateways: [{port: smsc.port, ...gateway}]});
  const api = bridge.api();
  await bridge.up();
  const {body} = await api.post('/messages/batch', {messages: ['x', 'y', 'z'].map((words, index) => ({to: `+25471200000${index}`, text: words}))});
  const ids = [];
  for (const {id} of body.items) {
    const message = await api.reaches(id, 'submitted');
    assert.equal(message.maybe_duplicate, false);
    ids.push(message.segments[0].provider_message_id);
  }
  assert.deepEqual(ids.sort(), ['id0', 'id1', 'id2']);
  await until('it to be bound again', () => smsc.of(bind).length === 2);
  await bridge.up();
  assert.equal(smsc.of(submit).length, 3);
});

test('what a message centre sends against the standard is read, and what cannot be read costs no bind', {timeout}, async (t) => {
  const ends = new Map([
    ['254712000001', {serviceType: 'SMSMSS'}],
    ['254712000002', {source: '254712000002   '}],
    ['254712000003', {length: 1}],
    ['254712000004', {stat: 'NOCRED', err: '021'}],
    ['254712000005', {extra: Buffer.concat([Buffer.from([0x14, 0x00, 0x23, 0x28]), Buffer.alloc(9000, 0x6d)])}],
  ]);
  let sequence = 100;
  const smsc = await RawSmsc.start(t, {port: 0, on: (one, socket, centre) => {
    if (one?.command === bind) {
      // Ahead of the answer, in one segment: a message from a phone, and one that cannot be read.
      const early = Buffer.concat([text(''), Buffer.from([1, 1]), text('254799000000'), Buffer.from([5, 0]), text('UMOJA'), Buffer.alloc(9), Buffer.from([2]), Buffer.from('hi')]);
      socket.write(Buffer.concat([pdu(deliver, 0, 50, early), bound(one), pdu(deliver, 0, 51)]));
    }
    if (one?.command !== submit) return;
    const id = ` ${centre.of(submit).length}  `;
    const [, phone] = /(2547120000\d\d)/.exec(one.body.toString('latin1'));
    socket.write(accepted(one, id));
    socket.write(pdu(deliver, 0, ++sequence, receipt({id: id.trim(), source: phone, ...ends.get(phone)})));
  }});
  const bridge = await Bridge.start(t, {gateways: [{port: smsc.port, ...gateway}]});
  const api = bridge.api();
  await bridge.up();
  for (const phone of ends.keys()) {
    const sent = await api.send({to: `+${phone}`, text: 'x'});
    const end = await api.reaches(sent.id, 'delivered', 'undeliverable');
    assert.equal(end.state, phone === '254712000004' ? 'undeliverable' : 'delivered', phone);
    if (end.state === 'undeliverable') assert.match(end.status_message, /NOCRED err 021/);
  }
  const answers = await until('all to be answered', () => smsc.of(deliver + answer).length === 7 && smsc.of(deliver + answer));
  assert.deepEqual(answers.map((one) => [one.sequence, one.status]).sort(([a], [b]) => a - b),
      [[50, 0], [51, 2], [101, 0], [102, 0], [103, 0], [104, 0], [105, 0]]);
  assert.equal(smsc.connections, 1);
  assert.equal(await bridge.metric('smpp_refused_pdus_total', {command: 'deliver_sm'}), 1);
  await until('the refusal to be logged', () => /refused.*deliver_sm.*ESME_RINVCMDLEN/.test(bridge.log));
});

test('a bind that does not come about says why, and can be tried at once', {timeout}, async (t) => {
  let says = 'HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n';
  const smsc = await RawSmsc.start(t, {port: 0, on: (one, socket) => {
    if (one?.command === bind) socket.write(says === 'bound' ? bound(one) : says === 'refused' ? pdu(bind + answer, 0x0e, one.sequence) : says);
  }});
  const bridge = await Bridge.start(t, {gateways: [{port: smsc.port, ...gateway, reconnect_max: '100ms'}]});
  const api = bridge.api();
  const session = async () => (await api.gateway('safaricom')).sessions[0];
  await until('the words to be there', async () => /this is not SMPP: HTTP\/1\.1 400 Bad Request/.test((await session()).last_error));
  await until('it to be logged', () => /not bound.*this is not SMPP: HTTP\/1\.1 400/.test(bridge.log));
  assert.ok(await bridge.metric('smpp_bind_attempts_total', {result: 'not_smpp'}) >= 1);
  says = 'refused';
  const refused = await until('the refusal to be known', async () => {
    const now = await session();
    return /ESME_RINVPASWD/.test(now.last_error) && now.next_try_at && now;
  });
  assert.ok(Date.parse(refused.next_try_at) > Date.now() + 60_000, 'it waits for minutes');
  const listed = await bridge.cli('gateways', 'list');
  assert.match(listed.stdout, /check the password\t20\d\d-/);
  const lines = bridge.log.split('\n').filter((line) => /not bound/.test(line));
  assert.equal(lines.length, 2, 'once for each change');
  says = 'bound';
  const tried = await bridge.cli('gateways', 'reconnect', 'safaricom');
  assert.equal(tried.code, 0, tried.output);
  await bridge.up();
  assert.equal((await session()).last_error, null);
});

test('a changed password is tried at once', {timeout}, async (t) => {
  const smsc = await RawSmsc.start(t, {port: 0, on: (one, socket) => {
    if (one?.command === bind) socket.write(one.body.includes('mended') ? bound(one) : pdu(bind + answer, 0x0e, one.sequence));
  }});
  const bridge = await Bridge.start(t, {gateways: [{port: smsc.port, ...gateway}]});
  await until('the refusal to be known', async () => (await bridge.api().gateway('safaricom')).sessions[0].next_try_at);
  writeFileSync(join(bridge.folder, 'password-safaricom.txt'), 'mended\n');
  const reloaded = await bridge.cli('reload');
  assert.equal(reloaded.code, 0, reloaded.output);
  await bridge.up();
});

test('who answers an enquire_link with "not bound" is bound to again', {timeout}, async (t) => {
  const smsc = await RawSmsc.start(t, {port: 0, on: (one, socket) => {
    if (one?.command === bind) socket.write(bound(one));
    if (one?.command === enquire) socket.write(pdu(enquire + answer, one.connection === 1 ? 4 : 0, one.sequence));
  }});
  const bridge = await Bridge.start(t, {gateways: [{port: smsc.port, ...gateway, enquire_link_interval: '5s'}]});
  await bridge.up();
  await until('the second bind', () => smsc.of(bind).length === 2, 20_000);
  await bridge.up();
  assert.match(bridge.log, /bind lost.*not bound \(ESME_RINVBNDSTS\)/);
});
