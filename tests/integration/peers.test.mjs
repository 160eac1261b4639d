// SPDX-License-Identifier: MPL-2.0
// The daemon against message centres that were not written here: the npm package `smpp`, plain and over TLS, and Debian's
// libnet-smpp-perl, which is strict; and tshark's dissector as the judge of every PDU of a whole session.
import assert from 'node:assert/strict';
import {mkdtempSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {test} from 'node:test';
import smpp from 'smpp';
import {Bridge, freePort, run, temporaryFolder, until} from './harness.mjs';
import {judge, PcapProxy} from './peers/pcap_proxy.mjs';
import {Smsc} from './peers/smpp_smsc.mjs';
import {StrictSmsc} from './peers/strict_smsc.mjs';

const timeout = 120_000;

// What a carrier has to get right, and how long each is: septets and 16-bit units.
const texts = {
  plain: 'Your loan of KES 50,000 was approved.',
  extension: 'Braces {}, brackets [], a tilde ~, a pipe |, a backslash \\, a caret ^ and the € sign.',
  swahili: 'Mpendwa Wanjikũ, mkopo wako umeidhinishwa.',
  emoji: 'Karibu 😀',
  twoParts: 'x'.repeat(153) + 'y'.repeat(20),
  escapeAtTheCut: `${'a'.repeat(152)}€${'b'.repeat(40)}`,
  surrogateAtTheCut: `${'ũ'.repeat(66)}😀${'ĩ'.repeat(30)}`,
};
const partsOf = {plain: 1, extension: 1, swahili: 1, emoji: 1, twoParts: 2, escapeAtTheCut: 2, surrogateAtTheCut: 2};

// ---------------------------------------------------------------------------------------------------------------------
// Peers and judge

async function openssl(folder, ...parameters) {
  const done = await run('openssl', parameters, {cwd: folder});
  assert.equal(done.code, 0, `openssl ${parameters.join(' ')}:\n${done.output}`);
}

// An authority of our own, and a certificate from it: {ca: path, key, cert}.
async function certificate(folder, {names}) {
  const place = mkdtempSync(join(folder, 'ca-'));
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  await openssl(place, 'req', '-x509', ...curve, '-keyout', 'ca.key', '-out', 'ca.pem', '-days', '2', '-subj', '/CN=Test authority');
  await openssl(place, 'req', ...curve, '-keyout', 'smsc.key', '-out', 'smsc.csr', '-subj', '/CN=smsc');
  writeFileSync(join(place, 'names'), `subjectAltName=${names}\n`);
  await openssl(place, 'x509', '-req', '-in', 'smsc.csr', '-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '2',
      '-extfile', 'names', '-out', 'smsc.pem');
  return {ca: join(place, 'ca.pem'), key: readFileSync(join(place, 'smsc.key')), cert: readFileSync(join(place, 'smsc.pem'))};
}

// A small ESME over the npm package, only to try the peers against each other.
async function esme(t, options) {
  const session = smpp.connect({host: '127.0.0.1', ...options});
  const receipts = [];
  session.on('error', () => {});
  session.on('deliver_sm', (pdu) => { receipts.push(pdu); session.send(pdu.response()); });
  t.after(() => session.destroy());
  const call = (command, fields) => new Promise((resolve) => session[command](fields, resolve));
  await new Promise((resolve, reject) => session.once(options.tls ? 'secureConnect' : 'connect', resolve).once('error', reject));
  return {session, receipts, call};
}

const login = {system_id: 'umoja', password: 'secret', interface_version: 0x34};

test('the peers work with each other: npm client, capturing proxy, Perl message centre, tshark', {timeout}, async (t) => {
  const smsc = await StrictSmsc.start(t);
  const port = await freePort();
  const file = join(temporaryFolder(t), 'session.pcap');
  const proxy = await PcapProxy.start(t, {port, target: smsc.port, file});
  const {receipts, call} = await esme(t, {port});
  assert.equal((await call('bind_transceiver', login)).command_status, 0);
  for (const short_message of ['Hello', 'y'.repeat(140)]) {
    const fields = {source_addr: 'UMOJA', source_addr_ton: 5, destination_addr: '254712345678', dest_addr_ton: 1, dest_addr_npi: 1, registered_delivery: 1};
    assert.equal((await call('submit_sm', {...fields, short_message})).command_status, 0);
  }
  await until('two receipts', () => receipts.length === 2);
  assert.match(receipts[0].short_message.message, /stat:DELIVRD/);
  await call('unbind', {});
  await until('the answers to be seen', () => smsc.events('receipt_answer').length === 2);
  assert.deepEqual(smsc.events('violation'), []);
  await proxy.stop();
  const {bad, commands} = await judge(file, port);
  assert.deepEqual(bad, []);
  assert.deepEqual([commands.get(0x00000004), commands.get(0x80000005)], [2, 2]);
});

test('the Perl message centre is strict', {timeout}, async (t) => {
  const smsc = await StrictSmsc.start(t);
  const {call} = await esme(t, {port: smsc.port});
  assert.equal((await call('bind_transceiver', {...login, password: 'wrong'})).command_status, smpp.ESME_RINVPASWD);
  assert.equal((await call('bind_transceiver', login)).command_status, 0);
  await call('submit_sm', {destination_addr: '+254712345678', source_addr: 'UMOJA', source_addr_ton: 1, short_message: Buffer.from('a')});
  for (const wanted of ['destination_addr is not a number', 'source_addr with letters has not TON 5']) {
    await until(`the complaint '${wanted}'`, () => smsc.events('violation').some(({text}) => text === wanted));
  }
});

test('the npm message centre puts parts together and keeps its record', {timeout}, async (t) => {
  const smsc = await Smsc.start(t, {port: await freePort(), receipt: () => ({state: 'UNDELIV', err: '011'})});
  const {receipts, call} = await esme(t, {port: smsc.port});
  await call('bind_transceiver', login);
  const common = {source_addr: 'UMOJA', destination_addr: '254712345678', registered_delivery: 1, data_coding: 0};
  for (const [number, text] of [[2, 'world'], [1, 'Hello ']]) {
    await call('submit_sm', {...common, short_message: {udh: Buffer.from([5, 0, 3, 77, 2, number]), message: text}});
  }
  await call('submit_sm', {...common, data_coding: 8, short_message: 'ũ😀'});
  assert.deepEqual(smsc.textsTo('254712345678'), ['Hello world', 'ũ😀']);
  await until('the receipts to be answered', () => smsc.receiptAnswers.length === 3);
  assert.match(receipts[0].short_message.message, /^id:[0-9]{10} .*stat:UNDELIV err:011/);
  await call('unbind', {});
  assert.deepEqual([smsc.errors, smsc.unbinds], [[], 1]);
});

test('the npm message centre over TLS is only for those who trust its authority', {timeout}, async (t) => {
  const folder = temporaryFolder(t);
  const {ca, key, cert} = await certificate(folder, {names: 'IP:127.0.0.1'});
  const other = await certificate(folder, {names: 'IP:127.0.0.1'});
  const smsc = await Smsc.start(t, {port: await freePort(), tls: {key, cert}});
  const {call} = await esme(t, {port: smsc.port, tls: true, ca: readFileSync(ca)});
  assert.equal((await call('bind_transceiver', login)).command_status, 0);
  await assert.rejects(esme(t, {port: smsc.port, tls: true, ca: readFileSync(other.ca)}), /certificate/);
  assert.equal(smsc.binds.length, 1);
});

test('a judge that finds nothing wrong can find something', {timeout}, async (t) => {
  const port = await freePort();
  const file = join(temporaryFolder(t), 'session.pcap');
  const smsc = await Smsc.start(t, {port: await freePort()});
  const proxy = await PcapProxy.start(t, {port, target: smsc.port, file});
  const {session, call} = await esme(t, {port});
  await call('bind_transceiver', login);
  // A submit_sm that ends inside its destination address.
  session.socket.write(Buffer.from('0000001a000000040000000000000007' + '00010131323300010132', 'hex'));
  await until('the bad PDU to arrive', () => smsc.submits.length + smsc.errors.length > 0);
  session.destroy();
  await proxy.stop();
  assert.notDeepEqual((await judge(file, port)).bad, []);
});

// ---------------------------------------------------------------------------------------------------------------------
// The daemon

test('npm smpp: every kind of text arrives as it was, with receipts', {timeout}, async (t) => {
  const smsc = await Smsc.start(t, {port: await freePort()});
  const bridge = await Bridge.start(t, {gateways: [{port: smsc.port}]});
  const api = bridge.api();
  const gateway = await bridge.up();
  assert.equal(gateway.sessions.length, 2);
  assert.deepEqual(smsc.binds.map(({accepted, version}) => [accepted, version]), [[true, 0x34], [true, 0x34]]);
  let number = 254712000000;
  for (const [name, text] of Object.entries(texts)) {
    const to = `+${++number}`;
    const {body: preview} = await api.post('/messages/preview', {to, text});
    const sent = await api.send({to, text, client_ref: name, target_user: 'amina', triggered_by: 'test'});
    assert.equal(sent.parts, partsOf[name], name);
    assert.deepEqual([preview.parts, preview.encoding, preview.gateway], [sent.parts, sent.encoding, 'safaricom'], name);
    const done = await api.reaches(sent.id, 'delivered');
    assert.deepEqual(smsc.textsTo(String(number)), [text], name);
    assert.deepEqual([done.success, done.client_ref, done.target_user, done.triggered_by, done.gateway, done.attempts, done.maybe_duplicate],
        [true, name, 'amina', 'test', 'safaricom', 1, false]);
    const ids = smsc.submits.filter(({destination}) => destination === String(number)).sort((a, b) => a.number - b.number).map(({id}) => id);
    assert.deepEqual(done.segments.map(({provider_message_id: id, state}) => [id, state]), ids.map((id) => [id, 'delivered']), name);
    const {body: timeline} = await api.get(`/messages/${sent.id}/timeline`);
    const events = timeline.items.map(({event}) => event);
    assert.equal(events[0], 'accepted');
    for (const wanted of ['submitted', 'receipt', 'final']) assert.ok(events.includes(wanted), `${name}: ${events}`);
  }
  assert.deepEqual(smsc.receiptAnswers.filter(({status}) => status !== 0), []);
  await bridge.stop();
  assert.deepEqual(smsc.errors, []);
  assert.equal(smsc.unbinds, 2, 'a clean stop unbinds every session');
});

test('npm smpp: refusals, throttling and failed receipts', {timeout}, async (t) => {
  let throttled = 0;
  const smsc = await Smsc.start(t, {
    port: await freePort(),
    answer: ({destination}) => {
      if (destination.endsWith('1')) return {status: smpp.ESME_RINVDSTADR};
      if (destination.endsWith('2') && throttled++ < 2) return {status: smpp.ESME_RTHROTTLED};
      return {};
    },
    receipt: ({destination, number}) => {
      if (destination.endsWith('3')) return {state: 'UNDELIV', err: '011'};
      if (destination.endsWith('4') && number === 2) return {state: 'EXPIRED'};
      return {};
    },
  });
  const bridge = await Bridge.start(t, {gateways: [{port: smsc.port}]});
  const api = bridge.api();
  await bridge.up();
  const send = (to, text = 'Hello') => api.send({to, text});
  const [refused, slow, lost, half] = [await send('+254712345671'), await send('+254712345672'), await send('+254712345673'), await send('+254712345674', texts.twoParts)];

  const one = await api.reaches(refused.id, 'rejected', 'failed');
  assert.equal(one.success, false);
  assert.match(one.status_message, /0x0000000B|ESME_RINVDSTADR|destination/i, 'says what the carrier said');

  const two = await api.reaches(slow.id, 'delivered');
  assert.equal(throttled, 3, 'throttled twice, then taken');
  assert.equal(two.maybe_duplicate, false, 'a throttled submit was surely not sent');
  assert.deepEqual(smsc.textsTo('254712345672'), ['Hello']);

  const three = await api.reaches(lost.id, 'undeliverable');
  assert.match(three.status_message, /011|UNDELIV/i);

  const four = await api.reaches(half.id, 'undeliverable', 'expired', 'failed');
  assert.equal(four.success, false, 'one part lost is a message lost');
  assert.equal(four.segments.length, 2);
  assert.deepEqual(smsc.errors, []);
});

test('npm smpp: receipts before the response, on the other session, after a restart, and with ids in hex', {timeout}, async (t) => {
  const smsc = await Smsc.start(t, {port: await freePort(), id: (number) => String(1000 + number), idInReceipt: (id) => Number(id).toString(16).padStart(8, '0'),
    receiptTlvs: false, otherSession: true, receipt: ({destination}) => (destination.endsWith('9') ? null : {first: true})});
  const bridge = await Bridge.start(t, {gateways: [{port: smsc.port}]});
  let api = bridge.api();
  await bridge.up();
  const early = await api.send({to: '+254712345670', text: 'early'});
  await api.reaches(early.id, 'delivered');

  const late = await api.send({to: '+254712345679', text: 'late'});
  await api.reaches(late.id, 'submitted');
  await bridge.kill();
  await bridge.restart();
  api = bridge.api();
  await bridge.up();
  assert.equal((await api.message(late.id)).state, 'submitted', 'a restart forgets nothing');
  smsc.sendReceipt(smsc.submits.find(({text}) => text === 'late'));
  await api.reaches(late.id, 'delivered');
  assert.deepEqual(smsc.textsTo('254712345679'), ['late'], 'and sends nothing twice');
  assert.deepEqual(smsc.errors, []);
});

test('npm smpp: while the carrier throttles, the messages to a phone keep their order', {timeout}, async (t) => {
  const throttled = [0, 12, 13, 20];
  const smsc = await Smsc.start(t, {port: 0, answer: (part, number) => (throttled.includes(number) ? {status: smpp.ESME_RTHROTTLED, delay: 10} : {delay: 10})});
  const bridge = await Bridge.start(t, {gateways: [{port: smsc.port, receipts: false}]});
  const api = bridge.api();
  const first = await api.send({to: '+254712345600', text: 'shows that it throttles'});
  await api.reaches(first.id, 'sent');
  const messages = Array.from({length: 32}, (_, index) => ({to: `+25471234560${index % 4}`, text: `number ${index}`}));
  assert.equal((await api.post('/messages/batch', {messages})).body.accepted, 32);
  await until('all to be sent', async () => ((await api.get('/messages/counts')).body.by_state.sent ?? 0) === 33);
  assert.equal(smsc.submits.length, 33 + throttled.length);
  for (const phone of ['0', '1', '2', '3']) {
    const sent = messages.filter(({to}) => to.endsWith(phone)).map(({text}) => text);
    assert.deepEqual(smsc.textsTo(`25471234560${phone}`).slice(phone === '0' ? 1 : 0), sent);
  }
});

test('npm smpp: no answer makes a message doubtful, and what is sent again is marked', {timeout}, async (t) => {
  let silent = true;
  const smsc = await Smsc.start(t, {port: await freePort(), answer: () => (silent ? {none: true} : {})});
  const bridge = await Bridge.start(t, {gateways: [{port: smsc.port}]});
  const api = bridge.api();
  await bridge.up();
  const campaign = await api.send({to: '+254712345678', text: 'an offer', lane: 'campaign'});
  const payment = await api.send({to: '+254712345679', text: 'a payment', lane: 'transaction'});
  await until('both to be at the carrier', () => smsc.submits.length === 2);
  silent = false;
  smsc.dropAll();
  await api.reaches(campaign.id, 'doubtful');  // held: nothing tells that it was not sent
  const resent = await api.reaches(payment.id, 'delivered');
  assert.equal(resent.maybe_duplicate, true);
  assert.equal(smsc.submits.filter(({text}) => text === 'a payment').length, 2);
  const {body: doubtful} = await api.get('/messages?state=doubtful');
  // Whatever was perhaps sent twice is listed, newest first; only the held one is still open.
  assert.deepEqual(doubtful.items.map(({id, state}) => [id, state]), [[payment.id, 'delivered'], [campaign.id, 'doubtful']]);
  assert.equal(smsc.submits.filter(({text}) => text === 'an offer').length, 1);
});

test('npm smpp: a wrong password is said, and the daemon goes on', {timeout}, async (t) => {
  const smsc = await Smsc.start(t, {port: await freePort()});
  const bridge = await Bridge.start(t, {gateways: [{port: smsc.port, secret: 'wrong'}]});
  const api = bridge.api();
  const gateway = await until('the refusal to be known', async () => {
    const {body} = await api.get('/gateways/safaricom');
    return body.sessions.some(({last_error: error}) => error) && body;
  });
  assert.equal(gateway.state, 'down');
  assert.match(gateway.sessions.find(({last_error: error}) => error).last_error, /ESME_RBINDFAIL/);
  await until('the refusal to be logged', () => /safaricom.*ESME_RBINDFAIL/.test(bridge.log), 5_000);
  assert.doesNotMatch(bridge.log, /\bwrong\b(?! (system_id|password))/, 'the password itself is not logged');
  assert.match(await bridge.metrics(), /^smsbridge_smpp_bind_attempts_total\{(?=[^}]*gateway="safaricom")(?=[^}]*result="refused")[^}]*\} [1-9]/m);
  const waiting = await api.send({to: '+254712345678', text: 'Hello'});
  assert.equal(waiting.state, 'queued');
});

