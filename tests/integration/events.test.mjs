// SPDX-License-Identifier: MPL-2.0
// What happens at the bank becomes messages: hooks as Fineract posts them, a stand-in Fineract that is read to see whether they
// are true, and phones at a message centre that was not written here.
import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {describe, test} from 'node:test';
import {Bridge, root, until} from './harness.mjs';
import {FineractStandin} from './peers/fineract_standin.mjs';
import {Smsc} from './peers/smpp_smsc.mjs';

const timeout = 120_000;
const secret = 'tok3n-tok3n-tok3n';
const sample = (name) => readFileSync(join(root, 'tests', 'data', 'fineract', name), 'utf8');
const headersOf = (name) => Object.fromEntries(sample(name).split('\n').slice(1).filter((line) => /^(X-|Fineract|Content-Type)/.test(line))
  .map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim()]));
const [amina, otieno] = ['254712345678', '254700111222'];

// The bank: a client who reads Swahili, her loan officer, a loan and an account.
function bank() {
  return {
    'clients/7': JSON.parse(sample('clients.response.json')),
    'staff/3': JSON.parse(sample('staff.response.json')),
    'loans/12': {...JSON.parse(sample('loans.response.json')), status: {id: 100, value: 'Submitted'}},
    'savingsaccounts/3': JSON.parse(sample('savingsaccounts.response.json')),
    'datatables/About/7': [{client_id: 7, language: 'Swahili', no_sms: 'false', shamba: 'Kisumu'}],
  };
}
const loanIs = (standin, id, value) => { standin.records['loans/12'].status = {id, value}; };

async function setUp(t, {events = [], fineract = {}, tenant = {}, ...more} = {}) {
  const standin = await FineractStandin.start(t, {records: bank()});
  const smsc = await Smsc.start(t);
  const bridge = await Bridge.start(t, {gateways: [{port: smsc.port, reconnect_first: '20ms', reconnect_max: '200ms'}],
    tenants: [{languages: ['en'], currency: 'KES', sender: 'UMOJA', ...tenant,
      fineract: {url: standin.url, user: 'reader', password: 'geheim', hook_secret: secret, confirm: '3s', data_tables: ['About'], opt_out_field: 'no_sms', ...fineract}}],
    events, ...more});
  await bridge.up();
  const url = `http://127.0.0.1:${bridge.fineractPort}/hooks/fineract/${secret}/`;
  return {standin, smsc, bridge, api: bridge.api(), url};
}
// What the log says of the hooks so far, the oldest first: 'event result person'.
async function logged(api, query = '') {
  const {status, body} = await api.get(`/events/log?limit=200${query}`);
  assert.equal(status, 200, JSON.stringify(body));
  return body.items.toReversed();
}
const words = (items) => items.map(({event, result, audience, person}) => [event, result, audience, person].filter(Boolean).join(' '));
const ended = (api, count) => until(`${count} lines of the log`, async () => {
  const items = await logged(api);
  return items.filter(({result}) => !['received', 'waits'].includes(result)).length >= count && items;
});
const loan = (more = {}) => ({response: {clientId: 7, loanId: 12, resourceId: 12, ...more}});

