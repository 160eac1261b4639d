// SPDX-License-Identifier: MPL-2.0
// Webhooks: what is told of messages and gateways, to whom, signed, in order, and also after outages and kills. The
// receiver verifies by the reference library of Standard Webhooks; the carrier is `smsbridge smsc-sim`.
import assert from 'node:assert/strict';
import {writeFileSync} from 'node:fs';
import {describe, it} from 'node:test';
import {Webhook} from 'standardwebhooks';
import YAML from 'yaml';
import {Bridge, binary, freePort, long, start, until} from './harness.mjs';
import {WebhookReceiver} from './peers/webhook_receiver.mjs';

const timeout = long ? 900_000 : 120_000;
const eventually = long ? 600_000 : 60_000;
const quick = ['100ms', '200ms', '200ms', '500ms', '500ms', '1s', '10m'];
const local = ['127.0.0.0/8'];

let lastNumber = 254715000000;
const nextNumber = () => `+${++lastNumber}`;
const messages = (count) => Array.from({length: count}, () => ({to: nextNumber(), text: 'Hello'}));

async function setUp(t, {webhook = {}, carrier = [], tenants = [{allow_private_targets: local}], more = {}} = {}) {
  const port = await freePort();
  const sim = () => start(t, binary, ['smsc-sim', '--port', String(port), '--account', 'umoja:secret', '--receipt-delay', '10ms', '--quiet', ...carrier]);
  const centre = sim();
  const bridge = await Bridge.start(t, {gateways: [{name: 'main', port, reconnect_first: '50ms', reconnect_max: '200ms', ...more}], tenants});
  const receiver = await WebhookReceiver.start(t);
  const api = bridge.api();
  const owner = tenants.length > 1 ? bridge.api(await bridge.createOwnerKey()) : api;
  const made = await make(owner, {url: receiver.url, ...webhook});
  receiver.secret = made.secret;
  await bridge.up('main');
  return {bridge, api, receiver, centre, sim, made};
}

async function make(api, settings) {
  const answer = await api.post('/webhooks', {name: 'bank', tenant: 'default', retry: quick, ...settings});
  assert.equal(answer.status, 201, JSON.stringify(answer.body));
  return answer.body;
}

const patch = (api, body) =>
  api.request('PATCH', '/api/v1/webhooks/bank', {body, headers: {'If-Match': '*', 'Content-Type': 'application/merge-patch+json'}});
const show = async (api) => (await api.get('/webhooks/bank')).body;
const both = ['message.submitted', 'message.delivered'];

// Every message was told of in order, and every signature was good.
async function toldOf(receiver, ids, types = both) {
  const all = () => ids.every((id) => receiver.of(id).length === types.length);
  await until('all events to arrive', () => {
    if (all()) return true;
    throw new Error(`${receiver.events.length} events of ${ids.length * types.length}`);
  }, eventually);
  for (const id of ids) assert.deepEqual(receiver.of(id), types, id);
  assert.equal(receiver.refusal, undefined, 'every signature is good');
}

