// SPDX-License-Identifier: MPL-2.0
// A name with an address that does not work, and a clock that is wrong for a moment: neither keeps messages back nor ends
// them.
import assert from 'node:assert/strict';
import {readFileSync, renameSync, writeFileSync} from 'node:fs';
import net from 'node:net';
import {join} from 'node:path';
import {test} from 'node:test';
import {binary, Bridge, freePort, preload, start, temporaryFolder, until} from './harness.mjs';
import {startProvider} from './peers/provider_standins.mjs';

const timeout = 120_000;

async function startCarrier(t, port) {
  const log = join(temporaryFolder(t), 'carrier.log');
  const carrier = start(t, binary, ['smsc-sim', '--port', String(port), '--account', 'umoja:secret', '--log', log, '--quiet']);
  await until('the carrier to listen', () => carrier.stdout.includes('listening'));
  return log;
}

// ---------------------------------------------------------------------------------------------------------------------
// A name with two addresses

const name = 'centre.example';
const [dead, good] = ['127.0.0.77', '127.0.0.1'];

const connects = (port, host, withinMs) => new Promise((resolve) => {
  const socket = net.connect({port, host});
  const timer = setTimeout(() => resolve(false), withinMs);
  socket.once('connect', () => { clearTimeout(timer); resolve(true); }).on('error', () => {});
});

// Somebody listens and takes no connection: once as many wait as may, further ones get no answer at all.
async function dropsConnections(t, port) {
  const listener = start(t, process.execPath, ['-e', `
    require('net').createServer().listen({port: ${port}, host: '${dead}', backlog: 1}, () => {
      console.log('listening');
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
    });`]);
  await until('it to listen', () => listener.stdout.includes('listening'));
  await until('its queue to be full', async () => !(await connects(port, dead, 500)));
}

const ways = {refuses: async () => {}, 'drops what it gets': dropsConnections};

for (const [what, occupy] of Object.entries(ways)) {
  test(`a name whose first address ${what}: the second is taken in the same attempt`, {timeout}, async (t) => {
    const port = await freePort();
    const provider = await startProvider('infobip', {t});
    const url = new URL(provider.settings().base_url);
    await startCarrier(t, port);
    for (const each of [port, url.port]) await occupy(t, each);
    const bridge = await Bridge.prepare(t, {gateways: [
      // A second attempt would come too late.
      {port, host: name, sessions: 1, reconnect_first: '10m', reconnect_max: '10m'},
      {name: 'web', kind: 'infobip', connect_timeout: '8s', account: provider.settings({base_url: `http://${name}:${url.port}`})},
    ], routes: [{name: 'all', id: 100, via: [{gateway: 'safaricom'}, {gateway: 'web'}]}]});
    bridge.spawn({env: await preload(t, 'two_addresses', {TWO_ADDRESSES_NAME: name, TWO_ADDRESSES: `${dead} ${good}`})});
    await bridge.ready();
    await bridge.up('safaricom');
    const api = bridge.api();
    for (const gateway of ['safaricom', 'web']) {
      const began = Date.now();
      const {id} = await api.send({to: '+254712345678', text: 'Habari', gateway});
      const {attempts} = await api.reaches(id, 'delivered');
      assert.equal(attempts, 1, gateway);
      const took = Date.now() - began;
      t.diagnostic(`${gateway}: delivered after ${took} ms`);
      assert.ok(took < 8000, `${gateway}: it took ${took} ms, as long as an attempt may`);
      assert.equal((await api.gateway(gateway)).last_error, null);
    }
    assert.equal(provider.received.length, 1);
    await bridge.stop();
  });
}

// ---------------------------------------------------------------------------------------------------------------------
// A clock that jumps ahead and returns

for (const [what, seconds] of [['two hours', 2 * 3600], ['three days', 3 * 86400]]) {
  test(`a clock that is ${what} ahead for a moment sends nothing before its time, and ends nothing`, {timeout}, async (t) => {
    const port = await freePort();
    const log = await startCarrier(t, port);
    const file = join(temporaryFolder(t), 'clock');
    const set = (ahead) => { writeFileSync(`${file}.next`, String(ahead)); renameSync(`${file}.next`, file); };
    set(0);
    // Nobody is there for the second one: what is sent by it waits.
    const bridge = await Bridge.prepare(t, {gateways: [{port, sessions: 1}, {port: 9}],
      routes: [{name: 'all', id: 100, via: [{gateway: 'safaricom'}, {gateway: 'promo'}]}]});
    bridge.spawn({env: await preload(t, 'clock_fault', {CLOCK_FILE: file})});
    await bridge.ready();
    await bridge.up('safaricom');
    const api = bridge.api();
    const send = (text, more) => api.send({to: '+254712345678', text, ...more});
    const later = await send('later', {send_at: new Date(Date.now() + 3600_000).toISOString()});
    const waiting = [await send('login', {gateway: 'promo', lane: 'otp'}), await send('payment', {gateway: 'promo'})];
    assert.equal(await bridge.metric('clock_jumps_total'), 0);

    set(seconds);
    await until('the jump to be logged', () => /level=error.*the system's clock jumped ahead: not followed.*seconds=/.test(bridge.log));
    const told = Number(/jumped ahead.*seconds=(\d+)/.exec(bridge.log)[1]);
    assert.ok(Math.abs(told - seconds) < 60, `${told} seconds`);
    assert.equal(await bridge.metric('clock_jumps_total', {kind: 'kept'}), 1);
    const meanwhile = await send('meanwhile');
    assert.ok(Math.abs(Date.parse(meanwhile.created_at) - Date.now()) < 60_000, meanwhile.created_at);
    await api.reaches(meanwhile.id, 'delivered');
    // When this one has ended, all that waits has been looked at since the jump.
    const brief = await send('brief', {gateway: 'promo', validity: '2s'});
    await api.reaches(brief.id, 'expired');

    set(0);
    await api.reaches((await send('afterwards')).id, 'delivered');
    const again = await send('brief again', {gateway: 'promo', validity: '2s'});
    await api.reaches(again.id, 'expired');
    const states = [];
    for (const {id} of [later, ...waiting]) states.push((await api.message(id)).state);
    assert.deepEqual(states, ['scheduled', 'queued', 'queued']);
    assert.doesNotMatch(readFileSync(log, 'utf8'), /later/);
    assert.equal(await bridge.metric('clock_jumps_total', {kind: 'ahead'}), 0);
    await bridge.stop();
  });
}
