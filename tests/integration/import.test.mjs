// SPDX-License-Identifier: MPL-2.0
// A file becomes messages, each row once: whatever is interrupted, killed or begun again.
import assert from 'node:assert/strict';
import {existsSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {it} from 'node:test';
import {binary, Bridge, freePort, start, until} from './harness.mjs';

const timeout = 120_000;
const templates = [{name: 'reminder', texts: {en: 'Dear {{firstName}}, {{totalDue|money}}.', sw: 'Habari {{firstName}}, {{totalDue|money}}.'}}];

async function setUp(t, name, content, tenant = {}) {
  const bridge = await Bridge.start(t, {gateways: [{port: await freePort()}], tenants: [{default_country: 'KE', currency: 'KES', ...tenant}], templates});
  const file = join(bridge.folder, name);
  writeFileSync(file, content);
  return {bridge, file, api: bridge.api()};
}

async function messages(api) {
  const all = [];
  for (let cursor = ''; ;) {
    const {body} = await api.get(`/messages?limit=500${cursor && `&cursor=${cursor}`}`);
    all.push(...body.items);
    if (!body.next_cursor) return all;
    cursor = body.next_cursor;
  }
}
const accepted = async (api) => (await api.get('/messages/counts')).body.by_state.queued;
const many = (count) => `mobileNo,firstName,totalDue\n${Array.from({length: count}, (_, i) => `07${12_000_000 + i},Amina,950\n`).join('')}`;
const imported = (bridge, file) => start(bridge.t, binary, ['import', file, '-c', bridge.configFile, '--template', 'reminder', '--lane', 'campaign']);

it('makes a message of each row of CSV, and a file of those it refused', {timeout}, async (t) => {
  const rows = ['\ufeffmobileNo,"firstName",totalDue,lang', '0712000001,"O\'Brien, ""Amina""",950,en', "'+254712000002,Wanjiru,1e3,sw", '12,Otieno,5,en', '0712000003,Otieno,,en',
    '0712000004,Otieno', '', '0712000005,"two\nlines",7,en'];
  const {bridge, file, api} = await setUp(t, 'due.csv', `${rows.join('\r\n')}\r\n`);
  const how = ['import', file, '--template', 'reminder', '--language-column', 'lang', '--lane', 'reminder'];
  const tried = await bridge.cli(...how, '--dry-run');
  assert.equal(tried.code, 3, tried.output);
  assert.match(tried.stdout, /^6 rows: 3 messages in 3 parts, 3 refused; nothing was sent/);
  assert.deepEqual(await messages(api), []);
  const done = await bridge.cli(...how);
  assert.equal(done.code, 3, done.output);
  assert.match(done.stdout, /^6 rows: 3 messages accepted, 3 refused \(imp-[0-9a-f]{16}\)/);
  const all = (await messages(api)).sort((a, b) => a.to.localeCompare(b.to));
  assert.deepEqual(all.map(({to, text, lane}) => [to, text, lane]), [
    ['+254712000001', 'Dear O\'Brien, "Amina", KES 950.', 'reminder'],
    ['+254712000002', 'Habari Wanjiru, KES 1,000.', 'reminder'],
    ['+254712000005', 'Dear two\nlines, KES 7.', 'reminder']]);
  assert.match(all[0].client_ref, /^imp-[0-9a-f]{16}-1$/);
  const refused = readFileSync(`${file}.refused.csv`, 'utf8').split('\n');
  assert.equal(refused[0], 'row,why,mobileNo,firstName,totalDue,lang');
  assert.match(refused[1], /^3,.*invalid phone number.*,12,Otieno,5,en$/);
  assert.match(refused[2], /^4,.*totalDue.*,0712000003,Otieno,,en$/);
  assert.match(refused[3], /^5,the row has 2 fields and not 4,0712000004,Otieno,,$/);
});

it('reads NDJSON, and texts without a template', {timeout}, async (t) => {
  const rows = [{to: '0712000001', text: 'Hello'}, 'no JSON', {to: 254712000002, phone: '12', text: 'Hello', more: 1}, {to: '0712000003'}];
  const {bridge, file, api} = await setUp(t, 'list.ndjson', rows.map((row) => typeof row === 'string' ? row : JSON.stringify(row)).join('\n'));
  const done = await bridge.cli('import', file, '--json');
  assert.equal(done.code, 3, done.output);
  const {import: name, ...counts} = JSON.parse(done.stdout);
  assert.deepEqual(counts, {rows: 4, accepted: 2, refused: 2, interrupted: false});
  assert.deepEqual((await messages(api)).map(({to, client_ref: ref}) => [to, ref]).sort(), [['+254712000001', `${name}-1`], ['+254712000002', `${name}-3`]]);
  const refused = readFileSync(`${file}.refused.ndjson`, 'utf8').trimEnd().split('\n').map((line) => JSON.parse(line));
  assert.deepEqual(refused.map(({row, why, ...values}) => [row, values]), [[2, {}], [4, {to: '0712000003'}]]);
  assert.match(refused[0].why, /no JSON/);
  // Mended, it is a file that can be imported.
  const {row, why, ...values} = refused[1];
  const mended = join(bridge.folder, 'mended.ndjson');
  writeFileSync(mended, `${JSON.stringify({...values, text: 'Hello'})}\n`);
  const second = await bridge.cli('import', mended);
  assert.equal(second.code, 0, second.output);
});

it('begun again sends nobody a second, and with a new word everybody', {timeout}, async (t) => {
  const {bridge, file, api} = await setUp(t, 'due.csv', many(700));
  const how = ['import', file, '--template', 'reminder'];
  for (let i = 0; i < 2; ++i) assert.equal((await bridge.cli(...how)).code, 0);
  assert.equal(await accepted(api), 700);
  assert.ok(!existsSync(`${file}.refused.csv`));
  assert.equal((await bridge.cli(...how, '--again', 'december')).code, 0);
  assert.equal(await accepted(api), 1400);
});

it('sends less at once where the tenant\'s rate refuses more', {timeout}, async (t) => {
  const {bridge, file, api} = await setUp(t, 'due.csv', many(300), {limits: {rate: '100/s'}});
  const done = await bridge.cli('import', file, '--template', 'reminder', '--lane', 'transaction');
  assert.equal(done.code, 0, done.output);
  assert.match(done.output, /waits: .*limits\.rate/);
  assert.equal(await accepted(api), 300);
});

it('goes on after Ctrl-C, after its own death and after the daemon\'s', {timeout: 240_000}, async (t) => {
  const count = 20_000;
  const {bridge, file, api} = await setUp(t, 'due.csv', many(count));
  const some = (more) => until('some to be accepted', async () => await accepted(api) > more);
  const first = imported(bridge, file);
  await some(0);
  const code = await first.end('SIGINT');
  assert.match(first.output, /interrupted\. to go on, give the same command again/);
  const out = await accepted(api);
  assert.ok(out < count, `${out} were out: it was interrupted (${code})`);
  const second = imported(bridge, file);
  await some(out);
  await second.end('SIGKILL');
  const third = imported(bridge, file);
  await some(await accepted(api));
  await bridge.kill();
  await bridge.restart();
  await third.ended;
  const last = await bridge.cli('import', file, '--template', 'reminder', '--lane', 'campaign');
  assert.equal(last.code, 0, last.output);
  const numbers = (await messages(bridge.api())).map(({to}) => to);
  assert.equal(new Set(numbers).size, count);
  assert.equal(numbers.length, count, 'nobody has two');
});

it('says what is wrong with a file', {timeout}, async (t) => {
  const {bridge, file} = await setUp(t, 'due.csv', 'mobileNo;firstName\n0712000001;Amina\n');
  const cases = [[[file], 'due.csv', /separated by semicolons/], [['-'], '', /cannot read -/], [[`${file}.txt`], 'due.csv.txt', /says how it is read: \.csv/],
    [[join(bridge.folder, 'twice.csv')], 'twice.csv', /name each column, and no two alike/],
    [[join(bridge.folder, 'phones.csv')], 'phones.csv', /'number' and 'phone' could both be the phone: say which with --number-column/]];
  writeFileSync(`${file}.txt`, 'x');
  writeFileSync(join(bridge.folder, 'twice.csv'), 'to,to\n1,2\n');
  writeFileSync(join(bridge.folder, 'phones.csv'), 'number,phone,text\n1000,0712000001,Hello\n');
  for (const [parameters, , why] of cases) {
    const refused = await bridge.cli('import', ...parameters);
    assert.equal(refused.code, 2, refused.output);
    assert.match(refused.output, why);
  }
});
