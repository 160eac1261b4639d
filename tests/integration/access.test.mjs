// SPDX-License-Identifier: MPL-2.0
// Who may do what, for every operation of the contract: a key without the scope, another tenant's key, and none. An
// operation that is new in the contract fails here until somebody has said who may.
import assert from 'node:assert/strict';
import {describe, it} from 'node:test';
import {Bridge, FineractFailure, contract, freePort} from './harness.mjs';
import {Smsc} from './peers/smpp_smsc.mjs';

const timeout = 60_000;
const scopes = ['messages:send', 'messages:read', 'messages:manage', 'content:read', 'config:read', 'config:write', 'keys:manage', 'system:read', 'system:manage'];

// What another tenant's key gets, though it has all scopes.
const gone = ({status}) => status === 404;                                     // as if it did not exist
const empty = ({status, body}) => status === 200 && body.items.length === 0;   // nothing of its own is there
const owner = ({status, body}) => status === 403 && /--owner/.test(body.detail);
const noWay = ({status, body}) => status === 422 && body.code === 'no-route';     // the gateway is not for it
const its = (...expected) => ({status}) => expected.includes(status);          // it is about what the caller brings
const withoutSettings = ({status, body}) => status === 200 && (body.items ?? [body]).every(({settings}) => settings === null);  // no settings