describe('events of messages', () => {
  it('arrive signed, once and in order, and say what happened', {timeout}, async (t) => {
    const {api, receiver, bridge} = await setUp(t);
    const {id} = await api.send({to: '+254712345678', text: 'Your loan is approved', client_ref: 'loan-77'});
    await toldOf(receiver, [id]);
    const [submitted, delivered] = receiver.events;
    assert.deepEqual(Object.keys(submitted), ['id', 'type', 'timestamp', 'data']);
    assert.deepEqual([submitted.data.state, submitted.data.finished_at], ['submitted', null]);
    const {created_at, submitted_at, finished_at, ...rest} = delivered.data;
    for (const time of [created_at, submitted_at, finished_at]) assert.match(time, /^\d{4}-\d\d-\d\dT.*Z$/);
    assert.deepEqual(rest, {
      id, client_ref: 'loan-77', tenant: 'default', to: '+254712345678', from: rest.from, state: 'delivered', status_message: rest.status_message,
      error: null, gateway: 'main', lane: 'transaction', source: 'api', parts: 1, attempts: 1, maybe_duplicate: false});
    const [request] = receiver.requests;
    assert.equal(request.headers['webhook-id'], submitted.id);
    assert.match(request.headers['webhook-signature'], /^v1,[A-Za-z0-9+/]+=*$/);
    assert.equal(receiver.requests.length, 2, 'nothing is sent twice');
    assert.ok(!receiver.requests.some(({body}) => body.includes('approved')), 'no text');
    await until('both to be counted', async () => await bridge.metric('webhook_events_total', {end: 'delivered'}) === 2);
    assert.equal(await bridge.metric('webhook_attempts_total', {result: 'ok', tenant: 'default'}), 2);
    await until('nothing to wait', async () => (await show(api)).waiting === 0);
    assert.equal(await bridge.metric('webhook_pending', {tenant: 'default'}), 0);
  });

  it('are only those that were asked for, of its tenant', {timeout}, async (t) => {
    const tenants = [{allow_private_targets: local}, {name: 'other'}];
    const {api, receiver, bridge} = await setUp(t, {tenants, more: {tenants: ['default', 'other']}, webhook: {events: ['message.delivered']}});
    const others = bridge.api(await bridge.createKey('other'));
    const stranger = await others.send({to: nextNumber(), text: 'Hello'});
    await others.reaches(stranger.id, 'delivered');
    const {id} = await api.send({to: nextNumber(), text: 'Hello'});
    await toldOf(receiver, [id], ['message.delivered']);
    assert.deepEqual(receiver.of(stranger.id), []);
    assert.deepEqual((await others.get('/webhooks')).body.items, [], 'nor does the other tenant see it');
    assert.equal((await others.get('/webhooks/bank')).status, 404);
  });

  it('of a message that is cancelled, refused at the door or too late say so', {timeout}, async (t) => {
    const {api, bridge, receiver, centre} = await setUp(t, {webhook: {events: ['message.failed', 'message.expired']}});
    const later = await api.send({to: nextNumber(), text: 'Hello', send_at: new Date(Date.now() + 3600_000).toISOString()});
    assert.equal((await api.post(`/messages/${later.id}/cancel`)).status, 200);
    await toldOf(receiver, [later.id], ['message.failed']);
    assert.equal(receiver.events[0].data.state, 'cancelled');
    // What Fineract posts is never refused: it fails in the commit that keeps it.
    await bridge.fineract().send([{internalId: 77, mobileNumber: '12', message: 'Hello'}]);
    await until('the refused one', () => receiver.events.some(({data}) => data.client_ref === '77'));
    await centre.end('SIGKILL');
    const {id} = await api.send({to: nextNumber(), text: 'Hello', validity: 1});
    await toldOf(receiver, [id], ['message.expired']);
  });
});

