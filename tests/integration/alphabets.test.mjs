// SPDX-License-Identifier: MPL-2.0
// Every alphabet and every kind of part against message centres that were not written here: the npm package `smpp`, which
// has the tables of Turkish, Spanish and Portuguese, and Debian's libnet-smpp-perl, which is strict; the octets that they do
// not read themselves against the data of the reference.
import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {test} from 'node:test';
import smpp from 'smpp';
import {Bridge, root, until} from './harness.mjs';
import {RawSmsc, pdu, text} from './peers/raw_smsc.mjs';
import {Smsc} from './peers/smpp_smsc.mjs';
import {StrictSmsc} from './peers/strict_smsc.mjs';

const timeout = 120_000;
const source = JSON.parse(readFileSync(join(root, 'tests', 'data', 'smpp', 'gsm0338.json'), 'utf8'));
const concats = ['udh8', 'udh16', 'sar', 'payload'];

let lastNumber = 254712000000;
const phone = () => String(++lastNumber);

// By a gateway with these settings: what the phone gets, and what is said of it.
const cases = [
  {name: 'GSM', send: {text: 'Habari €5 {sawa} @£$'}, is: {encoding: 'gsm7', parts: 1}, coding: 0},
  {name: 'GSM as 1', set: {dialect: {gsm7_data_coding: 1}}, send: {text: 'Habari €5 {sawa} @£$'}, is: {encoding: 'gsm7', parts: 1}, coding: 1},
  {name: 'Latin-1', set: {charset: 'gsm7_latin1'}, send: {text: 'façade, ça va'}, is: {encoding: 'latin1', parts: 1}, coding: 3},
  {name: 'Latin-1 where there is no GSM', set: {charset: 'latin1_ucs2'}, send: {text: 'café à la crème'}, is: {encoding: 'latin1', parts: 1}, coding: 3},
  {name: 'UCS-2', send: {text: 'Wanjikũ 👍🏽 👨‍👩‍👧'}, is: {encoding: 'ucs2', parts: 1}, coding: 8},
  ...concats.flatMap((concat) => [
    {name: `GSM in parts by ${concat}`, set: {concat}, send: {text: 'abc€ '.repeat(60)}, is: {encoding: 'gsm7', parts: 3}, coding: 0},
    {name: `Latin-1 in parts by ${concat}`, set: {concat, charset: 'gsm7_latin1'}, send: {text: 'ça va? '.repeat(30)}, is: {encoding: 'latin1', parts: 2}, coding: 3},
    {name: `UCS-2 in parts by ${concat}`, set: {concat}, send: {text: 'Wanjikũ 🇰🇪 '.repeat(15)}, is: {encoding: 'ucs2', parts: 3}, coding: 8},
  ]),
  {name: 'Turkish', set: {national: ['tr']}, send: {text: 'ığşİ '.repeat(20)}, is: {encoding: 'gsm7_shift', parts: 1}, coding: 0},
  {name: 'Turkish in parts', set: {national: ['tr'], concat: 'udh16'}, send: {text: 'ığşİ '.repeat(60)}, is: {encoding: 'gsm7_shift', parts: 3}, coding: 0},
  {name: 'Spanish', set: {national: ['es']}, send: {text: 'El crédito está aprobado, señor Núñez. Sírvase pasar por la oficina mañana a las diez.'}, is: {encoding: 'gsm7_shift', parts: 1}, coding: 0},
  {name: 'Portuguese', set: {national: ['pt']}, send: {text: 'O crédito não está disponível. Informações na agência, depois de amanhã, das oito às dez.'}, is: {encoding: 'gsm7_shift', parts: 1}, coding: 0},
  {name: 'transliterated', send: {text: `“${'a'.repeat(80)}”`, transliterate: true}, gets: `"${'a'.repeat(80)}"`, is: {encoding: 'gsm7', parts: 1, transliterated: true}, coding: 0},
  {name: 'not transliterated, as it saves nothing', send: {text: '“Habari”', transliterate: true}, is: {encoding: 'ucs2', parts: 1, transliterated: false}, coding: 8},
  {name: 'flash', send: {text: 'Habari', flash: true}, is: {encoding: 'gsm7', flash: true}, coding: 0x10},
  {name: 'flash in UCS-2', send: {text: 'Wanjikũ', flash: true}, is: {encoding: 'ucs2', flash: true}, coding: 0x18},
  {name: 'flash as a class', set: {dialect: {flash: 'class'}}, send: {text: 'Habari', flash: true}, is: {flash: true}, coding: 0xf0},
  {name: 'flash by a TLV', set: {dialect: {flash: 'tlv'}}, send: {text: 'Habari', flash: true}, is: {flash: true}, coding: 0, subunit: 1},
  {name: 'octets', send: {binary: '00ff1b0d'}, gets: '00ff1b0d', is: {encoding: 'binary', parts: 1}, coding: 4},
  {name: 'octets behind ports', send: {binary: 'a1'.repeat(128 + 5), udh: '0605040b8423f0', data_coding: 0xf4}, gets: 'a1'.repeat(133), is: {encoding: 'binary', parts: 1}, coding: 0xf4},
  {name: 'octets behind ports in parts', set: {concat: 'sar'}, send: {binary: 'a1'.repeat(200), udh: '0605040b8423f0'}, gets: 'a1'.repeat(200), is: {encoding: 'binary', parts: 2}, coding: 4},
  ...concats.map((concat) => ({name: `octets by ${concat}`, set: {concat, dialect: {binary_data_coding: 2}}, send: {binary: 'b2'.repeat(300)}, gets: 'b2'.repeat(300), is: {encoding: 'binary', parts: 3}, coding: 2})),
];

