// SPDX-License-Identifier: MPL-2.0
// Known traffic goes in, and exactly its numbers come out.
import assert from 'node:assert/strict';
import {it} from 'node:test';
import {Bridge, until} from './harness.mjs';
import {Smsc} from './peers/smpp_smsc.mjs';

const timeout = 60_000;
const counted = ['messages_accepted_total', 'messages_rejected_total', 'messages_replayed_total', 'messages_routed_total', 'messages_finished_total',
  'message_parts_submitted_total', 'message_retries_total', 'submit_results_total', 'receipts_total', 'receipts_unmatched_total', 'inbound_messages_total',
  'doubtful_sends_total', 'message_moves_total'];

// What differs: "receipts_total delivered safaricom" -> 3, the values of the labels in alphabetical order of the labels.
function changed(before, after) {
  const read = (text) => new Map([...text.matchAll(/^smsbridge_(\w+)\{([^}]*)\} (\S+)$/gm)].filter(([, name]) => counted.includes(name))
      .map(([, name, labels, value]) => [[name, ...[...labels.matchAll(/="([^"]*)"/g)].map(([, label]) => label)].join(' '), Number(value)]));
  const was = read(before);
  return Object.fromEntries([...read(after)].map(([series, value]) => [series, value - (was.get(series) ?? 0)]).filter(([, by]) => by !== 0).sort());
}

it('counts each message and each receipt once, and as what it is', {timeout}, async (t) => {
  const invalidAddress = 0x0B;
  const fates = {1: 'DELIVRD', 2: 'DELIVRD', 3: 'DELIVRD', 4: 'UNDELIV', 5: 'UNDELIV', 6: 'EXPIRED', 7: 'REJECTD', 8: 'refused'};
  const fate = ({destination}) => fates[destination.at(-1)];
  const smsc = await Smsc.start(t, {
    answer: (part) => (fate(part) === 'refused' ? {status: invalidAddress} : {}),
    receipt: (part) => ({state: fate(part), err: fate(part) === 'DELIVRD' ? '000' : '001'}),
  });
  const bridge = await Bridge.start(t, {gateways: [{port: smsc.port}]});
  await bridge.up();
  const api = bridge.api();
  const before = await bridge.metrics();
  const states = {DELIVRD: 'delivered', UNDELIV: 'undeliverable', EXPIRED: 'expired', REJECTD: 'rejected', refused: 'failed'};
  for (const [digit, word] of Object.entries(fates)) {
    const {id} = await api.send({to: `+25471200000${digit}`, text: digit === '1' ? 'x'.repeat(161) : digit === '2' ? 'Привет' : 'Habari', client_ref: digit});
    await api.reaches(id, states[word]);
  }
  await api.send({to: '+254712000003', text: 'Habari', client_ref: '3'});  // the same again
  assert.equal((await api.post('/messages', {to: '12', text: 'x'})).status, 422);
  // One of a message to another phone is nobody's, and sure to be: nothing is being sent that it could be ahead of. A
  // receipt that was a little early is not called so, however slow the disk is.
  smsc.sendReceipt({...smsc.submits[0], destination: '254799999999'}, {state: 'DELIVRD'});
  await until('the last receipt', () => bridge.metric('receipts_unmatched_total', {gateway: 'safaricom'}));
  assert.deepEqual(changed(before, await bridge.metrics()), {
    'message_parts_submitted_total gsm7 safaricom': 8,
    'message_parts_submitted_total ucs2 safaricom': 1,
    'messages_accepted_total api default': 8,
    'messages_finished_total safaricom delivered default': 3,
    'messages_finished_total safaricom expired default': 1,
    'messages_finished_total safaricom failed default': 1,
    'messages_finished_total safaricom rejected default': 1,
    'messages_finished_total safaricom undeliverable default': 2,
    'messages_rejected_total invalid_number default': 1,
    'messages_replayed_total default': 1,
    'messages_routed_total safaricom': 8,
    'receipts_total safaricom delivered': 5,
    'receipts_total safaricom expired': 1,
    'receipts_total safaricom rejected': 1,
    'receipts_total safaricom undeliverable': 2,
    'receipts_unmatched_total safaricom': 1,
    'submit_results_total safaricom ok': 8,
    'submit_results_total safaricom permanent': 1,
  });
});
