// SPDX-License-Identifier: MPL-2.0
// Who signs in to the console: by a link and a password, with a role, until the session is over.
import assert from 'node:assert/strict';
import {it} from 'node:test';
import {Bridge, until} from './harness.mjs';

const timeout = 60_000;
const password = 'correct horse battery';
const ours = {'X-Smsbridge': '1'};

// What a browser does that has the console open.
class Browser {
  constructor(bridge) {
    this.api = bridge.api(null);
    this.headers = {...ours};
  }
  async ask(method, path, body, headers = {}) {
    const answer = await this.api.request(method, `/api/v1${path}`, {body, headers: {...this.headers, ...headers}});
    const [cookie] = [answer.headers['set-cookie'] ?? []].flat();
    if (cookie) {
      this.setCookie = cookie;
      this.headers.Cookie = cookie.split(';')[0];
    }
    return answer;
  }
}

const linkIn = (text) => /\/console\/welcome#([0-9a-f]{64})/.exec(text)[1];

async function signedIn(bridge, name, ...words) {
  const made = await bridge.cli('people', 'create', name, ...words);
  assert.equal(made.code, 0, made.output);
  const browser = new Browser(bridge);
  const answer = await browser.ask('POST', '/session/welcome', {token: linkIn(made.stdout), password});
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  return browser;
}

it('a link made on the host sets a password, once, and the cookie is out of reach for others', {timeout}, async (t) => {
  const bridge = await Bridge.start(t, {gateways: [{port: 9}]});
  const browser = new Browser(bridge);
  assert.deepEqual((await browser.ask('GET', '/session')).body, {anybody: false});
  assert.equal((await browser.ask('GET', '/me')).status, 401);
  const made = await bridge.cli('people', 'create', 'ops', '--role', 'owner', '--language', 'sw');
  const token = linkIn(made.stdout);
  assert.deepEqual((await browser.ask('GET', '/session')).body, {anybody: true});
  assert.equal((await browser.ask('POST', '/session', {name: 'ops', password: ''})).status, 401, 'none was set yet');
  assert.equal((await browser.ask('POST', '/session/welcome', {token, password: 'too short'})).status, 422);
  const {status, body} = await browser.ask('POST', '/session/welcome', {token, password});
  assert.deepEqual([status, body.kind, body.name, body.role, body.language, body.all_tenants], [200, 'person', 'ops', 'owner', 'sw', true]);
  assert.match(browser.setCookie, /^smsbridge-session=[0-9a-f]{64}; Path=\/; HttpOnly; SameSite=Strict; Max-Age=43200$/);
  assert.equal((await browser.ask('GET', '/me')).body.name, 'ops');
  assert.equal((await new Browser(bridge).ask('POST', '/session/welcome', {token, password: 'another password'})).status, 401, 'it works once');

  // Behind a proxy that ends TLS; and a cookie that somebody else gave is not taken over.
  const behind = new Browser(bridge);
  behind.headers.Cookie = 'smsbridge-session=' + '0'.repeat(64);
  await behind.ask('POST', '/session', {name: 'ops', password}, {'X-Forwarded-Proto': 'https'});
  assert.match(behind.setCookie, /^__Host-smsbridge=(?!0{64})[0-9a-f]{64}; .*; Secure$/);
  assert.equal((await behind.ask('GET', '/me')).status, 200);
  const {stdout} = await bridge.cli('people', 'list');
  assert.match(stdout, /^ops\towner\t\(all\)\tcan sign in\tyes\t/m);
});

it('a change takes the header that only our pages can send', {timeout}, async (t) => {
  const bridge = await Bridge.start(t, {gateways: [{port: 9}]});
  const browser = await signedIn(bridge, 'amina', '--role', 'sender');
  const message = {to: '+254712345678', text: 'Habari', triggered_by: 'somebody else'};
  for (const headers of [{'X-Smsbridge': ''}, {'Sec-Fetch-Site': 'cross-site'}, {'Sec-Fetch-Site': 'same-site'}]) {
    const {status, body} = await browser.ask('POST', '/messages', message, headers);
    assert.deepEqual([status, body.code], [403, 'forbidden'], JSON.stringify(headers));
  }
  assert.equal((await bridge.api().all()).length, 0);
  const sent = await browser.ask('POST', '/messages', message, {'Sec-Fetch-Site': 'same-origin'});
  assert.deepEqual([sent.status, sent.body.triggered_by], [202, 'amina'], 'whatever he says himself');
  const others = (await bridge.api().send({to: '+254712345679', text: 'of another', triggered_by: 'juma'})).id;
  const shown = async (id) => (await browser.ask('GET', `/messages/${id}`)).body;
  assert.deepEqual([(await shown(sent.body.id)).text, (await shown(sent.body.id)).to], ['Habari', message.to], 'what she sent herself');
  assert.deepEqual([(await shown(others)).text, (await shown(others)).to], [undefined, '**********679'], 'and nothing of others');
  assert.deepEqual((await browser.ask('GET', '/messages')).body.items.map(({text}) => text), [undefined, 'Habari']);
  assert.equal((await browser.ask('POST', `/messages/${others}/cancel`)).status, 403);
  assert.equal((await browser.ask('POST', `/messages/${sent.body.id}/cancel`)).body.state, 'cancelled');
  assert.equal((await browser.ask('POST', `/messages/${sent.body.id}/retry`)).status, 403, 'to try again is for who runs it');
});