test(`${cases.length} alphabets and kinds of parts, read by the npm package smpp`, {timeout}, async (t) => {
  const smsc = await Smsc.start(t, {port: 0});
  const bridge = await Bridge.start(t, {gateways: cases.map(({set}, index) => ({name: `g${index}`, port: smsc.port, sessions: 1, ...set}))});
  const api = bridge.api();
  const sent = [];
  for (const [index, {send}] of cases.entries()) sent.push({...await api.send({to: `+${phone()}`, gateway: `g${index}`, ...send})});
  for (const [index, {name, send, gets = send.text, is, coding, set, subunit}] of cases.entries()) {
    const end = await api.reaches(sent[index].id, 'delivered');
    for (const [field, value] of Object.entries(is)) {
      assert.equal(end[field], value, `${name}: ${field}`);
      assert.equal(sent[index][field], value, `${name}: ${field} at once`);
    }
    const parts = smsc.submits.filter(({destination}) => `+${destination}` === end.to);
    assert.deepEqual(smsc.textsTo(end.to.slice(1)), [gets], name);
    assert.deepEqual(new Set(parts.map(({dataCoding}) => dataCoding)), new Set([coding]), name);
    assert.deepEqual(new Set(parts.map((part) => part.pdu.dest_addr_subunit)), new Set([subunit]), name);
    const divided = set?.concat === 'payload' && !send.udh;
    if (is.parts) assert.equal(parts.length, divided ? 1 : is.parts, name);
    if (send.binary) assert.deepEqual([end.binary, end.udh, end.data_coding, end.text], [send.binary, send.udh ?? null, send.data_coding ?? null, undefined], name);
    if (send.udh) for (const part of parts) assert.equal(part.pdu.short_message.udh[0].toString('hex'), send.udh.slice(2), name);
  }
  assert.deepEqual(smsc.errors, []);
  const encodings = {gsm7: 0, gsm7_shift: 0, latin1: 0, ucs2: 0, binary: 0};
  for (const [index, {is}] of cases.entries()) if (is.encoding) encodings[is.encoding] += smsc.submits.filter(({destination}) => `+${destination}` === sent[index].to).length;
  const counted = {};
  for (const [, labels, count] of (await bridge.metrics()).matchAll(/^smsbridge_message_parts_submitted_total\{(.*)\} (\d+)$/gm)) {
    const encoding = /encoding="(\w+)"/.exec(labels)[1];
    counted[encoding] = (counted[encoding] ?? 0) + Number(count);
  }
  assert.ok(Object.entries(encodings).every(([encoding, count]) => count > 0 && counted[encoding] >= count), JSON.stringify({encodings, counted}));
});

// What a phone shows of a part that Net::SMPP read; its octets where it is no text.
function shownOf({coding, body, header}) {
  const utf16 = () => Buffer.from(body).swap16().toString('utf16le');
  if (coding === 8 || coding === 0x18) return utf16();
  if (coding === 3) return body.toString('latin1');
  if (![0, 1, 0x10, 0xf0].includes(coding)) return body.toString('hex');
  const shift = {};
  for (let at = 1; at < header.length; at += 2 + header[at + 1])
    if (header[at] === 0x24 || header[at] === 0x25) shift[header[at] === 0x24 ? 'single' : 'locking'] = header[at + 2];
  return byTables(body, shift);
}

