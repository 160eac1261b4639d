// SPDX-License-Identifier: MPL-2.0
// Reminders and campaigns wait for the end of a tenant's quiet hours, by the clock of the phone's country: when they are
// accepted, and when they waited for something else into the night.
import assert from 'node:assert/strict';
import {writeFileSync} from 'node:fs';
import {describe, it} from 'node:test';
import YAML from 'yaml';
import {Bridge, freePort, until} from './harness.mjs';
import {Smsc} from './peers/smpp_smsc.mjs';

const timeout = 60_000;
const kenya = '+254712000001', germany = '+4915112345678';
const reconnects = {reconnect_first: '100ms', reconnect_max: '500ms'};
const hour = 3600_000;

// The time of day somewhere, so many hours from now.
const clock = (zone, hours) => new Intl.DateTimeFormat('en-GB', {timeZone: zone, hour: '2-digit', minute: '2-digit', hourCycle: 'h23'})
    .format(Date.now() + hours * hour);
// Since an hour, for two more.
const nightIn = (zone) => ({from: clock(zone, -1), until: clock(zone, 2)});

// About: its times of day have no seconds.
const isIn = (time, hours) => assert.ok(Math.abs(Date.parse(time) - Date.now() - hours * hour) <= 120_000, time);

const reload = async (bridge) => {
  writeFileSync(bridge.configFile, YAML.stringify(bridge.config));
  const answer = await bridge.cli('reload', '--yes');
  assert.equal(answer.code, 0, answer.output);
};

const started = async (t, quiet_hours, more = {}) => {
  const smsc = await Smsc.start(t);
  const bridge = await Bridge.start(t, {gateways: [{port: smsc.port, ...reconnects}],
    tenants: [{name: 'default', quiet_hours, time_zone: 'America/St_Johns', ...more}]});
  await bridge.up();
  return {smsc, bridge, api: bridge.api()};
};

describe('quiet hours', {concurrency: 3}, () => {
  it('hold back what is accepted in them, by the clock of the phone, and say until when', {timeout}, async (t) => {
    const night = nightIn('Africa/Nairobi');
    const {smsc, bridge, api} = await started(t, night);
    const campaign = await api.send({to: kenya, text: 'an offer', lane: 'campaign'});
    const expected = new RegExp(`^not before ${night.until} \\(quiet hours, Africa/Nairobi\\)$`);
    assert.equal(campaign.state, 'scheduled');
    isIn(campaign.due_at, 2);
    assert.ok(Date.parse(campaign.expires_at) - Date.parse(campaign.due_at) >= 48 * hour, 'good for as long from then on');
    const {waiting, status_message} = await api.message(campaign.id);
    assert.equal(waiting.reason, 'quiet_hours');
    assert.match(waiting.detail, expected);
    assert.match(status_message, expected);
    assert.equal(waiting.until, campaign.due_at);
    const postponed = (await api.timeline(campaign.id)).find(({event}) => event === 'postponed');
    assert.match(postponed.detail, expected);
    assert.match((await bridge.cli('messages', 'show', campaign.id)).stdout, /waiting +quiet_hours: not before/);
    const preview = await api.post('/messages/preview', {to: kenya, text: 'an offer', lane: 'reminder'});
    assert.ok(preview.body.not_before, JSON.stringify(preview.body));

    // Login codes, transactions and phones where it is no night go.
    for (const [text, message] of Object.entries({code: {lane: 'otp'}, paid: {lane: 'transaction'}, Tag: {lane: 'campaign', to: germany}}))
      await api.reaches((await api.send({to: kenya, text, ...message})).id, 'delivered');
    assert.deepEqual(smsc.submits.map(({text}) => text).sort(), ['Tag', 'code', 'paid']);
    assert.equal(await bridge.metric('messages_postponed_total', {tenant: 'default', when: 'accepted'}), 1);
    assert.match(bridge.log, /wait for the end of the quiet hours/);
    assert.equal((await api.post(`/messages/${campaign.id}/cancel`)).status, 200);
  });

  it('are those of Fineract\'s messages as well, which are told to wait', {timeout}, async (t) => {
    const {api, bridge} = await started(t, nightIn('Africa/Nairobi'), {fineract_lane: 'campaign'});
    const fineract = bridge.fineract();
    await fineract.send([{internalId: 1, mobileNumber: '0712000001', message: 'offer'}]);
    const message = await until('it to be kept', async () => (await api.all('client_ref=1'))[0]);
    assert.equal((await api.message(message.id)).waiting.reason, 'quiet_hours');
    assert.equal((await fineract.report([1]))[0].deliveryStatus, 100);
  });

  it('answer a phone all the same', {timeout}, async (t) => {
    const {smsc, api} = await started(t, {...nightIn('Africa/Nairobi'), lanes: ['transaction', 'campaign']}, {numbers: ['22384']});
    assert.equal((await api.send({to: kenya, text: 'x', lane: 'transaction'})).state, 'scheduled');
    const rule = await api.post('/inbound-rules', {name: 'hours', keywords: ['HOURS'], action: 'answer', answer: 'Open from 8 to 5'});
    assert.equal(rule.status, 201, JSON.stringify(rule.body));
    await smsc.fromPhone({from: kenya.slice(1), to: '22384', text: 'hours'});
    await until('the answer', () => smsc.textsTo(kenya.slice(1)).length > 0);
    assert.deepEqual(smsc.textsTo(kenya.slice(1)), ['Open from 8 to 5']);
  });

  it('keep what waited for its carrier into the night', {timeout}, async (t) => {
    const port = await freePort();
    const bridge = await Bridge.start(t, {gateways: [{port, ...reconnects}], tenants: [{name: 'default'}]});
    const api = bridge.api();
    const campaign = await api.send({to: kenya, text: 'an offer', lane: 'campaign'});
    const paid = await api.send({to: kenya, text: 'paid', lane: 'transaction'});
    // Night falls.
    bridge.config.tenants[0].quiet_hours = nightIn('Africa/Nairobi');
    await reload(bridge);
    const smsc = await Smsc.start(t, {port});
    await api.reaches(paid.id, 'delivered');
    const waiting = await until('it to be put off', async () => {
      const message = await api.message(campaign.id);
      assert.equal(message.waiting?.reason, 'quiet_hours');
      return message;
    });
    isIn(waiting.due_at, 2);
    assert.equal(waiting.attempts, 0);
    assert.match((await api.timeline(campaign.id)).at(-1).detail, /^not before/);
    assert.deepEqual(smsc.submits.map(({text}) => text), ['paid']);
    assert.equal(await bridge.metric('messages_postponed_total', {tenant: 'default', when: 'leaving'}), 1);
    assert.match(bridge.log, /waited into the quiet hours/);
    // The tenant thinks better of it: what is accepted from now on leaves.
    delete bridge.config.tenants[0].quiet_hours;
    await reload(bridge);
    await api.reaches((await api.send({to: kenya, text: 'another', lane: 'campaign'})).id, 'delivered');
  });
});
