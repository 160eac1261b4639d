// SPDX-License-Identifier: MPL-2.0
// How much of a carrier's contract is used by gateways of which no rate and no window is set: a message centre that takes
// so many parts a second of the account, and answers after a while. The limit is told to the simulator alone.
//   node tests/bench/contract.mjs [--rate 200] [--delay 0ms] [--seconds 60] [--gateways 1] [--sessions 1]
import {Bridge, binary, freePort, start} from '../integration/harness.mjs';

const given = process.argv.slice(2);
const option = (name, otherwise) => (given.includes(name) ? given[given.indexOf(name) + 1] : otherwise);
const rate = Number(option('--rate', 200)), delay = option('--delay', '0ms'), seconds = Number(option('--seconds', 60));
const gateways = Number(option('--gateways', 1)), sessions = Number(option('--sessions', 1));
const warmUp = 10;

const ends = [];
const t = {after: (end) => ends.push(end), name: 'bench', signal: undefined, diagnostic: () => {}};

try {
  const port = await freePort();
  start(t, binary, ['smsc-sim', '--port', String(port), '--account', 'umoja:secret', '--throttle-rate', String(rate),
                    '--response-delay', delay, '--receipt-delay', '10ms', '--quiet']);
  const bridge = await Bridge.start(t, {gateways: Array.from({length: gateways}, () => ({port, sessions, window: 200}))});
  const names = bridge.config.gateways.map(({name}) => name);
  for (const name of names) await bridge.up(name);
  const api = bridge.api();
  const messages = Array.from({length: Math.ceil(rate * (seconds + warmUp) * 1.2)}, (_, n) => (
    {to: `+2547${String(10_000_000 + n)}`, text: `number ${n}`, lane: 'transaction', gateway: names[n % gateways]}));
  for (let at = 0; at < messages.length; at += 1000) await api.sendAll(messages.slice(at, at + 1000));
  const counted = async (result) => {
    let sum = 0;
    for (const gateway of names) sum += await bridge.metric('submit_results_total', {gateway, result});
    return sum;
  };
  const wait = (ms) => new Promise((done) => { setTimeout(done, ms); });
  await wait(warmUp * 1000);
  const before = await counted('ok'), throttledBefore = await counted('throttled'), began = performance.now();
  await wait(seconds * 1000);
  const taken = await counted('ok') - before, throttled = await counted('throttled') - throttledBefore;
  const passed = (performance.now() - began) / 1000;
  const {body} = await api.get('/messages/counts');
  console.log(`${rate}/s, answers after ${delay}, ${gateways} gateways of ${sessions} sessions: ${(taken / passed).toFixed(1)}/s ` +
    `over ${passed.toFixed(0)} s = ${(100 * taken / passed / rate).toFixed(1)} % of the contract; ${throttled} answers "throttled", ` +
    `${body.by_state?.failed ?? 0} failed; the window is ${(await api.get(`/gateways/${names[0]}`)).body.window_limit}`);
} finally {
  for (const end of ends.reverse()) await end();
}