function partOf(submit) {
  const octets = Buffer.from(submit.short_message || submit.message_payload || '', 'hex');
  const header = submit.esm_class & 0x40 ? octets.subarray(0, octets[0] + 1) : Buffer.alloc(0);
  let number = parseInt(submit.sar_segment_seqnum ?? '1', 16);
  for (let at = 1; at < header.length; at += 2 + header[at + 1])
    if (header[at] === 0x00 || header[at] === 0x08) number = header[at + 1 + header[at + 1]];
  return {number, coding: submit.data_coding, header, body: octets.subarray(header.length), subunit: submit.dest_addr_subunit};
}

test(`${cases.length} alphabets and kinds of parts, read by libnet-smpp-perl`, {timeout}, async (t) => {
  const smsc = await StrictSmsc.start(t);
  const bridge = await Bridge.start(t, {gateways: cases.map(({set}, index) => ({name: `g${index}`, port: smsc.port, sessions: 1, ...set}))});
  const api = bridge.api();
  const sent = [];
  for (const [index, {send}] of cases.entries()) sent.push(await api.send({to: `+${phone()}`, gateway: `g${index}`, ...send}));
  for (const [index, {name, send, gets = send.text, is, coding, set, subunit}] of cases.entries()) {
    const end = await api.reaches(sent[index].id, 'delivered');
    const parts = smsc.parts(end.to.slice(1)).map(partOf).sort((a, b) => a.number - b.number);
    assert.equal(parts.map(shownOf).join(''), gets, name);
    assert.deepEqual(new Set(parts.map((part) => part.coding)), new Set([coding]), name);
    assert.deepEqual(new Set(parts.map((part) => part.subunit)), new Set([subunit && `0${subunit}`]), name);
    if (is.parts) assert.equal(parts.length, set?.concat === 'payload' && !send.udh ? 1 : is.parts, name);
    if (send.udh) for (const {header} of parts) assert.ok(header.toString('hex').includes(send.udh.slice(2)), name);
  }
  await bridge.stop();
  assert.deepEqual(smsc.events('violation'), []);
});

test('Latin-1 where it is the default alphabet of the account', {timeout}, async (t) => {
  smpp.encodings.default = 'LATIN1';
  t.after(() => { smpp.encodings.default = 'ASCII'; });
  const smsc = await Smsc.start(t, {port: 0});
  const bridge = await Bridge.start(t, {gateways: [{port: smsc.port, charset: 'latin1_ucs2', dialect: {latin1_data_coding: 0}}]});
  const api = bridge.api();
  for (const [words, coding] of [['façade à 5 %', 0], ['Wanjikũ', 8], ['@_$', 0]]) {
    const {id, to} = await api.send({to: `+${phone()}`, text: words});
    await api.reaches(id, 'delivered');
    assert.deepEqual(smsc.submits.filter(({destination}) => `+${destination}` === to).map((part) => [part.text, part.dataCoding]), [[words, coding]]);
  }
});

// By the reference's tables alone; nothing of ours has a part in it.
function byTables(octets, {locking = 0, single = 0}) {
  const table = (id, kind) => source.languages.find((language) => language.id === id)[kind] ?? {};
  const shown = (codes, code) => codes[code.toString(16).toUpperCase().padStart(2, '0')];
  const base = Object.keys(table(locking, 'locking')).length ? table(locking, 'locking') : table(0, 'locking');
  let out = '';
  for (let at = 0; at < octets.length; ++at) {
    const value = octets[at] === 0x1b ? shown(table(single, 'single'), octets[++at]) : shown(base, octets[at]);
    assert.ok(value, `no character at ${at} of ${octets.toString('hex')}`);
    out += String.fromCodePoint(parseInt(value, 16));
  }
  return out;
}

// Bit by bit, as TS 23.038 section 6.1.2.1 draws it.
function unpacked(octets, headerOctets) {
  const bits = [...octets].flatMap((octet) => [...octet.toString(2).padStart(8, '0')].reverse());
  bits.splice(0, (7 - headerOctets * 8 % 7) % 7);
  const septets = [];
  while (bits.length >= 7) septets.push(parseInt(bits.splice(0, 7).reverse().join(''), 2));
  if (bits.length === 0 && septets.at(-1) === 0x0d) septets.pop();  // it fills the last octet, and is no text
  return Buffer.from(septets);
}

