// SPDX-License-Identifier: MPL-2.0
// What a carrier may want in the fields of a bind and of a submit_sm, and the profiles that say it for a kind of carriers. The
// npm package `smpp` is the carrier, tshark's dissector the judge of every PDU.
import assert from 'node:assert/strict';
import {readdirSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {describe, test} from 'node:test';
import smpp from 'smpp';
import {binary, Bridge, freePort, root, smsbridge, start, temporaryFolder, until} from './harness.mjs';
import {judge, PcapProxy} from './peers/pcap_proxy.mjs';
import {Smsc} from './peers/smpp_smsc.mjs';

const timeout = 120_000;

// Every setting of a submit_sm at once, as no carrier has them.
const everything = {
  interface_version: '5.0', addr_ton: 1, addr_npi: 1, address_range: '^254', system_type: 'BANK',
  addresses: {name: '5/0', short_code: '6/0', number: '1/1', destination: '2/8', destination_form: 'national', country: 'KE'},
  service_type: 'CMT', protocol_id: 65, priority: 1, lane_priority: {otp: 4},
  intermediate_receipts: true, replace_if_present: true, validity_max: '1h', validity_min: '10m',
  tlvs: [{tag: '0x1400', value: '1101234567890123456'}, {tag: '0x1402', type: 'octets', value: '00ff10'}, {tag: '0x0204', type: 'u16', value: 258},
    {tag: '0x3FFF', type: 'u8', value: 7}, {tag: '0x1500', type: 'u32', value: 16909060}, {tag: '0x1501', type: 'cstring', value: 'cost'}],
  senders: [
    {sender: 'UMOJA', type: '5/9', service_type: 'UM', tlvs: [{tag: '0x1401', value: '1107161234567890123'}]},
    {tenant: 'pesa', protocol_id: 0, tlvs: [{tag: '0x1400', value: '1109999999999999999'}]},
  ],
};
const fields = ['smpp.service_type', 'smpp.source_addr_ton', 'smpp.source_addr_npi', 'smpp.source_addr', 'smpp.dest_addr_ton',
  'smpp.dest_addr_npi', 'smpp.destination_addr', 'smpp.protocol_id', 'smpp.priority_flag', 'smpp.replace_if_present_flag', 'smpp.regdel.receipt'];
const own = {
  5120: Buffer.from('1101234567890123456'), 5122: Buffer.from('00ff10', 'hex'), user_message_reference: 258,
  16383: Buffer.from([7]), 5376: Buffer.from([1, 2, 3, 4]), 5377: Buffer.from('cost\0'),
};
const tlvsOf = ({pdu}) => Object.fromEntries(Object.entries(pdu).filter(([name]) => /^\d+$/.test(name) || name === 'user_message_reference'));

test('each field is as it was set, and tshark agrees with every PDU', {timeout}, async (t) => {
  const smsc = await Smsc.start(t, {port: await freePort()});
  const port = await freePort();
  const file = join(temporaryFolder(t), 'session.pcap');
  const proxy = await PcapProxy.start(t, {port, target: smsc.port, file});
  const bridge = await Bridge.start(t, {tenants: [{name: 'umoja'}, {name: 'pesa'}], gateways: [{port, ...everything}],
    routes: [{name: 'all', id: 99, via: [{gateway: 'safaricom'}]}]});
  const umoja = bridge.api(), pesa = bridge.api(await bridge.createKey('pesa'));
  await bridge.up();
  assert.deepEqual(smsc.binds.map(({version, range}) => [version, range]), Array(2).fill([0x50, [1, 1, '^254']]));
  const sent = [
    await umoja.send({to: '+254712345670', text: 'a code', from: 'UMOJA', lane: 'otp', validity: '1m'}),
    await umoja.send({to: '+254712345671', text: 'from a short code', from: '22384', lane: 'reminder', validity: '30m'}),
    await umoja.send({to: '+256712345672', text: 'to Uganda', from: '254711000000', lane: 'campaign', validity: '20h'}),
    await umoja.send({to: '+254712345673', text: 'x'.repeat(200), from: 'SACCO'}),
    await pesa.send({to: '+254712345674', text: 'of another bank', from: 'UMOJA'}),
    await umoja.send({to: '+254712345675', text: 'of another template', from: 'UMOJA',
      tlvs: [{tag: '0x1401', value: '1107999999999999999'}, {tag: 5632, type: 'u16', value: 7}]}),
  ];
  assert.deepEqual((await umoja.message(sent[5].id)).tlvs, [
    {tag: '0x1401', type: 'octets', value: Buffer.from('1107999999999999999').toString('hex')}, {tag: '0x1600', type: 'octets', value: '0007'}]);
  assert.equal((await umoja.message(sent[0].id)).tlvs, undefined);
  for (const [index, {id}] of sent.entries()) await (index === 4 ? pesa : umoja).reaches(id, 'delivered');
  await bridge.stop();
  await until('the connections to end', () => smsc.unbinds === 2);
  await proxy.stop();

  const rowOf = (part) => [part.pdu.service_type, part.sourceTon, part.sourceNpi, part.source, part.destinationTon, part.destinationNpi,
    part.pdu.destination_addr, part.pdu.protocol_id, part.pdu.priority_flag, part.pdu.replace_if_present_flag, part.registered];
  const row = (destination) => rowOf(smsc.submits.find((part) => part.destination === destination));
  assert.deepEqual(row('712345670'), ['UM', 5, 9, 'UMOJA', 2, 8, '712345670', 65, 4, 1, 0x11]);
  assert.deepEqual(row('712345671'), ['CMT', 6, 0, '22384', 2, 8, '712345671', 65, 1, 1, 0x11]);
  assert.deepEqual(row('256712345672'), ['CMT', 1, 1, '254711000000', 1, 1, '256712345672', 65, 1, 1, 0x11]);
  assert.deepEqual(row('712345674'), ['UM', 5, 9, 'UMOJA', 2, 8, '712345674', 0, 1, 1, 0x11]);
  const template = {5121: Buffer.from('1107161234567890123')};
  const wanted = {712345670: {...own, ...template}, 712345671: own, 256712345672: own, 712345673: own,
    712345674: {...own, ...template, 5120: Buffer.from('1109999999999999999')},
    712345675: {...own, 5121: Buffer.from('1107999999999999999'), 5632: Buffer.from([0, 7])}};
  for (const part of smsc.submits) assert.deepEqual(tlvsOf(part), wanted[part.destination], part.destination);
  assert.equal(smsc.submits.filter(({destination}) => destination === '712345673').length, 2, 'each part has them');
  const validity = (destination) => smsc.submits.find((part) => part.destination === destination).pdu.validity_period;
  const minutes = (destination) => Math.round((validity(destination) - Date.now()) / 60_000);
  assert.ok(Math.abs(minutes('712345670') - 10) <= 1, 'the shortest that the carrier takes');
  assert.ok(Math.abs(minutes('712345671') - 30) <= 1);
  assert.ok(Math.abs(minutes('256712345672') - 60) <= 1, 'and the longest');

  const {bad, commands, rows} = await judge(file, port, fields);
  assert.deepEqual(bad, []);
  assert.equal(commands.get(0x00000004), smsc.submits.length, 'every submit_sm was dissected');
  const bySubmit = smsc.submits.map((part) => rowOf(part).slice(0, -1).join('|')).sort();
  assert.deepEqual(rows.flatMap((cells) => {
    // Several PDUs of one segment stand in one row.
    const split = cells.map((cell) => cell.split(','));
    return split[6].map((_, index) => split.slice(0, -1).map((values) => (/^0x/.test(values[index]) ? Number(values[index]) : values[index])).join('|'));
  }).sort(), bySubmit, 'tshark reads the same fields');
  assert.deepEqual(smsc.errors, []);
});

test('tshark agrees with every way to write a text, with octets, flash, absolute validity and each wish for receipts', {timeout}, async (t) => {
  const smsc = await Smsc.start(t, {port: await freePort()});
  const port = await freePort();
  const file = join(temporaryFolder(t), 'session.pcap');
  const proxy = await PcapProxy.start(t, {port, target: smsc.port, file});
  const long = (text) => text.repeat(60);
  const turkish = 'Hesabınız onaylandı, teşekkürler. ';
  // By name: the settings of a gateway, and the messages that go by it. Each is to arrive as one or several submit_sm.
  const ways = {
    'flash-dcs': [{dialect: {flash: 'dcs'}}, [{text: 'now', flash: true}, {text: 'sasa ũ', flash: true}]],
    'flash-class': [{dialect: {flash: 'class'}}, [{text: 'now', flash: true}, {text: 'sasa ũ', flash: true}]],
    'flash-tlv': [{dialect: {flash: 'tlv'}}, [{text: 'now', flash: true}, {text: long('now '), flash: true}]],
    octets: [{}, [{binary: '00ff7f80', udh: '0605040b8423f0', data_coding: 4}, {binary: 'ab'.repeat(300)}, {binary: '00'}]],
    'octets-payload': [{concat: 'payload'}, [{binary: 'ab'.repeat(300)}]],
    national: [{national: ['tr', 'es', 'hi']}, [{text: turkish}, {text: long(turkish).slice(0, 400)}, {text: long('नमस्ते ').slice(0, 250)}]],
    packed: [{national: ['tr'], dialect: {gsm7_packed: true}}, [{text: 'seven b'}, {text: long('packed{}€').slice(0, 300)}, {text: long(turkish).slice(0, 300)}]],
    latin1: [{charset: 'latin1'}, [{text: 'Café Müller, señor'}, {text: long('é').slice(0, 300)}, {text: 'Ж'}]],
    'latin1-ucs2': [{charset: 'latin1_ucs2', dialect: {latin1_data_coding: 0}}, [{text: 'Café'}, {text: 'Жбан 🙂'}]],
    ucs2: [{charset: 'ucs2'}, [{text: 'plain'}, {text: long('🙂').slice(0, 200)}]],
    sar: [{concat: 'sar'}, [{text: long('sar ')}, {text: long('ũ')}]],
    absolute: [{validity_period: 'absolute'}, [{text: 'until then', validity: '2h'}]],
    none: [{validity_period: 'none'}, [{text: 'as long as you like'}]],
    failure: [{registered_delivery: 'failure', intermediate_receipts: true}, [{text: 'only if it fails'}]],
    success: [{registered_delivery: 'success', interface_version: '5.0'}, [{text: 'only if it arrives'}]],
    silent: [{receipts: false}, [{text: 'no receipt'}]],
    older: [{interface_version: '3.3', bind: 'pair'}, [{text: 'no TLVs'}, {text: long('x ')}]],
  };
  const bridge = await Bridge.start(t, {gateways: Object.entries(ways).map(([name, [settings]]) => ({name, port, sessions: 1, ...settings}))});
  const api = bridge.api();
  let parts = 0;
  for (const [gateway, [, messages]] of Object.entries(ways)) {
    await bridge.up(gateway);
    for (const message of messages) {
      const sent = await api.send({to: `+2547${10_000_000 + parts}`, from: 'UMOJA', gateway, ...message});
      parts += sent.parts;
      await until(`${gateway} to send ${JSON.stringify(message).slice(0, 60)}`, () => smsc.submits.length >= (gateway === 'octets-payload' ? 1 : parts) || smsc.errors.length > 0);
    }
    parts = smsc.submits.length;  // a payload goes whole
  }
  await bridge.stop();
  await proxy.stop();
  const {bad, commands} = await judge(file, port);
  assert.deepEqual(bad, []);
  assert.equal(commands.get(smpp.commands.submit_sm.id), smsc.submits.length, 'every submit_sm was dissected');
  assert.deepEqual(smsc.errors, []);
  // What was asked for, by the octets (SMPP 3.4 sections 5.2.17 and 7.1.1).
  const wishes = new Set(smsc.submits.map(({pdu}) => pdu.registered_delivery));
  for (const wish of [0x00, 0x01, 0x12, 0x03]) assert.ok(wishes.has(wish), `registered_delivery ${wish} of ${[...wishes]}`);
  const codings = new Set(smsc.submits.map(({pdu}) => pdu.data_coding));
  for (const coding of [0x00, 0x10, 0x18, 0xF0, 0x03, 0x04, 0x08]) assert.ok(codings.has(coding), `data_coding ${coding.toString(16)} of ${[...codings].map((each) => each.toString(16))}`);
});

test('tshark agrees with questions, with every form of a part, and with what phones say by data_sm', {timeout}, async (t) => {
  const smsc = await Smsc.start(t, {port: await freePort(), receipt: ({destination}) => (/7[45]$/.test(destination) ? null : {}),
    query: () => ({state: 'UNDELIV', err: 7}), cancel: () => true});
  const port = await freePort();
  const file = join(temporaryFolder(t), 'session.pcap');
  const proxy = await PcapProxy.start(t, {port, target: smsc.port, file});
  const forms = ['udh8', 'udh16', 'sar', 'payload'];
  const bridge = await Bridge.start(t, {tenants: [{numbers: ['22384']}], gateways: [
    ...forms.map((concat) => ({name: concat, port, concat, sessions: 1, tlvs: [{tag: '0x1400', value: concat}]})),
    {name: 'asks', port, sessions: 1, query: true, receipt_wait: '4s', service_type: 'CMT'},
    {name: 'cancels', port, sessions: 1, cancel: true, service_type: 'CMT'}]});
  const api = bridge.api();
  for (const {name} of bridge.config.gateways) await bridge.up(name);
  for (const [index, gateway] of forms.entries()) {
    const {id} = await api.send({to: `+25471234567${index}`, text: 'x'.repeat(400), gateway});
    await api.reaches(id, 'delivered');
  }
  const asked = await api.send({to: '+254712345674', from: 'UMOJA', text: 'no receipt', gateway: 'asks'});
  const taken = await api.send({to: '+254712345675', from: 'UMOJA', text: 'y'.repeat(170), gateway: 'cancels'});
  await api.reaches(taken.id, 'submitted');
  const cancelled = await api.post(`/messages/${taken.id}/cancel`);
  assert.equal(cancelled.body.state, 'cancelled', JSON.stringify(cancelled.body));
  const part = {from: '254712000001', to: '22384', command: 'data_sm'};
  for (const [number, text] of [[1, 'Habari '], [2, 'yako']]) assert.equal(await smsc.fromPhone({...part, text, udh: [0, 3, 9, 2, number]}), 0);
  await api.reaches(asked.id, 'undeliverable');
  await bridge.stop();
  await until('the connections to end', () => smsc.unbinds === 6);
  await proxy.stop();

  const {bad, commands, rows} = await judge(file, port, ['smpp.message_id', 'smpp.source_addr_ton', 'smpp.source_addr'], 3);
  assert.deepEqual(bad, []);
  const counts = Object.fromEntries(['query_sm', 'cancel_sm', 'data_sm', 'submit_sm'].map((name) => {
    const {id} = smpp.commands[name];
    return [name, [commands.get(id), commands.get(0x80000000 + id)]];
  }));
  assert.deepEqual(counts, {query_sm: [1, 1], cancel_sm: [2, 2], data_sm: [2, 2], submit_sm: Array(2).fill(smsc.submits.length)});
  const ofPart = ({destination}) => smsc.submits.filter((submit) => submit.destination === destination);
  const idOf = (pdu) => [pdu.message_id, pdu.source_addr_ton, pdu.source_addr];
  assert.deepEqual(rows.map(([id, ton, source]) => [id, Number(ton), source]), smsc.queries.map(idOf), 'tshark reads the same question');
  assert.deepEqual(smsc.queries.map(idOf), [[ofPart({destination: '254712345674'})[0].id, 5, 'UMOJA']]);
  assert.deepEqual(smsc.cancels.map((pdu) => [pdu.message_id, pdu.destination_addr, pdu.service_type]),
    ofPart({destination: '254712345675'}).map(({id, destination}) => [id, destination, 'CMT']));
  const sar = (await judge(file, port, ['smpp.sar_msg_ref_num', 'smpp.sar_total_segments', 'smpp.sar_segment_seqnum', 'smpp.message_payload'])).rows
    .map((cells) => cells.map((cell) => cell.split(',').filter(Boolean)));
  const of = (place) => sar.flatMap((cells) => cells[place]);
  assert.deepEqual([of(1).map(Number), of(2).map(Number).sort(), of(3).length], [[3, 3, 3], [1, 2, 3], 1], 'one long text by SAR, one as a payload');
  assert.equal(new Set(of(0)).size, 1);
  assert.deepEqual(ofPart({destination: '254712345671'}).map(({total, number}) => [total, number]).sort(), [[3, 1], [3, 2], [3, 3]]);
  assert.deepEqual(smsc.errors, []);
});

test('a centre of version 3.3 gets no TLV, and a transmitter beside a receiver', {timeout}, async (t) => {
  const smsc = await Smsc.start(t, {port: await freePort(), receiptTlvs: false,
    id: (number) => (1000 + number).toString(16), idInReceipt: (id) => String(parseInt(id, 16))});
  const bridge = await Bridge.start(t, {gateways: [{port: smsc.port, profile: 'smpp-3.3', sessions: 1}]});
  const api = bridge.api();
  const gateway = await bridge.up();
  assert.equal(gateway.profile, 'smpp-3.3');
  assert.deepEqual(smsc.binds.map(({command, version}) => [command, version]).sort(), [['bind_receiver', 0x33], ['bind_transmitter', 0x33]]);
  const {id} = await api.send({to: '+254712345678', text: 'é'.repeat(300)});
  await api.reaches(id, 'delivered');
  for (const {pdu} of smsc.submits) {
    assert.deepEqual(Object.keys(pdu).filter((name) => /^\d+$|^sar_|^message_payload|_subunit/.test(name)), []);
    assert.equal(pdu.esm_class, 0x40, 'parts are numbered in their text');
  }
});

test('a congested centre of version 5.0 is spared', {timeout}, async (t) => {
  const smsc = await Smsc.start(t, {port: await freePort(), answer: () => ({congestion: 100})});
  const bridge = await Bridge.start(t, {gateways: [{port: smsc.port, profile: 'smpp-5.0', sessions: 1}, {port: smsc.port, name: 'older', sessions: 1}]});
  const api = bridge.api();
  await bridge.up();
  await bridge.up('older');
  const one = await api.send({to: '+254712345670', text: 'to one of 3.4', gateway: 'older'});
  await api.reaches(one.id, 'delivered');
  assert.equal((await api.gateway('older')).rate_limit, null, 'what 3.4 does not have is not believed');
  const messages = Array.from({length: 15}, (_, index) => ({to: `+2547123457${String(index).padStart(2, '0')}`, text: 'one of many', gateway: 'safaricom'}));
  assert.equal((await api.post('/messages/batch', {messages})).body.accepted, 15);
  await until('it to be slowed down', async () => (await api.gateway('safaricom')).rate_limit > 0);
  assert.equal(await bridge.metric('smpp_congestion', {gateway: 'safaricom'}), 100);
  assert.equal(await bridge.metric('smpp_congestion', {gateway: 'older'}), 0);
  await until('the log to say so', () => /the message centre is congested: slowing down.*congestion=100/.test(bridge.log));
  await until('all to be there', () => smsc.textsTo(messages.at(-1).to.slice(1)).length === 1);
  const times = smsc.submits.filter(({text}) => text === 'one of many').map(({at}) => at).sort((x, y) => x - y);
  const longest = Math.max(...times.slice(1).map((time, index) => time - times[index]));
  assert.ok(longest >= 900, `nothing went out for a second: ${longest} ms`);
});

test('only failures: what gets no receipt is nothing to worry about', {timeout}, async (t) => {
  const smsc = await Smsc.start(t, {port: await freePort()});
  const bridge = await Bridge.start(t, {gateways: [{port: smsc.port, registered_delivery: 'failure', receipt_wait: '1s'}]});
  const api = bridge.api();
  await bridge.up();
  const {id} = await api.send({to: '+254712345678', text: 'Hello'});
  await api.reaches(id, 'sent');
  assert.deepEqual(smsc.submits.map(({registered}) => registered), [2]);
});

describe('carrier profiles', () => {
  test('are listed and shown, with the sources of what they say', {timeout}, async () => {
    const list = await smsbridge('config', 'profiles');
    assert.equal(list.code, 0, list.output);
    const names = list.stdout.trim().split('\n').map((line) => line.split('\t')[0]);
    assert.ok(names.length >= 10 && names.includes('jasmin') && names.includes('smpp-3.3'), list.stdout);
    assert.deepEqual(names, [...names].sort());
    const shown = await smsbridge('config', 'profiles', 'jasmin');
    assert.match(shown.stdout, /^# SPDX.*\n#.*https:[^]*\nabout: .*\nsettings:\n/);
    const json = JSON.parse((await smsbridge('config', 'profiles', '--json')).stdout);
    assert.deepEqual(json.map(({name}) => name), names);
    assert.deepEqual(json.find(({name}) => name === 'ids-hex-dec').settings, {dialect: {id_in_response: 'hex', id_in_receipt: 'dec'}});
    const unknown = await smsbridge('config', 'profiles', 'nobody');
    assert.equal(unknown.code, 5);
    assert.match(unknown.output, /there is no carrier profile 'nobody'\nhint: 'smsbridge config profiles' lists them/);
  });

  test('are taken by gateways that are made at run time', {timeout}, async (t) => {
    const smsc = await Smsc.start(t, {port: await freePort()});
    const profile = join(temporaryFolder(t), 'own.yaml');
    writeFileSync(profile, 'about: Ours\nsettings: {service_type: OWN, sessions: 5}\n');
    const bridge = await Bridge.start(t, {gateways: [{port: smsc.port, name: 'of-the-file', profile}]});
    const of = await bridge.up('of-the-file');
    assert.deepEqual([of.profile, of.sessions.length], [profile, 2], 'its own number of sessions wins');
    const api = bridge.api(await bridge.createOwnerKey());
    const settings = {kind: 'smpp', host: '127.0.0.1', port: smsc.port, system_id: 'umoja', password: 'secret'};
    const refused = await api.post('/gateways', {...settings, name: 'x', profile: 'jasmine'});
    assert.equal(refused.status, 422);
    assert.match(JSON.stringify(refused.body.errors), /there is no carrier profile 'jasmine'; did you mean 'jasmin'\? There are: absolute-times, /);
    const file = await api.post('/gateways', {...settings, name: 'x', profile: '/etc/passwd'});
    assert.match(JSON.stringify(file.body.errors), /only a configuration file may name a file/);
    const made = await api.post('/gateways', {...settings, name: 'x', profile: 'smsportal', window: 3});
    assert.equal(made.status, 201, JSON.stringify(made.body));
    const x = await bridge.up('x');
    assert.equal(x.profile, 'smsportal');
    assert.equal(x.rate_limit, 50);
    const {body: {id}} = await api.post('/messages', {to: '+254712345678', text: 'Hello', from: 'UMOJA', gateway: 'x'}, {headers: {'Smsbridge-Tenant': 'default'}});
    await until('the message to arrive', () => smsc.submits.length === 1, 10_000).catch(() => assert.fail(`${id} did not arrive`));
    assert.deepEqual([smsc.submits[0].sourceTon, smsc.submits[0].destinationTon, smsc.submits[0].destinationNpi], [0, 0, 0]);
    const shown = await bridge.cli('gateways', 'show', 'x');
    assert.match(shown.stdout, /profile\s+smsportal/);
    // A reload takes over what changed in a file of one's own.
    writeFileSync(profile, 'about: Ours\nsettings: {service_type: NEW, rate: 9}\n');
    const reloaded = await bridge.cli('reload');
    assert.equal(reloaded.code, 0, reloaded.output);
    await until('the new rate', async () => (await api.gateway('of-the-file')).rate_limit === 9);
  });

  // The simulated centre plays the carrier, and the gateway takes it for one: ids, receipts, words and alphabets fit.
  const texts = {'latin1-default': 'Café Müller, señor', 'sinch-cloud-latin1': 'Café', 'message-payload': 'x'.repeat(500)};
  for (const profile of readdirSync(join(root, 'conf', 'carriers')).map((file) => file.replace('.yaml', ''))) {
    const text = texts[profile] ?? `by ${profile}`;
    test(`smsc-sim plays ${profile}`, {timeout}, async (t) => {
      const log = join(temporaryFolder(t), 'taken');
      const sim = start(t, binary, ['smsc-sim', '--port', '0', '--profile', profile, '--outcomes', 'UNDELIV:1', '--log', log]);
      const port = await until('the centre to listen', () => /listening on 127\.0\.0\.1:(\d+)/.exec(sim.stdout)?.[1]);
      const bridge = await Bridge.start(t, {gateways: [{port: Number(port), profile, sessions: 1}]});
      const api = bridge.api();
      await bridge.up();
      const {id} = await api.send({to: '+254712345678', text});
      const done = await api.reaches(id, 'undeliverable');
      assert.equal(done.segments.length, 1);
      assert.deepEqual(readFileSync(log, 'utf8').trim().split('\n').map((line) => line.split('\t').at(-1)), [text]);
      assert.doesNotMatch(bridge.log, /word that is not known/);
    });
  }
});