test('npm smpp: the window is never exceeded, and the order of one session is kept', {timeout}, async (t) => {
  const smsc = await Smsc.start(t, {port: await freePort(), answer: () => ({delay: 5})});
  const bridge = await Bridge.start(t, {gateways: [{port: smsc.port, sessions: 1, window: 7}]});
  const api = bridge.api();
  await bridge.up();
  const messages = Array.from({length: 200}, (_, index) => ({to: `+2547120${String(index).padStart(5, '0')}`, text: `number ${index}`}));
  const {body} = await api.post('/messages/batch', {messages});
  assert.deepEqual([body.accepted, body.rejected], [200, 0]);
  await until('all to be delivered', async () => ((await api.get('/messages/counts')).body.by_state.delivered ?? 0) === 200);
  assert.ok(smsc.windowMax <= 7, `window ${smsc.windowMax}`);
  assert.ok(smsc.windowMax > 1, 'and it is used');
  assert.deepEqual(smsc.messages().map(({text}) => text), messages.map(({text}) => text));
  assert.deepEqual(smsc.errors, []);
});

test('npm smpp over TLS, with a certificate from our own authority', {timeout}, async (t) => {
  const {ca, key, cert} = await certificate(temporaryFolder(t), {names: 'IP:127.0.0.1,DNS:localhost'});
  const smsc = await Smsc.start(t, {port: await freePort(), tls: {key, cert}});
  const bridge = await Bridge.start(t, {gateways: [{port: smsc.port, tls: {ca_file: ca}}]});
  const api = bridge.api();
  await bridge.up();
  const sent = await api.send({to: '+254712345678', text: texts.twoParts});
  await api.reaches(sent.id, 'delivered');
  assert.deepEqual(smsc.textsTo('254712345678'), [texts.twoParts]);
  await bridge.stop();
  assert.deepEqual([smsc.errors, smsc.unbinds], [[], 2]);
});

