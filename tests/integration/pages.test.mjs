// SPDX-License-Identifier: MPL-2.0
// The pages that say how to do something, walked: each command that they show is run as it stands there.
import assert from 'node:assert/strict';
import {execFile} from 'node:child_process';
import {readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {describe, it} from 'node:test';
import {promisify} from 'node:util';
import YAML from 'yaml';
import {binary, Bridge, root, until} from './harness.mjs';
import {FineractStandin} from './peers/fineract_standin.mjs';
import {Smsc} from './peers/smpp_smsc.mjs';

const timeout = 120_000;
const page = (name) => readFileSync(join(root, 'docs', `${name}.md`), 'utf8');
const sample = (name) => JSON.parse(readFileSync(join(root, 'tests', 'data', 'fineract', name), 'utf8'));
// What stands between its fences, by the word behind the first of them.
const blocks = (text, ...kinds) => text.split(/^ *```/m).filter((_, i) => i % 2 === 1).map((block) => /^(\w*)\n([^]*)$/.exec(block))
  .filter(([, kind]) => kinds.includes(kind)).map(([, , block]) => block);
// A command goes on in the next line behind a backslash.
const commands = (text) => blocks(text, '', 'sh').flatMap((block) => block.replace(/\\\n\s*/g, '').split('\n')).map((line) => line.trim())
  .filter((line) => line.startsWith('smsbridge '));

const columns = {id: 'BIGINT', firstName: 'VARCHAR', mobileNo: 'VARCHAR', totalDue: 'DECIMAL', paymentDueDate: 'DATE', loanAccountId: 'VARCHAR'};
const due = {columns, rows: [[7, 'Amina', '0712345678', 950, '2026-12-04', 'L7'], [9, 'Juma', '0700111222', 1200, '2026-12-04', 'L9']]};

async function setUp(t, {tenant = 'default', fineract = {}, ...more} = {}) {
  const standin = await FineractStandin.start(t, {
    records: {
      'clients/7': sample('clients.response.json'), 'staff/3': sample('staff.response.json'),
      'loans/12': {...sample('loans.response.json'), status: {id: 200, value: 'Approved'}},
    },
    reports: {'Loan payments due': due}});
  const smsc = await Smsc.start(t);
  const bridge = await Bridge.start(t, {gateways: [{port: smsc.port}],
    tenants: [{name: tenant, languages: ['sw', 'en'], currency: 'KES', sender: 'UMOJA', ...more.settings,
      fineract: {url: standin.url, user: 'reader', password: 'geheim', ...fineract}}],
    templates: more.templates});
  await bridge.up();
  // As in a shell of whoever reads the page, in a folder of its own.
  const run = async (command) => {
    const script = `smsbridge() { "${binary}" "$@" -c "${bridge.configFile}"; }\n${command}`;
    return promisify(execFile)('bash', ['-c', script], {cwd: bridge.folder, timeout: 30_000})
      .then(({stdout, stderr}) => ({code: 0, output: stdout + stderr}), ({code, stdout, stderr}) => ({code, output: `${stdout}${stderr}`}));
  };
  return {standin, smsc, bridge, api: bridge.api(), run};
}

// All commands of the page, in their order. `otherwise` has the exit codes of those that have none of 0, by a part of the command;
// null: it is not run.
async function walk(name, run, otherwise = {}) {
  const all = commands(page(name));
  assert.ok(all.length > 0, `docs/${name}.md has commands`);
  for (const command of all) {
    const [, wanted = 0] = Object.entries(otherwise).find(([part]) => command.includes(part)) ?? [];
    if (wanted === null) continue;
    const {code, output} = await run(command);
    assert.equal(code, wanted, `docs/${name}.md: ${command}\n${output}`);
  }
  for (const part of Object.keys(otherwise)) assert.ok(all.some((command) => command.includes(part)), `docs/${name}.md has no '${part}' any more`);
}

describe('the page', () => {
  it('events.md: Fineract is connected, and a loan that is approved becomes a text', {timeout}, async (t) => {
    const text = page('events');
    const [settings] = blocks(text, 'yaml');
    const {fineract: {url, ...fineract}} = YAML.parse(settings).tenants[0];
    assert.match(url, /\/api\/v1$/);
    assert.deepEqual(Object.keys(fineract), ['user', 'password', 'hook_secret']);
    const secret = '0123456789abcdef0123456789abcdef';
    const {standin, smsc, bridge, run} = await setUp(t, {fineract: {hook_secret: secret},
      templates: [{name: 'officer-paid', audience: 'officer', texts: {en: 'Loan of {{fullName}} paid out'}}, {name: 'large', audience: 'staff', texts: {en: 'A large deposit'}}]});
    assert.match((await run('smsbridge fineract check')).output, /^rights\tok/m);
    const hook = JSON.parse(/^ *POST \S+\/hooks\n([^]*?)^ *```/m.exec(text)[1]);
    const address = new URL(hook.config['Payload URL'].replace('THE-SECRET', secret));
    assert.ok(hook.events.some(({entityName, actionName}) => entityName === 'LOAN' && actionName === 'APPROVE'));
    assert.match(text, /`smsbridge events enable loan-approved`/);
    assert.equal((await run('smsbridge events enable loan-approved')).code, 0);
    const answer = await standin.hook(`http://127.0.0.1:${bridge.fineractPort}${address.pathname}`, 'LOAN', 'APPROVE', {response: {clientId: 7, loanId: 12, resourceId: 12}});
    assert.equal(answer.status, 200);
    await until('the text', () => smsc.textsTo('254712345678').length === 1);
    assert.equal(smsc.textsTo('254712345678')[0], 'Habari Amina, mkopo wako wa KES 50,000 umeidhinishwa.');
    assert.match((await run('smsbridge events log')).output, /sent/);
    await walk('events', run);
  });

  it('templates.md: a template is written, tried and sent', {timeout}, async (t) => {
    const {smsc, bridge, run} = await setUp(t);
    await walk('templates', run);
    await until('the text', () => smsc.textsTo('254712345678').length === 1);
    assert.equal(smsc.textsTo('254712345678')[0], 'Habari Amina, mkopo wako wa KES 4,500 umeidhinishwa.');
    const [curl] = blocks(page('templates'), 'sh').filter((block) => block.startsWith('curl'));
    const sent = JSON.parse(/-d '([^]*?)'/.exec(curl)[1]);
    assert.equal((await bridge.api().post('/messages', sent)).status, 202);
    await until('the other', () => smsc.textsTo('254712345678').length === 2);
  });

  it('schedules.md: a reminder is tried out, and sent when its time comes or somebody says so', {timeout}, async (t) => {
    const {smsc, run} = await setUp(t, {tenant: 'umoja', fineract: {tenant: 'default'}, settings: {time_zone: 'Africa/Nairobi'}});
    await walk('schedules', run, {'--run ': null, 'schedules stop': null});
    assert.equal((await run('smsbridge schedules run repayment-due')).code, 0);
    await until('the texts', () => smsc.textsTo('254712345678').length === 1 && smsc.textsTo('254700111222').length === 1);
    assert.match((await run('smsbridge schedules runs repayment-due')).output, /ended/);
  });

  it('import.md: a file becomes messages', {timeout}, async (t) => {
    const {smsc, bridge, run} = await setUp(t);
    writeFileSync(join(bridge.folder, 'arrears.csv'), 'mobileNo,firstName,totalDue,loanAccountId,paymentDueDate\n0712345678,Amina,950,L7,2026-12-04\n');
    await walk('import', run);
    await until('the text', () => smsc.textsTo('254712345678').length === 1);
  });

  it('inbound.md: rules answer, and opt-outs are kept', {timeout}, async (t) => {
    const {smsc, bridge, run} = await setUp(t, {settings: {numbers: ['22384']}});
    writeFileSync(join(bridge.folder, 'old.csv'), '0700111222,left\n');
    await walk('inbound', run, {'smsc-sim': null});
    await smsc.fromPhone({from: '254712345678', to: '22384', text: 'hours'});
    await until('the answer', () => smsc.textsTo('254712345678').length === 1);
    assert.equal(smsc.textsTo('254712345678')[0], 'We are open from 8 to 17.');
    assert.match(readFileSync(join(bridge.folder, 'opt-outs.csv'), 'utf8'), /254700111222/);
  });
});
