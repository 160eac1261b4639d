// SPDX-License-Identifier: MPL-2.0
// Tenants that are made, changed, suspended and removed while the daemon runs, and what is left of one that was erased.
import assert from 'node:assert/strict';
import {readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {describe, test} from 'node:test';
import YAML from 'yaml';
import {Bridge, freePort, until} from './harness.mjs';
import {Smsc} from './peers/smpp_smsc.mjs';
import {WebhookReceiver} from './peers/webhook_receiver.mjs';

const timeout = 120_000;
const ownKey = '0b1d7c52-5d4e-4c1b-9f77-6b1e8a0c2d11';

// A daemon with one tenant of its file, and whoever runs it.
const started = async (t, options = {}) => {
  const smsc = await Smsc.start(t);
  const bridge = await Bridge.start(t, {gateways: [{port: smsc.port, reconnect_first: '20ms', reconnect_max: '200ms'}], ...options});
  if (bridge.config.gateways.length > 0) await bridge.up();
  return {smsc, bridge, api: bridge.api(), owner: bridge.api(await bridge.createOwnerKey())};
};
const change = (api, method, path, body, etag = '*') => api.request(method, `/api/v1${path}`, {body, headers: {'If-Match': etag}});
const refusal = ({status, body}) => [status, body.code];
const umoja = {name: 'umoja', default_country: 'KE', fineract_app_key: [ownKey], description: 'Umoja SACCO'};
const allOf = (bridge, name) => bridge.cli(...name).then((done) => {
  assert.equal(done.code, 0, done.output);
  return done.stdout;
});

async function make(owner, settings = umoja) {
  const made = await owner.post('/tenants', settings);
  assert.equal(made.status, 201, JSON.stringify(made.body));
  return made;
}

// What the store's file holds on the disk, as somebody with a copy of it sees it.
const fileOf = (bridge) => readFileSync(join(bridge.folder, 'data', 'data.mdb')).toString('latin1');

describe('a tenant', () => {
  test('is made, sends, is changed, and is there after a restart', {timeout}, async (t) => {
    const {bridge, owner} = await started(t, {gateways: []});
    const made = await make(owner);
    assert.equal(made.headers.location, '/api/v1/tenants/umoja');
    assert.deepEqual([made.body.managed_by, made.body.settings.fineract_app_key], ['api', {sealed: true}]);
    assert.deepEqual((await owner.get('/tenants')).body.items.map(({name, managed_by: by, number}) => [name, by, number]),
                     [['default', 'file', 1], ['umoja', 'api', 2]]);
    const key = await bridge.createKey('umoja');
    const fineract = bridge.fineract({tenant: 'umoja', key: ownKey});
    const own = bridge.api(key);
    assert.deepEqual((await own.get('/tenants')).body.items.map(({name}) => name), ['umoja'], 'it sees no other');
    assert.equal((await own.get('/tenants/default')).status, 404);
    assert.deepEqual(await fineract.bridges(), []);
    const changed = await change(owner, 'PATCH', '/tenants/umoja', {sender: 'UMOJA'}, made.headers.etag);
    assert.equal(changed.status, 200, JSON.stringify(changed.body));
    assert.deepEqual(refusal(await change(owner, 'PATCH', '/tenants/umoja', {sender: 'OTHER'}, made.headers.etag)), [412, 'precondition-failed']);
    assert.deepEqual((await fineract.report([1])), [], 'a key that nobody sent again stays');
    await bridge.stop();
    for (const text of [JSON.stringify(made.body), JSON.stringify(changed.body), bridge.log, fileOf(bridge)]) assert.ok(!text.includes(ownKey));
    await bridge.restart();
    assert.equal((await bridge.api(key).get('/tenants/umoja')).body.sender, 'UMOJA');
    assert.deepEqual(await bridge.fineract({tenant: 'umoja', key: ownKey}).report([1]), []);
    const bad = await bridge.api(await bridge.createOwnerKey()).post('/tenants', {...umoja, name: 'a/b', time_zone: 'Nairobi'});
    assert.deepEqual(bad.body.errors.map(({pointer}) => pointer), ['/name', '/time_zone']);
  });

  test('of the file stays its file\'s, and none is made by the key of another', {timeout}, async (t) => {
    const {bridge, api, owner} = await started(t);
    assert.deepEqual(refusal(await change(owner, 'PATCH', '/tenants/default', {sender: 'X'})), [409, 'managed-by-file']);
    assert.deepEqual(refusal(await change(owner, 'DELETE', '/tenants/default')), [409, 'managed-by-file']);
    const refused = await api.post('/tenants', umoja);
    assert.deepEqual(refusal(refused), [403, 'forbidden'], 'the only tenant is not the owner: it would have a neighbour');
    assert.match(refused.body.detail, /--owner/);
    // One that comes into the file takes the place of the one made here, which is there again when it leaves.
    await make(owner);
    writeFileSync(bridge.configFile, YAML.stringify({...bridge.config, tenants: [...bridge.config.tenants, {name: 'umoja', fineract_app_key: [], sender: 'FILE'}]}));
    await allOf(bridge, ['reload']);
    assert.deepEqual((({managed_by: by, sender}) => [by, sender])((await owner.get('/tenants/umoja')).body), ['file', 'FILE']);
    writeFileSync(bridge.configFile, YAML.stringify(bridge.config));
    await allOf(bridge, ['reload']);
    assert.deepEqual((({managed_by: by, sender}) => [by, sender])((await owner.get('/tenants/umoja')).body), ['api', null]);
  });

  test('goes when nobody names it, and its keys with it', {timeout}, async (t) => {
    const {bridge, owner} = await started(t, {gateways: []});
    await make(owner);
    const key = await bridge.createKey('umoja');
    await owner.post('/templates', {name: 'theirs', tenants: ['umoja'], texts: {en: 'x'}});
    await owner.post('/webhooks', {name: 'bank', tenant: 'umoja', url: 'https://bank.example.org/x', enabled: false});
    const refused = await change(owner, 'DELETE', '/tenants/umoja');
    assert.deepEqual(refusal(refused), [409, 'state-conflict']);
    assert.match(refused.body.detail, /webhook bank, template theirs/);
    await change(owner, 'DELETE', '/templates/theirs');
    await change(owner, 'DELETE', '/webhooks/bank');
    assert.equal((await change(owner, 'DELETE', '/tenants/umoja?dry_run=true')).status, 200);
    assert.equal((await bridge.api(key).get('/tenants')).status, 200, 'a dry run removes nothing');
    assert.equal((await change(owner, 'DELETE', '/tenants/umoja')).status, 200);
    assert.equal((await bridge.api(key).get('/tenants')).status, 401);
    await make(owner);
    assert.equal((await bridge.api(key).get('/tenants')).status, 401, 'what was made for the one before is not good for this one');
  });

  test('that is suspended sends nothing, and nothing that its Fineract posts is lost', {timeout}, async (t) => {
    const {smsc, bridge, owner} = await started(t);
    await make(owner, {...umoja, default_gateway: 'safaricom'});
    const api = bridge.api(await bridge.createKey('umoja'));
    const before = await api.send({to: '+254712000001', text: 'before', client_ref: 'before'});
    await api.reaches(before.id, 'delivered');
    await change(owner, 'PATCH', '/tenants/umoja', {enabled: false});
    const refused = await api.post('/messages', {to: '+254712000001', text: 'x'});
    assert.deepEqual(refusal(refused), [403, 'forbidden']);
    assert.match(refused.body.detail, /suspended/);
    const byOwner = await owner.post('/messages', {to: '+254712000001', text: 'x'}, {headers: {'Smsbridge-Tenant': 'umoja'}});
    assert.deepEqual(refusal(byOwner), [403, 'forbidden']);
    const fineract = bridge.fineract({tenant: 'umoja', key: ownKey});
    await fineract.send([{internalId: 77, mobileNumber: '0712000002', message: 'salary'}]);
    const [reported] = await fineract.report([77]);
    assert.deepEqual([reported.deliveryStatus, /suspended/.test(reported.errorMessage)], [400, true]);
    await until('the log to say so', () => /a suspended tenant's Fineract posts messages/.test(bridge.log));
    await change(owner, 'PATCH', '/tenants/umoja', {enabled: true});
    const {body: {items: [kept]}} = await api.get('/messages?client_ref=77');
    assert.equal((await api.post(`/messages/${kept.id}/retry`)).status, 200);
    await api.reaches(kept.id, 'delivered');
    assert.deepEqual(smsc.textsTo('254712000002'), ['salary']);
  });

  test('is brought about by apply, shown by export, and handled by the command line', {timeout}, async (t) => {
    const {smsc, bridge, owner} = await started(t, {gateways: []});
    const file = join(bridge.folder, 'more.yaml');
    writeFileSync(join(bridge.folder, 'key.txt'), `${ownKey}\n`);
    writeFileSync(join(bridge.folder, 'password.txt'), 'secret\n');
    writeFileSync(file, YAML.stringify({
      tenants: [{name: 'umoja', default_country: 'KE', default_gateway: 'theirs', gateways: ['theirs'], fineract_app_key: [{file: 'key.txt'}]}],
      gateways: [{name: 'theirs', kind: 'smpp', host: '127.0.0.1', port: smsc.port, system_id: 'umoja', password: {file: 'password.txt'}, tenants: ['umoja']}]}));
    const dry = await bridge.cli('apply', '-f', file, '--dry-run');
    assert.equal(dry.code, 0, dry.output);
    assert.match(dry.stdout, /tenant umoja: would be created\ngateway theirs: would be created/);
    const applied = await bridge.cli('apply', '-f', file, '--yes');
    assert.equal(applied.code, 0, applied.output);
    const {settings: {default_gateway: usual, gateways}} = (await owner.get('/tenants/umoja')).body;
    assert.deepEqual([usual, gateways], ['theirs', ['theirs']]);
    assert.deepEqual((await bridge.fineract({tenant: 'umoja', key: ownKey}).bridges()).map(({providerName}) => providerName), ['theirs']);
    const again = await bridge.cli('apply', '-f', file, '--yes');
    assert.match(again.stdout, /gateway theirs: (unchanged|changed)/, again.output);
    const other = join(bridge.folder, 'other.yaml');
    writeFileSync(other, YAML.stringify({templates: [{name: 'greeting', texts: {en: 'x'}}]}));
    const pruned = await bridge.cli('apply', '-f', other, '--prune', '--dry-run');
    assert.doesNotMatch(pruned.stdout, /tenant umoja/, 'a file that names no tenant removes none');
    const exported = YAML.parse(await allOf(bridge, ['export']));
    assert.deepEqual(exported.tenants.map(({name, fineract_app_key: key}) => [name, key]),
                     [['default', {sealed: true}], ['umoja', {sealed: true}]]);
    assert.match(await allOf(bridge, ['tenants', 'list']), /umoja\tactive\tKE/);
    assert.match(await allOf(bridge, ['tenants', 'change', 'umoja', '--set', 'enabled=false']), /tenant umoja is changed/);
    assert.match(await allOf(bridge, ['tenants', 'show', 'umoja']), /state\tsuspended/);
    const refused = await bridge.cli('tenants', 'delete', 'umoja', '--yes');
    assert.equal(refused.code, 6, refused.output);
    assert.match(refused.output, /gateway theirs/);
    assert.match(await allOf(bridge, ['tenants', 'delete', 'umoja', '--yes', '--erase']), /tenant umoja is deleted\n0 messages were erased/);
    assert.equal((await owner.get('/gateways/theirs')).status, 404, 'it was for this tenant alone');
  });
});

describe('keys of a tenant', () => {
  test('are made, used, told apart and removed, by the API and by commands', {timeout}, async (t) => {
    const {bridge, owner} = await started(t, {gateways: []});
    await make(owner);
    const made = await owner.post('/tenants/umoja/keys', {kind: 'fineract', name: 'head office'});
    assert.equal(made.status, 201, JSON.stringify(made.body));
    assert.match(made.body.key, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    const fineract = bridge.fineract({tenant: 'umoja', key: made.body.key});
    assert.deepEqual(await fineract.report([1]), []);
    const {body: {items}} = await owner.get('/tenants/umoja/keys');
    assert.deepEqual(items.map(({kind, of_settings: of, last_used_at: at}) => [kind, of, at !== null]), [['fineract', true, false], ['fineract', false, true]]);
    assert.equal((await change(owner, 'DELETE', `/tenants/umoja/keys/${items[0].id}`)).status, 409, 'it stands in the settings');

    const manager = bridge.api(await bridge.createKey('umoja', 'manager', '--scope', 'keys:manage,messages:read'));
    const more = await manager.post('/tenants/umoja/keys', {scopes: ['messages:send']});
    assert.deepEqual([more.status, more.body.errors[0].pointer], [422, '/scopes'], 'nobody gives what he has not');
    const errors = await manager.post('/tenants/umoja/keys', {scopes: ['message:read'], addresses: ['10.0.0.0/99'], expires: 'soon', kind: 'x', colour: 'red'});
    assert.deepEqual(errors.body.errors.map(({pointer}) => pointer).sort(), ['/addresses', '/colour', '/expires', '/kind', '/scopes', '/scopes']);
    const elsewhere = await manager.post('/tenants/umoja/keys', {scopes: ['messages:read'], addresses: ['10.9.0.0/16'], expires: '90d'});
    assert.deepEqual(refusal(await bridge.api(elsewhere.body.key).get('/messages')), [403, 'forbidden']);
    await until('the log to say so', () => /used from an address that it is not for/.test(bridge.log));
    const here = await manager.post('/tenants/umoja/keys', {scopes: ['messages:read'], addresses: ['127.0.0.0/8']});
    assert.equal((await bridge.api(here.body.key).get('/messages')).status, 200);

    assert.match(await allOf(bridge, ['tenants', 'keys', 'umoja']), /head office/);
    const byCommand = (await allOf(bridge, ['tenants', 'make-key', 'umoja', '--fineract'])).trim();
    assert.deepEqual(await bridge.fineract({tenant: 'umoja', key: byCommand}).report([1]), []);
    const byStore = (await allOf(bridge, ['keys', 'create', '--tenant', 'umoja', '--fineract'])).trim();
    assert.deepEqual(await bridge.fineract({tenant: 'umoja', key: byStore}).report([1]), []);
    await bridge.stop();
    for (const secret of [made.body.key, byCommand, byStore, here.body.key]) for (const text of [fileOf(bridge), bridge.log]) assert.ok(!text.includes(secret));
    await bridge.restart();
    const again = bridge.api(await bridge.createOwnerKey());
    const kept = (await again.get('/tenants/umoja/keys')).body.items.find(({id}) => id === made.body.id);
    assert.ok(kept.last_used_at, 'known after a restart');
    assert.match(await allOf(bridge, ['keys', 'list']), new RegExp(`${made.body.id}\tumoja\thead office\tnever\t\\(Fineract\\)\t[^\t]+\tany\t20`));
    assert.equal((await again.request('DELETE', `/api/v1/tenants/umoja/keys/${made.body.id}`)).status, 200);
    await assert.rejects(bridge.fineract({tenant: 'umoja', key: made.body.key}).report([1]), ({status}) => status === 401);
  });
});

describe('lanes of a tenant', () => {
  test('its login codes are good and kept for as long as it says, and nobody else\'s', {timeout}, async (t) => {
    const {bridge, owner} = await started(t);
    await make(owner, {...umoja, default_gateway: 'safaricom', lanes: {otp: {validity: '3m'}}});
    const its = bridge.api(await bridge.createKey('umoja'));
    const [code, transaction] = await its.sendAll([{to: '+254712000001', text: '1234', lane: 'otp'}, {to: '+254712000001', text: 'paid'}]);
    const mine = await bridge.api().send({to: '+254712000002', text: '5678', lane: 'otp'});
    const {created_at: from, expires_at: end} = await its.message(code);
    assert.ok(Date.parse(end) - Date.parse(from) <= 180_000, `${from} to ${end}`);
    for (const id of [code, transaction]) await its.reaches(id, 'delivered');
    await bridge.api().reaches(mine.id, 'delivered');
    const changed = await change(owner, 'PATCH', '/tenants/umoja', {lanes: {otp: {retention: '1s'}}});
    assert.equal(changed.status, 200, JSON.stringify(changed.body));
    await until('the code to be gone', async () => (await its.get(`/messages/${code}`)).status === 404);
    assert.equal((await its.message(transaction)).state, 'delivered');
    assert.equal((await bridge.api().message(mine.id)).state, 'delivered');
  });
});

describe('gateways of a tenant', () => {
  test('are those that it names, and no others', {timeout}, async (t) => {
    const smsc = await Smsc.start(t);
    const quick = {port: smsc.port, reconnect_first: '20ms', reconnect_max: '200ms'};
    const {bridge, owner} = await started(t, {gateways: [{name: 'first', ...quick}, {name: 'shared', ...quick}],
                                              routes: [{name: 'all', id: 90, via: [{gateway: 'first'}, {gateway: 'shared'}]}]});
    const settings = {kind: 'smpp', host: '127.0.0.1', ...quick, system_id: 's', password: 'p'};
    assert.equal((await owner.post('/gateways', {name: 'made', ...settings})).status, 201);
    await make(owner, {...umoja, gateways: ['shared', 'made']});
    const its = bridge.api(await bridge.createKey('umoja')), fineract = bridge.fineract({tenant: 'umoja', key: ownKey});
    const ways = async () => (await fineract.bridges()).map(({providerName}) => providerName).sort();
    assert.deepEqual(await ways(), ['all', 'made', 'shared']);
    assert.deepEqual(refusal(await its.post('/messages', {to: '+254712000001', text: 'x', gateway: 'first'})), [422, 'no-route']);
    const {id} = await its.send({to: '+254712000001', text: 'by the second of the route'});
    assert.equal((await its.reaches(id, 'delivered')).gateway, 'shared');
    assert.equal((await fineract.exchange({method: 'POST', path: '/smsbridges', headers: fineract.headers('smsbridges'), body: '{}'})).status, 403, 'it could not use it');

    for (const [names, expected] of [[['nobody'], /unknown gateway 'nobody'/], [[], null], [['made'], null]]) {
      const answer = await change(owner, 'PATCH', '/tenants/umoja', {gateways: names});
      assert.equal(answer.status, expected ? 422 : 200, JSON.stringify(answer.body));
      if (expected) assert.match(answer.body.detail, expected);
    }
    assert.deepEqual(await ways(), ['made']);
    const needed = await change(owner, 'DELETE', '/gateways/made');
    assert.deepEqual(refusal(needed), [409, 'state-conflict']);
    assert.match(needed.body.detail, /these tenants name the gateway made: umoja/);
    const away = await change(owner, 'PATCH', '/tenants/umoja', {gateways: ['shared']});
    assert.deepEqual(away.body.cut_off.providers.map(({name}) => name), ['made'], JSON.stringify(away.body));
    assert.equal((await change(owner, 'DELETE', '/gateways/made')).status, 200);
  });
});

describe('limits of a tenant', () => {
  test('a full queue refuses whole requests, and Fineract\'s batch is kept as failed', {timeout}, async (t) => {
    const {bridge, owner} = await started(t, {gateways: []});
    const down = {name: 'down', kind: 'smpp', host: '127.0.0.1', port: await freePort(), system_id: 's', password: 'p', tenants: ['umoja', 'default']};
    await make(owner);
    assert.equal((await owner.post('/gateways', down)).status, 201);
    assert.equal((await change(owner, 'PATCH', '/tenants/umoja', {default_gateway: 'down', limits: {queue: 5}})).status, 200);
    assert.equal(await bridge.metric('queue_limit_messages', {tenant: 'umoja'}), 5);
    const api = bridge.api(await bridge.createKey('umoja'));
    const batch = (count) => ({messages: Array.from({length: count}, (_, n) => ({to: '+254712000001', text: `m ${n}`}))});
    assert.equal((await api.post('/messages/batch', batch(4))).body.accepted, 4);
    const refused = await api.post('/messages/batch', batch(2));
    assert.deepEqual(refusal(refused), [429, 'queue-full']);
    assert.match(refused.body.detail, /limits\.queue: 5/);
    assert.ok(Number(refused.headers['retry-after']) > 0);
    assert.equal((await api.post('/messages', {to: '+254712000001', text: 'the fifth'})).status, 202);
    const fineract = bridge.fineract({tenant: 'umoja', key: ownKey});
    await fineract.send([{internalId: 1, mobileNumber: '0712000001', message: 'a'}, {internalId: 2, mobileNumber: '0712000001', message: 'b'}]);
    const reported = await fineract.report([1, 2]);
    assert.deepEqual(reported.map(({deliveryStatus: status, errorMessage}) => [status, /limits.queue/.test(errorMessage)]), [[400, true], [400, true]]);
    assert.equal((await bridge.api().post('/messages', {to: '+254712000001', text: 'x', gateway: 'down'})).status, 202, 'its neighbour is not held up');
    assert.match(bridge.log, /a tenant's queue is full/);
    await change(owner, 'PATCH', '/tenants/umoja', {limits: {queue: 100}});
    assert.equal((await api.post('/messages/batch', batch(2))).status, 202);
  });

  test('beyond its rate campaigns are held back, and lock no transactions out, which are refused where they alone are too many', {timeout}, async (t) => {
    const {bridge, owner} = await started(t);
    await make(owner, {...umoja, default_gateway: 'safaricom', limits: {rate: '1/s'}});
    const api = bridge.api(await bridge.createKey('umoja'));
    const campaign = await api.post('/messages/batch', {messages: Array.from({length: 100}, (_, n) => ({to: '+254712000001', text: `m ${n}`, lane: 'campaign'}))});
    assert.equal(campaign.body.accepted, 100, JSON.stringify(campaign.body));
    const last = await api.message(campaign.body.items[99].id);
    assert.equal(last.state, 'scheduled');
    assert.ok(await bridge.metric('messages_held_back_total', {tenant: 'umoja'}) >= 98);
    assert.equal((await api.post('/messages', {to: '+254712000001', text: 'a transaction'})).status, 202);
    const refused = await api.post('/messages/batch', {messages: [{to: '+254712000001', text: 'a second'}, {to: '+254712000001', text: 'a third'}]});
    assert.deepEqual(refusal(refused), [429, 'queue-full']);
    assert.match(refused.body.detail, /limits\.rate/);
  });
});

describe('a tenant that is erased', () => {
  test('has nothing left in the store\'s file, and its neighbour everything', {timeout}, async (t) => {
    const receiver = await WebhookReceiver.start(t);
    const {smsc, bridge, api, owner} = await started(t, {tenants: [{default_gateway: 'safaricom', numbers: ['40404']}]});
    await make(owner, {...umoja, default_gateway: 'safaricom', numbers: ['50505'], allow_private_targets: ['127.0.0.1']});
    const its = bridge.api(await bridge.createKey('umoja'));
    const down = {name: 'theirs', kind: 'smpp', host: '127.0.0.1', port: await freePort(), system_id: 's', password: 'p', tenants: ['umoja']};
    assert.equal((await owner.post('/gateways', down)).status, 201);
    receiver.answer = () => 500;
    assert.equal((await owner.post('/webhooks', {name: 'bank', tenant: 'umoja', url: receiver.url, retry: ['1h']})).status, 201);
    const secrets = ['Kwaheri ya kuonana', '254799000', '254788111', 'STOPTHEM', 'ref-of-theirs'];
    const sent = [];
    for (let n = 0; n < 300; ++n) sent.push({to: `+254799000${String(n).padStart(3, '0')}`, text: `Kwaheri ya kuonana ${n}`, client_ref: `ref-of-theirs-${n}`});
    await its.sendAll(sent);
    await its.sendAll(sent.slice(0, 50).map(({to}, n) => ({to, text: `Kwaheri ya kuonana, wait ${n}`, gateway: 'theirs'})));
    await until('theirs to be delivered', async () => (await its.get('/messages/counts')).body.by_state.delivered === 300);
    assert.equal((await its.post('/opt-outs', {number: '+254788111222', reason: 'STOPTHEM'})).status, 201);
    assert.equal(await smsc.fromPhone({from: '254788111333', to: '50505', text: 'Kwaheri ya kuonana'}), 0);
    const mine = await api.send({to: '+254711222333', text: 'stays with the neighbour', client_ref: 'mine'});
    await api.reaches(mine.id, 'delivered');
    const usage = (await owner.get('/usage')).body.items.filter(({tenant}) => tenant === 'umoja');
    for (const secret of secrets) assert.ok(fileOf(bridge).includes(secret), `${secret} is there before`);

    const gone = await change(owner, 'DELETE', '/tenants/umoja?erase=true');
    assert.equal(gone.status, 200, JSON.stringify(gone.body));
    assert.deepEqual([gone.body.erased.messages, gone.body.erased.overwritten], [350, true]);
    const file = fileOf(bridge);
    for (const secret of secrets) assert.ok(!file.includes(secret), `${secret} lies in the file still: ${JSON.stringify(file.slice(file.indexOf(secret) - 200, file.indexOf(secret) + 100))}`);
    assert.ok(file.includes('stays with the neighbour'));
    assert.deepEqual((await owner.get('/gateways')).body.items.map(({name}) => name), ['safaricom']);
    assert.deepEqual((await owner.get('/webhooks')).body.items, []);

    // Whoever comes by the same name finds nothing of it, and the neighbour goes on.
    await make(owner, {...umoja, default_gateway: 'safaricom'});
    assert.deepEqual((await owner.get('/usage')).body.items.filter(({tenant}) => tenant === 'umoja'), usage, 'what a bill is compared with stays');
    const next = bridge.api(await bridge.createKey('umoja'));
    assert.deepEqual((await next.get('/messages')).body.items, []);
    assert.deepEqual((await next.get('/opt-outs')).body.items, []);
    const {id} = await next.send({to: '+254799000001', text: 'a new one', client_ref: 'ref-of-theirs-1'});
    await next.reaches(id, 'delivered');
    await bridge.stop();
    const verified = await bridge.cli('store', 'verify');
    assert.equal(verified.code, 0, verified.output);
    await bridge.restart();
    assert.equal((await bridge.api().message(mine.id)).text, 'stays with the neighbour');
    assert.equal((await bridge.api().get('/messages/counts')).body.by_state.delivered, 1);
    assert.doesNotMatch(bridge.log, /cannot be read|did not agree/);
  });
});
