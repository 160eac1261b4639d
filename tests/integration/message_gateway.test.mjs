// SPDX-License-Identifier: MPL-2.0
// What the Mifos message-gateway offers to others than Fineract, with its recorded requests: bridges of a tenant, which
// are gateways of its own here, its messages, and tenants themselves.
import assert from 'node:assert/strict';
import {readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {describe, test} from 'node:test';
import YAML from 'yaml';
import {Bridge, recorded, until} from './harness.mjs';
import {startProvider} from './peers/provider_standins.mjs';

const timeout = 120_000;

async function started(t, options = {}) {
  const bridge = await Bridge.start(t, {gateways: [], ...options});
  bridge.config.listen.public_url = `http://127.0.0.1:${bridge.apiPort}`;
  bridge.config.allow_private_targets = ['127.0.0.1'];
  writeFileSync(bridge.configFile, YAML.stringify(bridge.config));
  await bridge.stop();
  await bridge.restart();
  const owner = await bridge.createOwnerKey();
  return {bridge, owner, api: bridge.api(owner)};
}

// As curl would: no header beyond what is needed, and a Content-Type only with a body.
async function ask(bridge, method, path, body, {tenant = 'default', key, bearer} = {}) {
  const client = bridge.fineract(key ? {tenant, key} : {});
  const headers = [
    ...(bearer ? [['Authorization', `Bearer ${bearer}`]] : [['Fineract-Platform-TenantId', tenant], ['Fineract-Tenant-App-Key', key ?? client.key]]),
    ...(body === undefined ? [] : [['Content-Type', 'application/json']])];
  const answer = await client.exchange({method, path, headers, body: body === undefined ? undefined : JSON.stringify(body)});
  const text = answer.body.toString('utf8');
  return {...answer, text, json: text.startsWith('{') || text.startsWith('[') ? JSON.parse(text) : undefined};
}
const codes = ({status, json}) => [status, json.errors.map(({parameterName, userMessageGlobalisationCode: code}) => `${parameterName} ${code.replace(/^validation\.msg\./, '')}`)];

const configurations = (values) => Object.entries(values).map(([configName, configValue]) => ({configName, configValue}));
const jasmin = (port, more = {}) => ({phoneNo: 'MYBANK', providerName: 'SMPP main', providerDescription: 'Transactional traffic', providerKey: 'JasminSMS', countryCode: '+254',
  bridgeConfigurations: configurations({Provider_Url: `127.0.0.1:${port}/send`, Provider_Account_Id: 'user', Provider_Auth_Token: 'hidden-token-7', Sender_Name: 'MYBANK'}), ...more});

describe('bridges', () => {
  test('are made, shown, send, are changed and removed', {timeout}, async (t) => {
    const provider = await startProvider('jasmin', {t});
    const {bridge, api} = await started(t);
    const account = provider.settings();
    const port = new URL(account.base_url).port;
    const made = await ask(bridge, 'POST', '/smsbridges', jasmin(port, {bridgeConfigurations: configurations({
      Provider_Url: `127.0.0.1:${port}/send`, Provider_Account_Id: account.username, Provider_Auth_Token: account.password, Sender_Name: 'MYBANK'})}));
    assert.deepEqual([made.status, made.text], [201, '1'], made.text);
    const shown = {id: 1, tenantId: 1, phoneNo: 'MYBANK', providerName: 'SMPP main', providerDescription: 'Transactional traffic'};
    assert.deepEqual((await ask(bridge, 'GET', '/smsbridges/1')).json, shown, 'no credentials');
    assert.deepEqual(await bridge.fineract().bridges(), [shown]);
    const {body: gateway} = await api.get('/gateways/' + (await api.get('/gateways')).body.items[0].name);
    assert.deepEqual([gateway.settings.kind, gateway.settings.tenants, gateway.settings.account.password, gateway.managed_by], ['jasmin', ['default'], {sealed: true}, 'api']);

    const fineract = bridge.fineract();
    await fineract.send([{internalId: 1041, mobileNumber: '0712345678', message: 'Dear Amina', providerId: 1}]);
    await fineract.reaches([1041], 300);
    const details = await ask(bridge, 'GET', '/sms/details/1041');
    assert.deepEqual([details.status, details.json.deliveryStatus, details.json.message, details.json.bridgeId, details.json.type], [200, 300, 'Dear Amina', 1, 'SMS']);

    const again = await ask(bridge, 'POST', '/sms/send', [{internalId: 1042, mobileNumber: '0712345678', message: 'Dear Amina, again', providerId: 1}]);
    assert.deepEqual([again.status, again.text], [202, '']);
    await fineract.reaches([1042], 300);
    for (const group of ['', '/liveness', '/readiness'])
      assert.deepEqual((await ask(bridge, 'GET', `/actuator/health${group}`)).json, {status: 'UP'});

    const changed = await ask(bridge, 'PUT', '/smsbridges/1', {providerName: 'SMPP main (renamed)', countryCode: '+254'});
    assert.deepEqual([changed.status, changed.text], [200, '1'], changed.text);
    assert.equal((await ask(bridge, 'GET', '/smsbridges/1')).json.providerName, 'SMPP main (renamed)');
    assert.deepEqual(codes(await ask(bridge, 'PUT', '/smsbridges/1', {bridgeConfigurations: configurations({Provider_Url: '127.0.0.1:9/send'})})).at(0), 400,
                     'a password goes to no other address without being given again');
    assert.deepEqual(codes(await ask(bridge, 'PUT', '/smsbridges/1', {providerKey: 'Twilio'})), [400, ['providerKey smsBridge.providerKey.stays']]);
    const gone = await ask(bridge, 'DELETE', '/smsbridges/1');
    assert.deepEqual([gone.status, gone.text], [200, '1'], 'although messages exist');
    assert.equal((await ask(bridge, 'GET', '/sms/details/1041')).status, 200);
    const missing = await ask(bridge, 'DELETE', '/smsbridges/1');
    assert.deepEqual([missing.status, missing.json.userMessageGlobalisationCode, missing.json.errors[0].userMessageGlobalisationCode, missing.json.errors[0].args],
                     [404, 'error.msg.resource.not.found', 'error.msg.smsbrige.id.invalid', [{value: 1}]]);
    await bridge.stop();
    assert.ok(!bridge.log.includes(account.password));
  });

  test('are checked, member by member', {timeout}, async (t) => {
    const {bridge} = await started(t);
    const rows = [
      [{countryCode: undefined}, ['countryCode smsBridge.countryCode.cannot.be.blank']],
      [{countryCode: 'KE'}, ['countryCode smsBridge.countryCode.invalid']],
      [{phoneNo: 'a sender of many letters'}, ['phoneNo smsBridge.phoneNo.invalid']],
      [{providerName: '', providerDescription: 7}, ['providerName smsBridge.providerName.cannot.be.blank', 'providerDescription smsBridge.providerDescription.invalid']],
      [{providerKey: 'Dummy'}, ['providerKey smsBridge.providerKey.not.supported']],
      [{providerKey: 'RapidPro'}, ['providerKey smsBridge.providerKey.not.supported']],
      [{providerKey: 'jasminsms'}, ['providerKey smsBridge.providerKey.not.supported']],
      [{bridgeConfigurations: []}, ['bridgeConfigurations smsBridge.bridgeConfigurations.cannot.be.blank']],
      [{bridgeConfigurations: configurations({Provider_Url: 'x'})}, ['bridgeConfigurations smsBridge.bridgeConfigurations.missing', 'bridgeConfigurations smsBridge.bridgeConfigurations.missing']],
      [{bridgeConfigurations: [{configName: 'Provider_Url'}]}, ['bridgeConfigurations smsBridge.bridgeConfigurations.invalid']],
      [{id: 9, deliveryStatus: 300}, ['id error.msg.parameter.unsupported', 'deliveryStatus error.msg.parameter.unsupported']],
    ];
    for (const [more, expected] of rows) {
      const [status, errors] = codes(await ask(bridge, 'POST', '/smsbridges', jasmin(1, more)));
      assert.equal(status, 400, JSON.stringify(more));
      for (const error of expected) assert.ok(errors.includes(error), `${JSON.stringify(more)}: ${errors}`);
    }
    assert.equal((await ask(bridge, 'POST', '/smsbridges', [])).status, 400);
    assert.deepEqual(await bridge.fineract().bridges(), [], 'none was made');
    for (const [name, providerKey, values] of [
      ['twilio', 'Twilio', {Provider_Account_Id: 'AC00000000000000000000000000000001', Provider_Auth_Token: 't'}],
      ['infobip', 'InfoBip', {Provider_Url: 'xxxxx.api.infobip.com', Provider_Auth_Token: 'k'}],
      ['telerivet', 'telerivet', {Provider_API_Key: 'k', Provider_Project_Id: 'PJ00000000000001'}],
    ]) {
      const made = await ask(bridge, 'POST', '/smsbridges', jasmin(1, {providerKey, bridgeConfigurations: configurations(values)}));
      assert.equal(made.status, 201, `${name}: ${made.text}`);
    }
  });

  test('the recorded requests of its clients are understood', {timeout}, async (t) => {
    const {bridge} = await started(t);
    const exchange = (headers, body) => bridge.fineract().exchange(recorded(headers, body));
    const made = await exchange('smsbridges-create.request.headers', 'smsbridges-create.request.json');
    assert.equal(made.status, 201, made.body.toString());
    assert.equal((await exchange('smsbridges-get-one.request.headers')).status, 200);
    assert.equal((await exchange('smsbridges-update.request.headers', 'smsbridges-update.request.json')).status, 404, 'of a bridge 3');
    assert.equal((await exchange('smsbridges-delete.request.headers')).status, 404);
    assert.equal((await exchange('tenants-create.request.headers', 'tenants-create.request.json')).status, 401, 'nobody makes tenants without a key');
  });

  test('of another tenant are not there, and those of all are not changed', {timeout}, async (t) => {
    const {bridge, api} = await started(t);
    const key = 'aaaaaaaa-2222-4333-8444-555555555555';
    assert.equal((await api.post('/tenants', {name: 'other', fineract_app_key: [key]})).status, 201);
    const {text: its} = await ask(bridge, 'POST', '/smsbridges', jasmin(1));
    const other = {tenant: 'other', key};
    for (const method of ['GET', 'PUT', 'DELETE']) assert.equal((await ask(bridge, method, `/smsbridges/${its}`, method === 'PUT' ? {} : undefined, other)).status, 404, method);
    const {body: {id: shared}} = await api.post('/gateways', {name: 'all', kind: 'smpp', host: '127.0.0.1', port: 9, system_id: 's', password: 'p', tenants: ['default', 'other']});
    assert.equal((await ask(bridge, 'GET', `/smsbridges/${shared}`, undefined, other)).status, 200);
    for (const method of ['PUT', 'DELETE']) assert.equal((await ask(bridge, method, `/smsbridges/${shared}`, method === 'PUT' ? {} : undefined, other)).status, 403, method);
    const {body: {id: given}} = await api.post('/gateways', {name: 'given', kind: 'smpp', host: '127.0.0.1', port: 9, system_id: 's', password: 'p', tenants: ['other']});
    assert.equal((await ask(bridge, 'DELETE', `/smsbridges/${given}`, undefined, other)).status, 403, 'made for it, not by it');
    // Not even by a key that is in Fineract's database can all gateways of the world be made.
    for (let n = 0; n < 20; ++n) await ask(bridge, 'POST', '/smsbridges', jasmin(1), other);
    assert.deepEqual(codes(await ask(bridge, 'POST', '/smsbridges', jasmin(1), other)), [400, ['id smsBridge.too.many']]);
  });
});

describe('POST /tenants', () => {
  test('makes a tenant for an owner, once, and answers its key', {timeout}, async (t) => {
    const {bridge, owner, api} = await started(t);
    const wanted = {tenantId: 'umoja', description: 'Head office'};
    assert.equal((await ask(bridge, 'POST', '/tenants', wanted, {bearer: 'sbk_no_key'})).status, 401);
    assert.equal((await ask(bridge, 'POST', '/tenants', wanted, {bearer: bridge.key})).status, 403, 'the key of a tenant');
    const made = await ask(bridge, 'POST', '/tenants/', wanted, {bearer: owner});
    assert.equal(made.status, 201, made.text);
    assert.match(made.text, /^[0-9a-f-]{36}$/);
    assert.deepEqual(await bridge.fineract({tenant: 'umoja', key: made.text}).bridges(), []);
    assert.equal((await api.get('/tenants/umoja')).body.description, 'Head office');
    for (const tenantId of ['umoja', 'default']) {
      const again = await ask(bridge, 'POST', '/tenants', {...wanted, tenantId}, {bearer: owner});
      assert.deepEqual([again.status, again.json.userMessageGlobalisationCode], [409, 'error.msg.tenant.already.exists']);
    }
    assert.deepEqual(codes(await ask(bridge, 'POST', '/tenants', {tenantId: 'x', id: 1}, {bearer: owner})), [400, ['id error.msg.parameter.unsupported']]);
    assert.deepEqual(codes(await ask(bridge, 'POST', '/tenants', {description: 'x'}, {bearer: owner})), [400, ['tenantId tenant.tenantId.cannot.be.blank']]);
    assert.equal((await ask(bridge, 'POST', '/tenants', {tenantId: 'a/b'}, {bearer: owner})).status, 400);
    await bridge.stop();
    assert.ok(!readFileSync(join(bridge.folder, 'data', 'data.mdb')).includes(made.text), 'kept hashed');
    await until('the log to name no key', () => !bridge.log.includes(made.text));
  });
});