const message = {to: '+254712999111', text: 'of the other'};
const api = {
  sendMessage: {scope: 'messages:send', other: its(202), body: message},
  sendBatch: {scope: 'messages:send', other: its(202), body: {messages: [message]}},
  previewMessage: {scope: 'messages:send', other: its(200), body: message},
  listMessages: {scope: 'messages:read', other: empty},
  countMessages: {scope: 'messages:read', other: ({body}) => Object.values(body.by_state).every((count) => count === 0)},
  getMessage: {scope: 'messages:read', other: gone},
  getTimeline: {scope: 'messages:read', other: gone},
  getUsage: {scope: 'messages:read', other: empty},
  cancelMessage: {scope: 'messages:manage', other: gone},
  retryMessage: {scope: 'messages:manage', other: gone},
  listGateways: {scope: 'config:read', other: withoutSettings},
  getGateway: {scope: 'config:read', other: gone},
  listRoutes: {scope: 'config:read', other: empty},
  getRoute: {scope: 'config:read', other: gone},
  testRoutes: {scope: 'config:read', other: its(200), body: {to: message.to}},
  createGateway: {scope: 'config:write', other: owner, body: {}},
  replaceGateway: {scope: 'config:write', other: owner, body: {}},
  changeGateway: {scope: 'config:write', other: owner, body: {}},
  deleteGateway: {scope: 'config:write', other: owner},
  createRoute: {scope: 'config:write', other: owner, body: {}},
  replaceRoute: {scope: 'config:write', other: owner, body: {}},
  changeRoute: {scope: 'config:write', other: owner, body: {}},
  deleteRoute: {scope: 'config:write', other: owner},
  listWebhooks: {scope: 'config:read', other: empty},
  getWebhook: {scope: 'config:read', other: gone},
  listDeliveries: {scope: 'messages:read', other: gone},
  createWebhook: {scope: 'config:write', other: owner, body: {}},
  replaceWebhook: {scope: 'config:write', other: owner, body: {}},
  changeWebhook: {scope: 'config:write', other: owner, body: {}},
  deleteWebhook: {scope: 'config:write', other: owner},
  rotateWebhookSecret: {scope: 'config:write', other: owner},
  testWebhook: {scope: 'system:manage', other: owner},
  resumeWebhook: {scope: 'system:manage', other: owner},
  replayWebhook: {scope: 'system:manage', other: owner, body: {}},
  pauseGateway: {scope: 'system:manage', other: owner},
  resumeGateway: {scope: 'system:manage', other: owner},
  drainGateway: {scope: 'system:manage', other: owner},
  reconnectGateway: {scope: 'system:manage', other: owner},
  testSend: {scope: 'messages:send', other: noWay, body: {to: message.to}},
  reloadConfig: {scope: 'system:manage', other: owner},
  listInbound: {scope: 'messages:read', other: empty},
  listInboundRules: {scope: 'config:read', other: empty},
  getInboundRule: {scope: 'config:read', other: gone},
  createInboundRule: {scope: 'config:write', other: owner, body: {}},
  replaceInboundRule: {scope: 'config:write', other: owner, body: {}},
  changeInboundRule: {scope: 'config:write', other: owner, body: {}},
  deleteInboundRule: {scope: 'config:write', other: owner},
  // What is shipped is everybody's.
  listTemplates: {scope: 'config:read', other: ({body}) => body.items.length > 0 && body.items.every((each) => each.managed_by === 'ready')},
  getTemplate: {scope: 'config:read', other: gone},
  renderTemplate: {scope: 'config:read', other: gone, body: {}},
  lintTemplate: {scope: 'config:read', other: gone, body: {}},
  createTemplate: {scope: 'config:write', other: owner, body: {}},
  replaceTemplate: {scope: 'config:write', other: owner, body: {}},
  changeTemplate: {scope: 'config:write', other: owner, body: {}},
  deleteTemplate: {scope: 'config:write', other: owner},
  listSchedules: {scope: 'config:read', other: empty},
  getSchedule: {scope: 'config:read', other: gone},
  createSchedule: {scope: 'config:write', other: owner, body: {}},
  replaceSchedule: {scope: 'config:write', other: owner, body: {}},
  changeSchedule: {scope: 'config:write', other: owner, body: {}},
  deleteSchedule: {scope: 'config:write', other: owner},
  runSchedule: {scope: 'messages:manage', other: gone},
  stopSchedule: {scope: 'messages:manage', other: gone},
  tryScheduleOut: {scope: 'messages:read', other: gone},
  listScheduleRuns: {scope: 'messages:read', other: gone},
  pauseSchedule: {scope: 'config:write', other: owner},
  resumeSchedule: {scope: 'config:write', other: owner},
  sendCheck: {scope: 'messages:send', other: its(422)},
  listEvents: {scope: 'config:read', other: empty},
  getEvent: {scope: 'config:read', other: gone},
  createEvent: {scope: 'config:write', other: owner, body: {}},
  replaceEvent: {scope: 'config:write', other: owner, body: {}},
  changeEvent: {scope: 'config:write', other: owner, body: {}},
  deleteEvent: {scope: 'config:write', other: owner},
  listEventCatalogue: {scope: 'config:read', other: ({body}) => body.items.length > 0 && body.items.every(({told_by}) => told_by.length === 0)},
  listEventLog: {scope: 'messages:read', other: empty},
  simulateEvent: {scope: 'config:read', other: its(200), body: {entity: 'USER', action: 'CREATE', body: {}}},
  listTenants: {scope: 'config:read', other: ({status, body}) => status === 200 && body.items.map(({name}) => name).join() === 'second'},
  getTenant: {scope: 'config:read', other: gone},
  createTenant: {scope: 'config:write', other: owner, body: {}},
  replaceTenant: {scope: 'config:write', other: owner, body: {}},
  changeTenant: {scope: 'config:write', other: owner, body: {}},
  deleteTenant: {scope: 'config:write', other: owner},
  listKeys: {scope: 'keys:manage', other: gone},
  createKey: {scope: 'keys:manage', other: gone, body: {kind: 'fineract'}},
  deleteKey: {scope: 'keys:manage', other: gone},
  listPeople: {scope: 'keys:manage', other: empty},
  createPerson: {scope: 'keys:manage', other: its(422), body: {name: 'x', role: 'viewer', tenant: 'default'}},
  changePerson: {scope: 'keys:manage', other: gone, body: {}},
  deletePerson: {scope: 'keys:manage', other: gone},
  invitePerson: {scope: 'keys:manage', other: gone},
  listAttention: {scope: 'messages:read', other: its(200)},
  checkFineract: {scope: 'config:read', other: its(409)},
  listParkedReceipts: {scope: 'messages:read', other: owner},
  listOptOuts: {scope: 'messages:read', other: empty},
  exportOptOuts: {scope: 'messages:read', other: ({status, body}) => status === 200 && String(body).trim().split('\n').length === 1},
  setOptOut: {scope: 'messages:manage', other: its(201), body: {number: message.to, reason: 'of the other'}},
  importOptOuts: {scope: 'messages:manage', other: its(200), body: message.to, headers: {'Content-Type': 'text/csv'}},
  liftOptOut: {scope: 'messages:manage', other: gone},
};
// A password, a link or any key is enough; see sign_in.test.mjs.
const ownWay = ['whoAmI', 'isAnybodyThere', 'signIn', 'setPassword', 'signOut'];
// The secret in the address is the key; anybody may; or a person's own machine, see api.test.mjs.
const open = ['callback', 'callbackByGet', 'callbackOfFrontlineSync', 'health', 'ready', 'metrics', 'listProblems', 'showProblem', 'contractYaml', 'contractJson',
  'fineractHook', 'fineractHookPing', 'fineractHookWithoutPath', 'fineractHookKey', 'actuatorHealth', 'actuatorLiveness', 'actuatorReadiness'];