for (const [name, wrong] of [['from another authority', {names: 'IP:127.0.0.1', authority: 'other'}], ['for another name', {names: 'DNS:elsewhere.example'}]]) {
  test(`npm smpp over TLS: a certificate ${name} is refused, and the reason is said`, {timeout}, async (t) => {
    const folder = temporaryFolder(t);
    const {ca, key, cert} = await certificate(folder, wrong);
    const trusted = wrong.authority === 'other' ? (await certificate(folder, {names: 'IP:127.0.0.1'})).ca : ca;
    const smsc = await Smsc.start(t, {port: await freePort(), tls: {key, cert}});
    const bridge = await Bridge.start(t, {gateways: [{port: smsc.port, tls: {ca_file: trusted}}]});
    const api = bridge.api();
    const gateway = await until('the refusal to be known', async () => {
      const {body} = await api.get('/gateways/safaricom');
      return body.sessions.some(({last_error: error}) => error) && body;
    });
    assert.equal(gateway.state, 'down');
    assert.match(gateway.sessions.find(({last_error: error}) => error).last_error, /certificate|hostname|IP address mismatch/i);
    await until('the log to say so, too', () => /certificate|hostname|IP address mismatch/i.test(bridge.log));
    assert.deepEqual(smsc.binds, [], 'no password left this machine');
    assert.match(await bridge.metrics(), /^smsbridge_smpp_bind_attempts_total\{(?=[^}]*gateway="safaricom")(?=[^}]*result="tls_failed")[^}]*\} [1-9]/m);
  });
}