test('national tables of every language, packed and not, by the octets of each part', {timeout}, async (t) => {
  const bind = 0x09, submit = 0x04, answer = 0x80000000;
  const smsc = await RawSmsc.start(t, {port: 0, on: (one, socket, centre) => {
    if (one?.command === bind) socket.write(pdu(bind + answer, 0, one.sequence, text('raw')));
    if (one?.command === submit) socket.write(pdu(submit + answer, 0, one.sequence, text(`id${centre.of(submit).length}`)));
  }});
  const languages = source.languages.filter(({id}) => id !== 0);
  const ways = languages.flatMap((language) => [false, true].map((packed) => ({language, packed, name: `${language.iso639_1}-${packed}`})));
  const bridge = await Bridge.start(t, {gateways: ways.map(({language, packed, name}) => ({
    name, port: smsc.port, sessions: 1, receipts: false, national: [language.iso639_1], dialect: {gsm7_packed: packed}}))});
  const api = bridge.api();
  for (const {language, packed, name} of ways) {
    // The letters of the language, as often as it takes.
    const letters = [...new Set([...Object.values(language.locking ?? {}), ...Object.values(language.single)])]
      .map((value) => String.fromCodePoint(parseInt(value, 16))).filter((letter) => letter > '\u007f');
    // Behind the escape each costs two: they save parts among others.
    const each = language.locking && Object.keys(language.locking).length ? letters : letters.map((letter) => `${letter}aaa`);
    const words = each.join('').repeat(Math.ceil(200 / letters.length));
    const {id, to, encoding} = await api.send({to: `+${phone()}`, text: words, gateway: name});
    assert.equal(encoding, 'gsm7_shift', name);
    const end = await api.reaches(id, 'sent');
    const bodies = smsc.of(submit).map(({body}) => body).filter((body) => body.includes(Buffer.from(`${to.slice(1)}\0`)));
    assert.equal(bodies.length, end.parts, name);
    let got = '';
    for (const body of bodies) {
      const destination = body.indexOf(Buffer.from(`${to.slice(1)}\0`));
      const esmClass = body[destination + to.length];
      assert.equal(esmClass, 0x40, name);
      const start = body.indexOf(0, destination + to.length + 3) + 1;  // behind the empty schedule
      const dataCoding = body[body.indexOf(0, start) + 3];
      const length = body[body.indexOf(0, start) + 5];
      assert.equal(dataCoding, 0, name);
      const payload = body.subarray(body.length - length);
      const header = payload.subarray(0, payload[0] + 1), octets = payload.subarray(payload[0] + 1);
      const shift = {};
      for (let at = 1; at < header.length; at += 2 + header[at + 1])
        if (header[at] === 0x24 || header[at] === 0x25) shift[header[at] === 0x24 ? 'single' : 'locking'] = header[at + 2];
      if (packed) assert.ok(payload.length <= 140, name);
      got += byTables(packed ? unpacked(octets, header.length) : octets, shift);
    }
    assert.equal(got, words, name);
  }
});