const bare = async (client, method, path, body) => {
  const {status, body: answer} = await client.exchange({method, path, headers: client.headers('smsbridges'), body});
  if (status > 299) throw new FineractFailure(status, answer);
};
const fineract = {
  fineractSend: (client) => client.send([{internalId: 1, mobileNumber: '0712999222', message: 'stolen'}]),
  fineractSendAlso: (client) => bare(client, 'POST', '/sms/send', '[]'),
  fineractReport: (client) => client.report([4711]),
  fineractBridges: (client) => client.bridges(),
  fineractCreateBridge: (client) => bare(client, 'POST', '/smsbridges', '{}'),
  fineractShowBridge: (client) => bare(client, 'GET', '/smsbridges/1'),
  fineractChangeBridge: (client) => bare(client, 'PUT', '/smsbridges/1', '{}'),
  fineractDeleteBridge: (client) => bare(client, 'DELETE', '/smsbridges/1'),
  fineractCreateTenant: (client) => bare(client, 'POST', '/tenants', '{"tenantId": "stolen"}'),
  fineractDetails: async (client) => {
    const {status, body} = await client.details(4711);
    if (status !== 200) throw new FineractFailure(status, body);
  },
};

const operations = contract.templates.flatMap(({template, item, listener}) => Object.entries(item)
    .filter(([method]) => ['get', 'post', 'put', 'patch', 'delete'].includes(method))
    .map(([method, {operationId}]) => ({template, listener, method: method.toUpperCase(), operationId})));
const keyed = operations.filter(({operationId}) => operationId in api);

// Two tenants; all there is belongs to the first.
async function twoTenants(t) {
  const smsc = await Smsc.start(t, {});
  const bridge = await Bridge.start(t, {
    tenants: [{}, {name: 'second', key: '11111111-2222-4333-8444-555555555555', default_gateway: 'safaricom'}],
    gateways: [{port: smsc.port}, {port: await freePort(), tenants: ['default']}],
    routes: [{name: 'theirs', id: 101, tenants: ['default'], via: [{gateway: 'safaricom'}]}],
    webhooks: [{name: 'theirs', url: 'http://127.0.0.1:9/', enabled: false}],
    inbound_rules: [{name: 'hours', tenants: ['default'], keywords: ['HOURS'], answer: 'From 8 to 17.'}],
    templates: [{name: 'theirs', tenants: ['default'], texts: {en: 'not yours'}}],
    events: [{name: 'theirs', event: 'loan-approved', tenants: ['default']}],
    schedules: [{name: 'theirs', id: 300, tenant: 'default', enabled: false, cron: '0 8 * * *', template: 'theirs', list: 'clients'}],
  });
  await bridge.up();
  const own = bridge.api();
  const {id} = await own.send({to: '+254712000001', text: 'not yours', client_ref: 'mine', target_user: 'amina'});
  await own.reaches(id, 'delivered');
  assert.equal(await smsc.fromPhone({from: '254712000001', to: '22384', text: 'not yours either'}), 0);
  assert.equal((await own.post('/opt-outs', {number: '+254712000003', reason: 'not yours'})).status, 201);
  assert.equal((await own.post('/people', {name: 'theirs', role: 'viewer'})).status, 201);
  const names = {people: 'theirs', routes: 'theirs', webhooks: 'theirs', 'inbound-rules': 'hours', templates: 'theirs', events: 'theirs', schedules: 'theirs', tenants: 'default'};
  const fill = ({template}) => template.replace('{id}', id).replace('{name}', names[template.split('/')[3]] ?? 'promo')
      .replace('{number}', '%2B254712000003?reason=x');
  const ask = (client, operation) => {
    const {body, headers} = api[operation.operationId];
    const conditional = /^(PUT|PATCH|DELETE)$/.test(operation.method) ? {'If-Match': '*'} : {};
    return client.request(operation.method, fill(operation), {body, headers: {...conditional, ...headers}});
  };
  return {bridge, id, ask};
}

