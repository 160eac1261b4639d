// SPDX-License-Identifier: MPL-2.0
// What phones say: kept once before the carrier is answered, joined of its parts, listed; STOP stops the next campaign.
import assert from 'node:assert/strict';
import {writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {describe, test} from 'node:test';
import {Bridge, HttpConnection, binary, freePort, long, start, temporaryFolder, until} from './harness.mjs';
import {Smsc} from './peers/smpp_smsc.mjs';
import {StrictSmsc} from './peers/strict_smsc.mjs';

const timeout = 120_000;
const phone = '254712345678';
const quick = {reconnect_first: '20ms', reconnect_max: '200ms'};

async function everything(api, filter = '') {
  const found = [];
  let cursor = '';
  do {
    const {status, body} = await api.get(`/inbound?limit=500${filter}${cursor}`);
    assert.equal(status, 200, JSON.stringify(body));
    found.push(...body.items);
    cursor = body.next_cursor && `&cursor=${body.next_cursor}`;
  } while (cursor);
  return found;
}

const started = async (t, options = {}) => {
  const smsc = await Smsc.start(t);
  const bridge = await Bridge.start(t, {gateways: [{port: smsc.port, ...quick}], ...options});
  await bridge.up();
  return {smsc, bridge, api: bridge.api()};
};

// A text as phones send it: parts with a header of 8 or 16 bits, or with SAR parameters.
function partsOf(text, {reference, how = 'udh8', size = 20, ...message}) {
  const pieces = text.match(new RegExp(`[^]{1,${size}}`, 'g'));
  const total = pieces.length;
  return pieces.map((piece, index) => {
    const number = index + 1;
    if (total === 1) return {...message, text: piece};
    if (how === 'sar') return {...message, text: piece, sar_msg_ref_num: reference, sar_total_segments: total, sar_segment_seqnum: number};
    const udh = how === 'udh8' ? [0, 3, reference & 255, total, number] : [8, 4, reference >> 8, reference & 255, total, number];
    return {...message, text: piece, udh};
  });
}

describe('a message of a phone', () => {
  test('is kept, listed by API and command line, and known when it is repeated', {timeout}, async (t) => {
    const {smsc, bridge, api} = await started(t);
    for (const [command, text] of [['deliver_sm', 'Habari, salio?'], ['data_sm', 'by the other PDU']]) {
      assert.equal(await smsc.fromPhone({from: phone, to: '22384', text, command}), 0);
      assert.equal(await smsc.fromPhone({from: phone, to: '22384', text, command}), 0, 'a repetition is answered as the first');
    }
    assert.equal(await smsc.fromPhone({from: phone, to: '22384', text: 'शेष राशि 🙂', coding: 8}), 0);
    const items = await everything(api);
    assert.deepEqual(items.map(({text}) => text), ['शेष राशि 🙂', 'by the other PDU', 'Habari, salio?']);
    assert.deepEqual([items[0].from, items[0].to, items[0].gateway, items[0].tenant, items[0].parts, items[0].action],
        [`+${phone}`, '22384', 'safaricom', 'default', 1, null]);
    assert.equal(await bridge.metric('inbound_repeated_total', {gateway: 'safaricom'}), 2);
    assert.equal(await bridge.metric('inbound_kept_total', {tenant: 'default'}), 3);
    const listed = await bridge.cli('inbound', 'list', '--from', '0712 345 678', '--to', '22384');
    assert.match(listed.stdout, /Habari, salio\?/);
    assert.equal((await everything(api, '&from=%2B254712999999')).length, 0);
    assert.ok(!bridge.log.includes(phone) && !bridge.log.includes('salio'), 'neither number nor text is logged');
    // Who may not see content sees neither text nor number.
    const blind = bridge.api(await bridge.createKey('default', 'blind', '--scope', 'messages:read'));
    const {body} = await blind.get('/inbound');
    assert.ok(!('text' in body.items[0]) && !body.items[0].from.includes('12345'), JSON.stringify(body.items[0]));
    assert.equal((await blind.get('/inbound?from=%2B254712345678')).status, 403);
    assert.equal((await api.get('/inbound?colour=red')).status, 422);
    await bridge.stop();
    await bridge.restart();
    assert.equal((await everything(bridge.api())).length, 3);
  });

  test('is whole once its parts are, in any order, twice, and with a restart between', {timeout}, async (t) => {
    const {smsc, bridge} = await started(t);
    const text = 'One long message of a phone, which has five parts in all.';
    for (const [index, how] of ['udh8', 'udh16', 'sar'].entries()) {
      const parts = partsOf(`${how}: ${text}`, {reference: 300 + index, how, from: phone, to: '22384', size: 13});
      assert.equal(parts.length, 5);
      const [first, second, third, fourth, fifth] = parts;
      for (const part of [fourth, second, fourth]) assert.equal(await smsc.fromPhone(part), 0);
      await bridge.kill();
      await bridge.restart();
      await bridge.up();
      for (const part of [second, fifth, third, first, first, third]) assert.equal(await smsc.fromPhone(part), 0);
    }
    const items = await everything(bridge.api());
    assert.deepEqual(items.map((item) => [item.text, item.parts, item.missing_parts]).reverse(),
        ['udh8', 'udh16', 'sar'].map((how) => [`${how}: ${text}`, 5, []]));
  });

  test('whose parts do not all come is kept as it is, and that is said', {timeout}, async (t) => {
    const {smsc, bridge} = await started(t, {inbound: {parts_wait: '1s'}});
    const [first, , third] = partsOf('a message that has three parts in all.....', {reference: 7, from: phone, to: '22384', size: 14});
    assert.equal(await smsc.fromPhone(third), 0);
    assert.equal(await smsc.fromPhone(first), 0);
    const [item] = await until('it to be kept', async () => {
      const items = await everything(bridge.api());
      return items.length && items;
    });
    assert.deepEqual([item.text, item.parts, item.missing_parts], ['a message that[...]ts in all.....', 3, [2]]);
    assert.equal(await bridge.metric('inbound_incomplete_total', {gateway: 'safaricom'}), 1);
    assert.match(bridge.log, /without all its parts.*missing=1 of=3/);
    assert.match((await bridge.cli('inbound', 'list')).stdout, /3, 1 missing/);
  });

  test('by libnet-smpp-perl: in every alphabet, by either PDU, and in parts of every kind', {timeout}, async (t) => {
    const smsc = await StrictSmsc.start(t);
    const bridge = await Bridge.start(t, {gateways: [{port: smsc.port, sessions: 1, ...quick}]});
    await bridge.up();
    const hex = (text, encoding = 'latin1') => Buffer.from(text, encoding).toString('hex');
    const utf16 = (text) => Buffer.from(text, 'utf16le').swap16().toString('hex');
    const header = (...octets) => Buffer.from([octets.length, ...octets]).toString('hex');
    const u16 = (value) => value.toString(16).padStart(4, '0'), u8 = (value) => value.toString(16).padStart(2, '0');
    const half = (how, number, text) => ({
      udh8: {esm_class: 0x40, short_message: header(0, 3, 9, 2, number) + hex(text)},
      udh16: {esm_class: 0x40, short_message: header(8, 4, 1, 9, 2, number) + hex(text)},
      sar: {short_message: hex(text), sar_msg_ref_num: u16(77), sar_total_segments: u8(2), sar_segment_seqnum: u8(number)},
      payload: {message_payload: hex(text), sar_msg_ref_num: u16(78), sar_total_segments: u8(2), sar_segment_seqnum: u8(number)},
    })[how];
    const said = [
      ['Salio {5}?', {short_message: '53616c696f201b28351b293f'}],
      ['plain', {data_coding: 1, short_message: hex('plain')}],
      ['façade', {data_coding: 3, short_message: hex('façade')}],
      ['शेष राशि 🙂', {data_coding: 8, short_message: utf16('शेष राशि 🙂')}],
      ['in the payload', {message_payload: hex('in the payload')}],
      ['by the other PDU', {command: 'data_sm', message_payload: hex('by the other PDU')}],
      ...['udh8', 'udh16', 'sar', 'payload'].map((how) => [`${how}: a half and another`, half(how, 2, ' half and another'), half(how, 1, `${how}: a`)]),
    ];
    let pdus = 0;
    for (const [, ...parts] of said) for (const part of parts) {
      smsc.fromPhone({source_addr: phone, destination_addr: '22384', ...part});
      ++pdus;
    }
    await until('all to be answered', () => smsc.events('phone_answer').length === pdus);
    assert.deepEqual(new Set(smsc.events('phone_answer').map(({status}) => status)), new Set([0]));
    const items = await everything(bridge.api());
    assert.deepEqual(items.map(({text}) => text).sort(), said.map(([text]) => text).sort());
    await bridge.stop();
    assert.deepEqual(smsc.events('violation'), []);
  });

  test('is for the tenant whose number it was sent to, else for that of the gateway', {timeout}, async (t) => {
    const smsc = await Smsc.start(t);
    const bridge = await Bridge.start(t, {
      tenants: [{name: 'umoja', numbers: ['22384']}, {name: 'tujenge', numbers: ['+254700000001']}],
      gateways: [{port: smsc.port, tenants: ['umoja', 'tujenge'], ...quick}],
    });
    await bridge.up();
    for (const [to, text] of [['22384', 'first'], ['254700000001', 'second'], ['40404', 'nobody']]) await smsc.fromPhone({from: phone, to, text});
    const texts = async (tenant) => (await everything(bridge.api(await bridge.createKey(tenant)))).map(({text}) => text);
    assert.deepEqual([await texts('umoja'), await texts('tujenge')], [['nobody', 'first'], ['second']]);
    assert.equal(await bridge.metric('inbound_unassigned_total', {gateway: 'safaricom'}), 1);
    assert.match(bridge.log, /none has the number that phones write to.*to=40404/);
  });
});

describe('a callback of a provider', () => {
  // How each writes the same, as in tests/data/providers. `first` and `second` are parts of one message.
  const form = 'application/x-www-form-urlencoded';
  const part = (number, text) => JSON.stringify({'msisdn': '254712345678', 'to': '22384', 'messageId': `p${number}`, text, 'type': 'text',
    'concat': 'true', 'concat-ref': '7', 'concat-total': '2', 'concat-part': String(number)});
  const rows = [
    ['africastalking', {username: 'u', api_key: 'k'}, [[form, 'linkId=&text=Salio%3F&to=22384&id=mo-1&from=%2B254712345678&networkCode=63902']], 'Salio?'],
    ['infobip', {base_url: 'https://x.api.infobip.com', api_key: 'k'}, [['application/json',
      JSON.stringify({results: [{messageId: 'mo-1', from: phone, to: '22384', text: 'Salio?'}]})]], 'Salio?'],
    ['vonage-sms', {api_key: 'k', api_secret: 's'}, [['application/json', part(2, ' ya mkopo?')], ['application/json', part(1, 'Salio')]], 'Salio ya mkopo?'],
  ];
  for (const [kind, account, requests, text] of rows) {
    test(`${kind}: is answered once it is kept, and a repetition is known`, {timeout}, async (t) => {
      const bridge = await Bridge.start(t, {gateways: [{name: 'main', kind, account}]});
      const api = bridge.api();
      const {pathname} = new URL((await api.gateway('main')).callback_url);
      const post = async (path = pathname) => {
        const statuses = [];
        for (const [type, body] of requests) {
          const connection = new HttpConnection(bridge.apiPort);
          statuses.push((await connection.request({method: 'POST', path, headers: [['Content-Type', type]], body})).status);
          connection.close();
        }
        return statuses;
      };
      for (let time = 0; time < 2; ++time) assert.ok((await post()).every((status) => status >= 200 && status < 206));
      await bridge.kill();
      await bridge.restart();
      assert.ok((await post()).every((status) => status >= 200 && status < 206));
      const items = await everything(bridge.api());
      assert.deepEqual(items.map((item) => [item.text, item.from, item.to, item.parts]), [[text, `+${phone}`, '22384', requests.length]]);
      assert.deepEqual(await post(`${pathname}x`), requests.map(() => 404), 'the secret in the address');
      assert.ok(!bridge.log.includes('Salio') && !bridge.log.includes(phone));
    });
  }

  test('africastalking: its opt-out stops campaigns', {timeout}, async (t) => {
    const bridge = await Bridge.start(t, {gateways: [{name: 'main', kind: 'africastalking', account: {username: 'u', api_key: 'k'}}]});
    const api = bridge.api();
    const connection = new HttpConnection(bridge.apiPort);
    t.after(() => connection.close());
    const {status} = await connection.request({method: 'POST', path: new URL((await api.gateway('main')).callback_url).pathname,
      headers: [['Content-Type', form]], body: 'senderId=SACCO&phoneNumber=%2B254712345678'});
    assert.equal(status, 200);
    assert.deepEqual((await api.get('/opt-outs')).body.items.map(({number, how}) => [number, how]), [[`+${phone}`, 'carrier']]);
    assert.equal((await api.post('/messages', {to: `+${phone}`, text: 'offer', lane: 'campaign'})).status, 422);
    // Fineract posts a message once and gets no refusal for one of a batch: it ends as failed, and the reason is there.
    const fineract = bridge.fineract();
    await api.post('/messages', {to: `+${phone}`, text: 'no campaign', lane: 'transaction'});
    await fineract.send([{internalId: 5, mobileNumber: `+${phone}`, message: 'a transaction'}]);
    assert.notEqual((await fineract.report([5]))[0].deliveryStatus, 400, 'transactions still go');
  });
});

describe('Fineract', () => {
  test('posts campaigns to who opted out: they end as failed, with the reason', {timeout}, async (t) => {
    const {smsc, bridge, api} = await started(t, {tenants: [{fineract_lane: 'campaign'}]});
    await smsc.fromPhone({from: phone, to: '22384', text: 'Acha'});
    const fineract = bridge.fineract();
    await fineract.send([{internalId: 1, mobileNumber: `+${phone}`, message: 'offer'}, {internalId: 2, mobileNumber: '+254712000002', message: 'offer'}]);
    await fineract.reaches([2], 300);
    await fineract.reaches([1], 400);
    const [message] = await api.all('client_ref=1');
    assert.match(message.status_message, /^opted_out/);
    assert.deepEqual(smsc.textsTo(phone), []);
  });
});

describe('STOP', () => {
  test('of a phone stops the very next campaign, also one that waits; START undoes it', {timeout}, async (t) => {
    const {smsc, bridge, api} = await started(t);
    const campaign = (text) => api.post('/messages', {to: `+${phone}`, text, lane: 'campaign'});
    await api.reaches((await campaign('before')).body.id, 'delivered');
    assert.equal((await api.post('/gateways/safaricom/pause')).status, 200);
    const waits = (await campaign('waits')).body.id;
    assert.equal(await smsc.fromPhone({from: phone, to: '22384', text: 'Stop!'}), 0);
    // Of the very next one the API says why, and Fineract's ends as failed.
    const refused = await campaign('after');
    assert.deepEqual([refused.status, refused.body.code], [422, 'opted-out'], JSON.stringify(refused.body));
    const otp = await api.send({to: `+${phone}`, text: 'code 123', lane: 'otp'});
    assert.equal((await api.post('/gateways/safaricom/resume')).status, 200);
    assert.match((await api.reaches(waits, 'failed')).status_message, /^opted_out/);
    await api.reaches(otp.id, 'delivered');
    assert.deepEqual(smsc.textsTo(phone), ['before', 'code 123']);
    const {body} = await api.get('/opt-outs');
    assert.deepEqual(body.items.map(({number, how, reason}) => [number, how, reason]), [[`+${phone}`, 'keyword', 'stop']]);
    assert.equal(await bridge.metric('messages_opted_out_late_total', {tenant: 'default'}), 1);
    assert.equal(await bridge.metric('messages_rejected_total', {tenant: 'default', reason: 'opted_out'}), 1);
    assert.equal(await smsc.fromPhone({from: phone, to: '22384', text: 'start'}), 0);
    await api.reaches((await campaign('again')).body.id, 'delivered');
    // The same words once more within minutes: they look like repetitions, and STOP counts all the same.
    assert.equal(await smsc.fromPhone({from: phone, to: '22384', text: 'Stop!'}), 0);
    assert.equal((await campaign('stopped')).status, 422);
    assert.ok(!bridge.log.includes(phone));
  });

  test('is known in the languages that are shipped, and no other word is taken for it', {timeout}, async (t) => {
    const {smsc, api} = await started(t);
    const rows = [['STOP', 1], ['arrêt', 1], ['Baja.', 1], ['acha!', 1], ['बंद', 1], ['Unsubscribe please', 1], ['End', 1],
      ['End of the month?', 0], ['stopper', 0], ['please stop', 0], ['Habari', 0], ['', 0]];
    for (const [index, [text]] of rows.entries()) await smsc.fromPhone({from: `25471200000${String.fromCharCode(48 + index % 10)}${index > 9 ? 1 : 0}`.slice(0, 12), to: '22384', text, coding: 8});
    const items = (await everything(api)).reverse();
    assert.deepEqual(items.map(({text, action}) => [text, action === 'opt_out' ? 1 : 0]), rows);
  });

  test('is set, lifted, imported and exported by staff, with a reason', {timeout}, async (t) => {
    const {bridge, api} = await started(t);
    const added = await api.post('/opt-outs', {number: '0712 345 678', reason: 'asked at the counter'});
    assert.deepEqual([added.status, added.body.number, added.body.how], [201, `+${phone}`, 'staff']);
    assert.equal((await api.post('/opt-outs', {number: '0712 345 678', reason: 'again'})).status, 200);
    for (const body of [{number: '12', reason: 'x'}, {number: '0712 345 678'}, {number: '0712 345 678', reason: 'x', colour: 'red'}])
      assert.equal((await api.post('/opt-outs', body)).status, 422, JSON.stringify(body));
    assert.equal((await api.request('DELETE', '/api/v1/opt-outs/%2B254712999999?reason=x')).status, 404);
    assert.equal((await api.request('DELETE', `/api/v1/opt-outs/%2B${phone}`)).status, 422, 'no reason');
    const file = join(temporaryFolder(t), 'list.csv');
    writeFileSync(file, 'number,reason\n+254712000001,"old list, 2024"\n0712000002\nnobody,x\n+254712345678,known\n');
    const imported = await bridge.cli('opt-outs', 'import', file);
    assert.equal(imported.code, 3, imported.output);
    assert.match(imported.output, /list\.csv:4: /);
    assert.match(imported.stdout, /2 added, 1 known before, 1 refused/);
    const exported = await bridge.cli('opt-outs', 'export');
    assert.deepEqual(exported.stdout.trim().split('\n').map((line) => line.split(',2')[0]),
        ['number,reason,since,how,by', '+254712000001,"old list', '+254712000002,', '+254712345678,asked at the counter'].map((line, index) => index === 1 ? '+254712000001,"old list, 2024"' : line));
    assert.match((await bridge.cli('opt-outs', 'list')).stdout, /\+254712345678\t.*\tstaff\tasked at the counter\t/);
    const removed = await bridge.cli('opt-outs', 'remove', '0712345678', '--reason', 'wants them again');
    assert.match(removed.stdout, /\+254712345678 gets campaigns again/);
    assert.deepEqual((await api.get('/opt-outs?limit=1')).body.items.map(({number}) => number), ['+254712000001']);
    const next = (await api.get('/opt-outs?limit=1')).body.next_cursor;
    assert.deepEqual((await api.get(`/opt-outs?limit=1&cursor=${encodeURIComponent(next)}`)).body.items.map(({number}) => number), ['+254712000002']);
    // A campaign by the command line, of one who opted out.
    const sent = await bridge.cli('send', '+254712000001', 'offer', '--lane', 'campaign');
    assert.match(sent.output, /opted_out: this phone wants none/);
  });
});

describe('a rule', () => {
  test('answers its keyword once, from the number that the phone wrote to', {timeout}, async (t) => {
    const {smsc, bridge, api} = await started(t, {tenants: [{numbers: ['22384']}]});
    const made = await bridge.cli('inbound-rules', 'create', 'hours', '--set', 'keywords=[HOURS, Saa]', '--set', 'answer=We are open from 8 to 17.');
    assert.equal(made.code, 0, made.output);
    assert.equal((await bridge.cli('inbound-rules', 'create', 'bye', '--set', 'keywords=[KWAHERI]', '--set', 'action=opt_out',
        '--set', 'answer=You get no more news.')).code, 0);
    const wrong = await bridge.cli('inbound-rules', 'create', 'balance', '--set', 'keywords=[BAL]', '--set', 'answer=You have {{balance}}.');
    assert.match(wrong.output, /no values stand in an answer/);
    for (const text of ['saa ngapi?', 'saa ngapi?']) assert.equal(await smsc.fromPhone({from: phone, to: '22384', text}), 0);
    await smsc.fromPhone({from: phone, to: '22384', text: 'Kwaheri.'});
    await until('both answers', () => smsc.textsTo(phone).length === 2);
    assert.deepEqual(smsc.messages().map(({source, text}) => [source, text]), [['22384', 'We are open from 8 to 17.'], ['22384', 'You get no more news.']]);
    const items = await everything(api);
    assert.deepEqual(items.map(({rule, action, answered}) => [rule, action, answered]), [['bye', 'opt_out', true], ['hours', 'answer', true]]);
    assert.equal((await api.post('/messages', {to: `+${phone}`, text: 'x', lane: 'campaign'})).status, 422);
    assert.match((await bridge.cli('inbound-rules', 'list')).stdout, /hours\t100\tHOURS,Saa\t/);
    const gone = await bridge.cli('inbound-rules', 'delete', 'hours', '--yes');
    assert.equal(gone.code, 0, gone.output);
    await smsc.fromPhone({from: phone, to: '22384', text: 'Saa'});
    assert.equal((await everything(api))[0].rule, null);
  });
});

// A small generator with a printed seed, so that a failing run can be repeated as far as time allows.
function random(seed) {
  let state = seed >>> 0 || 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

function shuffled(list, chance) {
  for (let at = list.length - 1; at > 0; --at) {
    const other = chance(at + 1);
    [list[at], list[other]] = [list[other], list[at]];
  }
  return list;
}

describe('kills', () => {
  const messages = long ? 10_000 : 2_000, kills = 20, phones = 100, together = 200;

  test(`${messages} messages of 1 to 6 parts, in random order and twice, with ${kills} kills: each is kept once`, {timeout: long ? 1_800_000 : 300_000}, async (t) => {
    const seed = Number(process.env.SMSBRIDGE_TEST_SEED ?? Date.now() % 1_000_000);
    t.diagnostic(`seed ${seed}`);
    const chance = random(seed);
    const {smsc, bridge} = await started(t);
    const texts = Array.from({length: messages}, (_, number) => `message ${number} ${'abcdefghij'.repeat(chance(6) * 2)}`.slice(0, 20 * (1 + chance(6))));
    const toSend = [];
    for (let first = 0; first < messages; first += together) {
      const block = texts.slice(first, first + together).flatMap((text, index) => {
        const number = first + index;
        return partsOf(text, {reference: Math.floor(number / phones), how: ['udh8', 'udh16', 'sar'][chance(3)],
          from: `2547123${String(10_000 + number % phones)}`, to: '22384'});
      });
      toSend.push(...shuffled([...block, ...block.filter(() => chance(20) === 0)], chance));
    }
    const total = toSend.length;
    let answered = 0, lost = 0, killing = true;
    // What was not answered with 0 is sent again, as a centre does; and what was, sometimes, as if its answer was lost.
    const send = async () => {
      for (let part = toSend.shift(); part || killing; part = toSend.shift()) {
        const status = part && await smsc.fromPhone(part);
        if (part && status === 0) { ++answered; continue; }
        if (part) toSend.push(part);
        if (status === null) ++lost;
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    };
    const sending = Promise.all(Array.from({length: 40}, send));
    for (let kill = 0; kill < kills; ++kill) {
      const goal = total * (kill + 1) / (kills + 1);
      await until('parts to be taken', () => answered >= goal, 60_000);
      await bridge.kill();
      await bridge.restart();
    }
    killing = false;
    await sending;
    const found = await everything(bridge.api());
    const counts = new Map();
    for (const {text} of found) counts.set(text, (counts.get(text) ?? 0) + 1);
    assert.deepEqual([...counts].filter(([, count]) => count > 1), [], 'none is kept twice');
    assert.deepEqual(texts.filter((text) => !counts.has(text)), [], 'none was answered and lost');
    assert.equal(found.length, messages);
    assert.ok(lost > 0, 'the kills met messages under way');
    t.diagnostic(`${total} parts, ${lost} connections lost under them`);
  });
});

test('smsc-sim has phones: from a file, and on standard input', {timeout}, async (t) => {
  const port = await freePort();
  const file = join(temporaryFolder(t), 'phones.txt');
  writeFileSync(file, `254712345678 22384 Habari ya mkopo?\n254712000001 22384 ${'A long one. '.repeat(20)}\n`);
  const carrier = start(t, binary, ['smsc-sim', '--port', String(port), '--inbound', file, '--quiet']);
  await until('the carrier to listen', () => carrier.stdout.includes('listening'));
  const bridge = await Bridge.start(t, {gateways: [{port, ...quick}]});
  const api = bridge.api();
  const items = await until('both messages', async () => {
    const found = await everything(api);
    return found.length === 2 && found;
  });
  assert.deepEqual(items.map(({from, to, parts}) => [from, to, parts]).sort(), [['+254712000001', '22384', 2], ['+254712345678', '22384', 1]]);
  await carrier.end('SIGTERM');
  assert.match(carrier.stdout, /"phone_parts_sent":3,"phone_parts_answered":3/);
  const other = start(t, binary, ['smsc-sim', '--port', String(port), '--inbound', '-', '--quiet'], {input: 'nonsense\n254712000002 22384 STOP\n'});
  await until('the last one', async () => (await everything(api)).length === 3);
  assert.match(other.output, /write FROM TO TEXT/);
  assert.equal((await everything(api))[0].action, 'opt_out');
});
