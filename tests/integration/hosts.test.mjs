// SPDX-License-Identifier: MPL-2.0
// Several hosts of one carrier: sessions go to the next one when theirs fails, and come back; receipts come on either.
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {binary, Bridge, freePort, start, until} from './harness.mjs';
import {Smsc} from './peers/smpp_smsc.mjs';

const timeout = 120_000;
const quick = {reconnect_first: '50ms', reconnect_max: '200ms', return_after: '1s'};

const places = async (api) => (await api.gateway('safaricom')).sessions.map(({state, host}) => state === 'bound' ? Number(host.split(':')[1]) : state);
const all = (ports, port) => ports.every((each) => each === port);

test('fail-over: sessions go to the other host at once, and come back drained', {timeout}, async (t) => {
  const first = await Smsc.start(t, {port: await freePort()});
  const second = await Smsc.start(t, {port: await freePort()});
  const ports = [first.port, second.port];
  const bridge = await Bridge.start(t, {gateways: [{port: ports[0], other_hosts: [`127.0.0.1:${ports[1]}`], ...quick}]});
  const api = bridge.api();
  const up = await bridge.up();
  assert.deepEqual(up.hosts.map(({host, sessions, last_error: error}) => [host, sessions, error]), ports.map((port, n) => [`127.0.0.1:${port}`, n ? 0 : 2, null]));
  assert.ok(up.sessions.every(({bound_since: since}) => Date.parse(since) <= Date.now()));
  await first.stop();
  await until('both sessions at the second host', async () => all(await places(api), ports[1]));
  const sent = await api.send({to: '+254712345678', text: 'by the second host'});
  await api.reaches(sent.id, 'delivered');
  assert.deepEqual(second.textsTo('254712345678'), ['by the second host']);
  const avoided = (await api.gateway('safaricom')).hosts[0];
  assert.match(avoided.last_error, /refused|End of file|reset/i, 'why the first is not used');
  assert.ok(Date.parse(avoided.avoided_since) <= Date.now());
  const shown = await bridge.cli('gateways', 'show', 'safaricom');
  assert.match(shown.stdout, new RegExp(`session 1\\s+bound at 127.0.0.1:${ports[1]} since 20`));
  assert.match(shown.stdout, /host 1\s.*0 sessions; avoided since 20/);
  assert.match(bridge.log, /bound to another host of the carrier/);
  assert.equal(await bridge.metric('smpp_sessions_away'), 2);

  const again = await Smsc.start(t, {port: ports[0]});
  await until('both sessions at home', async () => all(await places(api), ports[0]));
  assert.deepEqual([second.unbinds, second.errors, again.errors], [2, [], []], 'they said goodbye');
  assert.equal(await bridge.metric('smpp_host_changes_total', {reason: 'returned'}), 2);
  assert.match(bridge.log, /a session goes back to its host/);
  const home = await api.send({to: '+254712345679', text: 'at home'});
  await api.reaches(home.id, 'delivered');
  assert.deepEqual(again.textsTo('254712345679'), ['at home']);
});

test('spread: each session has its host, and a receipt may come by the other', {timeout}, async (t) => {
  const first = await Smsc.start(t, {port: await freePort(), receipt: () => null});
  const second = await Smsc.start(t, {port: await freePort(), receipt: () => null});
  const bridge = await Bridge.start(t, {gateways: [{port: first.port, other_hosts: [`127.0.0.1:${second.port}`], use_hosts: 'spread', ...quick}]});
  const api = bridge.api();
  await bridge.up();
  assert.deepEqual(await places(api), [first.port, second.port]);
  const sent = await api.send({to: '+254712345678', text: 'Hello'});
  const part = await until('it to arrive', () => first.submits[0] ?? second.submits[0]);
  await api.reaches(sent.id, 'submitted');
  (first.submits.length ? second : first).sendReceipt(part);
  await api.reaches(sent.id, 'delivered');
  await second.stop();
  await until('both sessions at the first host', async () => all(await places(api), first.port));
});

test('a wrong password is not tried at the other host', {timeout}, async (t) => {
  const port = await freePort();
  const first = start(t, binary, ['smsc-sim', '--port', String(port), '--account', 'umoja:other']);
  await until('the first host to listen', () => /listening/.test(first.stdout));
  const second = await Smsc.start(t, {port: await freePort()});
  const bridge = await Bridge.start(t, {gateways: [{port, other_hosts: [`127.0.0.1:${second.port}`], sessions: 1, ...quick}]});
  await until('the refusal to be known', async () => (await bridge.api().gateway('safaricom')).sessions[0].next_try_at);
  assert.match((await bridge.api().gateway('safaricom')).sessions[0].last_error, /check the password/);
  assert.deepEqual(second.binds, []);
});