it('every operation of the contract says here who may', () => {
  const known = new Set([...Object.keys(api), ...ownWay, ...open, ...Object.keys(fineract)]);
  assert.deepEqual(operations.map(({operationId}) => operationId).filter((name) => !known.has(name)), [], 'not here yet');
  assert.deepEqual([...known].filter((name) => !operations.some(({operationId}) => operationId === name)), [], 'no longer there');
  for (const {template, listener, operationId} of operations) {
    assert.equal(template.startsWith('/api/v1/'), operationId in api || ownWay.includes(operationId), `${operationId} needs a key, as all below /api/v1`);
    assert.equal(listener === 'fineract', operationId in fineract || /^(fineractHook|actuator)/.test(operationId), operationId);
  }
});

describe('an operation', () => {
  it('takes a key, and its scope', {timeout}, async (t) => {
    const {bridge, ask} = await twoTenants(t);
    const without = new Map();
    for (const operation of keyed) {
      const {scope} = api[operation.operationId];
      const nobody = await ask(bridge.api(null), operation);
      assert.deepEqual([nobody.status, nobody.body.code], [401, 'unauthenticated'], operation.operationId);
      if (!without.has(scope)) {
        const others = scopes.filter((other) => other !== scope).join(',');
        without.set(scope, bridge.api(await bridge.createKey('default', `not ${scope}`, '--scope', others)));
      }
      const {status, body} = await ask(without.get(scope), operation);
      assert.deepEqual([status, body.code, body.detail], [403, 'forbidden', `the key lacks the scope ${scope}`], operation.operationId);
    }
  });

  it('shows and changes nothing of another tenant', {timeout}, async (t) => {
    const {bridge, id, ask} = await twoTenants(t);
    const all = bridge.api(await bridge.createKey('second', 'other', '--scope', scopes.join(',')));
    const before = JSON.stringify(await bridge.api().message(id));
    // What reads comes first: afterwards there is something of its own.
    for (const operation of [...keyed].sort((a, b) => (a.method !== 'GET') - (b.method !== 'GET'))) {
      const answer = await ask(all, operation);
      const text = JSON.stringify(answer.body);
      assert.ok(api[operation.operationId].other(answer), `${operation.operationId}: ${answer.status} ${text}`);
      for (const theirs of ['712000001', 'not yours', '"mine"', 'amina', '"umoja"']) assert.ok(!text.includes(theirs), `${operation.operationId} shows ${theirs}: ${text}`);
    }
    assert.equal(JSON.stringify(await bridge.api().message(id)), before);
    for (const path of ['/messages?client_ref=mine', '/messages?q=yours', '/messages?to=%2B254712000001', '/usage?gateway=promo'])
      assert.deepEqual((await all.get(path)).body.items, [], path);
  });

  it('of Fineract takes its own tenant\'s key', {timeout}, async (t) => {
    const {bridge} = await twoTenants(t);
    const right = bridge.fineract();
    await right.send([{internalId: 4711, mobileNumber: '0712000002', message: 'salary'}]);
    for (const [name, ask] of Object.entries(fineract)) {
      for (const wrong of [{key: '11111111-2222-4333-8444-555555555555'}, {key: ''}, {tenant: 'second'}]) {
        await assert.rejects(ask(bridge.fineract(wrong)), ({status}) => status === 401 || status === 403, `${name} with ${JSON.stringify(wrong)}`);
      }
    }
  });
});
