// SPDX-License-Identifier: MPL-2.0
// An HTTP provider that answers after 100 ms: how many messages a second go out, and what they cost. The provider is the
// stand-in of the tests, in this process; figures count only beside each other.
//   node tests/bench/http_provider.mjs [--messages 10000] [--in-flight 200] [--kind twilio] [--receipts]
import {readFileSync} from 'node:fs';
import {Bridge, until} from '../integration/harness.mjs';
import {startProvider} from '../integration/peers/provider_standins.mjs';

const given = process.argv.slice(2);
const option = (name, otherwise) => (given.includes(name) ? given[given.indexOf(name) + 1] : otherwise);
const count = Number(option('--messages', 10_000)), inFlight = Number(option('--in-flight', 200));
const kind = option('--kind', 'twilio'), receipts = given.includes('--receipts');
process.env.SMSBRIDGE_BINARY ??= 'build/release/smsbridge';

const ends = [];
const t = {after: (end) => ends.push(end), name: 'bench', signal: undefined, diagnostic: () => {}};
// utime and stime, in clock ticks of 10 ms.
const cpuMs = (pid) => {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /, '').split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
};

try {
  const provider = await startProvider(kind, {t, delayMs: 100, receiptDelayMs: 50, ...(receipts ? {} : {script: () => 'silent'})});
  const bridge = await Bridge.start(t, {
    gateways: [{name: 'provider', kind, account: provider.settings(), max_in_flight: inFlight, ...(receipts ? {} : {receipts: false})}]});
  const api = bridge.api();
  const messages = Array.from({length: count}, (_, n) => ({to: `+2547${String(10_000_000 + n)}`, text: `number ${n}`}));
  const cpuBefore = cpuMs(bridge.process.pid), began = performance.now();
  for (let at = 0; at < count; at += 1000) await api.sendAll(messages.slice(at, at + 1000));
  await until(`${count} messages to be taken`, () => provider.received.length >= count, 300_000);
  const taken = performance.now();
  if (receipts)
    await until('all receipts', async () => {
      const {body} = await api.get('/messages/counts');
      return (body.by_state?.delivered ?? 0) >= count;
    }, 300_000);
  const seconds = (taken - began) / 1000;
  const cpu = (cpuMs(bridge.process.pid) - cpuBefore) / (count / 1000);
  console.log(`${kind}, answers after 100 ms, ${inFlight} requests in flight${receipts ? ', with receipts' : ''}: ` +
    `${count} messages in ${seconds.toFixed(1)} s = ${Math.round(count / seconds)}/s, ` +
    `${cpu.toFixed(0)} ms CPU of the daemon for 1000 messages, ${provider.inFlightMax} at the same time at most, ` +
    `${provider.connections} connections`);
} finally {
  for (const end of ends.reverse()) await end();
}
