// SPDX-License-Identifier: MPL-2.0
// The Fineract listener against a client that behaves as an unmodified Fineract does: recorded requests, byte for byte,
// and every promise that Fineract relies on. The carrier is a message centre over the npm package `smpp`; once it is ours.
import assert from 'node:assert/strict';
import {readdirSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import {after, before, describe, test} from 'node:test';
import smpp from 'smpp';
import {appKey, binary, Bridge, contract, FineractFailure, freePort, gson, here, HttpConnection, long, recorded, start, until} from './harness.mjs';
import {Smsc} from './peers/smpp_smsc.mjs';

const timeout = 180_000;
const samples = join(here, '..', 'data', 'fineract');

// A stand-in for the test context in before(): collects what is to be undone, and does it in after(), last thing first.
class Undo {
  #steps = [];
  after(step) { this.#steps.push(step); }
  async run() { for (const step of this.#steps.splice(0).reverse()) await step(); }

  // Prepares what tests share. When that fails, nothing of it may stay: it would keep this process alive.
  async prepare(work) {
    try {
      await work();
    } catch (error) {
      await this.run();
      throw error;
    }
  }
}

let lastId = 100_000;
const nextId = () => ++lastId;
const batchOf = (count, more = {}) => Array.from({length: count}, () => {
  const internalId = nextId();
  return {internalId, tenantId: 'default', mobileNumber: '0712000001', message: `message ${internalId}`, providerId: 1, ...more};
});
const idsOf = (batch) => batch.map(({internalId}) => internalId);

// By the last digit of the number: what the carrier does with it.
const phone = {good: '0712000001', undelivered: '0712000003', refused: '0712000004', silent: '0712000005', halfLost: '0712000006'};

const answers = ({destination}) => (destination === '254712000004' ? {status: smpp.ESME_RINVDSTADR} : {});
const receipts = ({destination, number}) => {
  if (destination === '254712000003') return {state: 'UNDELIV', err: '011'};
  if (destination === '254712000005') return null;
  if (destination === '254712000006' && number === 2) return {state: 'UNDELIV'};
  return {};
};

test('the contract holds together: schemas compile, examples fit', () => {
  const {operations, examples} = contract.checkItself();
  assert.ok(operations >= 22 && examples >= 5);
});

describe('with a carrier that is up', {timeout: 900_000}, () => {
  const undo = new Undo();
  let smsc, bridge, fineract, api;

  before(() => undo.prepare(async () => {
    smsc = await Smsc.start(undo, {port: await freePort(), answer: answers, receipt: receipts});
    bridge = await Bridge.start(undo, {
      tenants: [{}, {name: 'second', key: 'another-key'}],
      gateways: [{port: smsc.port}, {port: smsc.port, tenants: ['default', 'second']}],
    });
    fineract = bridge.fineract();
    api = bridge.api();
    await bridge.up('safaricom');
    await bridge.up('promo');
  }));
  after(() => undo.run());

  const exchange = (request, client = fineract) => client.exchange(request);

  // One message as the API shows it, found by Fineract's id.
  const stored = async (internalId) => {
    const {body} = await api.get(`/messages?client_ref=${internalId}`);
    return body.items;
  };

  const delivered = (text) => smsc.messages().filter((message) => message.text === text);
  const arrived = (text, count = 1) => until(`'${text.slice(0, 60)}' to be delivered`, () => delivered(text).length >= count && delivered(text));

  // -------------------------------------------------------------------------------------------------------------------
  describe('recorded requests', () => {
    test('a batch of the job: accepted, decoded, delivered, reported', {timeout}, async () => {
      const answer = await exchange(recorded('sms-post.request.headers', 'sms-post.request.json'));
      assert.deepEqual([answer.status, answer.body.length, answer.kept], [202, 0, true]);
      await fineract.reaches([1041, 1042, 1043], 300);
      assert.equal((await arrived('Dear Amina O\'Brien, your instalment of 4500.50 is due on 25-11-2024.'))[0].destination, '254712345678');
      assert.equal((await arrived('Mpendwa Wanjikũ, mkopo wako 000000019 unadaiwa 1200.000000 <KES>.'))[0].destination, '254733000111');
      assert.equal((await arrived('{{ not a template any more: the gateway gets final text }}'))[0].destination, '254799000222');
      const [message] = await stored(1042);
      assert.deepEqual([message.source, message.lane, message.encoding, message.success, message.gateway], ['fineract', 'transaction', 'ucs2', true, 'safaricom']);
    });

    for (const [name, id, text] of [
      ['sms-post-triggered', 1050, 'Dear Amina, your client account is active.'],
      ['sms-post-triggered-no-internal-id', undefined, 'Dear Amina, we received 4500.50 on loan 000000012. Balance 45499.50.'],
      ['sms-post-otp', 1051, 'Your login code is 40912.'],
      ['sms-post-string-ids', 55, 'Hello from a shell script'],
    ]) {
      test(name, {timeout}, async () => {
        const answer = await exchange(recorded(`${name}.request.headers`, `${name}.request.json`));
        assert.deepEqual([answer.status, answer.body.length], [202, 0]);
        await arrived(text);
        if (id) await fineract.reaches([id], 300);
      });
    }

    test('string ids: the number without its leading 0, and the second bridge', {timeout}, async () => {
      const [message] = await stored(55);
      assert.deepEqual([message.to, message.gateway], ['+254712345678', 'promo']);
    });

    test('an empty array: 202; with an empty key: 401', {timeout}, async () => {
      const request = recorded('sms-post-empty.request.headers', 'sms-post-empty.request.json');
      assert.equal((await exchange(request)).status, 401, 'the recorded key is empty, and ours is not');
      request.headers = request.headers.map(([name, value]) => [name, name === 'Fineract-Tenant-App-Key' ? appKey : value]);
      assert.equal((await exchange(request)).status, 202);
    });

    for (const generation of ['fineract-1.5-and-earlier', 'fineract-1.6-and-later']) {
      test(`report of ${generation}`, {timeout}, async () => {
        const answer = await exchange(recorded(`sms-report.request.${generation}.headers`, 'sms-report.request.json'));
        assert.deepEqual([answer.status, answer.headers['content-type'].split(';')[0]], [200, 'application/json']);
        const elements = JSON.parse(answer.body);
        assert.deepEqual(elements.map(({id}) => id).sort(), ['1041', '1042', '1043', '1050'], '900 was never posted');
        for (const element of elements) assert.deepEqual([element.hasError, element.deliveryStatus], [false, 300]);
      });
    }

    test('the list of bridges', {timeout}, async () => {
      const answer = await exchange(recorded('smsbridges.request.headers'));
      assert.deepEqual([answer.status, answer.headers['content-type'].split(';')[0]], [200, 'application/json']);
      assert.deepEqual(JSON.parse(answer.body).map(({id, providerName}) => [id, providerName]), [[1, 'safaricom'], [2, 'promo']]);
      assert.deepEqual((await fineract.bridges()).map(({id}) => id), [1, 2]);
    });

    test('details of one message', {timeout}, async () => {
      const answer = await exchange(recorded('sms-details.request.headers'));
      const details = JSON.parse(answer.body);
      assert.deepEqual([answer.status, String(details.internalId), details.deliveryStatus, details.bridgeId], [200, '1041', 300, 1]);
    });

    // What this version does not offer is refused in a way that a client can read, and the connection stays usable.
    const bodies = new Set(readdirSync(samples).filter((name) => /\.(json|txt)$/.test(name)));
    const others = readdirSync(samples).filter((name) => /^hook-.*\.headers$/.test(name));
    const pairs = others.map((name) => {
      const base = name.replace(/\.headers$/, '');
      return [name, [`${base}.json`, `${base}.txt`].find((body) => bodies.has(body))];
    });
    pairs.push(['hook-loan-approve.headers', 'hook-loan-approve.flat-fineract-1.4.json']);
    test(`${pairs.length} requests for what is not offered here`, {timeout}, async () => {
      const client = bridge.fineract();
      for (const [headers, body] of pairs) {
        const answer = await exchange({...recorded(headers, body), unknownPath: true}, client);
        assert.ok([404, 405].includes(answer.status), `${headers}: ${answer.status}`);
        assert.equal((await client.bridges()).length, 2, `after ${headers}`);
      }
    });
  });

  // -------------------------------------------------------------------------------------------------------------------
  describe('paths', () => {
    const headers = () => fineract.headers('sms/report');
    for (const path of ['/sms%2Freport', '/sms%2freport', '/sms/report', '//sms//report', '/%2Fsms%2Freport', '/sms/report/']) {
      test(`POST ${path}`, {timeout}, async () => {
        const answer = await exchange({method: 'POST', path, headers: headers(), body: '[1041]'});
        assert.deepEqual([answer.status, JSON.parse(answer.body)[0]?.id], [200, '1041']);
      });
    }
    for (const path of ['/sms', '//sms', '/sms/', '/%2Fsms']) {
      test(`POST ${path}`, {timeout}, async () => {
        assert.equal((await exchange({method: 'POST', path, headers: headers(), body: '[]'})).status, 202);
      });
    }
    test('a path that is not there is 404 in Fineract\'s shape, a wrong method 405; neither is a redirect', {timeout}, async () => {
      assert.equal((await exchange({method: 'POST', path: '/sms/nowhere', headers: headers(), body: '[]', unknownPath: true})).status, 404);
      assert.equal((await exchange({method: 'GET', path: '/sms', headers: headers()})).status, 405);
    });
  });

  // -------------------------------------------------------------------------------------------------------------------
  describe('who may', () => {
    const post = (headers, client = fineract) => exchange({method: 'POST', path: '/sms', headers: [['Content-Type', 'application/json'], ...headers], body: '[]'}, client);

    test('the two headers are enough: no Accept, no Content-Type, no User-Agent', {timeout}, async () => {
      const headers = [['Fineract-Platform-TenantId', 'default'], ['Fineract-Tenant-App-Key', appKey]];
      assert.equal((await exchange({method: 'POST', path: '/sms', headers, body: '[]'})).status, 202);
      assert.equal((await exchange({method: 'POST', path: '/sms%2Freport', headers, body: '[]'})).status, 200);
      assert.equal((await exchange({method: 'GET', path: '/smsbridges', headers})).status, 200);
    });

    for (const [name, headers] of [
      ['a wrong key', [['Fineract-Platform-TenantId', 'default'], ['Fineract-Tenant-App-Key', 'wrong']]],
      ['an empty key', [['Fineract-Platform-TenantId', 'default'], ['Fineract-Tenant-App-Key', '']]],
      ['no key', [['Fineract-Platform-TenantId', 'default']]],
      ['no tenant', [['Fineract-Tenant-App-Key', appKey]]],
      ['an unknown tenant', [['Fineract-Platform-TenantId', 'nobody'], ['Fineract-Tenant-App-Key', appKey]]],
      ['the key of another tenant', [['Fineract-Platform-TenantId', 'default'], ['Fineract-Tenant-App-Key', 'another-key']]],
    ]) {
      test(`${name}: 401 in Fineract's shape`, {timeout}, async () => {
        const answer = await post(headers);
        assert.deepEqual([answer.status, JSON.parse(answer.body).userMessageGlobalisationCode], [401, 'error.msg.not.authenticated']);
        for (const path of ['/sms%2Freport', '/sms/report']) {
          assert.equal((await exchange({method: 'POST', path, headers, body: '[1041]'})).status, 401);
        }
        assert.equal((await exchange({method: 'GET', path: '/smsbridges', headers})).status, 401);
        assert.equal((await exchange({method: 'GET', path: '/sms/details/1041', headers})).status, 401);
      });
    }

    test('who is refused is said in the log, once a minute and tenant; so are ids that nobody posted', {timeout}, async () => {
      for (let round = 0; round < 3; round++) {
        assert.equal((await post([['Fineract-Platform-TenantId', 'elsewhere'], ['Fineract-Tenant-App-Key', appKey]])).status, 401);
        assert.equal((await post([['Fineract-Platform-TenantId', `nobody-${'x'.repeat(500)}`], ['Fineract-Tenant-App-Key', appKey]])).status, 401);
        assert.equal((await post([['Fineract-Platform-TenantId', 'second'], ['Fineract-Tenant-App-Key', 'wrong']])).status, 401);
        await fineract.report([990_001 + round]);
      }
      const lines = (about) => bridge.process.output.split('\n').filter((line) => line.includes(about));
      await until('the log to say it', () => lines('was refused (401)').some((line) => line.includes('elsewhere') && line.includes('unknown tenant')));
      await until('the log to say it', () => ['never posted', 'nobody-xxx', 'tenant=second'].every((about) => lines(about).length > 0));
      assert.equal(lines('tenant=elsewhere').length, 1);
      assert.equal(lines('nobody-xxx').length, 1);
      assert.ok(!bridge.process.output.includes('x'.repeat(100)), 'bounded');
      assert.equal(lines('tenant=second').filter((line) => line.includes('wrong key')).length, 1);
    });

    test('so is a post that cannot be read, and one to another address: both are lost', {timeout}, async () => {
      const headers = [['Fineract-Platform-TenantId', 'default'], ['Fineract-Tenant-App-Key', appKey]];
      for (let round = 0; round < 3; round++) {
        assert.equal((await exchange({method: 'POST', path: '/sms', headers, body: '[{},]'})).status, 400);
        assert.equal((await exchange({method: 'POST', path: '/gateway/sms', headers, body: '[]', unknownPath: true})).status, 404);
      }
      const lines = (about) => bridge.process.output.split('\n').filter((line) => line.includes(about));
      await until('the log to say it', () => ['was refused (400)', 'there is nothing at'].every((about) => lines(about).length > 0));
      assert.equal(lines('was refused (400)').filter((line) => line.includes('tenant=default') && line.includes('JSON array')).length, 1);
      assert.match(lines('there is nothing at')[0], /end_point/);
    });

    test('tenants are kept apart: report, details and duplicates', {timeout}, async () => {
      const other = bridge.fineract({tenant: 'second', key: 'another-key'});
      assert.deepEqual(await other.report([1041, 1042]), []);
      assert.equal((await other.details(1041)).status, 404);
      const [message] = batchOf(1, {message: 'the same id at two tenants'});
      await fineract.send([message]);
      await other.send([message]);
      await arrived(message.message, 2);
      await other.reaches([message.internalId], 300);
    });

    test('tenantId in the body does not count', {timeout}, async () => {
      const [message] = batchOf(1, {tenantId: 'second'});
      await fineract.send([message]);
      await fineract.reaches([message.internalId], 300);
      assert.deepEqual(await bridge.fineract({tenant: 'second', key: 'another-key'}).report([message.internalId]), []);
    });
  });

  // -------------------------------------------------------------------------------------------------------------------
  describe('what is taken', () => {
    test('the same batch twice, and twice at once: one SMS each', {timeout}, async () => {
      const batch = batchOf(20);
      await fineract.send(batch);
      await fineract.send(batch);
      const clients = Array.from({length: 6}, () => bridge.fineract());
      const racing = batchOf(20);
      await Promise.all(clients.map((client) => client.send(racing)));
      await fineract.reaches([...idsOf(batch), ...idsOf(racing)], 300);
      await fineract.send(batch);  // also after it was delivered
      const [mark] = batchOf(1);
      await fineract.send([mark]);
      await fineract.reaches([mark.internalId], 300);
      for (const {message} of [...batch, ...racing]) assert.equal(delivered(message).length, 1, message);
    });

    test('the same message twice in one batch is one SMS', {timeout}, async () => {
      const [message, mark] = batchOf(2);
      await fineract.send([message, message, mark]);
      await fineract.reaches([message.internalId, mark.internalId], 300);
      assert.equal(delivered(message.message).length, 1);
    });

    test('the same id with other content is a new message, and the report tells of the newest', {timeout}, async () => {
      const [message] = batchOf(1);
      await fineract.send([message]);
      await fineract.reaches([message.internalId], 300);
      const again = {...message, message: `${message.message}, from a restored database`, mobileNumber: phone.undelivered};
      await fineract.send([again]);
      await fineract.reaches([message.internalId], 400);
      assert.equal((await fineract.report([message.internalId])).length, 1);
      assert.equal((await stored(message.internalId)).length, 2);
      assert.equal(delivered(again.message).length, 1);
    });

    test('the same text without an id is sent each time', {timeout}, async () => {
      const message = {mobileNumber: phone.good, message: `no id ${nextId()}`, providerId: 1};
      await fineract.send([message]);
      await fineract.send([message]);
      await arrived(message.message, 2);
    });

    for (const count of [200, 2000]) {
      test(`a batch of ${count}`, {timeout}, async () => {
        const batch = batchOf(count);
        await fineract.send(batch);
        for (let at = 0; at < count; at += 200) await fineract.reaches(idsOf(batch.slice(at, at + 200)), 300);
        const texts = new Map();
        for (const {text} of smsc.messages()) texts.set(text, (texts.get(text) ?? 0) + 1);
        assert.deepEqual(batch.filter(({message}) => texts.get(message) !== 1), []);
      });
    }

    test('several batches at once, as the job posts them', {timeout}, async () => {
      const batches = Array.from({length: 10}, () => batchOf(50));
      await Promise.all(batches.map((batch) => bridge.fineract().send(batch)));
      await fineract.reaches(batches.flatMap(idsOf), 300);
    });

    test('bad entries become failed messages with a reason, and the rest goes', {timeout}, async () => {
      const good = batchOf(2);
      const [noNumber, emptyNumber, letters, tooShort, tooLong, noText, emptyText, unknownBridge, wrongBridge] = batchOf(9);
      delete noNumber.mobileNumber;
      emptyNumber.mobileNumber = '';
      letters.mobileNumber = 'none';
      tooShort.mobileNumber = '12';
      tooLong.mobileNumber = '+2547123456781234567890';
      delete noText.message;
      emptyText.message = '';
      unknownBridge.providerId = 99;
      wrongBridge.providerId = 'main';
      const bad = [noNumber, emptyNumber, letters, tooShort, tooLong, noText, emptyText, unknownBridge, wrongBridge];
      await fineract.send([good[0], ...bad, good[1]]);
      await fineract.reaches(idsOf(good), 300);
      const reported = await fineract.reaches(idsOf(bad), 400);
      for (const [id, element] of reported) {
        assert.equal(element.hasError, false, id);
        assert.ok(element.errorMessage, `${id} has no reason`);
      }
      for (const {internalId} of bad) {
        const [message] = await stored(internalId);
        assert.deepEqual([message?.success, message?.segments.some(({provider_message_id: id}) => id)], [false, false], String(internalId));
        assert.ok(message.status_message);
      }
    });

    test('entries that are no messages at all do not refuse the others', {timeout}, async () => {
      const [good] = batchOf(1);
      await fineract.send(`[5,null,"text",[],{},{"internalId":true,"mobileNumber":7,"message":{}},{"internalId":1.5,"mobileNumber":"0712000001","message":"x"},${gson(good)}]`);
      await fineract.reaches([good.internalId], 300);
    });

    test('members that we do not know, or that are not Fineract\'s to set, are ignored', {timeout}, async () => {
      const [message] = batchOf(1);
      await fineract.send([{...message, id: 1, externalId: 'x'.repeat(500), deliveryStatus: 300, hasError: true, type: 'SMS', createdOnDate: 'x', new: {a: [1]}}]);
      const element = (await fineract.reaches([message.internalId], 300)).get(String(message.internalId));
      assert.notEqual(element.externalId, 'x'.repeat(500));
      await until('it to be at the carrier', () => delivered(message.message).length === 1);
    });

    test('ids at the edges of 64 bits', {timeout}, async () => {
      const ids = ['9223372036854775807', '9007199254740993', '9007199254740992', '1'];
      const body = `[${ids.map((id) => `{"internalId":${id},"mobileNumber":"0712000001","message":"edge ${id}","providerId":1}`).join(',')}]`;
      await fineract.send(body);
      await until('all to be delivered', async () => {
        const elements = await fineract.report(ids.map(BigInt));
        assert.deepEqual(elements.map(({id}) => id).sort(), [...ids].sort());
        return elements.every(({deliveryStatus}) => deliveryStatus === 300);
      });
    });

    for (const [given, wanted] of [
      ['0712345678', '+254712345678'], ['712345678', '+254712345678'], ['+254712345678', '+254712345678'], ['254712345678', '+254712345678'],
      ['00254712345678', '+254712345678'], ['+254 712-345 678', '+254712345678'], ['(0712) 345.678', '+254712345678'], [' 0712345678 ', '+254712345678'],
      ['+256772123456', '+256772123456'], ['00447400123456', '+447400123456'],
    ]) {
      test(`number '${given}' is ${wanted}`, {timeout}, async () => {
        const [message] = batchOf(1, {mobileNumber: given});
        await fineract.send([message]);
        await fineract.reaches([message.internalId], 300);
        assert.equal((await stored(message.internalId))[0].to, wanted);
        assert.equal(`+${delivered(message.message)[0].destination}`, wanted);
      });
    }

    test('texts: entities, quotes, lines, other alphabets, 1000 characters', {timeout}, async () => {
      const texts = new Map([
        ['&quot;A&quot; &amp; &lt;B&gt; O&#39;Brien&#10;next &#x20AC;', '"A" & <B> O\'Brien\nnext €'],
        ['&amp;lt; is decoded once', '&lt; is decoded once'],
        ['5 & 6; &unknown; &#; stay', '5 & 6; &unknown; &#; stay'],
        ['"quoted" \\ back\nline', '"quoted" \\ back\nline'],
        ['हिंदी 中文 😀', 'हिंदी 中文 😀'],
        ['ũ'.repeat(1000), 'ũ'.repeat(1000)],
      ]);
      const batch = [...texts.keys()].map((message) => batchOf(1, {message})[0]);
      await fineract.send(batch);
      await fineract.reaches(idsOf(batch), 300);
      for (const [given, wanted] of texts) assert.equal(delivered(wanted).length, 1, given.slice(0, 60));
    });

    test('half of a surrogate pair is no reason to fall over', {timeout}, async () => {
      const [good] = batchOf(1);
      await fineract.send(`[{"internalId":${nextId()},"mobileNumber":"0712000001","message":"\\ud83d"},${gson(good)}]`);
      await fineract.reaches([good.internalId], 300);
    });

    test('a body in Latin-1, from old Spring', {timeout}, async () => {
      const [message] = batchOf(1, {message: 'Prêt approuvé à Ségou, 50 £ ¿sí?'});
      await fineract.send(Buffer.from(gson([message]), 'latin1'));
      await fineract.reaches([message.internalId], 300);
      assert.equal(delivered(message.message).length, 1);
    });

    test('a body with one octet that is no UTF-8: the others keep their letters', {timeout}, async () => {
      const batch = [...batchOf(1, {message: 'Mpendwa Wanjikũ, asante'}), ...batchOf(1, {message: 'Pr\u00EAt accept\u00E9'}), ...batchOf(1, {message: 'Wanjikũ na X\u00E9'})];
      const [first, second, third] = batch.map((message) => Buffer.from(gson(message)));
      const latin = Buffer.from(gson(batch[1]), 'latin1');
      const mixed = Buffer.concat([third.subarray(0, third.indexOf('\u00E9')), Buffer.from([0xE9]), third.subarray(third.indexOf('\u00E9') + 2)]);
      assert.notDeepEqual(latin, second);
      await fineract.send(Buffer.concat([Buffer.from('['), first, Buffer.from(','), latin, Buffer.from(','), mixed, Buffer.from(']')]));
      await fineract.reaches(idsOf(batch), 300);
      for (const {message} of batch) assert.equal(delivered(message).length, 1, message);
    });

    test('a byte order mark before the array', {timeout}, async () => {
      const [message] = batchOf(1);
      await fineract.send(`\uFEFF${gson([message])}`);
      await fineract.reaches([message.internalId], 300);
    });

    test('fields that are too long are cut between characters, and the list stays readable', {timeout}, async () => {
      const batch = [...batchOf(1, {mobileNumber: `${'x'.repeat(49)}é`}), ...batchOf(1, {internalId: `x${'é'.repeat(60)}`})];
      await fineract.send(batch);
      await until('both to be listed', async () => {
        const {body} = await api.get('/messages?limit=20');
        return body.items.some(({to}) => to === 'x'.repeat(49)) && body.items.some(({client_ref: ref}) => ref === `x${'é'.repeat(49)}`);
      });
      assert.ok(!bridge.process.output.includes('was not valid UTF-8'), 'and nothing had to be repaired');
    });

    test('the blanks of an editor do not cost another alphabet', {timeout}, async () => {
      const [message] = batchOf(1, {message: 'Salio:&nbsp;KES\u00A01\u202F000&#8239;tu'});
      await fineract.send([message]);
      await fineract.reaches([message.internalId], 300);
      const [kept] = await stored(message.internalId);
      assert.deepEqual([kept.text, kept.encoding], ['Salio: KES 1 000 tu', 'gsm7']);
    });

    test('a chunked body, in pieces of any size', {timeout}, async () => {
      const [message] = batchOf(1, {message: `in pieces: Wanjikũ ${nextId()}`});
      const body = Buffer.from(gson([message]));
      const chunks = [];
      for (let at = 0; at < body.length; at += 7) chunks.push(body.subarray(at, at + 7));
      const answer = await exchange({method: 'POST', path: '/sms', headers: fineract.headers('sms'), chunks});
      assert.equal(answer.status, 202);
      await arrived(message.message);
    });

    for (const [name, body] of [['no JSON', '[{"internalId":1,'], ['an object', '{"internalId":1}'], ['a text', '"hello"'], ['nothing', ''],
      ['nested too deeply', '['.repeat(100_000)]]) {
      test(`${name} instead of an array: 400, and the connection goes on`, {timeout}, async () => {
        const client = bridge.fineract();
        for (const path of ['/sms', '/sms%2Freport']) {
          assert.equal((await exchange({method: 'POST', path, headers: client.headers('sms'), body}, client)).status, 400, path);
          await client.send([]);
        }
      });
    }
  });

  // -------------------------------------------------------------------------------------------------------------------
  describe('size', () => {
    const limit = 4 * 1024 * 1024;
    // White space between entries fills the body; what counts is that all of it is read.
    const bodyOf = (size, batch) => {
      const json = gson(batch);
      return `${json.slice(0, -1)}${' '.repeat(size - Buffer.byteLength(json))}]`;
    };

    test('just under 4 MiB is taken', {timeout}, async () => {
      const batch = batchOf(200);
      const body = bodyOf(limit - 1, batch);
      assert.equal(Buffer.byteLength(body), limit - 1);
      await fineract.send(body);
      await fineract.reaches(idsOf(batch), 300);
    });

    for (const how of ['with Content-Length', 'chunked']) {
      test(`above 4 MiB is 413 with a reason, ${how}; nothing of it is taken, and what follows works`, {timeout}, async () => {
        const client = bridge.fineract();
        const batch = batchOf(2);
        const body = Buffer.from(bodyOf(limit + 1, batch));
        const chunks = [];
        for (let at = 0; at < body.length; at += 65536) chunks.push(body.subarray(at, at + 65536));
        const answer = await exchange({method: 'POST', path: '/sms', headers: client.headers('sms'), ...(how === 'chunked' ? {chunks} : {body})}, client);
        assert.equal(answer.status, 413);
        assert.match(JSON.parse(answer.body).developerMessage, /4 ?MiB|4194304/);
        await client.send([]);  // on the same connection, or a new one when the answer said so
        assert.deepEqual(await client.report(idsOf(batch)), []);
      });
    }

    test('headers of 14 KiB are taken, of 40 KiB refused', {timeout}, async () => {
      const headers = [...fineract.headers('sms'), ['Accept-Charset', 'x-charset, '.repeat(1200).slice(0, 14_000)]];
      assert.equal((await exchange({method: 'POST', path: '/sms', headers, body: '[]'})).status, 202);
      const connection = new HttpConnection(bridge.fineractPort);
      const answer = await connection.request({method: 'POST', path: '/sms', headers: [...fineract.headers('sms'), ['X-Long', 'x'.repeat(40_000)]], body: '[]'});
      contract.check({listener: 'fineract', method: 'POST', path: '/sms', transport: true, ...answer});
      assert.equal(answer.status, 431);
      connection.close();
    });

    test('what is not HTTP is answered with 400 or closed, and harms nobody', {timeout}, async () => {
      for (const bytes of ['\x16\x03\x01\x02\x00\x01\x00', 'GET\r\n\r\n', 'POST /sms HTTP/1.1\r\nContent-Length: x\r\n\r\n', '\0'.repeat(100)]) {
        const connection = new HttpConnection(bridge.fineractPort);
        await connection.raw(Buffer.concat([Buffer.from(bytes, 'latin1'), Buffer.from('\r\n\r\n')]));
        try {
          const answer = await connection.read();
          contract.check({listener: 'fineract', method: 'POST', path: '/sms', transport: true, ...answer});
        } catch (error) {
          assert.match(error.message, /end of file|ECONNRESET/);
        }
        connection.close();
      }
      await fineract.send([]);
    });
  });

  // -------------------------------------------------------------------------------------------------------------------
  describe('connections', () => {
    test('500 requests on one kept-alive connection', {timeout}, async () => {
      const client = bridge.fineract();
      for (let round = 0; round < 125; round++) {
        await client.send(batchOf(1));
        await client.report([lastId]);
        await client.bridges();
        await client.send([]);
      }
      assert.equal(client.connection.connections, 1);
    });

    test('a refused request does not cost the connection', {timeout}, async () => {
      const client = bridge.fineract();
      client.key = 'wrong';
      for (let round = 0; round < 5; round++) await assert.rejects(client.send(batchOf(3)), (error) => error instanceof FineractFailure && error.status === 401);
      client.key = appKey;
      await client.send([]);
      assert.equal(client.connection.connections, 1);
    });

    test('an idle connection is kept for well over a minute', {timeout, skip: !long && 'takes 90 s: ./test.sh --long'}, async () => {
      const client = bridge.fineract();
      await client.send([]);
      await new Promise((resolve) => setTimeout(resolve, 90_000));
      await client.send([]);
      assert.equal(client.connection.connections, 1);
    });
  });

  // -------------------------------------------------------------------------------------------------------------------
  describe('the report', () => {
    test('300, 400 and 150: what became of each, as Fineract\'s own job applies it', {timeout}, async () => {
      const [good, undelivered, refused, silent] = [phone.good, phone.undelivered, phone.refused, phone.silent].map((mobileNumber) => batchOf(1, {mobileNumber})[0]);
      await fineract.send([good, undelivered, refused, silent]);
      const rows = new Map([good, undelivered, refused, silent].map(({internalId}) => [internalId, {status: 150}]));
      await until('three fates to be known', async () => {
        await fineract.pollReports(rows);
        return [...rows.values()].filter(({status}) => status !== 150).length === 3;
      });
      assert.deepEqual([...rows.values()].map(({status}) => status), [300, 400, 400, 150]);
      await until('the last to be at the carrier', () => delivered(silent.message).length === 1);
      await fineract.reaches([silent.internalId], 150);
      const [failed] = await fineract.report([refused.internalId]);
      assert.match(failed.errorMessage, /0x0000000B|ESME_RINVDSTADR|destination/i);
      smsc.sendReceipt(smsc.submits.find(({text}) => text === silent.message));
      await until('the late receipt to count', async () => {
        await fineract.pollReports(rows);
        return rows.get(silent.internalId).status === 300;
      });
    });

    test('a message of two parts: 300 when both arrived, 400 when one did not', {timeout}, async () => {
      const [whole, half] = [batchOf(1)[0], batchOf(1, {mobileNumber: phone.halfLost})[0]];
      for (const message of [whole, half]) message.message = message.message.padEnd(200, '.');
      await fineract.send([whole, half]);
      await fineract.reaches([whole.internalId], 300);
      await fineract.reaches([half.internalId], 400);
    });

    test('only ids asked for, each once, whatever is asked', {timeout}, async () => {
      const batch = batchOf(3);
      await fineract.send(batch);
      const [a, b, c] = idsOf(batch);
      const unknown = 77_000_000;
      const ids = (elements) => elements.map(({id}) => id).sort();
      assert.deepEqual(ids(await fineract.report([a, a, b, a])), [String(a), String(b)]);
      assert.deepEqual(ids(await fineract.report([unknown, c])), [String(c)], 'an unknown id is left out');
      assert.deepEqual(await fineract.report([unknown]), []);
      assert.deepEqual(await fineract.report([]), []);
      assert.deepEqual(ids(await fineract.report([String(a), String(b)])), [String(a), String(b)], 'ids as texts');
      assert.deepEqual(ids(await fineract.report([-1, 0, 10n ** 30n, c, 'x'])), [String(c)], 'ids that cannot be');
    });

    test('externalId is one of ours, short, and stays', {timeout}, async () => {
      const [message] = batchOf(1);
      await fineract.send([message]);
      const first = (await fineract.report([message.internalId]))[0].externalId;
      const later = (await fineract.reaches([message.internalId], 300)).get(String(message.internalId)).externalId;
      assert.ok(first && first.length <= 100);
      assert.equal(first, later);
    });

    test('the same 200 ids again and again: every answer is whole, and quick', {timeout}, async () => {
      const batch = batchOf(200, {mobileNumber: phone.silent});
      await fineract.send(batch);
      const ids = idsOf(batch);
      const begin = Date.now();
      for (let round = 0; round < 200; round++) assert.equal((await fineract.report(ids)).length, 200);
      assert.ok(Date.now() - begin < 20_000, `${Date.now() - begin} ms for 200 reports`);
    });
  });

  test('neither texts nor keys nor whole numbers are in the log', {timeout}, async () => {
    assert.doesNotMatch(bridge.log, /login code|40912|Brien|mkopo wako/);
    assert.ok(!bridge.log.includes(appKey));
    assert.doesNotMatch(bridge.log, /254712345678|254733000111/);
  });

  test('the carrier saw nothing that is not SMPP', () => {
    assert.deepEqual(smsc.errors, []);
  });
});

test('a carrier that is down refuses nothing: 202 at once, 100 in the report, delivered later', {timeout}, async (t) => {
  const port = await freePort();
  const bridge = await Bridge.start(t, {gateways: [{port}]});
  const fineract = bridge.fineract();
  const batch = batchOf(200);
  const begin = Date.now();
  await fineract.send(batch);
  assert.ok(Date.now() - begin < 5_000, 'answered fast');
  for (const element of await fineract.report(idsOf(batch))) assert.deepEqual([element.deliveryStatus, element.hasError], [100, false]);
  // The largest batch that Fineract can post: 200 texts of 1000 characters, every one escaped.
  const large = batchOf(200).map((message) => ({...message, message: 'ũ'.repeat(1000)}));
  await fineract.send(gson(large).replaceAll('ũ', '\\u0169'));
  assert.equal((await fineract.report(idsOf(large))).length, 200);

  const smsc = new Smsc({port});
  await smsc.listen();
  t.after(() => smsc.stop());
  await fineract.reaches(idsOf(batch), 300);
  assert.deepEqual(smsc.errors, []);
});

test('killed after the 202: nothing is lost, nothing is sent twice, duplicates are still known', {timeout}, async (t) => {
  const smsc = await Smsc.start(t, {port: await freePort()});
  const bridge = await Bridge.start(t, {gateways: [{port: smsc.port}]});
  let fineract = bridge.fineract();
  await bridge.up();
  const first = batchOf(50);
  await fineract.send(first);
  await fineract.reaches(idsOf(first), 300);
  await bridge.kill();
  await smsc.stop();
  await bridge.restart();
  fineract = bridge.fineract();
  const second = batchOf(100);
  await fineract.send(second);
  await bridge.kill();  // in this very moment
  const again = new Smsc({port: smsc.options.port});
  await again.listen();
  t.after(() => again.stop());
  await bridge.restart();
  fineract = bridge.fineract();
  await fineract.send(first);
  await fineract.send(second);
  await fineract.reaches([...idsOf(first), ...idsOf(second)], 300);
  assert.deepEqual(again.messages().map(({text}) => text).sort(), second.map(({message}) => message).sort());
  assert.deepEqual(again.errors, []);
});

describe('a path prefix', {timeout: 300_000}, () => {
  const undo = new Undo();
  let bridge;
  before(() => undo.prepare(async () => {
    bridge = await Bridge.start(undo, {gateways: [{port: await freePort()}], listen: {fineract_prefix: '/message-gateway'}});
  }));
  after(() => undo.run());

  // end_point as an operator may write it in Fineract.
  for (const endPoint of ['message-gateway', '/message-gateway', 'message-gateway/']) {
    for (const generation of ['1.6', '1.5']) {
      test(`end_point '${endPoint}', Fineract ${generation}`, {timeout}, async () => {
        const fineract = bridge.fineract({endPoint, generation});
        const batch = batchOf(1);
        await fineract.send(batch);
        assert.equal((await fineract.report(idsOf(batch))).length, 1);
        assert.equal((await fineract.bridges()).length, 1);
      });
    }
  }

  test('the recorded report', {timeout}, async () => {
    const answer = await bridge.fineract().exchange(recorded('sms-report.request.with-end-point.headers', 'sms-report.request.json'));
    assert.deepEqual([answer.status, JSON.parse(answer.body)], [200, []]);
  });
});

test('our own message centre does as well: smsbridge smsc-sim', {timeout}, async (t) => {
  const port = await freePort();
  const simulator = start(t, binary, ['smsc-sim', '--port', String(port), '--account', 'umoja:secret', '--receipt-delay', '50ms']);
  const bridge = await Bridge.start(t, {gateways: [{port}]});
  const fineract = bridge.fineract();
  await bridge.up();
  const batch = batchOf(200);
  await fineract.send(batch);
  await fineract.reaches(idsOf(batch), 300);
  assert.equal(simulator.how, undefined, simulator.output);
});

test('every recorded request of the folder is used by a test', () => {
  const source = readFileSync(join(here, 'fineract.test.mjs'), 'utf8');
  const unused = readdirSync(samples).filter((name) => name.endsWith('.headers')).filter((name) => {
    if (/^(hook-|tenants-|smsbridges-)/.test(name)) return false;
    const base = name.replace(/(\.request)?\.headers$/, '').replace(/^sms-report\.request\./, '');
    return !source.includes(base);
  });
  assert.deepEqual(unused, []);
});