describe('an event', () => {
  test('is told to the client in her language, and to the officer in English', {timeout}, async (t) => {
    const {standin, smsc, api, url} = await setUp(t, {
      events: [{name: 'loan-approved'},
        {name: 'loan-disbursed', recipients: [{to: 'client'}, {to: 'officer', template: 'officer-paid', language: 'en'}]},
        {name: 'loan-repayment'}],
      templates: [{name: 'officer-paid', id: 300, audience: 'officer', texts: {en: 'Loan {{loanAccountId}} of {{fullName}}: {{loanDisbursed|money}} paid out. {{shamba}}', sw: 'x'}, variables: ['shamba']}]});
    loanIs(standin, 200, 'Approved');
    const answer = await standin.hook(url, 'LOAN', 'APPROVE', loan());
    assert.deepEqual([answer.status, answer.headers.connection], [200, 'close']);
    await until('the first text', () => smsc.textsTo(amina).length === 1);
    loanIs(standin, 300, 'Active');
    await standin.hook(url, 'LOAN', 'DISBURSE', loan({subResourceId: 31}));
    await standin.hook(url, 'LOAN', 'REPAYMENT', loan({resourceId: 45}));
    await until('all texts', () => smsc.textsTo(amina).length === 3 && smsc.textsTo(otieno).length === 1);
    assert.deepEqual(smsc.textsTo(amina).toSorted(), [
      'Habari Amina, mkopo wako wa KES 50,000 umeidhinishwa.',
      'Habari Amina, mkopo wako wa KES 50,000 umetolewa tarehe 25 Okt 2024.',
      'Habari Amina, tumepokea KES 4,500.50 tarehe 25 Nov 2024. Asante. Deni lililobaki: KES 49,505.50.',
    ].toSorted());
    assert.deepEqual(smsc.textsTo(otieno), ["Loan 000000012 of Amina O'Brien: KES 50,000 paid out. Kisumu"]);
    const items = await ended(api, 4);
    assert.deepEqual(words(items).toSorted(), ['loan-approved received', "loan-approved sent client Amina O'Brien", 'loan-disbursed received',
      "loan-disbursed sent client Amina O'Brien", 'loan-disbursed sent officer Otieno, Peter', 'loan-repayment received',
      "loan-repayment sent client Amina O'Brien"].toSorted());
    const {body: {items: [message]}} = await api.get(`/messages?client_ref=${encodeURIComponent(items.find(({audience}) => audience === 'officer').client_ref)}`);
    assert.deepEqual([message.source, message.triggered_by, message.target_user, message.template.name], ['event', 'event loan-disbursed', 'Otieno, Peter', 'officer-paid']);
  });

  test('beside another one of the same hook is told too, and what may not be read stops neither', {timeout}, async (t) => {
    const {standin, smsc, api, url, bridge} = await setUp(t, {events: [{name: 'loan-repayment', recipients: [{to: 'guarantor'}, {to: 'client'}]}, {name: 'loan-closed'}]});
    standin.users.reader.permissions = ['READ_CLIENT', 'READ_LOAN', 'READ_DATATABLE'];
    loanIs(standin, 600, 'Closed');
    for (const transaction of standin.records['loans/12'].transactions) if (transaction.id === 45) transaction.outstandingLoanBalance = 0;
    await standin.hook(url, 'LOAN', 'REPAYMENT', loan({resourceId: 45}));
    await until('both texts', () => smsc.textsTo(amina).length === 2);
    const items = (await ended(api, 3)).filter(({result}) => result !== 'received');
    assert.deepEqual(words(items).toSorted(), ["loan-closed sent client Amina O'Brien", 'loan-repayment given_up guarantor', "loan-repayment sent client Amina O'Brien"]);
    assert.match(items.find(({result}) => result === 'given_up').detail, /403/);
    assert.equal(new Set(items.map(({client_ref: ref}) => ref).filter(Boolean)).size, 2);
    await until('the error in the log', () => /an event was given up: who was to be told is not/.test(bridge.log));
  });

  test('that did not happen texts nobody', {timeout}, async (t) => {
    const {standin, smsc, api, url, bridge} = await setUp(t, {events: [{name: 'loan-disbursed'}, {name: 'loan-approved'}, {name: 'loan-closed'}]});
    const post = (name, entity, action) => FineractStandin.post(url, sample(name), {'X-Fineract-Entity': entity, 'X-Fineract-Action': action, 'Fineract-Platform-TenantId': 'default'});
    await post('hook-loan-disburse-failed.fineract-1.5-to-1.8.json', 'LOAN', 'DISBURSE');
    await post('hook-loan-disburse-failed.fineract-1.9-and-later.json', 'LOAN', 'DISBURSE');
    await standin.hook(url, 'LOAN', 'APPROVE', loan());                         // rolled back: it stays submitted
    await standin.hook(url, 'LOAN', 'REPAYMENT', loan({resourceId: 45}));       // leaves a debt
    loanIs(standin, 100, 'Submitted');
    const items = await ended(api, 4);
    assert.deepEqual(words(items).filter((each) => !each.endsWith('received')).toSorted(),
      ['loan-approved not_confirmed', 'loan-closed not_confirmed', 'loan-disbursed refused', 'loan-disbursed refused']);
    assert.match(items.find(({event, result}) => event === 'loan-approved' && result === 'not_confirmed').detail, /it is in the state 'Submitted'/);
    assert.equal(smsc.textsTo(amina).length, 0);
    assert.equal(await bridge.metric('events_total', {result: 'refused'}), 2);
  });

  test('is told once, however often its hook comes, and when Fineract shows it late', {timeout}, async (t) => {
    const {standin, smsc, api, url, bridge} = await setUp(t, {events: [{name: 'loan-approved'}], fineract: {confirm: '30s'}});
    standin.down = true;
    const first = await standin.hook(url, 'LOAN', 'APPROVE', loan());
    const headers = {'X-Fineract-Entity': 'LOAN', 'X-Fineract-Action': 'APPROVE', 'Fineract-Platform-TenantId': 'default'};
    for (let i = 0; i < 3; ++i) assert.equal((await FineractStandin.post(url, first.sent, headers)).status, 200);
    await until('that it waits', async () => (await logged(api)).some(({result, detail}) => result === 'waits' && /503/.test(detail)));
    assert.equal(await bridge.metric('events_total', {result: 'duplicate'}), 3);
    standin.down = false;  // and not committed yet
    await new Promise((resolve) => setTimeout(resolve, 2500));
    assert.equal(smsc.textsTo(amina).length, 0);
    loanIs(standin, 200, 'Approved');
    await until('the text', () => smsc.textsTo(amina).length === 1);
    await FineractStandin.post(url, first.sent, headers);
    await bridge.stop();
    assert.equal(smsc.textsTo(amina).length, 1);
  });

  test('of which nobody is to know, or can be told, says why', {timeout}, async (t) => {
    const {standin, smsc, api, url} = await setUp(t, {
      events: [{name: 'loan-approved', recipients: [{to: 'guarantor'}, {to: 'group'}, {to: 'client'}]}, {name: 'loan-rejected', enabled: false},
        {name: 'big', event: 'savings-deposit', amount_min: '5000'}, {name: 'other-product', event: 'savings-deposit', products: ['Watoto']},
        {name: 'here', event: 'savings-deposit', offices: ['1'], products: ['Akiba'], amount_max: '2000', template: undefined}]});
    const {records} = standin;
    loanIs(standin, 200, 'Approved');
    delete records['clients/7'].mobileNo;
    records['loans/12/guarantors'] = [{id: 1, guarantorType: {id: 3}, firstname: 'Juma', lastname: 'Otieno', mobileNumber: '0722000111', status: true},
      {id: 2, guarantorType: {id: 1}, entityId: 7, status: true}, {id: 3, guarantorType: {id: 3}, firstname: 'Gone', status: false}];
    await standin.hook(url, 'LOAN', 'APPROVE', loan());
    await until('the guarantor', () => smsc.textsTo('254722000111').length === 1);
    loanIs(standin, 500, 'Rejected');
    await standin.hook(url, 'LOAN', 'REJECT', loan());
    records['savingsaccounts/3'].transactions = [{id: 88, amount: 1250.75, date: [2024, 10, 26], runningBalance: 1250.75, reversed: false}];
    records['clients/7'].mobileNo = '0712345678';
    records['datatables/About/7'][0].no_sms = true;
    await standin.hook(url, 'SAVINGSACCOUNT', 'DEPOSIT', {response: {clientId: 7, savingsId: 3, resourceId: 88}});
    await standin.hook(url, 'USER', 'CREATE', {response: {resourceId: 9}, request: {password: 'streng-geheim'}});
    const items = await ended(api, 8);
    assert.deepEqual(items.filter(({result}) => result !== 'received').map(({notice, event, result, person, detail}) => [notice ?? event, result, person, detail].filter(Boolean).join(' | ')).toSorted(), [
      "big | not_wanted | its amount is 1250.75",
      "here | no_number | Amina O'Brien | Cannot send SMS as no phone number",
      'loan-approved | no_recipient | it is no group\'s',
      "loan-approved | no_number | Amina O'Brien | Cannot send SMS as no phone number",
      "loan-approved | no_number | Amina O'Brien | Cannot send SMS as no phone number",
      'loan-approved | sent | Juma Otieno',
      'loan-rejected | disabled | no event that is switched on is for it',
      "other-product | not_wanted | its product is 'Akiba'",
    ].toSorted());
  });

  test('asks for the consent that the bank keeps of it, and waits at night where it is told to', {timeout}, async (t) => {
    const hour = (later) => new Date(Date.now() + later * 3_600_000).toISOString().slice(11, 16);
    const approved = (name, more) => ({name, event: 'loan-approved', ...more});
    const {standin, smsc, api, url} = await setUp(t, {tenant: {quiet_hours: {from: hour(-2), until: hour(2), zone: 'tenant'}, time_zone: 'UTC'},
      events: [approved('unasked', {opt_in_field: 'Wants_News'}), approved('asked', {opt_in_field: 'wants_loans'}), approved('refused', {opt_out_field: 'WANTS_loans'}),
        approved('at-night', {opt_out_field: 'wants_news', quiet_hours: 'wait'}), approved('by-night', {lane: 'reminder', quiet_hours: 'ignore'})]});
    Object.assign(standin.records['datatables/About/7'][0], {wants_news: 'false', wants_loans: true});
    loanIs(standin, 200, 'Approved');
    await standin.hook(url, 'LOAN', 'APPROVE', loan());
    const items = await ended(api, 5);
    assert.deepEqual(items.filter(({result}) => result !== 'received').map(({notice, result, detail}) => [notice, result, detail].filter(Boolean).join(' | ')).toSorted(), [
      'asked | sent', 'at-night | sent', 'by-night | sent', 'refused | opted_out | by the column WANTS_loans',
      'unasked | opted_out | the client did not ask for it in the column Wants_News']);
    await until('the texts that do not wait', () => smsc.textsTo(amina).length === 2);
    const {body: {items: [waits, ...others]}} = await api.get('/messages?state=scheduled');
    assert.deepEqual([waits.triggered_by, others], ['event at-night', []]);
    assert.match(waits.status_message, /quiet hours/);
  });
});

