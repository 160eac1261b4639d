// SPDX-License-Identifier: MPL-2.0
// Schedules: a report of Fineract becomes a message a row, once in a period, whatever is killed, stopped or run again.
import assert from 'node:assert/strict';
import {writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {describe, it} from 'node:test';
import {binary, Bridge, freePort, root, start, until} from './harness.mjs';
import {FineractStandin} from './peers/fineract_standin.mjs';

const timeout = 120_000;
const columns = {id: 'BIGINT', firstName: 'VARCHAR', mobileNo: 'VARCHAR', totalDue: 'DECIMAL', paymentDueDate: 'DATE', loanAccountId: 'VARCHAR', lang: 'VARCHAR'};
const person = (id, more = {}) => {
  const row = {id, firstName: 'Amina', mobileNo: `07${String(12_000_000 + id)}`, totalDue: 950, paymentDueDate: '2026-12-04', loanAccountId: `L${id}`, lang: 'en', ...more};
  return Object.keys(columns).map((column) => row[column]);
};
const due = (count) => ({'Loan payments due': {columns, rows: Array.from({length: count}, (_, i) => person(i + 1))}});
const texts = {en: 'Dear {{firstName}}, {{totalDue|money}} is due on {{paymentDueDate}}.', sw: 'Habari {{firstName}}, {{totalDue|money}} tarehe {{paymentDueDate}}.'};
const schedule = (more = {}) => ({name: 'due', tenant: 'default', cron: '0 8 1 1 *', template: 'reminder', number_column: 'mobileno', language_column: 'LANG',
  report: {name: 'Loan payments due', parameters: {officeId: 1, fromX: 0, toY: 3, day: '{today+3}'}}, ...more});

async function setUp(t, reports, {settings = schedule(), gateway = {}} = {}) {
  const port = await freePort();
  start(t, binary, ['smsc-sim', '--port', String(port), '--account', 'umoja:secret', '--receipt-delay', '10ms', '--quiet']);
  const standin = await FineractStandin.start(t, {reports});
  const bridge = await Bridge.start(t, {
    gateways: [{name: 'main', port, rate: '50/s', ...gateway}],
    tenants: [{default_country: 'KE', currency: 'KES', time_zone: 'Africa/Nairobi', fineract: {url: standin.url, user: 'reader', password: 'geheim'}}],
    templates: [{name: 'reminder', variables: ['lang'], texts}],
    prices: [{gateway: 'main', price: '0.50', currency: 'KES'}]});
  const api = bridge.api();
  if (settings) {
    const made = await api.post('/schedules', settings);
    assert.equal(made.status, 201, JSON.stringify(made.body));
  }
  return {standin, bridge, api};
}

const show = async (api, name = 'due') => (await api.get(`/schedules/${name}`)).body;
const runs = async (api, name = 'due') => (await api.get(`/schedules/${name}/runs`)).body.items;
const ends = async (api, name = 'due') => (await runs(api, name)).filter(({event}) => event === 'ended');
const ended = (api, count = 1) => until(`${count} runs to end`, async () => (await ends(api)).length >= count);

// What stands in the queue, by the number of the phone.
async function messages(api) {
  const all = [];
  for (let cursor = ''; ;) {
    const {body} = await api.get(`/messages?limit=500${cursor && `&cursor=${cursor}`}`);
    all.push(...body.items);
    if (!body.next_cursor) return all;
    cursor = body.next_cursor;
  }
}
const numbers = async (api) => (await messages(api)).map(({to}) => to).sort();

describe('a run', () => {
  it('makes a message of each row, says which were refused, and sends nobody a second', {timeout}, async (t) => {
    const rows = [person(1), person(2, {lang: 'sw', firstName: "O'Brien"}), person(3, {mobileNo: null}), person(4, {mobileNo: '12'}), person(5, {totalDue: null}),
      person(1)];
    const {standin, bridge, api} = await setUp(t, {'Loan payments due': {columns, rows}});
    assert.equal((await bridge.cli('schedules', 'run', 'due')).code, 0);
    await ended(api);
    const [first] = await ends(api);
    assert.deepEqual([first.result, first.rows, first.sent, first.repeated, first.refused, first.detail], ['ok', 6, 2, 1, 3, null]);
    const asked = standin.requests.find(({path}) => path.includes('runreports'));
    const inThree = new Date(Date.now() + 3 * 86_400_000 + 3 * 3_600_000).toISOString().slice(0, 10);
    assert.ok(asked.path.endsWith(`/runreports/Loan%20payments%20due?R_day=${inThree}&R_fromX=0&R_officeId=1&R_toY=3`), asked.path);
    const sent = Object.fromEntries((await messages(api)).map((message) => [message.to, message]));
    assert.deepEqual(Object.keys(sent).sort(), ['+254712000001', '+254712000002']);
    assert.equal(sent['+254712000001'].text, 'Dear Amina, KES 950 is due on 4 Dec 2026.');
    assert.match(sent['+254712000002'].text, /^Habari O'Brien, /);
    assert.deepEqual([sent['+254712000001'].source, sent['+254712000001'].triggered_by, sent['+254712000001'].lane], ['schedule', 'schedule due', 'reminder']);

    const slices = (await api.get(`/schedules/due/runs?run=${first.run}`)).body.items;
    assert.deepEqual(slices.map(({event}) => event), ['slice']);
    assert.deepEqual(slices[0].refused_rows.map(({row, id}) => [row, id]), [[3, 'loanAccountId L3'], [4, 'loanAccountId L4'], [5, 'loanAccountId L5']]);
    assert.match(slices[0].refused_rows[0].why, /no phone number/);
    assert.match(slices[0].refused_rows[2].why, /totalDue/);

    // What lacked a value is mended: only those that got nothing get something.
    rows[2] = person(3);
    await bridge.cli('schedules', 'run', 'due');
    await ended(api, 2);
    const [second] = await ends(api);
    assert.deepEqual([second.sent, second.repeated, second.refused], [1, 3, 2]);
    assert.equal((await bridge.cli('schedules', 'run', 'due', '--anew')).code, 0);
    await ended(api, 3);
    assert.deepEqual(((await ends(api))[0].sent), 3);
    assert.equal((await messages(api)).length, 6);
    assert.equal(await bridge.metric('schedule_runs_total', {result: 'ok', tenant: 'default'}), 3);
    assert.equal(await bridge.metric('schedule_rows_total', {result: 'refused', tenant: 'default'}), 7);
    assert.match((await bridge.cli('schedules', 'list')).stdout, /due\tdefault\twaiting\ton the first of January at 08:00\tAfrica\/Nairobi\t\S+\treport Loan payments due\treminder\tok: 3 sent/);
    assert.match((await bridge.cli('schedules', 'runs', 'due')).stdout, /ended\tok\t6\t3\t1\t2/);
  });

  it('reads cells of strings, and columns in lower case', {timeout}, async (t) => {
    const lower = Object.fromEntries(Object.entries(columns).map(([name, type]) => [name.toLowerCase(), type]));
    const {api} = await setUp(t, {'Loan payments due': {columns: lower, rows: [person(1)]}});
    const again = await setUp(t, {'Loan payments due': {columns, rows: [person(1)]}});
    again.standin.oldCells = true;
    for (const each of [api, again.api]) {
      await each.post('/schedules/due/run');
      await ended(each);
      assert.equal((await messages(each))[0].text, 'Dear Amina, KES 950 is due on 4 Dec 2026.');
    }
  });

  for (const [what, more] of [['row', {}], ['group', {group_by: ['ID']}]]) it(`that is killed half-way goes on after the start, and each ${what} has one message`, {timeout: 240_000}, async (t) => {
    const count = 20_000;
    const {bridge, api} = await setUp(t, due(count), {settings: schedule(more), gateway: {rate: '1/s'}});
    await api.post('/schedules/due/run');
    let kills = 0;
    for (; kills < 3; ++kills) {
      const seen = await until('some to be sent', async () => {
        const {running} = await show(api);
        return running?.sent > 0 ? 'running' : (await ends(api)).length > 0 && 'ended';
      });
      if (seen === 'ended') break;
      await bridge.kill();
      await bridge.restart();
    }
    assert.ok(kills > 0, 'it was killed while it ran');
    await ended(api);
    const all = await numbers(api);
    assert.equal(new Set(all).size, count);
    assert.equal(all.length, count, 'nobody has two');
    await api.post('/schedules/due/run');
    await ended(api, 2);
    assert.deepEqual([(await ends(api))[0].sent, (await ends(api))[0].repeated], [0, count]);
  });

  it('is stopped, and says what is out; another one sends the rest', {timeout}, async (t) => {
    const count = 100_000;
    const {bridge, api} = await setUp(t, due(count), {gateway: {rate: '1/s'}});
    await api.post('/schedules/due/run');
    await until('it to run', async () => ((await show(api)).running?.sent ?? 0) > 0);
    assert.equal((await api.post('/schedules/due/run')).status, 409);
    const stopped = await bridge.cli('schedules', 'stop', 'due');
    assert.equal(stopped.code, 0, stopped.output);
    await ended(api);
    const [end] = await ends(api);
    assert.equal(end.result, 'stopped');
    assert.ok(end.sent > 0 && end.sent < count, `${end.sent} of ${count}`);
    assert.equal((await bridge.cli('schedules', 'stop', 'due')).code, 6);
  });

  it('ends when its tenant is suspended meanwhile', {timeout}, async (t) => {
    const count = 100_000;
    const {bridge, api} = await setUp(t, due(count), {gateway: {rate: '1/s'}});
    await api.post('/schedules/due/run');
    await until('it to run', async () => ((await show(api)).running?.sent ?? 0) > 0);
    const [tenant] = bridge.config.tenants;
    writeFileSync(bridge.configFile, JSON.stringify({...bridge.config, tenants: [{...tenant, enabled: false}]}));
    const reloaded = await bridge.cli('reload', '--yes');
    assert.equal(reloaded.code, 0, reloaded.output);
    const owner = bridge.api(await bridge.createOwnerKey());  // the tenant's own key is refused by now
    await ended(owner);
    const [end] = await ends(owner);
    assert.deepEqual([end.result, end.refused], ['stopped', 0]);
    assert.match(end.detail, /'default' is suspended/);
    assert.ok(end.sent > 0 && end.sent < count, `${end.sent} of ${count}`);
  });

  it('begins when it is due, on its zone\'s clock, also for a time that was missed', {timeout}, async (t) => {
    const {standin, bridge, api} = await setUp(t, due(2), {settings: null});
    const at = new Date(Date.now() + 4000).toISOString();
    assert.equal((await api.post('/schedules', schedule({cron: undefined, at}))).status, 201);
    assert.deepEqual((await show(api)).next_runs, [at]);
    await ended(api);
    assert.equal((await ends(api))[0].period, at);
    assert.deepEqual((await show(api)).next_runs, []);
    // One whose time passes while nobody is there.
    const later = new Date(Date.now() + 5000).toISOString();
    const other = {cron: undefined, at: later, key: ['id', 'paymentDueDate']};
    assert.equal((await api.post('/schedules', schedule({name: 'missed', ...other}))).status, 201);
    assert.equal((await api.post('/schedules', schedule({name: 'paused', enabled: false, ...other}))).status, 201);
    await bridge.kill();
    await until('its time to pass', () => Date.now() > Date.parse(later) + 200);
    await bridge.restart();
    await until('it to be made up for', async () => (await ends(api, 'missed')).length === 1);
    assert.equal((await ends(api, 'missed'))[0].sent, 2);
    assert.deepEqual(await runs(api, 'paused'), []);
    assert.equal(standin.requests.filter(({path}) => path.includes('runreports')).length, 2);
  });

  it('waits for a Fineract that does not answer, and ends with what a repetition does not help', {timeout}, async (t) => {
    const {standin, bridge, api} = await setUp(t, due(1));
    standin.down = true;
    await api.post('/schedules/due/run');
    await until('it to be told', () => bridge.log.includes('Fineract does not answer: the run is tried again'));
    const [waits] = await until('it to be shown', async () => {
      const seen = await runs(api);
      return seen[0].event === 'waits' && seen;
    });
    assert.equal(waits.detail, 'Fineract: HTTP 503');
    standin.down = false;
    standin.reports = {};
    await api.post('/schedules/due/run');
    await ended(api);
    const [end] = await ends(api);
    assert.equal(end.result, 'error');
    assert.match(end.detail, /^Fineract: HTTP 404: Reporting meta-data doesn't exist for report with name Loan payments due$/);
    assert.doesNotMatch(bridge.log, /geheim/);
  });

  it('that waits for Fineract can be stopped', {timeout}, async (t) => {
    const {standin, bridge, api} = await setUp(t, due(1));
    standin.down = true;
    await api.post('/schedules/due/run');
    await until('it to wait', async () => (await runs(api))[0]?.event === 'waits');
    const stopped = await bridge.cli('schedules', 'stop', 'due');
    assert.equal(stopped.code, 0, stopped.output);
    await ended(api);
    const [end] = await ends(api);
    assert.deepEqual([end.result, end.detail], ['stopped', 'Fineract: HTTP 503']);
    assert.equal((await bridge.cli('schedules', 'stop', 'due')).code, 6, 'there is no other');
    standin.down = false;
    await api.post('/schedules/due/run');
    await ended(api, 2);
    assert.deepEqual([(await ends(api))[0].result, (await ends(api))[0].sent], ['ok', 1]);
  });

  it('does not begin on a holiday', {timeout}, async (t) => {
    const {standin, api} = await setUp(t, due(1), {settings: schedule({holidays: 'skip', office: 2})});
    const [y, m, d] = new Date(Date.now() + 3 * 3_600_000).toISOString().slice(0, 10).split('-').map(Number);
    standin.holidays = [{name: 'Jamhuri', office: 2, fromDate: [y, m, d], toDate: [y, m, d]}];
    await api.post('/schedules/due/run');
    await ended(api);
    assert.deepEqual([(await ends(api))[0].result, (await ends(api))[0].detail], ['skipped', 'it is a holiday: Jamhuri']);
    standin.holidays[0].office = 1;
    await api.post('/schedules/due/run');
    await ended(api, 2);
    assert.equal((await ends(api))[0].sent, 1);
  });

  it('reads a list of clients page by page', {timeout}, async (t) => {
    const settings = schedule({list: 'clients', report: undefined, template: 'birthday', language_column: undefined});
    const {standin, api} = await setUp(t, {}, {settings});
    standin.people = Array.from({length: 1201}, (_, i) => ({id: i + 1, active: i !== 7, firstname: 'Amina', mobileNo: `07${12_000_001 + i}`, status: {id: 300}}));
    await api.post('/schedules/due/run');
    await ended(api);
    const [end] = await ends(api);
    assert.deepEqual([end.result, end.rows, end.sent, end.refused], ['ok', 1200, 1200, 0], 'a client that is not active is no row');
    assert.deepEqual(standin.requests.filter(({path}) => path.includes('clients')).map(({path}) => /offset=(\d+)/.exec(path)[1]), ['0', '500', '1000']);
  });
});

describe('a run to staff', () => {
  const staff = [{id: 3, displayName: 'Odhiambo, Otieno', mobileNo: '0712000003', officeId: 1}, {id: 7, displayName: 'Kamau, Wanjiru', mobileNo: '0712000007', officeId: 1},
    {id: 8, displayName: 'Njeri, Grace', officeId: 1}];
  const counts = ({rows, sent, repeated, refused}) => [rows, sent, repeated, refused];
  const day = (later) => new Date(Date.now() + later * 86_400_000 + 3 * 3_600_000).toISOString().slice(0, 10);

  it('says so when its `where` names a column that no row has', {timeout}, async (t) => {
    const {bridge, api} = await setUp(t, due(3), {settings: schedule({where: {totaldue: '950', 'Due on': '{today}'}})});
    assert.equal((await bridge.cli('schedules', 'run', 'due')).code, 0);
    await ended(api);
    const [{result, rows, detail}] = await ends(api);
    assert.deepEqual([result, rows], ['ok', 0]);
    assert.match(detail, /no row has a value in the column 'Due on' of 'where'/);
    assert.equal((await bridge.cli('schedules', 'change', 'due', '--set', 'where={Due on: null}')).code, 0);
    await bridge.cli('schedules', 'run', 'due');
    await ended(api, 2);
    assert.equal((await ends(api))[0].sent, 3);
  });

  it('tells each loan officer of his loans in one text, and nobody a second time', {timeout}, async (t) => {
    const columns = {'Client Account No': 'VARCHAR', Name: 'VARCHAR', Currency: 'VARCHAR', Principal: 'DECIMAL', 'Expected Disbursal': 'DATE', 'Loan Officer': 'VARCHAR'};
    const loan = (client, principal, officer, later = 0) => [`00${client}`, `Client ${client}`, 'KES', principal, day(later), officer];
    const rows = [loan(1, 10_000, 'Odhiambo, Otieno'), loan(2, 2500.5, 'kamau, wanjiru'), loan(3, 9, 'Odhiambo, Otieno', 1), loan(4, 5, 'Njeri, Grace'), loan(5, 5, null),
      ...[6, 7, 8, 9, 10].map((client) => loan(client, 10_000, 'Odhiambo, Otieno'))];
    const {standin, bridge, api} = await setUp(t, {'Loans Awaiting Disbursal': {columns, rows}}, {settings: null});
    standin.staff = staff;
    const applied = await bridge.cli('apply', '-f', join(root, 'conf', 'schedules', 'officer-disbursements-today.yaml'));
    assert.equal(applied.code, 0, applied.output);
    const name = 'officer-disbursements-today';
    const {body: tried} = await api.post(`/schedules/${name}/dry-run`);
    assert.deepEqual(counts(tried), [9, 2, 0, 2]);
    assert.deepEqual(tried.first.map(({row, to}) => [row, to]), [[1, '+254712000003'], [2, '+254712000007']]);
    assert.deepEqual([tried.parts, tried.price], [2, {KES: '1'}]);
    await api.post(`/schedules/${name}/run`);
    await until('it to end', async () => (await ends(api, name)).length === 1);
    const [first] = await ends(api, name);
    assert.deepEqual([first.result, ...counts(first)], ['ok', 9, 2, 0, 2]);
    const sent = Object.fromEntries((await messages(api)).map((message) => [message.to, message.text]));
    assert.deepEqual(sent, {
      '+254712000003': 'Loans to pay out today: 6, KES 60,000; Client 1 KES 10,000; Client 6 KES 10,000; Client 7 KES 10,000; Client 8 KES 10,000; ' +
        'Client 9 KES 10,000; and 1 more.',
      '+254712000007': 'Loans to pay out today: 1, KES 2,500.50; Client 2 KES 2,500.50.'});
    const slices = (await api.get(`/schedules/${name}/runs?run=${first.run}`)).body.items;
    assert.deepEqual(slices.flatMap(({refused_rows: refused}) => refused).map(({row, why}) => [row, why]),
        [[3, "Cannot send SMS as no phone number: 'Njeri, Grace' has none in Fineract"], [4, 'names no member of staff']]);
    assert.equal(standin.requests.filter(({path}) => path.endsWith('/staff?status=active')).length, 2, 'once a run, and once when it was tried out');

    staff[2].mobileNo = '0712000008';
    await api.post(`/schedules/${name}/run`);
    await until('it to end', async () => (await ends(api, name)).length === 2);
    assert.deepEqual(counts((await ends(api, name))[0]), [9, 1, 2, 1]);
    assert.equal((await messages(api)).length, 3);
  });

  it('tells each loan officer what is overdue', {timeout}, async (t) => {
    const columns = {Office: 'VARCHAR', 'Loan Officer': 'VARCHAR', Name: 'VARCHAR', 'Due Date': 'DATE', Currency: 'VARCHAR', 'Total Due': 'DECIMAL'};
    const rows = [['Nakuru', 'Kamau, Wanjiru', 'Amina', '2026-11-04', 'KES', 950.1], ['Nakuru', '-', 'Juma', '2026-11-04', 'KES', 5], ['Nakuru', 'Kamau, Wanjiru', 'Baraka', '2026-11-20', 'KES', 0.2]];
    const {standin, bridge, api} = await setUp(t, {'Expected Payments By Date - Basic': {columns, rows}}, {settings: null});
    standin.staff = staff;
    const name = 'officer-arrears';
    assert.equal((await bridge.cli('apply', '-f', join(root, 'conf', 'schedules', `${name}.yaml`))).code, 0);
    await api.post(`/schedules/${name}/run`);
    await until('it to end', async () => (await ends(api, name)).length === 1);
    assert.deepEqual(counts((await ends(api, name))[0]), [3, 1, 0, 1]);
    assert.deepEqual((await messages(api)).map(({to, text}) => [to, text]),
        [['+254712000007', 'Overdue instalments: 2, KES 950.30; Amina KES 950.10 of 4 Nov 2026; Baraka KES 0.20 of 20 Nov 2026.']]);
    const asked = new URL(standin.requests.find(({path}) => path.includes('runreports')).path, standin.root).searchParams;
    assert.equal(asked.get('R_endDate'), day(-1));
  });

  it('tells each manager of all rows, by currency', {timeout}, async (t) => {
    const columns = {'Office/Branch': 'VARCHAR', Fund: 'VARCHAR', Currency: 'VARCHAR', disbursed_amount: 'DECIMAL'};
    const rows = [['Head Office', '-', 'KES', 1_000_000.25], ['..Nakuru', '-', 'KES', 0.5], ['..Nakuru', '-', 'USD', 70]];
    const report = 'Funds Disbursed Between Dates Summary by Office';
    const {standin, bridge, api} = await setUp(t, {[report]: {columns, rows}}, {settings: null});
    standin.staff = staff;
    const name = 'managers-cash-summary';
    assert.equal((await bridge.cli('apply', '-f', join(root, 'conf', 'schedules', `${name}.yaml`))).code, 0);
    const changed = await bridge.cli('schedules', 'change', name, '--set', 'staff=[3, 7, 9]');
    assert.equal(changed.code, 0, changed.output);
    await api.post(`/schedules/${name}/run`);
    await until('it to end', async () => (await ends(api, name)).length === 1);
    assert.deepEqual(counts((await ends(api, name))[0]), [3, 4, 0, 2]);
    assert.deepEqual((await messages(api)).filter(({to}) => to === '+254712000007').map(({text}) => text).sort(), [
      'Loans paid out last month: KES 1,000,000.75; Head Office KES 1,000,000.25; ..Nakuru KES 0.50.',
      'Loans paid out last month: USD 70; ..Nakuru USD 70.']);
    const [year, month] = day(0).split('-').map(Number);
    const asked = new URL(standin.requests.find(({path}) => path.includes('runreports')).path, standin.root).searchParams;
    assert.deepEqual([asked.get('R_startDate'), asked.get('R_endDate')],
        [new Date(Date.UTC(year, month - 2, 1)), new Date(Date.UTC(year, month - 1, 0))].map((date) => date.toISOString().slice(0, 10)));
  });
});

describe('a schedule', () => {
  it('is tried out: count, texts, parts, price and time, and nothing is sent', {timeout}, async (t) => {
    const rows = [...Array.from({length: 100}, (_, i) => person(i + 1)), person(200, {mobileNo: ''})];
    const {bridge, api} = await setUp(t, {'Loan payments due': {columns, rows}});
    const {status, body} = await api.post('/schedules/due/dry-run');
    assert.equal(status, 200, JSON.stringify(body));
    const {first, refused_rows: refused, ...rest} = body;
    assert.deepEqual(rest, {rows: 101, sent: 100, repeated: 0, refused: 1, parts: 100, price: {KES: '50'}, unpriced: 0, seconds_to_send: 2,
      gateways: [{gateway: 'main', parts: 100}]});
    assert.equal(first.length, 20);
    assert.deepEqual(first[0], {row: 1, to: '+254712000001', language: 'en', parts: 1, gateway: 'main', text: 'Dear Amina, KES 950 is due on 4 Dec 2026.'});
    assert.deepEqual(refused.map(({row}) => row), [101]);
    assert.deepEqual(await messages(api), []);
    const tried = await bridge.cli('schedules', 'dry-run', 'due');
    assert.equal(tried.code, 3);
    assert.match(tried.stdout, /^101 rows: 100 messages in 100 parts, 0 got theirs in this period already, 1 refused\nprice: KES 50\ntakes: 2 s/);
  });

  it('is tried out as it would run: who comes twice, however far apart, gets one', {timeout}, async (t) => {
    // Far more rows than one slice has, and who is refused is no repetition.
    const rows = [person(999, {mobileNo: null}), ...Array.from({length: 450}, (_, i) => person(i + 1)), person(1), person(999)];
    const {api} = await setUp(t, {'Loan payments due': {columns, rows}});
    const {body} = await api.post('/schedules/due/dry-run');
    const counts = ({rows: all, sent, repeated, refused}) => [all, sent, repeated, refused];
    assert.deepEqual(counts(body), [453, 451, 1, 1]);
    await api.post('/schedules/due/run');
    await ended(api);
    assert.deepEqual(counts((await ends(api))[0]), [453, 451, 1, 1]);
  });

  it('is made, paused, changed and removed while the daemon runs, and says what is wrong', {timeout}, async (t) => {
    const {bridge, api} = await setUp(t, due(1), {settings: null});
    const made = await bridge.cli('schedules', 'create', 'due', '--set', 'tenant=default', '--set', 'cron=every weekday at 08:00', '--set', 'template=reminder',
        '--set', 'report={name: Loan payments due, parameters: {officeId: 1}}');
    assert.equal(made.code, 0, made.output);
    const {when, cron, zone, next_runs: next, state} = await show(api);
    assert.deepEqual([when, cron, zone, state, next.length], ['every weekday at 08:00', '0 8 * * 1,2,3,4,5', 'Africa/Nairobi', 'waiting', 5]);
    assert.ok(next.every((time) => time.endsWith('T05:00:00.000Z')), next.join());
    assert.equal((await bridge.cli('schedules', 'pause', 'due')).code, 0);
    assert.deepEqual([(await show(api)).state, (await show(api)).next_runs], ['paused', []]);
    assert.equal((await bridge.cli('schedules', 'resume', 'due')).code, 0);
    assert.equal((await show(api)).state, 'waiting');
    for (const [settings, why] of [[{cron: '0 25 * * *'}, /the hour '25'/], [{template: 'none'}, /unknown template 'none'/], [{tenant: 'none'}, /unknown tenant/],
      [{columns: {totalDue: 'loanAmount'}}, /no text of its template/], [{report: undefined}, /either 'report' or 'list'/]]) {
      const refused = await api.post('/schedules', schedule({name: 'wrong', ...settings}));
      assert.equal(refused.status, 422);
      assert.match(JSON.stringify(refused.body), why);
    }
    const used = await bridge.cli('templates', 'delete', 'reminder', '--yes');
    assert.equal(used.code, 6, used.output);
    assert.equal((await bridge.cli('schedules', 'delete', 'due', '--yes')).code, 0);
    assert.equal((await api.get('/schedules/due')).status, 404);
  });

  it('that is shipped can be applied as it is', {timeout}, async (t) => {
    const {bridge, api} = await setUp(t, {}, {settings: null});
    const applied = await bridge.cli('apply', '-f', join(root, 'conf', 'schedules'));
    assert.equal(applied.code, 0, applied.output);
    const {items} = (await api.get('/schedules')).body;
    assert.deepEqual(items.map(({name}) => name).sort(), ['birthday', 'managers-cash-summary', 'officer-arrears',
      'officer-disbursements-today', 'repayment-due-in-3-days', 'repayment-due-today', 'repayment-overdue']);
  });
});