test('npm smpp over TLS: a pinned key or certificate is wanted, and what came instead is named', {timeout}, async (t) => {
  const folder = temporaryFolder(t);
  const {ca, key, cert} = await certificate(folder, {names: 'DNS:smsc.example'});
  writeFileSync(join(folder, 'cert.pem'), cert);
  // As docs/gateways.md says.
  const shell = async (command) => (await run('sh', ['-c', command], {cwd: folder})).stdout.trim();
  const ofCertificate = (await shell('openssl x509 -noout -fingerprint -sha256 -in cert.pem')).replace(/^.*=/, '');
  const ofKey = (await shell('openssl x509 -noout -pubkey -in cert.pem | openssl pkey -pubin -outform der | openssl dgst -sha256')).replace(/^.*= */, '');
  assert.match(ofCertificate, /^([0-9A-F]{2}:){31}[0-9A-F]{2}$/);
  assert.match(ofKey, /^[0-9a-f]{64}$/);
  const another = 'ab'.repeat(32);
  const names = [];
  const smsc = await Smsc.start(t, {port: await freePort(), tls: {key, cert, SNICallback: (name, done) => { names.push(name); done(null); }}});
  const verified = {ca_file: ca, server_name: 'smsc.example'};
  const gateways = [
    {tls: {...verified, fingerprints: [another, ofCertificate]}}, {tls: {...verified, fingerprints: [ofKey]}}, {tls: {verify: false, fingerprints: [ofKey]}},
    {tls: {...verified, fingerprints: [another]}}, {tls: {verify: false, fingerprints: [another]}}, {tls: {ca_file: ca, fingerprints: [ofKey]}}];
  const bridge = await Bridge.start(t, {gateways: gateways.map((gateway) => ({port: smsc.port, sessions: 1, ...gateway}))});
  const api = bridge.api();
  const named = bridge.config.gateways.map(({name}) => name);
  for (const name of named.slice(0, 3)) await bridge.up(name);
  assert.ok(names.includes('smsc.example') && !names.includes('127.0.0.1'), 'SNI has the name, never an address');
  for (const name of named.slice(3)) {
    const {last_error: error} = await until(`${name} to be refused`, async () => {
      const [session] = (await api.gateway(name)).sessions;
      return session.last_error && session;
    });
    assert.match(error, /certificate verify failed/);
    if (name === named[5]) { assert.doesNotMatch(error, /fingerprints/, 'the name is verified all the same'); continue; }
    assert.ok(error.includes(ofKey) && error.includes(ofCertificate.replaceAll(':', '').toLowerCase()), error);
  }
  assert.equal(smsc.binds.length, 3, 'no password went to the others');
});

