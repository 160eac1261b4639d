// SPDX-License-Identifier: MPL-2.0
// Gateways and routes that are made, changed and removed while the daemon runs: over the API, by the command line, and
// by `apply` and `export`. The carriers are SMSCs of the npm package `smpp`.
import assert from 'node:assert/strict';
import {readFileSync, statSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {describe, it} from 'node:test';
import YAML from 'yaml';
import {Bridge, binary, run, temporaryFolder, until} from './harness.mjs';
import {startProvider} from './peers/provider_standins.mjs';
import {Smsc} from './peers/smpp_smsc.mjs';

const timeout = 120_000;
const password = 'q7Zt-hidden-9';  // of at most 9 characters on the wire would be the standard; ours are not checked
const quick = {reconnect_first: '50ms', reconnect_max: '200ms'};
const accounts = {umoja: 'secret', second: 'pass-2'};

let lastNumber = 254713000000;
const nextNumber = () => `+${++lastNumber}`;

const settingsOf = (smsc, more = {}) => ({
  name: 'second', kind: 'smpp', host: '127.0.0.1', port: smsc.port, system_id: 'second', password: accounts.second, ...quick, ...more});

// A daemon with one gateway of its file, and a second carrier that it does not know yet.
async function setUp(t, options = {}) {
  const first = await Smsc.start(t, {accounts});
  const second = await Smsc.start(t, {accounts});
  const bridge = await Bridge.start(t, {gateways: [{name: 'first', port: first.port, ...quick}], ...options});
  return {bridge, api: bridge.api(), first, second};
}

const put = (api, path, body, etag) => api.request('PUT', `/api/v1${path}`, {body, headers: etag ? {'If-Match': etag} : {}});
const patch = (api, path, body, etag = '*') =>
  api.request('PATCH', `/api/v1${path}`, {body, headers: {...(etag ? {'If-Match': etag} : {}), 'Content-Type': 'application/merge-patch+json'}});
const remove = (api, path, etag = '*') => api.request('DELETE', `/api/v1${path}`, {headers: etag ? {'If-Match': etag} : {}});

async function make(api, what, settings) {
  const answer = await api.post(`/${what}`, settings);
  assert.equal(answer.status, 201, JSON.stringify(answer.body));
  return answer;
}

function refused(answer, status, code, detail) {
  assert.deepEqual([answer.status, answer.body.code], [status, code], JSON.stringify(answer.body));
  if (detail) assert.match(answer.body.detail, detail);
}

// Sends by a gateway and waits for the receipt.
async function delivers(api, gateway, text = 'Hello') {
  const {id} = await api.send({to: nextNumber(), text, gateway});
  return api.reaches(id, 'delivered');
}

function countOf(...centres) {
  const counts = new Map();
  for (const {text} of centres.flatMap(({submits}) => submits)) counts.set(text, (counts.get(text) ?? 0) + 1);
  return counts;
}

describe('a gateway over the API', () => {
  it('is made, sends, is changed and is removed', {timeout}, async (t) => {
    const {bridge, api, second} = await setUp(t);
    const made = await make(api, 'gateways', settingsOf(second));
    assert.equal(made.headers.location, '/api/v1/gateways/second');
    assert.equal(made.body.id, 2, 'the next that was never used');
    assert.equal(made.body.managed_by, 'api');
    assert.deepEqual(made.body.settings.password, {sealed: true});
    await delivers(api, 'second');
    assert.deepEqual(second.binds.map(({systemId, accepted}) => [systemId, accepted]), [['second', true]]);
    assert.deepEqual((await api.get('/gateways')).body.items.map(({name, managed_by: by}) => [name, by]), [['first', 'file'], ['second', 'api']]);
    assert.equal((await api.get('/gateways/second')).headers.etag, made.headers.etag);

    const changed = await patch(api, '/gateways/second', {rate: '50/s', retry: {first: '2s'}}, made.headers.etag);
    assert.equal(changed.status, 200, JSON.stringify(changed.body));
    assert.notEqual(changed.headers.etag, made.headers.etag);
    assert.deepEqual([changed.body.settings.rate, changed.body.settings.retry, changed.body.settings.host], ['50/s', {first: '2s'}, '127.0.0.1']);
    await until('the new rate to hold', async () => (await api.gateway('second')).rate_limit === 50);
    await delivers(api, 'second', 'with the password that nobody sent again');
    const same = await patch(api, '/gateways/second', {rate: '50/s'});
    assert.equal(same.headers.etag, changed.headers.etag, 'nothing was to change');
    const back = await patch(api, '/gateways/second', {rate: null});
    assert.equal(back.body.settings.rate, undefined);

    const whole = await put(api, '/gateways/second', {...back.body.settings, description: 'by night'}, back.headers.etag);
    assert.equal(whole.status, 200, JSON.stringify(whole.body));
    await delivers(api, 'second', 'a hidden secret that is sent back stays');

    assert.match(await bridge.metrics(), /smsbridge_gateway_up\{gateway="second"/);
    const unbinds = second.unbinds;
    await patch(api, '/gateways/second', {description: 'for people'});
    assert.equal(second.unbinds, unbinds, 'a description touches no bind');
    refused(await patch(api, '/gateways/second', {host: '127.0.0.2'}), 422, 'invalid-request', /give it again/);
    assert.equal((await remove(api, '/gateways/second')).status, 200);
    refused(await api.get('/gateways/second'), 404, 'not-found');
    await until('its bind to end', () => second.unbinds > 0);
    const metrics = await bridge.metrics();
    assert.doesNotMatch(metrics, /smsbridge_gateway_up\{gateway="second"/, 'an alert would stay for ever');
    assert.match(metrics, /smsbridge_messages_routed_total\{gateway="second"\} 3/, 'a counter never goes back');
    await make(api, 'gateways', settingsOf(second));
    assert.equal((await api.gateway('second')).id, 3, 'the number of what is gone stays its own');
    await delivers(api, 'second');
  });

  it('is checked before it is taken', {timeout}, async (t) => {
    const {bridge, api, second} = await setUp(t);
    const settings = settingsOf(second);
    const errors = async (more, ...pointers) => {
      const answer = await api.post('/gateways', {...settings, ...more});
      refused(answer, 422, 'invalid-request');
      assert.deepEqual(answer.body.errors.map(({pointer}) => pointer), pointers, JSON.stringify(answer.body));
    };
    await errors({port: 70000, retry: {first: 'soon'}, colour: 'red'}, '/port', '/retry/first', '/colour');
    await errors({kind: 'twillio'}, '/kind');
    await errors({id: 1}, '');
    await errors({password: {file: '/etc/hostname'}}, '/password');
    await errors({password: {sealed: true}}, '/password');
    refused(await api.post('/gateways', {name: 'x', kind: 'twilio', account: {account_sid: 'AC1'}}), 422, 'invalid-request', /^\/account: /);
    refused(await api.post('/gateways', {...settings, name: 'first'}), 409, 'managed-by-file');
    refused(await api.post('/gateways', {kind: 'smpp'}), 422, 'invalid-request', /name/);
    refused(await api.post('/gateways', '[]'), 422, 'invalid-request');
    refused(await api.post('/gateways', '{'), 400, 'malformed-json');
    refused(await patch(api, '/gateways/first', {rate: '1/s'}), 409, 'managed-by-file', /configuration file/);
    refused(await patch(api, '/gateways/nobody', {rate: '1/s'}), 404, 'not-found');
    const dry = await api.post('/gateways?dry_run=true', settings);
    assert.equal(dry.status, 200);
    refused(await api.get('/gateways/second'), 404, 'not-found');

    const {headers: {etag}} = await make(api, 'gateways', settings);
    refused(await api.post('/gateways', settings), 409, 'state-conflict');
    refused(await put(api, '/gateways/second', settings), 428, 'precondition-required');
    refused(await put(api, '/gateways/second', settings, '"old"'), 412, 'precondition-failed');
    refused(await remove(api, '/gateways/second', ''), 428, 'precondition-required');
    refused(await patch(api, '/gateways/second', {id: 9}), 409, 'state-conflict', /name and id/);
    refused(await patch(api, '/gateways/second', {kind: 'twilio', account: {account_sid: 'AC00000000000000000000000000000001', auth_token: 'x'}}), 422, 'invalid-request');
    const answers = await Promise.all(Array.from({length: 5}, (_, n) => patch(bridge.api(), '/gateways/second', {description: `by ${n}`}, etag)));
    assert.deepEqual(answers.map(({status}) => status).sort(), [200, 412, 412, 412, 412], 'nobody overwrites what he has not seen');
  });

  it('its password is in no answer, log or file of the store', {timeout}, async (t) => {
    const smsc = await Smsc.start(t, {accounts: {...accounts, second: password}});
    const bridge = await Bridge.start(t, {gateways: [{name: 'first', port: smsc.port, ...quick}]});
    const api = bridge.api();
    const seen = [];
    const look = ({body}) => seen.push(JSON.stringify(body));
    look(await make(api, 'gateways', settingsOf(smsc, {password})));
    look(await api.get('/gateways'));
    look(await api.get('/gateways/second'));
    look(await patch(api, '/gateways/second', {description: 'x'}));
    look(await api.post('/gateways', settingsOf(smsc, {password, name: 'third', port: 0})));
    await delivers(api, 'second');
    for (const words of [['export'], ['gateways', 'show', 'second'], ['gateways', 'show', 'second', '--json']]) seen.push((await bridge.cli(...words)).output);
    await bridge.stop();
    for (const text of [...seen, bridge.log]) assert.ok(!text.includes(password), text);
    assert.ok(!readFileSync(join(bridge.folder, 'data', 'data.mdb')).includes(password));
    assert.equal(statSync(join(bridge.folder, 'data', 'master.key')).mode & 0o777, 0o600);
  });

  it('is there again after a kill; without its master key the daemon does not start and says why', {timeout}, async (t) => {
    const {bridge, api, second} = await setUp(t);
    await make(api, 'gateways', settingsOf(second));
    await bridge.kill();
    await bridge.restart();
    await delivers(bridge.api(), 'second');
    await bridge.stop();
    writeFileSync(join(bridge.folder, 'data', 'master.key'), 'another key, as if the file had been lost\n');
    const refusal = await run(binary, ['serve', '-c', bridge.configFile]);
    assert.equal(refusal.code, 78, refusal.output);
    assert.match(refusal.output, /master key does not open the secrets of the gateway 'second'/);
  });

  it('of a provider works as one of the file: its receipts come', {timeout}, async (t) => {
    const provider = await startProvider('twilio', {t});
    const bridge = await Bridge.start(t, {gateways: []});
    bridge.config.listen.public_url = `http://127.0.0.1:${bridge.apiPort}`;
    bridge.config.allow_private_targets = ['127.0.0.1'];
    writeFileSync(bridge.configFile, YAML.stringify(bridge.config));
    await bridge.stop();
    await bridge.restart();
    const api = bridge.api();
    const settings = Object.fromEntries(Object.entries(provider.settings()).map(([key, value]) => [key, value]));
    await make(api, 'gateways', {name: 'twilio', kind: 'twilio', account: settings});
    await delivers(api, 'twilio');
    const before = (await api.gateway('twilio')).callback_url;
    await patch(api, '/gateways/twilio', {max_in_flight: 4});
    await delivers(api, 'twilio');
    assert.equal((await api.gateway('twilio')).callback_url, before, 'it stands in the provider\'s settings');
  });
});

describe('secrets', () => {
  it('go to no address that somebody chose, nor does a gateway read what only this machine reaches', {timeout}, async (t) => {
    const {bridge, api, second} = await setUp(t);
    await make(api, 'gateways', settingsOf(second));
    refused(await patch(api, '/gateways/second', {port: 1}), 422, 'invalid-request', /goes to another address now: give it again/);
    refused(await put(api, '/gateways/second', {...settingsOf(second, {port: 1}), password: {sealed: true}}, '*'), 422, 'invalid-request', /give it again/);
    assert.equal((await patch(api, '/gateways/second', {port: second.port, password: accounts.second})).status, 200);

    const request = {method: 'GET', url: `http://127.0.0.1:${bridge.apiPort}/metrics`, headers: {'X-Key': 'hidden-key'}};
    await make(api, 'gateways', {name: 'reader', kind: 'generic', account: {request, response: {rules: [{when: {status: 200}, then: {outcome: 'accepted'}}]}}});
    const {id} = await api.send({to: nextNumber(), text: 'Hello', gateway: 'reader'});
    await until('it to be refused', async () => /allow_private_targets/.test((await api.gateway('reader')).last_error ?? ''));
    assert.equal((await api.message(id)).state, 'queued', 'nothing was read');
    refused(await patch(api, '/gateways/reader', {proxy: 'http://127.0.0.1:1\r\nX: y'}), 422, 'invalid-request');
  });
});

describe('whom a change cuts off', () => {
  const nobody = {tenants: [], destinations: [], providers: []};

  it('is in the answers of the API, and asked about by the commands', {timeout}, async (t) => {
    const {bridge, api, second} = await setUp(t);
    assert.deepEqual((await make(api, 'gateways', settingsOf(second))).body.cut_off, nobody);
    const made = await make(api, 'routes', {name: 'kenya', id: 40, countries: ['KE'], via: [{gateway: 'first'}]});
    assert.deepEqual(made.body.cut_off, nobody, 'what fits no route had no default that was named');
    await make(api, 'routes', {name: 'uganda', id: 41, countries: ['UG'], via: [{gateway: 'second'}]});

    const dry = await api.request('DELETE', '/api/v1/routes/uganda?dry_run=true', {headers: {'If-Match': '*'}});
    assert.equal(dry.status, 200);
    assert.deepEqual(dry.body.cut_off, {tenants: [], destinations: [{name: 'UG', tenants: ['default']}], providers: [{id: 41, name: 'uganda', tenants: ['default']}]});
    assert.equal((await api.get('/routes/uganda')).status, 200);

    const kept = await bridge.cli('routes', 'change', 'uganda', '--set', 'countries=[TZ]');
    assert.equal(kept.code, 2, kept.output);
    assert.match(kept.output, /nothing goes to UG any more, of default[^]*--yes/);
    assert.deepEqual((await api.get('/routes/uganda')).body.countries, ['UG']);
    const drained = await bridge.cli('gateways', 'drain', 'second');
    assert.equal(drained.code, 2, drained.output);
    assert.match(drained.output, /Fineract's provider 2 \(second\) takes nothing any more/);
    assert.equal((await api.gateway('second')).draining_since, null);
    assert.equal((await bridge.cli('gateways', 'drain', 'second', '--yes')).code, 0);
    assert.deepEqual((await api.post('/gateways/first/drain?dry_run=true')).body.cut_off.tenants, ['default']);
    assert.equal((await api.gateway('first')).draining_since, null);
    await api.post('/gateways/second/resume');

    const file = join(bridge.folder, 'ways.yaml');
    writeFileSync(file, YAML.stringify({routes: [{name: 'uganda', countries: ['TZ'], via: [{gateway: 'second'}]}]}));
    const applied = await bridge.cli('apply', '-f', file);
    assert.match(applied.output, /nothing goes to UG any more/);
    assert.notEqual(applied.code, 0);
    assert.equal((await bridge.cli('apply', '-f', file, '--yes')).code, 0);
    assert.deepEqual((await api.get('/routes/uganda')).body.countries, ['TZ']);

    bridge.config.tenants.push({name: 'tujenge', fineract_app_key: []});
    writeFileSync(bridge.configFile, YAML.stringify(bridge.config));
    assert.equal((await bridge.cli('reload')).code, 0);
    bridge.config.tenants.pop();
    writeFileSync(bridge.configFile, YAML.stringify(bridge.config));
    const refusedReload = await bridge.cli('reload');
    assert.equal(refusedReload.code, 2, refusedReload.output);
    assert.match(refusedReload.output, /tenants without any way out: tujenge/);
    assert.equal((await bridge.cli('reload', '--yes')).code, 0);
    assert.match(bridge.log, /a change cut somebody off/);
    assert.match(bridge.log, /removed=tujenge/);
    assert.match(bridge.log, /by="?[a-z0-9]+ on this host/);
    assert.match(bridge.log, /by="key [0-9a-f]{8} \(test\)"/);
  });
});

describe('a change', () => {
  it('touches only the gateway that changed, and loses and doubles nothing', {timeout}, async (t) => {
    const {bridge, api, first, second} = await setUp(t);
    await make(api, 'gateways', settingsOf(second, {sessions: 2, window: 20}));
    await bridge.up('second');
    await bridge.up('first');
    const firstBinds = first.binds.length;
    const messages = Array.from({length: 3000}, (_, n) => ({to: nextNumber(), text: `number ${n}`, gateway: n % 2 ? 'first' : 'second'}));
    const ids = await api.sendAll(messages);
    for (let n = 0; n < 5; ++n) {
      const before = second.binds.length;
      assert.equal((await patch(api, '/gateways/second', {window: 10 + n})).status, 200);
      await until('it to bind anew', () => second.binds.length > before);
    }
    await until('all to be delivered', async () => (await api.get('/messages/counts')).body.by_state.delivered === ids.length, 60_000);
    assert.equal(first.binds.length, firstBinds, 'the other one was left alone');
    assert.ok(second.binds.length >= 7, `${second.binds.length} binds`);
    const copies = countOf(first, second);
    assert.equal(copies.size, messages.length);
    assert.deepEqual([...copies].filter(([, count]) => count !== 1), []);
    assert.deepEqual([...first.errors, ...second.errors], []);
  });

  it('to an address where nobody is leaves the messages waiting; the next one brings them out', {timeout}, async (t) => {
    const {api, second} = await setUp(t);
    await make(api, 'gateways', settingsOf(second));
    await delivers(api, 'second');
    await patch(api, '/gateways/second', {port: 1, password: accounts.second});
    const ids = await api.sendAll(Array.from({length: 50}, (_, n) => ({to: nextNumber(), text: `waits ${n}`, gateway: 'second'})));
    refused(await remove(api, '/gateways/second'), 409, 'state-conflict', /50 messages wait/);
    await patch(api, '/gateways/second', {port: second.port, password: accounts.second});
    for (const id of ids) await api.reaches(id, 'delivered');
    assert.equal(second.submits.length, 51);
  });
});

describe('the configuration file', () => {
  it('is taken over while the daemon runs: only what changed is touched', {timeout}, async (t) => {
    const {bridge, api, first, second} = await setUp(t);
    await make(api, 'gateways', settingsOf(second));
    await delivers(api, 'first');
    await delivers(api, 'second');
    const [firstBinds, secondBinds] = [first.binds.length, second.binds.length];
    const reload = () => bridge.cli('reload', '--yes');
    const write = () => writeFileSync(bridge.configFile, YAML.stringify(bridge.config));

    bridge.config.gateways.push({...bridge.config.gateways[0], name: 'third', id: 30, port: second.port});
    bridge.config.routes = [{name: 'all', id: 100, via: [{gateway: 'third'}]}];
    write();
    assert.equal((await reload()).output, 'reloaded\n  gateways: new third\n  routes: new all\n');
    const routed = await api.send({to: nextNumber(), text: 'Hello'});
    assert.equal((await api.reaches(routed.id, 'delivered')).gateway, 'third');
    assert.deepEqual([first.binds.length, second.binds.length], [firstBinds, secondBinds + 2]);

    bridge.config.gateways[1].rate = '40/s';
    write();
    bridge.process.signal('SIGHUP');
    await until('the new rate to hold', async () => (await api.gateway('third')).rate_limit === 40);

    // The secret changed, and not the file.
    writeFileSync(join(bridge.folder, 'password-first.txt'), 'wrong');
    await reload();
    await until('the bind to be refused', () => first.binds.some(({accepted}) => !accepted));

    const {headers: {etag}} = await api.get('/gateways/third');
    bridge.config.gateways[1].colour = 'red';
    write();
    const failed = await reload();
    assert.equal(failed.code, 78, failed.output);
    assert.match(failed.output, /unknown key 'colour'/);
    assert.equal((await api.get('/gateways/third')).headers.etag, etag, 'nothing was taken over');
    delete bridge.config.gateways[1].colour;
    write();
    assert.equal((await reload()).code, 0);
    const tookOver = async (was) => assert.match(await bridge.metrics(), new RegExp(`^smsbridge_config_last_reload_successful ${was}$`, 'm'));
    await tookOver(1);
    bridge.config.gateways[1].id = 2;
    write();
    assert.match((await reload()).output, /have the id 2: 'second', which was made at run time/);
    await tookOver(0);
    bridge.config.gateways.pop();
    bridge.config.routes = [];
    bridge.config.log = {level: 'warn'};
    write();
    assert.equal((await reload()).code, 0);
    refused(await api.get('/gateways/third'), 404, 'not-found');
    assert.match(bridge.log, /they take a restart/);
    await delivers(api, 'second');
  });
});

describe('draining', () => {
  it('takes nothing new, sends what waits, and is remembered', {timeout}, async (t) => {
    const {bridge, api, first, second} = await setUp(t);
    await make(api, 'gateways', settingsOf(second, {rate: '20/s'}));
    await make(api, 'routes', {name: 'all', via: [{gateway: 'second'}, {gateway: 'first'}]});
    await delivers(api, 'second', 'trust');
    await delivers(api, 'first', 'trust');
    const waiting = await api.sendAll(Array.from({length: 60}, (_, n) => ({to: nextNumber(), text: `before ${n}`, gateway: 'second'})));
    const known = {to: nextNumber(), text: 'known', gateway: 'second', client_ref: 'known'};
    const before = await api.send(known);
    const drained = await api.post('/gateways/second/drain');
    assert.deepEqual([drained.status, drained.body.state], [200, 'draining']);
    refused(await api.post('/messages', {to: nextNumber(), text: 'named', gateway: 'second'}), 422, 'no-route', /being drained/);
    for (const send of [() => api.post('/messages', known), async () => (await api.post('/messages/batch', {messages: [known]})).body.items[0]]) {
      const again = await send();
      assert.deepEqual([again.status, again.body?.id ?? again.id], [202, before.id], 'what was accepted before is answered again');
    }
    const routed = await api.send({to: nextNumber(), text: 'routed'});
    assert.equal((await api.reaches(routed.id, 'delivered')).gateway, 'first');
    const {body: choice} = await api.post('/routes/test', {to: nextNumber()});
    assert.ok(choice.steps.some(({subject, why}) => subject === 'gateway second' && /drained/.test(why)), JSON.stringify(choice));
    for (const id of waiting) assert.equal((await api.reaches(id, 'delivered')).gateway, 'second');
    await until('it to be drained', async () => (await api.gateway('second')).state === 'drained');
    await bridge.stop();
    await bridge.restart();
    assert.equal((await bridge.api().gateway('second')).state, 'drained');
    assert.equal((await bridge.api().post('/gateways/second/resume')).body.draining_since, null);
    await delivers(bridge.api(), 'second');
    assert.equal(first.submits.filter(({text}) => text === 'routed').length, 1);
  });
});

describe('under load', () => {
  it('a stop in the middle of changes ends', {timeout}, async (t) => {
    const {bridge, api, second} = await setUp(t);
    await make(api, 'gateways', settingsOf(second));
    await make(api, 'routes', {name: 'all', via: [{gateway: 'first'}]});
    let go = true;
    const busy = Array.from({length: 6}, async (_, n) => {
      const client = bridge.api();
      for (let count = 0; go; ++count) await patch(client, n % 2 ? '/routes/all' : '/gateways/second', {description: `${n} ${count}`}).catch(() => { go = false; });
    });
    await delivers(api, 'second');
    await bridge.stop();
    go = false;
    await Promise.all(busy);
  });

  it('a gateway that is deleted leaves nothing behind that waits for ever', {timeout}, async (t) => {
    const {bridge, api, second} = await setUp(t);
    const accepted = [];
    for (let round = 0; round < 10; ++round) {
      await make(api, 'gateways', settingsOf(second, {name: `round-${round}`}));
      const senders = Array.from({length: 4}, async () => {
        const client = bridge.api();
        for (;;) {
          const answer = await client.post('/messages', {to: nextNumber(), text: 'Hello', gateway: `round-${round}`});
          if (answer.status !== 202) return assert.equal(answer.body.errors[0].pointer, '/gateway', JSON.stringify(answer.body));
          accepted.push(answer.body.id);
          // One that never had an empty queue could not be deleted.
          await client.reaches(answer.body.id, 'delivered', 'failed');
        }
      });
      await until('it to be deleted', async () => (await remove(api, `/gateways/round-${round}`)).status === 200);
      await Promise.all(senders);
    }
    for (const id of accepted) {
      const message = await api.reaches(id, 'delivered', 'failed');
      if (message.state === 'failed') assert.equal(message.status_message, 'its gateway was just removed');
    }
  });
});

describe('removing', () => {
  it('a gateway that is needed takes force, and what waits goes out when it comes back', {timeout}, async (t) => {
    const {api, second} = await setUp(t);
    await make(api, 'gateways', settingsOf(second, {id: 77}));
    await make(api, 'routes', {name: 'night', via: [{gateway: 'second'}]});
    refused(await remove(api, '/gateways/second'), 409, 'state-conflict', /night/);
    assert.equal((await remove(api, '/routes/night')).status, 200);
    await api.post('/gateways/second/pause');
    const {id} = await api.send({to: nextNumber(), text: 'waits', gateway: 'second'});
    refused(await remove(api, '/gateways/second'), 409, 'state-conflict', /1 messages wait/);
    assert.equal((await remove(api, '/gateways/second?force=true')).status, 200);
    assert.equal((await api.message(id)).state, 'queued');
    await make(api, 'gateways', settingsOf(second, {id: 77}));
    await api.reaches(id, 'delivered');
  });
});

describe('a route over the API', () => {
  it('is in force at once, in the order of the positions', {timeout}, async (t) => {
    const {api, second} = await setUp(t);
    await make(api, 'gateways', settingsOf(second));
    const made = await make(api, 'routes', {name: 'all', via: [{gateway: 'first'}]});
    assert.equal(made.body.id, 3);
    const chosen = async () => (await api.post('/routes/test', {to: '+254711000000'})).body.route;
    assert.equal(await chosen(), 'all');
    await make(api, 'routes', {name: 'kenya', position: 10, countries: ['KE'], via: [{gateway: 'second'}]});
    assert.equal(await chosen(), 'kenya');
    assert.deepEqual((await api.get('/routes')).body.items.map(({name}) => name), ['kenya', 'all']);
    await patch(api, '/routes/all', {position: 5});
    assert.equal(await chosen(), 'all');
    refused(await patch(api, '/routes/all', {via: [{gateway: 'nobody'}]}), 422, 'invalid-request', /unknown gateway 'nobody'/);
    refused(await patch(api, '/routes/all', {tenants: ['nobody']}), 422, 'invalid-request', /unknown tenant 'nobody'/);
    refused(await api.post('/routes', {name: 'x', id: 1, via: [{gateway: 'first'}]}), 422, 'invalid-request', /could not tell them apart/);
    refused(await api.post('/routes', {name: 'test', via: [{gateway: 'first'}]}), 422, 'invalid-request');
    assert.equal((await remove(api, '/routes/all')).status, 200);
    assert.equal(await chosen(), 'kenya');
    const next = await make(api, 'routes', {name: 'next', via: [{gateway: 'first'}]});
    assert.equal(next.body.id, 5, 'the number of a route that is gone stays its own: messages still go by it');
  });
});

describe('who may', () => {
  it('with several tenants takes an owner key', {timeout}, async (t) => {
    const smsc = await Smsc.start(t, {accounts});
    const bridge = await Bridge.start(t, {gateways: [{name: 'first', port: smsc.port, ...quick}], tenants: [{name: 'umoja'}, {name: 'tujenge'}]});
    const api = bridge.api();
    refused(await api.post('/gateways', settingsOf(smsc)), 403, 'forbidden', /--owner/);
    refused(await api.post('/gateways/first/pause'), 403, 'forbidden', /--owner/);
    assert.equal((await api.get('/gateways')).status, 200);
    const owner = bridge.api(await bridge.createOwnerKey());
    await make(owner, 'gateways', settingsOf(smsc, {tenants: ['tujenge']}));
    refused(await owner.post('/messages', {to: nextNumber(), text: 'for whom?'}), 422, 'invalid-request', /several tenants/);
    const sent = await owner.send({to: nextNumber(), text: 'Hello', gateway: 'second'}, {'Smsbridge-Tenant': 'tujenge'});
    assert.equal((await owner.reaches(sent.id, 'delivered')).tenant, 'tujenge');
    const seen = (await api.get('/gateways')).body.items;
    assert.deepEqual(seen.map(({name, settings, callback_url: url}) => [name, settings, url]), [['first', null, null]], 'what is not its own is not shown');
    await make(owner, 'routes', {name: 'theirs', tenants: ['tujenge'], via: [{gateway: 'second'}]});
    assert.deepEqual((await api.get('/routes')).body.items, []);
    const reader = bridge.api((await bridge.createKey('umoja', 'reader', '--scope', 'config:read')));
    refused(await reader.post('/gateways', settingsOf(smsc)), 403, 'forbidden', /config:write/);
  });
});

describe('the command line', () => {
  it('makes, changes, tests, drains and deletes', {timeout}, async (t) => {
    const {bridge, second} = await setUp(t);
    const folder = temporaryFolder(t);
    writeFileSync(join(folder, 'password.txt'), `${accounts.second}\n`);
    const ok = async (...words) => {
      const done = await bridge.cli(...words);
      assert.equal(done.code, 0, `${words.join(' ')}:\n${done.output}`);
      return done.stdout;
    };
    const settings = ['--set', 'kind=smpp', '--set', 'host=127.0.0.1', '--set', `port=${second.port}`, '--set', 'system_id=second'];
    const secret = ['--secret', `password=${join(folder, 'password.txt')}`];
    assert.match(await ok('gateways', 'create', 'second', ...settings, ...secret, '--dry-run'), /could be made/);
    assert.match(await ok('gateways', 'create', 'second', ...settings, ...secret), /gateway second is made/);
    const tested = await ok('gateways', 'test-send', 'second', '+254713999999');
    assert.match(tested.trim().split('\n').at(-1), /\tdelivered\t/);
    assert.match(second.submits.at(-1).text, /Test of the gateway second/);
    assert.match(await ok('gateways', 'change', 'second', '--set', 'retry.first=2s', '--set', 'rate=30/s'), /is changed/);
    assert.match(await ok('gateways', 'change', 'second', '--set', 'rate=30/s'), /is as it was/);
    assert.match(await ok('gateways', 'show', 'second'), /"retry":\{"first":"2s"\}/);
    assert.match(await ok('gateways', 'change', 'second', '--unset', 'rate'), /is changed/);
    assert.match(await ok('routes', 'create', 'all', '--set', 'via=[{gateway: second}, {gateway: first}]'), /route all is made/);
    assert.match(await ok('routes', 'list'), /^all\t/);
    assert.match(await ok('routes', 'delete', 'all', '--yes'), /is deleted/);
    assert.match(await ok('gateways', 'drain', 'second', '--yes'), /\tdrain(ing|ed)\t/);
    const asked = await bridge.cli('gateways', 'delete', 'second');
    assert.equal(asked.code, 2, asked.output);
    assert.match(await ok('gateways', 'delete', 'second', '--yes'), /is deleted/);
    for (const [code, pattern, ...words] of [
      [5, /no gateway second/, 'gateways', 'change', 'second', '--set', 'rate=1/s'],
      // Nobody is asked about what is not there.
      ...['delete', 'drain', 'pause', 'resume', 'reconnect', 'show'].map((action) => [5, /no gateway second/, 'gateways', action, 'second']),
      [5, /no route all/, 'routes', 'delete', 'all'],
      [6, /configuration file/, 'gateways', 'delete', 'first', '--yes'],
      [2, /KEY=VALUE/, 'gateways', 'change', 'first', '--set', 'rate'],
      [2, /nothing to change/, 'gateways', 'change', 'first'],
      [1, /port/, 'gateways', 'create', 'x', ...settings, '--set', 'port=many'],
      [2, /cannot read the file/, 'gateways', 'create', 'x', ...settings, '--secret', 'password=/nowhere'],
    ]) {
      const failed = await bridge.cli(...words);
      assert.equal(failed.code, code, `${words.join(' ')}:\n${failed.output}`);
      assert.match(failed.output, pattern);
    }
  });

  it('applies files, and exports what it can apply', {timeout}, async (t) => {
    const {bridge, api, second} = await setUp(t);
    const folder = temporaryFolder(t);
    const file = join(folder, 'ways.yaml');
    writeFileSync(join(folder, 'password.txt'), `${accounts.second}\n`);
    const wanted = {
      gateways: [settingsOf(second, {id: 40, password: {file: 'password.txt'}, rate: '100/s'})],
      routes: [{name: 'all', id: 100, via: [{gateway: 'second'}, {gateway: 'first'}]}],
      templates: [{name: 'call', id: 300, texts: {en: 'Call 100'}}],
      inbound_rules: [{name: 'balance', id: 200, keywords: ['BAL'], template: 'call'}],
    };
    const write = () => writeFileSync(file, YAML.stringify(wanted));
    const apply = (...words) => bridge.cli('apply', '-f', file, ...words);
    write();
    const made = await apply();
    assert.equal(made.code, 0, made.output);
    assert.equal(made.stdout, 'gateway second: created\nroute all: created\ntemplate call: created\ninbound-rule balance: created\n');
    await delivers(api, 'second');
    assert.equal((await apply()).stdout, 'gateway second: unchanged\nroute all: unchanged\ntemplate call: unchanged\ninbound-rule balance: unchanged\n');

    for (const [octets, why] of [[`${YAML.stringify(wanted)}---\nroutes: []\n`, /more YAML begins here/], [Buffer.from('# Envoy\xe9\n', 'latin1'), /line 1, column 8: not UTF-8/]]) {
      writeFileSync(file, octets);
      for (const words of [['apply', '-f', file], ['gateways', 'create', 'other', '-f', file]]) {
        const refused = await bridge.cli(...words);
        assert.equal(refused.code, 2, `${words}: ${refused.output}`);
        assert.match(refused.output, why);
      }
    }
    writeFileSync(file, YAML.stringify({...wanted, gateways: [...wanted.gateways, {...wanted.gateways[0], name: 'new', id: 42}],
      routes: [{name: 'more', id: 43, via: [{gateway: 'new'}]}]}));
    const both = await apply('--dry-run', '--prune');
    assert.equal(both.code, 0, both.output);
    assert.match(both.stdout, /gateway new: would be created\nroute more: would be created\ntemplate call: unchanged\ninbound-rule balance: unchanged\nroute all: would be deleted\n/);
    wanted.gateways[0].rate = '80/s';
    write();
    const dry = await apply('--dry-run');
    assert.match(dry.stdout, /^gateway second: would be changed\n {2}rate: "100\/s" -> "80\/s"\n/);
    assert.equal((await api.gateway('second')).rate_limit, 100);
    assert.match((await apply()).stdout, /^gateway second: changed\n/);
    writeFileSync(join(folder, 'password.txt'), 'wrong\n');
    assert.match((await apply()).stdout, /gateway second: changed\n {2}a secret\n/);
    writeFileSync(join(folder, 'password.txt'), `${accounts.second}\n`);
    await apply();

    const exported = await bridge.cli('export');
    assert.equal(exported.code, 0, exported.output);
    const tree = YAML.parse(exported.stdout);
    assert.deepEqual(tree.gateways.map(({name}) => name), ['first', 'second']);
    assert.deepEqual(tree.gateways[1].password, {sealed: true});
    const copy = join(folder, 'exported.yaml');
    writeFileSync(copy, exported.stdout);
    const again = await bridge.cli('apply', '-f', copy, '--prune');
    assert.equal(again.stdout, 'tenant default: unchanged\ngateway first: unchanged\ngateway second: unchanged\nroute all: unchanged\ntemplate call: unchanged\ninbound-rule balance: unchanged\n', again.output);

    wanted.gateways.push({...wanted.gateways[0], name: 'third', id: 41, port: 'many'});
    write();
    const partly = await apply();
    assert.equal(partly.code, 3, partly.output);
    assert.match(partly.output, /ways\.yaml: gateway third\nerror: .*port/);
    writeFileSync(file, YAML.stringify({gateways: [], routes: []}));
    assert.equal((await apply('--prune')).code, 2, 'that would delete everything');
    writeFileSync(file, YAML.stringify({routes: [{name: 'rest', id: 50, via: [{gateway: 'first'}]}]}));
    assert.equal((await apply('--prune', '--yes')).stdout, 'route rest: created\ninbound-rule balance: deleted\ntemplate call: deleted\nroute all: deleted\ngateway second: deleted\n');
    writeFileSync(file, YAML.stringify({lanes: []}));
    const wrong = await apply();
    assert.equal(wrong.code, 2);
    assert.match(wrong.output, /'lanes' stands in the configuration file only/);
  });
});