test('killed between a hook and its text, the daemon tells of each event once', {timeout: 300_000}, async (t) => {
  const {standin, smsc, bridge, url} = await setUp(t, {events: [{name: 'loan-approved'}], fineract: {confirm: '60s', data_tables: []}});
  const kills = 20, phones = [];
  for (let kill = 0; kill < kills; ++kill) {
    const id = 100 + kill;
    phones.push(`254712345${id}`);
    standin.records[`clients/${id}`] = {...standin.records['clients/7'], id, mobileNo: `0712345${id}`};
    standin.records[`loans/${id}`] = {...standin.records['loans/12'], id, clientId: id, status: {id: 100, value: 'Submitted'}};
    standin.down = kill % 4 === 3;
    const posted = await standin.hook(url, 'LOAN', 'APPROVE', {response: {clientId: id, loanId: id, resourceId: id}});
    assert.equal(posted.status, 200);
    setTimeout(() => { standin.records[`loans/${id}`].status = {id: 200, value: 'Approved'}; standin.down = false; }, 37 * (kill % 7));
    // The same bytes once more, perhaps when the daemon is gone: Fineract would not know.
    const again = FineractStandin.post(url, posted.sent, {'X-Fineract-Entity': 'LOAN', 'X-Fineract-Action': 'APPROVE', 'Fineract-Platform-TenantId': 'default'}).catch(() => {});
    await new Promise((resolve) => setTimeout(resolve, (kill * 53) % 400));
    await bridge.kill();
    await again;
    await bridge.restart();
  }
  await until('a text for each', () => phones.every((phone) => smsc.textsTo(phone).length > 0), 60_000);
  await until('nothing to wait', async () => (await bridge.api().get('/messages?state=queued')).body.items.length === 0);
  const {body: {items}} = await bridge.api().get('/messages?limit=500');
  assert.deepEqual(items.map(({to}) => to.slice(1)).toSorted(), phones.toSorted());
  // Twice on a phone is only what the daemon says it perhaps was: it was killed between a submit and its answer.
  const twice = phones.filter((phone) => smsc.textsTo(phone).length > 1);
  assert.deepEqual(twice.filter((phone) => !items.find(({to}) => to === `+${phone}`).maybe_duplicate), []);
});