test('libnet-smpp-perl finds nothing to complain about', {timeout}, async (t) => {
  const smsc = await StrictSmsc.start(t);
  const bridge = await Bridge.start(t, {gateways: [{port: smsc.port}]});
  const api = bridge.api();
  await bridge.up();
  let number = 254713000000;
  for (const [name, text] of Object.entries(texts)) {
    const sent = await api.send({to: `+${++number}`, text, from: name === 'plain' ? 'UMOJA' : '254700000000'});
    await api.reaches(sent.id, 'delivered');
    assert.equal(smsc.parts(String(number)).length, partsOf[name], name);
  }
  const [plain] = smsc.parts('254713000001');
  assert.deepEqual([Buffer.from(plain.short_message, 'hex').toString('latin1'), plain.source, plain.registered_delivery & 1], [texts.plain, 'UMOJA', 1]);
  const [emoji] = smsc.parts('254713000004');
  assert.deepEqual([emoji.data_coding, Buffer.from(emoji.short_message, 'hex').swap16().toString('utf16le')], [8, texts.emoji]);
  await bridge.stop();
  await until('both sessions to be closed', () => smsc.events('closed').length === 2);
  assert.deepEqual(smsc.events('violation'), []);
  assert.equal(smsc.events('unbind').length, 2);
  assert.equal(smsc.events('receipt_answer').filter(({status}) => status === 0).length, smsc.events('submit').length);
});