test('a preview names what forces UCS-2, and what each alphabet would cost', {timeout}, async (t) => {
  const smsc = await Smsc.start(t, {port: 0});
  const bridge = await Bridge.start(t, {gateways: [{port: smsc.port, national: ['tr']}],
    prices: [{gateway: 'safaricom', prefix: '254', price: '0.8', currency: 'KES'}]});
  const api = bridge.api();
  const words = `Habari “Wanjikũ” ${'a'.repeat(80)}`;
  const {status, body} = await api.post('/messages/preview', {to: '0712345678', text: words});
  assert.equal(status, 200);
  assert.deepEqual([body.encoding, body.parts, body.price, body.transliterated, body.replaced], ['ucs2', 2, '1.6', false, 0]);
  assert.deepEqual(body.forces_ucs2, [
    {character: '“', code_point: 'U+201C', position: 8, replacement: '"'},
    {character: 'ũ', code_point: 'U+0169', position: 15, replacement: 'u'},
    {character: '”', code_point: 'U+201D', position: 16, replacement: '"'}]);
  assert.deepEqual(body.choices.map(({encoding, transliterated, parts, price, allowed}) => [encoding, transliterated, parts, price, allowed]),
      [['ucs2', false, 2, '1.6', true], ['gsm7', true, 1, '0.8', false]]);
  assert.match(body.choices[1].needs, /transliterate: true/);
  const close = await api.post('/messages/preview', {to: '0712345678', text: words, transliterate: true});
  assert.deepEqual([close.body.encoding, close.body.parts, close.body.price, close.body.text], ['gsm7', 1, '0.8', words.replaceAll(/[“”]/g, '"').replace('ũ', 'u')]);
  const turkish = await api.post('/messages/preview', {to: '0712345678', text: 'ğ'.repeat(80)});
  assert.deepEqual([turkish.body.encoding, turkish.body.national, turkish.body.parts], ['gsm7_shift', {single: null, locking: 'turkish'}, 1]);
  const shown = await bridge.cli('send', '--preview', '0712345678', words);
  assert.equal(shown.code, 0, shown.output);
  assert.match(shown.stdout, /2 part\(s\) ucs2, 97 units, of which a part has 67\n8\t“\tU\+201C\t"\n15\tũ\tU\+0169\tu\n/);
  assert.match(shown.stdout, /\n1\t0\.8\tgsm7, transliterated\ttransliterate: true in the message, or at the tenant\n/);
  assert.equal(smsc.submits.length, 0, 'nothing was sent');
});

test('what an alphabet lacks, and what was changed, is counted, logged and shown', {timeout}, async (t) => {
  const smsc = await Smsc.start(t, {port: 0});
  const bridge = await Bridge.start(t, {gateways: [{port: smsc.port, charset: 'gsm7'}, {port: smsc.port}]});
  const api = bridge.api();
  const lossy = await api.send({to: `+${phone()}`, text: 'Wanjikũ 👍🏽', gateway: 'safaricom'});
  assert.deepEqual(lossy.warnings, ["3 characters are not in the gateway's alphabet, and go as ?"]);
  await api.reaches(lossy.id, 'delivered');
  assert.deepEqual(smsc.textsTo(lossy.to.slice(1)), ['Wanjik? ??']);
  const preview = await api.post('/messages/preview', {to: lossy.to, text: 'ũ', gateway: 'safaricom'});
  assert.deepEqual([preview.body.replaced, preview.body.warnings], [1, ["one character is not in the gateway's alphabet, and goes as ?"]]);
  await until('the loss to be logged', () => /the gateway's alphabet lacks go as '\?'.*characters=3/.test(bridge.log));
  const close = await api.send({to: `+${phone()}`, text: `“${'a'.repeat(70)}”`, transliterate: true, gateway: 'promo'});
  assert.deepEqual([close.transliterated, close.warnings], [true, []]);
  for (const how of ['replaced', 'transliterated']) assert.equal(await bridge.metric('messages_changed_total', {how}), 1, how);
});

test('flash and octets from the command line; what a provider or the contract does not take', {timeout}, async (t) => {
  const smsc = await Smsc.start(t, {port: 0});
  const bridge = await Bridge.start(t, {gateways: [{port: smsc.port},
    {name: 'twilio', kind: 'twilio', account: {account_sid: 'AC' + '0'.repeat(32), auth_token: 'x'.repeat(32), from: '+15005550006', base_url: `http://127.0.0.1:${smsc.port}`}}]});
  const api = bridge.api();
  const flash = await bridge.cli('send', '--flash', `+${phone()}`, 'Habari', '--gateway', 'safaricom', '--json');
  assert.equal(flash.code, 0, flash.output);
  await api.reaches(JSON.parse(flash.stdout).id, 'delivered');
  const octets = await bridge.cli('send', `+${phone()}`, '--binary', '0102', '--udh', '0605040b8423f0', '--data-coding', '245', '--gateway', 'safaricom', '--json');
  assert.equal(octets.code, 0, octets.output);
  await api.reaches(JSON.parse(octets.stdout).id, 'delivered');
  assert.deepEqual(smsc.submits.map((part) => [part.text, part.dataCoding]), [['Habari', 0x10], ['0102', 245]]);
  const bad = await bridge.cli('send', `+${phone()}`, 'text', '--binary', '01');
  assert.notEqual(bad.code, 0);
  assert.match(bad.output, /a text or octets, not both/);
  for (const kind of [{text: 'Habari', flash: true}, {binary: '01'}]) {
    const refused = await api.post('/messages', {to: `+${phone()}`, gateway: 'twilio', ...kind});
    assert.equal(refused.status, 422);
    assert.match(refused.body.detail, /takes texts only: flash and binary messages go by SMPP/);
  }
  const listed = await bridge.cli('messages', 'list');
  assert.equal(listed.code, 0, listed.output);
});
