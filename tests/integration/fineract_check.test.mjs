// SPDX-License-Identifier: MPL-2.0
// What `fineract check` finds out about a tenant's Fineract, and what it advises.
import assert from 'node:assert/strict';
import {it} from 'node:test';
import {appKey, Bridge, freePort} from './harness.mjs';
import {FineractStandin} from './peers/fineract_standin.mjs';

const timeout = 60_000;
const login = (standin) => ({url: standin.url, user: 'reader', password: 'geheim'});

async function setUp(t, standin, fineract = login(standin)) {
  const bridge = await Bridge.start(t, {gateways: [{port: await freePort()}], tenants: [{fineract}]});
  standin.service.port_number = String(bridge.fineractPort);
  standin.service.tenant_app_key = appKey;
  return bridge;
}

// {about: [state, detail, advice]}
async function found(bridge) {
  const {status, body} = await bridge.api().post('/fineract/check', undefined);
  assert.equal(status, 200, JSON.stringify(body));
  assert.equal(body.ok, !body.items.some(({state}) => state === 'failed'));
  return Object.fromEntries(body.items.map(({about, state, detail, advice}) => [about, [state, detail, advice]]));
}
const states = (all) => Object.fromEntries(Object.entries(all).map(([about, [state]]) => [about, state]));

it('says that all is well, and reads only', {timeout}, async (t) => {
  const standin = await FineractStandin.start(t);
  const bridge = await setUp(t, standin);
  const all = await found(bridge);
  assert.deepEqual(states(all), {reach: 'ok', version: 'ok', clock: 'ok', login: 'ok', rights: 'ok', 'sms-service': 'ok', jobs: 'ok'});
  assert.equal(all.version[1], 'Fineract 1.10.1');
  assert.deepEqual(standin.requests.map(({method, path}) => `${method} ${path.replace('/fineract-provider', '')}`),
      ['GET /actuator/info', 'POST /api/v1/authentication', 'GET /api/v1/externalservice/SMS', 'GET /api/v1/jobs']);
  const {code, stdout} = await bridge.cli('fineract', 'check');
  assert.equal(code, 0);
  assert.match(stdout, /login\tok\tas reader/);
  assert.doesNotMatch(bridge.log, /geheim/);
});

it('says what is wrong, and what to do', {timeout}, async (t) => {
  const standin = await FineractStandin.start(t);
  const bridge = await setUp(t, standin);
  const usual = {...standin};
  const cases = [
    ['a closed actuator', {version: undefined}, 'version', 'unknown', /actuator\/info is closed/],
    ['a clock that is wrong', {clockAhead: 7200_000}, 'clock', 'warning', /^(7199|7200|7201) s ahead of this host$/],
    ['another password', {users: {reader: {password: 'anderes', permissions: []}}}, 'login', 'failed', /HTTP 401: Invalid authentication/],
    ['an unknown tenant', {tenants: ['other']}, 'login', 'failed', /HTTP 400: Invalid tenant identifier/],
    ['a second factor', {users: {reader: {...standin.users.reader, twoFactor: true}}}, 'login', 'failed', /second factor/],
    ['a password to be renewed', {users: {reader: {...standin.users.reader, renew: true}}}, 'login', 'warning', /to be renewed/],
    ['too few rights', {users: {reader: {password: 'geheim', permissions: ['READ_CLIENT', 'READ_LOAN', 'READ_SMS']}}}, 'rights', 'failed',
      /^it lacks READ_GROUP, READ_STAFF, READ_SAVINGSACCOUNT$/],
    ['too many rights', {users: {reader: {password: 'geheim', permissions: ['ALL_FUNCTIONS']}}}, 'rights', 'warning', /everything/],
    ['no right to look at the service', {users: {reader: {password: 'geheim', permissions: ['READ_SCHEDULER']}}}, 'sms-service', 'unknown', /HTTP 403/],
    ['another key', {service: {...standin.service, tenant_app_key: 'not ours'}}, 'sms-service', 'failed', /a key that this bridge does not know/],
    ['no key', {service: {...standin.service, tenant_app_key: null}}, 'sms-service', 'failed', /without a key/],
    ['another port', {service: {...standin.service, port_number: '9'}}, 'sms-service', 'warning', /:9, with|:9; the bridge listens/],
    ['jobs as they were seeded', {jobs: standin.jobs.map((job) => ({...job, cronExpression: '0 0 5 1/1 * ? *'}))}, 'jobs', 'warning', /once a day or less often: 'Update/],
    ['a job that is off', {jobs: standin.jobs.map((job) => ({...job, active: job.jobId !== 25}))}, 'jobs', 'failed', /^switched off: 'Send Messages to SMS Gateway'$/],
    ['jobs that are not named', {jobs: []}, 'jobs', 'unknown', /did not name/],
    ['maintenance', {down: true}, 'login', 'failed', /HTTP 503/],
  ];
  for (const [what, mood, about, state, detail] of cases) {
    Object.assign(standin, usual, {down: false}, mood);
    const all = await found(bridge);
    assert.equal(all[about]?.[0], state, `${what}: ${JSON.stringify(all)}`);
    assert.match(all[about][1], detail, what);
    if (state !== 'unknown' && state !== 'ok') assert.ok(all[about][2], `${what} has an advice`);
  }
  Object.assign(standin, usual, {down: false}, {jobs: standin.jobs.map((job) => ({...job, active: false}))});
  const {code, stdout} = await bridge.cli('fineract', 'check');
  assert.equal(code, 1);
  assert.match(stdout, /\njobs: PUT jobs\/\{id\} in Fineract/);
});

it('says that nobody is there, or somebody else', {timeout}, async (t) => {
  const standin = await FineractStandin.start(t);
  const bridge = await setUp(t, standin, {url: `http://127.0.0.1:${await freePort()}/fineract-provider/api/v1`, user: 'reader', password: 'geheim'});
  assert.deepEqual(states(await found(bridge)), {reach: 'failed'});
  const other = await setUp(t, standin, {...login(standin), url: `${standin.root}/other/api/v1/`});
  const [state, detail, advice] = (await found(other)).login;
  assert.equal(state, 'failed');
  assert.match(detail, /HTTP 404/);
  assert.match(advice, /\.\.\.\/fineract-provider\/api\/v1$/);
});

it('logs in by OAuth 2', {timeout}, async (t) => {
  const standin = await FineractStandin.start(t, {clients: {'sms bridge': 'pa:ss/wort'}});
  const oauth = {token_url: `${standin.root}/token`, client_id: 'sms bridge', client_secret: 'pa:ss/wort'};
  const bridge = await setUp(t, standin, {url: standin.url, oauth});
  const all = await found(bridge);
  assert.deepEqual(states(all), {reach: 'ok', version: 'ok', clock: 'ok', login: 'ok', rights: 'unknown', 'sms-service': 'ok', jobs: 'ok'});
  assert.equal(standin.tokensGiven, 1, 'one token for all questions');
  standin.clients = {};
  assert.match((await found(bridge)).login[1], /no token: HTTP 401: Invalid client secret/);
});

it('needs a Fineract to be told of', {timeout}, async (t) => {
  const bridge = await Bridge.start(t, {gateways: [{port: await freePort()}]});
  const {status, body} = await bridge.api().post('/fineract/check', undefined);
  assert.equal(status, 409);
  assert.match(body.detail, /the tenant 'default' has no 'fineract'/);
});
