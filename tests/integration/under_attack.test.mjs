// SPDX-License-Identifier: MPL-2.0
// An ordinary day's messages while everybody who means harm does so at the same time.
import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {test} from 'node:test';
import {setTimeout as sleep} from 'node:timers/promises';
import {binary, Bridge, freePort, long, start, until} from './harness.mjs';
import {attacks, startAttack} from './peers/attacks.mjs';

const seconds = long ? 60 : 8;
const perSecond = 200;
const clientCount = 50;
// The short form may share its processors with anything. What the daemon tells begins before the commit that makes an
// accepted message of it, and ends with the carrier's answer on disk.
const [latestMs, latestToldMs] = long ? [1000, 2000] : [5000, 5000];
const moreMiB = 200;

const atShare = (sorted, share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
const figures = (values, unit) => {
  const sorted = [...values].sort((a, b) => a - b);
  return [0.5, 0.99, 1].map((share) => `${Math.round(atShare(sorted, share))} ${unit}`).join(' / ');
};

// Each message has its time; one whose turn came late is not sent later for that.
async function sendPaced(clients, what, count) {
  const sent = new Map();  // number -> {asked, accepted} in ms since 1970
  const began = Date.now();
  let next = 0;
  await Promise.all(clients.map(async (api) => {
    for (let n = next++; n < count; n = next++) {
      await sleep(Math.max(0, began + n * 1000 / perSecond - Date.now()));
      const asked = Date.now();
      await api.send({to: `+2547${10_000_000 + n}`, text: `${what} #${n}.`});
      sent.set(n, {asked, accepted: Date.now()});
    }
  }));
  return sent;
}

test(`${perSecond} messages a second for ${seconds} s, and every attack at once`, {timeout: 60_000 + seconds * 5000}, async (t) => {
  const [port, smppPort] = [await freePort(), await freePort()];
  const bridge = await Bridge.prepare(t, {
    gateways: [{port}, {port: smppPort, sessions: 1, reconnect_first: '100ms', reconnect_max: '500ms'},
      {name: 'web', tenants: ['t0'], kind: 'infobip', account: {base_url: 'http://127.0.0.1:9', api_key: 'example-key', from: 'SACCO'}}],
    tenants: Array.from({length: 60}, (_, i) => ({name: `t${i}`})),
  });
  const log = join(bridge.folder, 'carrier.log');
  const carrier = start(t, binary, ['smsc-sim', '--port', String(port), '--account', 'umoja:secret', '--log', log, '--quiet']);
  await until('the carrier to listen', () => carrier.stdout.includes('listening'));
  await bridge.restart();
  await bridge.up('safaricom');
  const {callback_url: callbackUrl} = await bridge.api(await bridge.createOwnerKey()).gateway('web');
  const clients = Array.from({length: clientCount}, () => bridge.api());
  await sendPaced(clients, 'before', perSecond);  // idle, but warm
  const idle = bridge.residentMiB();

  const places = {apiPort: bridge.apiPort, fineractPort: bridge.fineractPort, smppPort, callbackPath: new URL(callbackUrl).pathname,
    key: bridge.key, tenant: 't1'};
  const names = Object.keys(attacks);
  const begun = await Promise.all(names.map((name) => startAttack(t, name, places)));
  // The first wave first touches the memory of all those sockets, which takes seconds on some virtual machines.
  await until('the second wave', () => begun[names.indexOf('metrics')].struck > 1000, 30_000);
  let peak = idle;
  const watching = setInterval(() => { peak = Math.max(peak, bridge.residentMiB()); }, 50);
  t.after(() => clearInterval(watching));
  const began = Date.now();
  const sent = await sendPaced(clients, 'meanwhile', perSecond * seconds);
  const took = (Date.now() - began) / 1000;
  clearInterval(watching);
  for (const attack of begun) await attack.end();

  const taken = new Map();  // number -> ms since 1970 at which the carrier had it
  await until('the carrier to have all', () => {
    for (const [, at, n] of readFileSync(log, 'utf8').matchAll(/^(\d+)\t.*\tmeanwhile #(\d+)\.$/gm)) taken.set(Number(n), at / 1000);
    return taken.size === sent.size;
  }, 60_000);
  const api = bridge.api();
  const messages = await until('all to be submitted', async () => {
    const all = (await api.all()).filter(({text}) => text.startsWith('meanwhile'));
    assert.equal(all.length, sent.size);
    return all.every(({submitted_at: at}) => at) && all;
  });
  const late = [...sent].map(([n, {accepted}]) => taken.get(n) - accepted);
  const own = messages.map(({created_at: from, submitted_at: to}) => Date.parse(to) - Date.parse(from));
  t.diagnostic(`struck: ${names.map((name, n) => `${name} ${begun[n].struck}`).join(', ')}`);
  t.diagnostic(`${sent.size} accepted in ${took.toFixed(1)} s; median, 99 % and longest:`);
  t.diagnostic(`  from the request to its 202 ${figures([...sent.values()].map(({asked, accepted}) => accepted - asked), 'ms')}`);
  t.diagnostic(`  from the 202 to the carrier ${figures(late, 'ms')}`);
  t.diagnostic(`  from accepted to submitted, as the daemon tells it ${figures(own, 'ms')}`);
  t.diagnostic(`memory ${idle.toFixed(0)} MiB when idle, ${peak.toFixed(0)} MiB at most`);
  assert.ok(Math.max(...late) < latestMs, `one waited ${Math.max(...late)} ms after its 202`);
  assert.ok(Math.max(...own) < latestToldMs, `one waited ${Math.max(...own)} ms, as the daemon tells it`);
  assert.ok(!long || took < seconds * 1.1, `${perSecond} a second did not get through: ${sent.size} took ${took} s`);
  assert.ok(peak - idle < moreMiB, `${idle} MiB became ${peak} MiB`);
  await bridge.stop();
});
