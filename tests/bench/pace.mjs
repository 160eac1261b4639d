// SPDX-License-Identifier: MPL-2.0
// How soon a gateway of which no rate and no window is set uses what its carrier takes, also after that changed: a
// message centre (npm `smpp`) that takes so many parts a second of the account, counted by a bucket of a tenth of a second,
// and so many at once of each session. Only the centre knows its limits.
//   node tests/bench/pace.mjs [--rates 200,50,400] [--at-once 0] [--delay 0] [--seconds 30] [--sessions 1]
// `--rates 0 --at-once 50 --delay 200`: no rate, and 50 unanswered of a session, each answered after 200 ms.
import smpp from '../integration/node_modules/smpp/lib/smpp.js';
import {Bridge} from '../integration/harness.mjs';
import {Smsc} from '../integration/peers/smpp_smsc.mjs';

const given = process.argv.slice(2);
const option = (name, otherwise) => (given.includes(name) ? given[given.indexOf(name) + 1] : otherwise);
const rates = option('--rates', '200,50,400').split(',').map(Number);
const atOnce = Number(option('--at-once', 0)), delay = Number(option('--delay', 0));
const seconds = Number(option('--seconds', 30)), sessions = Number(option('--sessions', 1));
const within = 2000, nearly = 0.9;  // the limit is used to nine tenths over two seconds

class Limit {
  tokens = 1;
  at = performance.now();
  constructor(rate) { this.rate = rate; }
  takes(now) {
    this.tokens = Math.min(1 + this.rate / 10, this.tokens + (now - this.at) / 1000 * this.rate);
    this.at = now;
    if (this.tokens < 1) return false;
    this.tokens--;
    return true;
  }
}

// Of the times at which parts were taken: how many of [from, to).
const between = (times, from, to) => times.filter((time) => time >= from && time < to).length;

function soonest(times, from, to, limit) {
  for (let at = from; at + within <= to; at += 50)
    if (between(times, at, at + within) >= nearly * limit * within / 1000) return (at - from) / 1000;
  return undefined;
}

const ends = [];
const t = {after: (end) => ends.push(end), name: 'bench', signal: undefined, diagnostic: () => {}};

try {
  const taken = [], refused = [];
  let limit = rates[0] ? new Limit(rates[0]) : undefined;
  const smsc = await Smsc.start(t, {port: 0, receipt: () => null, answer: ({session}) => {
    const now = performance.now();
    const full = atOnce > 0 && session.unanswered > atOnce;
    if (full || (limit && !limit.takes(now))) {
      refused.push(now);
      return {status: full ? smpp.ESME_RMSGQFUL : smpp.ESME_RTHROTTLED, delay};
    }
    taken.push(now);
    return {delay};
  }});
  const bridge = await Bridge.start(t, {gateways: [{port: smsc.port, sessions, window: undefined, receipts: false}]});
  const api = bridge.api();
  await bridge.up();
  const allowed = (rate) => Math.min(rate || Infinity, atOnce && delay ? atOnce * sessions * 1000 / delay : Infinity);
  const count = Math.ceil(rates.reduce((sum, rate) => sum + allowed(rate) * seconds, 0) * 1.2);
  for (let at = 0; at < count; at += 1000) {
    const batch = Array.from({length: Math.min(1000, count - at)}, (_, n) => ({to: `+2547${10_000_000 + at + n}`, text: `number ${at + n}`, lane: 'transaction'}));
    await api.sendAll(batch);
  }
  for (const [place, rate] of rates.entries()) {
    const began = performance.now(), from = place === 0 ? (taken[0] ?? began) : began;
    if (place > 0) limit = rate ? new Limit(rate) : undefined;
    await new Promise((done) => { setTimeout(done, seconds * 1000); });
    const to = performance.now(), most = allowed(rate);
    const share = (begin) => `${(100 * between(taken, begin, to) / (to - begin) * 1000 / most).toFixed(1)} %`;
    const soon = soonest(taken, from, to, most);
    const {body: gateway} = await api.get(`/gateways/${bridge.config.gateways[0].name}`);
    console.log(`${most}/s for ${seconds} s: used to 90 % after ${soon === undefined ? 'never' : `${soon.toFixed(1)} s`}, ${share(began)} of it over all, ` +
      `${share(to - seconds * 500)} in the second half; ${between(refused, began, to)} answers "throttled"; window ${gateway.window_limit}`);
  }
  const {body} = await api.get('/messages/counts');
  console.log(`failed: ${body.by_state?.failed ?? 0}; taken twice: ${taken.length - new Set(smsc.submits.filter(({status}) => status === 0).map(({text}) => text)).size}`);
} finally {
  for (const end of ends.reverse()) await end();
}