describe('a receiver', () => {
  it('that is down gets everything once it is back, in order, though the daemon is killed meanwhile', {timeout}, async (t) => {
    const count = long ? 10_000 : 200;
    const {api, bridge, receiver} = await setUp(t);
    await receiver.down();
    const ids = await api.sendAll(messages(count / 2));
    await until('the receiver to be missed', async () => (await show(api)).state === 'failing');
    await until('all to be delivered', async () => (await api.get('/messages/counts')).body.by_state.delivered === count / 2, eventually);
    const failing = await show(api);
    assert.equal(failing.waiting, count);
    assert.ok(failing.last_error && failing.next_try_at && failing.oldest_waiting_at, JSON.stringify(failing));
    assert.ok(await bridge.metric('webhook_attempts_total', {result: 'network_error'}) >= 1);
    assert.equal(await bridge.metric('webhook_pending', {tenant: 'default'}), count);
    await bridge.kill();
    await receiver.up();
    await bridge.restart();
    await bridge.up('main');
    const again = bridge.api();
    ids.push(...await again.sendAll(messages(count / 2)));
    await toldOf(receiver, ids);
    await until('nothing to wait', async () => (await show(again)).waiting === 0);
  });

  it('that is slow delays no other', {timeout}, async (t) => {
    const {api, receiver} = await setUp(t);
    const slow = await WebhookReceiver.start(t);
    let release;
    const held = new Promise((resolve) => release = resolve);
    slow.answer = () => held;
    const made = await api.post('/webhooks', {name: 'slow', tenant: 'default', url: slow.url, retry: quick});
    slow.secret = made.body.secret;
    const ids = await api.sendAll(messages(20));
    await toldOf(receiver, ids);
    assert.equal(slow.events.length, 0);
    assert.ok(slow.requests.length <= 4, 'it is asked for few things at a time');
    release(200);
    await toldOf(slow, ids);
  });

  it('that refuses one event gets the others, and this one again, ahead of what follows it', {timeout}, async (t) => {
    const {api, receiver} = await setUp(t);
    let refusals = 0;
    const bad = nextNumber();
    receiver.answer = ({type, data}) => type === 'message.submitted' && data.to === bad && ++refusals < 3 ? 500 : 200;
    const ids = await api.sendAll([{to: bad, text: 'Hello'}, ...messages(10)]);
    await toldOf(receiver, ids);
    assert.equal(refusals, 3);
    const body = await until('all to be in the journal', async () => {
      const page = (await api.get(`/webhooks/bank/deliveries?message=${ids[0]}`)).body;
      return page.items.length === 4 && page;
    });
    assert.deepEqual(body.items.map(({type, result, status, attempt, end}) => [type, result, status, attempt, end]).reverse(), [
      ['message.submitted', 'http_error', 500, 1, null], ['message.submitted', 'http_error', 500, 2, null],
      ['message.submitted', 'ok', 200, 3, 'delivered'], ['message.delivered', 'ok', 200, 1, 'delivered']]);
    assert.equal(body.items[0].event.data.id, ids[0]);
  });

  it('that redirects is not followed; one that never takes an event loses it, and a replay brings it', {timeout}, async (t) => {
    const {api, bridge, receiver} = await setUp(t, {webhook: {retry: ['50ms', '1s'], events: ['message.delivered']}});
    receiver.answer = () => 302;
    const {id} = await api.send({to: nextNumber(), text: 'Hello'});
    await until('it to be given up', async () => await bridge.metric('webhook_events_total', {end: 'given_up'}) === 1);
    assert.equal(receiver.requests.length, 3);
    assert.match(bridge.log, /events were given up/);
    receiver.answer = () => 200;
    const replayed = await bridge.cli('webhooks', 'replay', 'bank', '--message', id, '--only-given-up');
    assert.match(replayed.stdout, /^1 events are sent once more/, replayed.output);
    await toldOf(receiver, [id], ['message.delivered']);
    assert.equal(receiver.requests.at(-1).headers['webhook-id'], receiver.requests[0].headers['webhook-id'], 'under its id');
    assert.equal((await api.post('/webhooks/bank/replay', {})).status, 422);
  });

  it('that answers 410 gets nothing more until it is resumed, also after a restart', {timeout}, async (t) => {
    const {api, bridge, receiver} = await setUp(t, {webhook: {events: ['message.delivered']}});
    receiver.answer = () => 410;
    const first = await api.send({to: nextNumber(), text: 'Hello'});
    await until('it to be gone', async () => (await show(api)).state === 'gone');
    await bridge.stop();
    await bridge.restart();
    await bridge.up('main');
    const again = bridge.api();
    assert.equal((await show(again)).state, 'gone');
    const unseen = await again.send({to: nextNumber(), text: 'Hello'});
    await again.reaches(unseen.id, 'delivered');
    assert.equal(receiver.requests.length, 1);
    receiver.answer = () => 200;
    const resumed = await bridge.cli('webhooks', 'resume', 'bank');
    assert.equal(resumed.code, 0, resumed.output);
    await toldOf(receiver, [first.id], ['message.delivered']);
    assert.deepEqual(receiver.of(unseen.id), [], 'what happens meanwhile is not kept for it');
  });

  it('takes batches where it wants them', {timeout}, async (t) => {
    const {api, receiver} = await setUp(t, {webhook: {batch: 50}});
    await receiver.down();
    const ids = await api.sendAll(messages(100));
    await until('all to be delivered', async () => (await api.get('/messages/counts')).body.by_state.delivered === 100);
    await receiver.up();
    await toldOf(receiver, ids);
    assert.ok(receiver.requests.length < 50, `${receiver.requests.length} requests`);
    assert.equal(JSON.parse(receiver.requests[0].body).type, 'batch');
  });
});