// What each role may, by the calls behind the buttons.
const calls = [
  ['GET', '/messages'], ['GET', '/attention'], ['GET', '/gateways'],
  ['POST', '/messages', {to: '+254712345678', text: 'Habari'}],
  ['POST', '/messages/{id}/cancel'], ['POST', '/gateways/promo/pause'], ['POST', '/gateways/promo/resume'],
  ['POST', '/routes', {name: 'rest', id: 200, via: [{gateway: 'promo'}]}],
  ['GET', '/people'], ['POST', '/people', {name: 'x', role: 'viewer', tenant: 'default'}], ['POST', '/config/reload'],
];
const may = {
  viewer: [200, 200, 200, 403, 403, 403, 403, 403, 403, 403, 403],
  sender: [200, 200, 200, 202, 403, 403, 403, 403, 403, 403, 403],
  operator: [200, 200, 200, 202, 409, 200, 200, 201, 403, 403, 200],
  owner: [200, 200, 200, 202, 409, 200, 200, 409, 200, 201, 200],
};

it('each role may what it is for, and nothing else', {timeout}, async (t) => {
  const bridge = await Bridge.start(t, {gateways: [{port: 9}, {port: 9}]});
  const {id} = await bridge.api().send({to: '+254712345678', text: 'Habari'});
  assert.equal((await bridge.api().post(`/messages/${id}/cancel`)).status, 200);
  for (const [role, expected] of Object.entries(may)) {
    const browser = await signedIn(bridge, role, '--role', role);
    const {scopes} = (await browser.ask('GET', '/me')).body;
    const got = [];
    for (const [method, path, body] of calls) got.push((await browser.ask(method, path.replace('{id}', id), body)).status);
    assert.deepEqual(got, expected, `${role}: ${scopes}`);
  }
});

it('somebody of one tenant sees and makes nothing of another', {timeout}, async (t) => {
  const bridge = await Bridge.start(t, {
    tenants: [{}, {name: 'second', key: '11111111-2222-4333-8444-555555555555'}], gateways: [{port: 9, tenants: ['default', 'second']}]});
  await bridge.api().send({to: '+254712345678', text: 'not yours'});
  const browser = await signedIn(bridge, 'juma', '--role', 'owner', '--tenant', 'second');
  assert.deepEqual((await browser.ask('GET', '/me')).body.tenants, ['second']);
  assert.deepEqual((await browser.ask('GET', '/messages', undefined, {'Smsbridge-Tenant': 'default'})).body.items, []);
  await signedIn(bridge, 'ops', '--role', 'owner');
  assert.deepEqual((await browser.ask('GET', '/people')).body.items.map(({name}) => name), ['juma']);
  for (const tenant of ['default', null]) assert.equal((await browser.ask('POST', '/people', {name: 'x', role: 'viewer', tenant})).status, 422, tenant);
  assert.equal((await browser.ask('PATCH', '/people/juma', {tenant: null})).status, 422, 'nor makes himself one of all');
  assert.equal((await browser.ask('DELETE', '/people/ops')).status, 404);
  const made = await browser.ask('POST', '/people', {name: 'neema', role: 'sender'});
  assert.deepEqual([made.status, made.body.tenant], [201, 'second']);
});

it('who guesses waits longer and longer, and learns nothing', {timeout}, async (t) => {
  const bridge = await Bridge.start(t, {gateways: [{port: 9}]});
  await signedIn(bridge, 'ops', '--role', 'owner');
  const browser = new Browser(bridge);
  const wrong = await browser.ask('POST', '/session', {name: 'ops', password: 'guess'});
  const nobody = await browser.ask('POST', '/session', {name: 'nobody', password: 'guess'});
  assert.deepEqual([wrong.status, wrong.body.detail], [nobody.status, nobody.body.detail]);
  for (let n = 0; n < 3; n++) await browser.ask('POST', '/session', {name: 'ops', password: 'guess'});
  const late = await browser.ask('POST', '/session', {name: 'ops', password});
  assert.deepEqual([late.status, late.body.code], [429, 'rate-limited'], 'the right one waits as well');
  assert.ok(late.body.retry_after_seconds >= 1);
  await until('the wait to be over', async () => (await browser.ask('POST', '/session', {name: 'ops', password})).status === 200);
  assert.equal(bridge.log.match(/a sign-in failed/g).length, 5);
});