test('tshark reads a whole session without a malformed PDU or an error', {timeout}, async (t) => {
  const smsc = await Smsc.start(t, {port: await freePort(), answer: ({destination}) => (destination.endsWith('09') ? {status: smpp.ESME_RINVDSTADR} : {})});
  const port = await freePort();
  const file = join(temporaryFolder(t), 'session.pcap');
  const proxy = await PcapProxy.start(t, {port, target: smsc.port, file});
  const bridge = await Bridge.start(t, {gateways: [{port}]});
  const api = bridge.api();
  await bridge.up();
  const sent = [];
  for (const [index, text] of [...Object.values(texts), 'refused', 'x'.repeat(160), 'é'.repeat(300)].entries()) {
    const to = `+2547140000${String(index + 2).padStart(2, '0')}`;
    sent.push(await api.send({to, text, from: 'UMOJA', validity: '2h'}));
  }
  for (const {id} of sent) await api.reaches(id, 'delivered', 'rejected', 'failed');
  await bridge.stop();
  await until('the connections to end', () => smsc.unbinds === 2);
  await proxy.stop();
  const {bad, commands} = await judge(file, port);
  assert.deepEqual(bad, []);
  assert.equal(commands.get(0x00000004), smsc.submits.length, 'every submit_sm was dissected');
  assert.equal(commands.get(0x80000005), smsc.receiptAnswers.length, 'and every deliver_sm_resp');
  assert.equal(commands.get(0x00000006), 2, 'and both unbinds');
});