describe('a webhook', () => {
  it('knows two secrets while they change, and shows none twice', {timeout}, async (t) => {
    const {api, bridge, receiver, made} = await setUp(t);
    assert.match(made.secret, /^whsec_/);
    assert.deepEqual(made.settings.secret, {sealed: true});
    const rotated = await bridge.cli('webhooks', 'rotate-secret', 'bank');
    const next = /whsec_\S+/.exec(rotated.stdout)?.[0];
    assert.ok(next && next !== made.secret, rotated.output);
    const first = await api.send({to: nextNumber(), text: 'Hello'});
    await toldOf(receiver, [first.id]);
    const {headers, body} = receiver.requests.at(-1);
    assert.equal(headers['webhook-signature'].split(' ').length, 2);
    assert.ok(new Webhook(next).verify(body, headers), 'by the new one, too');
    assert.equal((await patch(api, {old_secret: null})).status, 200);
    receiver.secret = next;
    const second = await api.send({to: nextNumber(), text: 'Hello'});
    await toldOf(receiver, [second.id]);
    for (const answer of [await api.get('/webhooks'), await api.get('/webhooks/bank')]) assert.ok(!JSON.stringify(answer.body).includes('whsec_'));
    assert.ok(!bridge.log.includes('whsec_'));
  });

  it('does not reach private addresses that nobody allowed', {timeout}, async (t) => {
    const {api, bridge, receiver} = await setUp(t, {tenants: [{}]});
    const tested = await bridge.cli('webhooks', 'test', 'bank');
    assert.equal(tested.code, 1, tested.output);
    assert.match(tested.stdout, /^refused\t.*its address is private/);
    assert.equal(receiver.requests.length, 0);
    const {id} = await api.send({to: nextNumber(), text: 'Hello'});
    await api.reaches(id, 'delivered');
    await until('the refusal to be counted', async () => await bridge.metric('webhook_attempts_total', {result: 'refused'}) >= 1);
    assert.equal(receiver.requests.length, 0);
  });

  it('is tried by hand, removed and what waited for it is discarded', {timeout}, async (t) => {
    const {api, bridge, receiver} = await setUp(t);
    const tested = await bridge.cli('webhooks', 'test', 'bank');
    assert.match(tested.stdout, /^ok\t204\t/, tested.output);
    assert.equal(receiver.events[0].type, 'webhook.test');
    const listed = await bridge.cli('webhooks', 'list');
    assert.match(listed.stdout, /^bank\t\d+\tdefault\tactive\t0\t/m, listed.output);
    await receiver.down();
    const ids = await api.sendAll(messages(20));
    await until('all to wait', async () => (await show(api)).waiting === 40);
    const deleted = await bridge.cli('webhooks', 'delete', 'bank', '--yes');
    assert.equal(deleted.code, 0, deleted.output);
    await until('what waited to be discarded', () => /events that waited for it are discarded/.test(bridge.log));
    await receiver.up();
    const made = await make(api, {url: receiver.url});
    receiver.secret = made.secret;
    const {id} = await api.send({to: nextNumber(), text: 'Hello'});
    await toldOf(receiver, [id]);
    assert.deepEqual(ids.filter((each) => receiver.of(each).length > 0), []);
  });

  it('of the configuration file reaches this machine, and is taken over by a reload', {timeout}, async (t) => {
    const receiver = await WebhookReceiver.start(t);
    receiver.secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
    const port = await freePort();
    start(t, binary, ['smsc-sim', '--port', String(port), '--account', 'umoja:secret', '--receipt-delay', '10ms', '--quiet']);
    const bridge = await Bridge.start(t, {gateways: [{name: 'main', port}], webhooks: [{url: receiver.url, enabled: false, retry: quick}]});
    await bridge.up('main');
    const api = bridge.api();
    assert.deepEqual([(await show(api)).state, (await show(api)).managed_by], ['disabled', 'file']);
    bridge.config.webhooks[0].enabled = true;
    writeFileSync(bridge.configFile, YAML.stringify(bridge.config));
    const reloaded = await bridge.cli('reload');
    assert.equal(reloaded.code, 0, reloaded.output);
    const {id} = await api.send({to: nextNumber(), text: 'Hello'});
    await toldOf(receiver, [id]);
    const refused = await api.post('/webhooks/bank/rotate-secret');
    assert.deepEqual([refused.status, refused.body.code], [409, 'managed-by-file']);
  });

  it('is told of a gateway that is down for a while, and up again', {timeout}, async (t) => {
    const {receiver, centre, sim} = await setUp(t, {webhook: {events: ['gateway.up', 'gateway.down']}});
    await centre.end('SIGKILL');
    await until('gateway.down', () => receiver.events.some(({type}) => type === 'gateway.down'), 60_000);
    sim();
    await until('gateway.up', () => receiver.events.some(({type}) => type === 'gateway.up'), 60_000);
    assert.deepEqual(receiver.events.map(({type, data}) => [type, data.gateway]), [['gateway.down', 'main'], ['gateway.up', 'main']]);
  });
});