it('a session outlives a restart, and ends when somebody ends it', {timeout}, async (t) => {
  const bridge = await Bridge.start(t, {gateways: [{port: 9}]});
  const owner = await signedIn(bridge, 'ops', '--role', 'owner');
  const amina = await signedIn(bridge, 'amina', '--role', 'sender');
  await bridge.kill();
  await bridge.restart();
  for (const browser of [owner, amina]) browser.api = bridge.api(null);
  const isIn = async (browser) => (await browser.ask('GET', '/me')).status === 200;
  assert.ok(await isIn(owner) && await isIn(amina));

  const second = new Browser(bridge);
  await second.ask('POST', '/session', {name: 'amina', password});
  const cookie = second.headers.Cookie;
  assert.equal((await second.ask('DELETE', '/session')).status, 204);
  second.headers.Cookie = cookie;
  assert.ok(!await isIn(second) && await isIn(amina), 'this one alone');
  await second.ask('POST', '/session', {name: 'amina', password});
  assert.equal((await second.ask('DELETE', '/session?everywhere=true')).status, 204);
  assert.ok(!await isIn(amina), 'all of hers');

  const again = async () => (await amina.ask('POST', '/session', {name: 'amina', password})).status;
  assert.equal(await again(), 200);
  assert.equal((await owner.ask('PATCH', '/people/amina', {language: 'fr'})).body.language, 'fr');
  assert.ok(await isIn(amina), 'nothing that she may is another');
  await owner.ask('PATCH', '/people/amina', {role: 'viewer'});
  assert.ok(!await isIn(amina), 'what she may is another');
  assert.equal(await again(), 200);
  await owner.ask('PATCH', '/people/amina', {disabled: true});
  assert.ok(!await isIn(amina), 'she may nothing more');
  assert.equal(await again(), 403);
  await owner.ask('PATCH', '/people/amina', {disabled: false});
  assert.equal(await again(), 200);
  const link = (await owner.ask('POST', '/people/amina/invite')).body.welcome_path;
  const elsewhere = new Browser(bridge);
  assert.equal((await elsewhere.ask('POST', '/session/welcome', {token: linkIn(link), password: 'another password'})).status, 200);
  assert.ok(!await isIn(amina), 'the old password is good no more');
  assert.equal((await owner.ask('DELETE', '/people/amina')).status, 204);
  assert.ok(!await isIn(elsewhere));
  assert.equal((await bridge.cli('people', 'disable', 'ops')).code, 0);
  assert.ok(!await isIn(owner), 'by the host as well');
});

it('the console is served with nothing inline, and its files as they are', {timeout}, async (t) => {
  const bridge = await Bridge.start(t, {gateways: [{port: 9}]});
  const ask = (path, headers = {}) => fetch(`http://127.0.0.1:${bridge.apiPort}${path}`, {headers, redirect: 'manual'});
  const root = await ask('/');
  assert.deepEqual([root.status, root.headers.get('location')], [302, '/console/']);
  const index = await ask('/console/');
  const policy = index.headers.get('content-security-policy');
  assert.match(policy, /^default-src 'none'; script-src 'self'; style-src 'self';/);
  assert.doesNotMatch(policy, /unsafe/);
  const page = await index.text();
  assert.equal(await (await ask('/console/messages/msg_x')).text(), page, 'a screen is no file');
  const files = [...page.matchAll(/(?:src|href)="(\/console\/assets\/[^"]+)"/g)].map(([, path]) => path);
  assert.ok(files.length >= 2, page);
  for (const path of files) {
    const plain = await ask(path, {'Accept-Encoding': 'identity'});
    assert.equal(plain.headers.get('content-encoding'), null);
    assert.match(plain.headers.get('cache-control'), /immutable/);
    const packed = await ask(path, {'Accept-Encoding': 'gzip'});
    assert.equal(packed.headers.get('content-encoding'), 'gzip');
    assert.equal(await packed.text(), await plain.text());
    assert.equal((await ask(path, {'If-None-Match': plain.headers.get('etag')})).status, 304);
  }
  assert.equal((await ask('/console/assets/none.js')).status, 404);
});

it('what needs somebody is said on the command line as well', {timeout}, async (t) => {
  const bridge = await Bridge.start(t, {gateways: [{port: 9}]});
  const {code, stdout} = await bridge.cli('status');
  assert.equal(code, 1);
  assert.match(stdout, /^error: safaricom cannot send \(connection failed/m);
  const viewer = await signedIn(bridge, 'boss', '--role', 'viewer');
  const {items: [first]} = (await viewer.ask('GET', '/attention')).body;
  assert.deepEqual([first.code, first.object, first.action], ['gateway-down', {kind: 'gateway', name: 'safaricom'}, 'reconnect']);
});