describe('a web hook', () => {
  const headers = {'X-Fineract-Entity': 'LOAN', 'X-Fineract-Action': 'APPROVE', 'Fineract-Platform-TenantId': 'default'};

  test('shows the secret, and whoever does not is told nothing and said in the log', {timeout}, async (t) => {
    const {smsc, bridge, url, standin, api} = await setUp(t, {events: [{name: 'loan-approved'}]});
    const base = `http://127.0.0.1:${bridge.fineractPort}`;
    loanIs(standin, 200, 'Approved');
    const body = sample('hook-loan-approve.json');
    assert.equal((await fetch(url)).status, 200);
    assert.equal((await fetch(`${base}/hooks/fineract/another-secret-than-it/`)).status, 404);
    for (const [to, more] of [[`${base}/hooks/fineract/another-secret-than-it/`, {}], [url, {'Fineract-Platform-TenantId': 'other'}], [`${base}/`, {}],
      [`${base}/`, {'X-Fineract-API-Key': 'guessed'}], [`${base}/hooks/fineract/`, {}]])
      assert.equal((await FineractStandin.post(to, body, {...headers, ...more})).status, 404, to);
    assert.match(bridge.log, /level=error component=events msg="a web hook of Fineract was refused, and is lost: check the secret/);
    assert.doesNotMatch(bridge.log, /tok3n/);
    assert.deepEqual(await logged(api), []);
    // Every sample as Fineract posts it, also one of 1.4 and a form: what is not told of is not read.
    for (const name of ['hook-loan-approve', 'hook-office-create', 'hook-client-activate', 'hook-savings-withdrawal'])
      assert.equal((await FineractStandin.post(url, sample(`${name}.json`), headersOf(`${name}.headers`))).status, 200, name);
    assert.equal((await FineractStandin.post(url, sample('hook-loan-approve.flat-fineract-1.4.json'), headers)).status, 200);
    assert.equal((await FineractStandin.post(url, sample('hook-savings-withdrawal.form.txt'), headersOf('hook-savings-withdrawal.form.headers'))).status, 200);
    await until('both texts', () => smsc.textsTo(amina).length === 2);
    assert.equal(await bridge.metric('events_total', {result: 'ignored'}), 1);
    assert.deepEqual(words(await logged(api)).filter((each) => /disabled|unreadable|refused/.test(each)).toSorted(),
      ['client-activated disabled', 'savings-withdrawal disabled', 'savings-withdrawal disabled']);
  });

  test('of Fineract 1.5 comes to /, and "SMS Bridge" brings texts of its own', {timeout}, async (t) => {
    const {smsc, bridge, standin, api} = await setUp(t, {events: [{name: 'loan-approved'}], fineract: {hook_any_path: true}});
    const base = `http://127.0.0.1:${bridge.fineractPort}`;
    loanIs(standin, 200, 'Approved');
    assert.equal((await FineractStandin.post(`${base}/`, sample('hook-loan-approve.json'), headers)).status, 200);
    const asked = JSON.parse(sample('hook-smsbridge-configuration.request.json'));
    assert.equal((await FineractStandin.post(`${base}/configuration`, JSON.stringify(asked))).status, 404);
    const key = await FineractStandin.post(`${base}/configuration`, JSON.stringify({...asked, smsProviderToken: secret}));
    assert.equal(key.status, 200);
    assert.match(JSON.parse(key.body), /^[0-9a-f]{64}$/);
    const text = {...headersOf('hook-smsbridge-message.headers'), 'X-Fineract-API-Key': JSON.parse(key.body)};
    const html = JSON.stringify({mobileNo: '0712345678', message: 'Dear O&#39;Brien &amp; Söhne'});
    for (let i = 0; i < 2; ++i) assert.equal((await FineractStandin.post(`${base}/`, html, text)).status, 200);
    assert.equal((await FineractStandin.post(`${base}/`, '{"mobileNo":"12","message":"x"}', text)).status, 200);
    await until('both', () => smsc.textsTo(amina).length === 2);
    assert.ok(smsc.textsTo(amina).includes("Dear O'Brien & Söhne"));
    assert.doesNotMatch(bridge.log, /BASE64-OF-USER/);
    assert.equal(await bridge.metric('events_total', {result: 'duplicate'}), 1);
    assert.deepEqual(words(await logged(api)).filter((each) => each.startsWith('sms')), ['sms send sent', 'sms send no_number']);
    assert.equal((await api.get('/messages?state=failed')).body.items.length, 1);
  });
});

describe('events as objects', () => {
  test('are made, switched and looked at by API and command line', {timeout}, async (t) => {
    const {standin, smsc, bridge, api, url} = await setUp(t);
    loanIs(standin, 200, 'Approved');
    const {body: {items: catalogue}} = await api.get('/events/catalogue');
    assert.ok(catalogue.length >= 25);
    const made = await bridge.cli('events', 'enable', 'loan-approved');
    assert.deepEqual([made.code, made.stdout], [0, 'loan-approved is told from now on\n'], made.output);
    assert.match((await bridge.cli('events', 'list')).stdout, /^loan-approved\tloan-approved\ton\tclient\tloan-approved/m);
    assert.match((await bridge.cli('events', 'catalogue')).stdout, /^loan-approved\ta loan was approved\tloan-approved\tLOAN\/APPROVE$/m);
    assert.match((await bridge.cli('events', 'show', 'loan-approved')).stdout, /to: client, by the template loan-approved/);
    await standin.hook(url, 'LOAN', 'APPROVE', loan());
    await until('the text', () => smsc.textsTo(amina).length === 1);
    assert.match((await bridge.cli('events', 'log')).stdout, /\tloan-approved\tloan-approved\tsent\tloan 12\tAmina O'Brien\t0712345678\t/);
    assert.equal((await bridge.cli('events', 'disable', 'loan-approved')).code, 0);
    await standin.hook(url, 'LOAN', 'APPROVE', loan());
    await until('that it is off', async () => (await logged(api)).some(({result}) => result === 'disabled'));
    // Simulated it is looked at although it is off, and nothing goes out.
    assert.equal((await bridge.cli('events', 'enable', 'loan-approved')).code, 0);
    const seen = await bridge.cli('events', 'simulate', 'LOAN', 'APPROVE', join(root, 'tests', 'data', 'fineract', 'hook-loan-approve.json'));
    assert.deepEqual([seen.code, seen.stdout], [0, "loan-approved: would be sent, client, Amina O'Brien, 0712345678\n" +
      '  Habari Amina, mkopo wako wa KES 50,000 umeidhinishwa.  (1 part)\n'], seen.output);
    const failed = await bridge.cli('events', 'simulate', 'LOAN', 'DISBURSE', join(root, 'tests', 'data', 'fineract', 'hook-loan-disburse-failed.fineract-1.9-and-later.json'));
    assert.deepEqual([failed.code, failed.stdout], [1, "LOAN DISBURSE: refused, the hook tells no result: refused, or it waits for somebody's approval\n"], failed.output);
    assert.equal(smsc.textsTo(amina).length, 1);
    const wrong = await bridge.cli('events', 'create', 'x', '--set', 'event=loan-aproved');
    assert.match(wrong.output, /'loan-aproved' is not one of loan-submitted, loan-approved, /);
    const nameless = await bridge.cli('events', 'create', 'loan-aproved');
    assert.match(nameless.output, /is no event of the catalogue, and no 'event' says which one it is; did you mean 'loan-approved'\?/);
    const unknown = await bridge.cli('events', 'create', 'loan-closed', '--set', 'recipients=[{to: client, template: none}]');
    assert.match(unknown.output, /event 'loan-closed' names the unknown template 'none'/);
    assert.match((await bridge.cli('export')).stdout, /events:\n  - /);
  });
});

describe('a message to somebody in Fineract', () => {
  test('goes to the number there, by a template in the person\'s language', {timeout}, async (t) => {
    const {standin, smsc, bridge, api} = await setUp(t);
    const {records} = standin;
    const sent = await api.post('/messages', {client: 7, text: 'Please come to the office.', triggered_by: 'amina'});
    assert.deepEqual([sent.status, sent.body.to, sent.body.target_user, sent.body.triggered_by], [202, `+${amina}`, "Amina O'Brien", 'amina']);
    const made = await api.post('/messages', {client: 7, template: 'client-activated', variables: {clientId: 'seven'}});
    assert.deepEqual([made.status, made.body.template?.language], [202, 'sw'], JSON.stringify(made.body));
    assert.match(made.body.text, /Amina.*seven/);
    assert.equal((await api.post('/messages', {staff: 3, text: 'To staff.'})).body.to, `+${otieno}`);
    records['clients/8'] = {id: 8, displayName: 'Juma', officeId: 1, active: true};
    records['groups/4'] = {id: 4, name: 'Umoja', clientMembers: [{id: 7, active: true}, {id: 8, active: true}, {id: 9, active: false}]};
    const group = await api.post('/messages', {group: 4, text: 'Meeting at 10.'});
    assert.deepEqual([group.status, group.body.accepted, group.body.items.map(({problem, message}) => problem?.detail ?? message.to)],
      [200, 1, [`+${amina}`, 'Cannot send SMS as no phone number']]);
    const none = await api.post('/messages', {client: 8, text: 'x'});
    assert.deepEqual([none.status, none.body.code, none.body.detail], [422, 'invalid-number', 'Cannot send SMS as no phone number']);
    const refusals = [
      [{client: 9, text: 'x'}, 404, /^Fineract has no client with the id 9$/],
      [{client: 'x', text: 'x'}, 422, /./], [{client: 7, staff: 3, text: 'x'}, 422, /./], [{client: 7, to: '+254712345678', text: 'x'}, 422, /./],
      [{client: 7}, 422, /./],
    ];
    for (const [message, status, detail] of refusals) {
      const {status: is, body} = await api.post('/messages', message);
      assert.deepEqual([is, detail.test(body.detail)], [status, true], `${JSON.stringify(message)}: ${JSON.stringify(body)}`);
    }
    const check = async (query) => { const {body} = await api.get(`/send-check?${query}`); return [body.can_send, body.reason, body.name]; };
    assert.deepEqual(await check('client=7'), [true, null, "Amina O'Brien"]);
    assert.deepEqual(await check('client=8'), [false, 'Cannot send SMS as no phone number', 'Juma']);
    assert.deepEqual(await check('group=4'), [true, null, null], 'one of them can');
    assert.equal((await api.post('/opt-outs', {number: `+${amina}`, reason: 'asked'})).status, 201);
    assert.deepEqual((await check('client=7&lane=campaign'))[0], false);
    assert.deepEqual((await check('number=12'))[0], false);
    const shown = await bridge.cli('people', 'check', '--client', '8');
    assert.deepEqual([shown.code, shown.stdout], [1, 'Cannot send SMS as no phone number, Juma\n'], shown.output);
    const by = await bridge.cli('send', '--client', '7', 'By the command line.');
    assert.equal(by.code, 0, by.output);
    assert.match((await bridge.cli('send', '--group', '4', 'Again.')).output, /to \+254712345678[^]*Cannot send SMS as no phone number/);
    assert.match((await bridge.cli('send', '--client', '7', '+254712345678', 'x')).output, /not both/);
    await until('all', () => smsc.textsTo(amina).length === 5);
    standin.down = true;
    records['clients/10'] = {...records['clients/7'], id: 10};
    const away = await api.post('/messages', {client: 10, text: 'x'});
    assert.deepEqual([away.status, away.body.code], [503, 'fineract-unavailable']);
  });
});

describe('ids that Fineract never posted', () => {
  // As a triggered campaign posts: without an id, since the row is not there yet.
  const triggered = async (bridge, message) => assert.equal((await bridge.fineract().send([{mobileNumber: '0712345678', message, providerId: 1}])), undefined);
  const row = (id, message, status = 150) => ({id, clientId: 7, status: {id: status, value: 'Waiting'}, mobileNo: '0712345678', message, providerId: 1, campaignName: 'thanks'});
  const statusOf = async (bridge, ids) => Object.fromEntries((await bridge.fineract().report(ids)).map(({id, deliveryStatus}) => [id, deliveryStatus]));

  test('are those of messages that came without one, and end as these did', {timeout}, async (t) => {
    const {standin, smsc, bridge} = await setUp(t);
    // Two equal texts are two messages, and O'Brien's text is escaped in both places.
    for (let i = 0; i < 2; ++i) await triggered(bridge, 'Dear O&#39;Brien, we received 4500.50.');
    await triggered(bridge, 'Another.');
    standin.records['sms/1060'] = row(1060, 'Dear O&#39;Brien, we received 4500.50.');
    standin.records['sms/1061'] = row(1061, 'Dear O&#39;Brien, we received 4500.50.');
    standin.records['sms/1062'] = row(1062, 'Dear O&#39;Brien, we received 4500.50.');  // a third one, which never came
    standin.records['sms/1063'] = row(1063, 'Another.', 300);                        // ended there already
    await until('the texts', () => smsc.textsTo(amina).length === 3);
    await until('the receipts', async () => (await bridge.api().get('/messages?state=delivered')).body.items.length === 3);
    assert.deepEqual(await statusOf(bridge, [1060, 1061, 1062, 1063]), {});
    await until('both to be known', async () => Object.keys(await statusOf(bridge, [1060, 1061, 1062, 1063])).length === 2);
    assert.deepEqual(await statusOf(bridge, [1060, 1061, 1062, 1063]), {1060: 300, 1061: 300});
    assert.equal(await bridge.metric('fineract_repaired_total', {how: 'bound'}), 2);
    await bridge.kill();
    await bridge.restart();
    assert.deepEqual(await statusOf(bridge, [1060, 1061]), {1060: 300, 1061: 300});
    assert.equal(smsc.textsTo(amina).length, 3);
  });
});

describe('a phone that asks for something of an account', () => {
  const rules = [{name: 'bal', keywords: ['BAL', 'SALIO'], action: 'balance', daily_limit: 3}, {name: 'due', keywords: ['DUE'], action: 'due'},
    {name: 'last', keywords: ['LAST'], action: 'last', language: 'fr'}];
  const asks = (smsc, from, text) => smsc.fromPhone({from, to: '22384', text});

  test('is answered once, in the client\'s language, with what Fineract says', {timeout}, async (t) => {
    const {standin, smsc, bridge, api} = await setUp(t, {tenant: {numbers: ['22384']}, inbound_rules: rules});
    const {records} = standin;
    const active = {status: {id: 300, active: true}, currency: {code: 'KES'}};
    records['clients/7/accounts'] = {
      savingsAccounts: [{id: 3, accountNo: '000000003', productName: 'Akiba', accountBalance: 1050.75, ...active}, {id: 4, accountNo: '9', productName: 'Old', accountBalance: 1, status: {active: false}}],
      loanAccounts: [{id: 12, accountNo: '000000012', productName: 'Biashara', loanBalance: 49505.5, ...active}]};
    records['savingsaccounts/3'].transactions = [{id: 88, transactionType: {value: 'Deposit'}, date: [2024, 10, 26], amount: 1250.75}, {id: 90, transactionType: {value: 'Withdrawal'}, date: [2024, 10, 27], amount: 200},
      {id: 91, transactionType: {value: 'Deposit'}, date: [2024, 10, 28], amount: 9, reversed: true}];
    records['loans/12'].transactions = [{id: 7, type: {value: 'Accrual', accrual: true}, date: [2024, 10, 30], amount: 5}, {id: 5, type: {value: 'Repayment'}, date: [2024, 10, 29], amount: 4500.5}];
    assert.equal(await asks(smsc, amina, 'bal'), 0);
    await until('the balance', () => smsc.textsTo(amina).length === 1);
    assert.equal(smsc.textsTo(amina)[0].trim(), 'Amina: Akiba ..0003: KES 1,050.75. Biashara ..0012: KES 49,505.50.');
    assert.equal(await asks(smsc, amina, 'Due'), 0);
    await until('the next repayment', () => smsc.textsTo(amina).length === 2);
    assert.equal(smsc.textsTo(amina)[1].trim(), 'Amina: Biashara ..0012: KES 4,500.50 ifikapo 25 Des 2024.');
    assert.equal(await asks(smsc, amina, 'LAST'), 0);
    await until('the last transactions', () => smsc.textsTo(amina).length === 3);
    assert.equal(smsc.textsTo(amina)[2].trim(), 'Amina: 29 Okt 2024 Repayment KES 4,500.50 (..0012). 27 Okt 2024 Withdrawal KES 200 (..0003). 26 Okt 2024 Deposit KES 1,250.75 (..0003).');
    // A carrier repeats; so does a person, up to the limit.
    assert.equal(await asks(smsc, amina, 'bal'), 0);
    for (const again of ['salio', 'SALIO!', 'Salio?', 'Salio .']) assert.equal(await asks(smsc, amina, again), 0);
    await until('that it is enough', async () => (await logged(api)).some(({result, detail}) => result === 'not_wanted' && /3 answers within a day/.test(detail)));
    const items = (await logged(api)).filter(({event}) => event.startsWith('question'));
    assert.ok(items.filter(({result}) => result === 'sent').length <= 4, JSON.stringify(words(items)));
    const {body: {items: kept}} = await api.get('/inbound');
    assert.ok(kept.every(({action}) => ['balance', 'due', 'last'].includes(action)));
    await bridge.stop();
  });

  test('that nobody has, or several share, is told nothing of an account', {timeout}, async (t) => {
    const {standin, smsc, api} = await setUp(t, {tenant: {numbers: ['22384']}, inbound_rules: rules});
    const {records} = standin;
    const account = (id, more) => ({id, accountNo: `00000000${id}`, currency: {code: 'KES'}, status: {active: true}, ...more});
    records['clients/7/accounts'] = {savingsAccounts: [1, 2, 3, 4, 5].map((id) => account(id, {productName: 'Akiba', accountBalance: 1050.75})),
      loanAccounts: [account(6, {productName: 'Biashara', loanBalance: 20})]};
    records['clients/8'] = {id: 8, firstname: 'Juma', lastname: 'Otieno', displayName: 'Juma Otieno', mobileNo: '+254 712345678', active: true};
    records['clients/8/accounts'] = {};
    records['clients/9'] = {id: 9, firstname: 'Far', displayName: 'Far', mobileNo: '0112712345678', active: true};  // only looks alike
    assert.equal(await asks(smsc, '254799999999', 'BAL'), 0);
    await until('that nobody has it', async () => (await logged(api)).some(({result}) => result === 'no_recipient'));
    assert.equal(await asks(smsc, amina, 'BAL'), 0);
    await until('a question back', () => smsc.textsTo(amina).length === 1);
    assert.match(smsc.textsTo(amina)[0], /bal Juma/);
    assert.match(smsc.textsTo(amina)[0], /bal Amina/);
    assert.doesNotMatch(smsc.textsTo(amina)[0], /1,050|Akiba|Far/);
    assert.equal(await asks(smsc, amina, 'BAL amina'), 0);
    await until('hers', () => smsc.textsTo(amina).length === 2);
    const akiba = [1, 2, 3].map((id) => `Akiba ..000${id}: KES 1,050.75.`).join(' ');
    assert.equal(smsc.textsTo(amina)[1].trim(), `Amina: ${akiba} Biashara ..0006: KES 20.`, 'four of them, and some of each kind');
    assert.equal(smsc.textsTo('254799999999').length, 0);
    // Fineract is away: the question waits, and is answered.
    standin.down = true;
    assert.equal(await asks(smsc, amina, 'BAL Juma'), 0);
    await new Promise((resolve) => setTimeout(resolve, 500));
    standin.down = false;
    await until('his', () => smsc.textsTo(amina).length === 3);
    assert.match(smsc.textsTo(amina)[2], /no active account/);
  });
});
