// SPDX-License-Identifier: MPL-2.0
// Templates: made, changed and removed; messages and answers to phones that are made of them; what they cost.
import assert from 'node:assert/strict';
import {writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {describe, test} from 'node:test';
import {Bridge, temporaryFolder, until} from './harness.mjs';
import {Smsc} from './peers/smpp_smsc.mjs';

const timeout = 120_000;
const phone = '254712345678';
const texts = {
  en: 'Dear {{firstName}}, your loan of {{loanAmount|money}} is approved.{{#dueDate}} First payment: {{dueDate}}.{{/dueDate}}',
  sw: 'Habari {{firstName}}, mkopo wako wa {{loanAmount|money}} umeidhinishwa.',
};
const approved = {name: 'loan-approved', event: 'loan-approved', texts};

const started = async (t, options = {}) => {
  const smsc = await Smsc.start(t);
  const bridge = await Bridge.start(t, {gateways: [{port: smsc.port, reconnect_first: '20ms', reconnect_max: '200ms'}],
    tenants: [{languages: ['sw', 'en'], currency: 'KES', numbers: ['22384'], sender: 'UMOJA'}], ...options});
  await bridge.up();
  return {smsc, bridge, api: bridge.api()};
};
const wish = (more = {}) => ({to: `+${phone}`, template: 'loan-approved', language: 'sw',
  variables: {FIRSTNAME: "Amina O'Brien", loanAmount: '4500.000000'}, ...more});
const refusal = ({status, body}) => [status, body.code, body.detail];

describe('a message of a template', () => {
  test('has its text in the language asked for, and says by which version', {timeout}, async (t) => {
    const {smsc, bridge, api} = await started(t);
    assert.equal((await api.post('/templates', approved)).status, 201);
    const sent = await api.post('/messages', wish());
    assert.equal(sent.status, 202, JSON.stringify(sent.body));
    assert.equal(sent.body.text, "Habari Amina O'Brien, mkopo wako wa KES 4,500 umeidhinishwa.");
    assert.deepEqual(sent.body.template, {name: 'loan-approved', version: 1, language: 'sw'});
    const patched = await api.request('PATCH', '/api/v1/templates/loan-approved', {body: {texts: {sw: 'Mpya, {{firstName}}'}}, headers: {'If-Match': '*'}});
    assert.deepEqual([patched.status, patched.body.settings.version, patched.body.settings.texts.en], [200, 2, texts.en]);
    const next = await api.post('/messages', wish({language: undefined}));
    assert.deepEqual([next.body.text, next.body.template.version], ["Mpya, Amina O'Brien", 2]);
    // By another language than there is: the tenant's next, and that is said.
    const other = await api.post('/messages', wish({language: 'hi', variables: {firstName: 'A', loanAmount: 1.5E3, PAYMENTDUEDATE: [2026, 11, 4]}}));
    assert.deepEqual([other.body.text, other.body.template.language], ['Mpya, A', 'sw']);
    assert.match(other.body.warnings.join(), /no text in hi: the one in sw was taken/);
    const english = await api.post('/messages', wish({language: 'en', variables: {firstName: 'A', loanAmount: 1.5E3, PAYMENTDUEDATE: [2026, 11, 4]}}));
    assert.equal(english.body.text, 'Dear A, your loan of KES 1,500 is approved. First payment: 4 Nov 2026.');
    await until('all to arrive', () => smsc.textsTo(phone).length === 4);
    assert.deepEqual(smsc.textsTo(phone).sort(), [sent, next, other, english].map(({body}) => body.text).sort());
    // What was made is kept, over a restart too.
    await bridge.stop();
    await bridge.restart();
    const again = bridge.api();
    const {body: kept} = await again.get(`/messages/${sent.body.id}`);
    assert.deepEqual(kept.template, {name: 'loan-approved', version: 1, language: 'sw'});
    const timeline = await again.get(`/messages/${sent.body.id}/timeline`);
    assert.match(timeline.body.items[0].detail, /of the template loan-approved, version 1, in sw/);
    assert.equal((await again.get('/templates/loan-approved')).body.version, 2);
    const plain = await again.post('/messages', {to: `+${phone}`, text: 'of none'});
    assert.equal(plain.body.template, null);
  });

  test('is refused when something lacks, and known when it is repeated', {timeout}, async (t) => {
    const {bridge, api} = await started(t, {templates: [approved]});
    const rows = [
      [wish({template: 'loan-aproved'}), [422, 'unknown-template', "there is no template 'loan-aproved' for this tenant; did you mean 'loan-approved'?"]],
      [wish({variables: {}}), [422, 'missing-variable', "the template 'loan-approved' needs values that were not given: firstName, loanAmount"]],
      [wish({variables: {firstName: 'A', loanAmount: 'a lot'}}), [422, 'invalid-request', "the template 'loan-approved' cannot be filled in: loanAmount: 'a lot' is no number"]],
      [wish({text: 'and a text'}), [422, 'invalid-request', 'send a text, or a template that makes one, not both']],
      [{to: `+${phone}`, text: 'x', language: 'sw'}, [422, 'invalid-request', 'language goes with template only: a text stays as it is']],
    ];
    for (const [body, wanted] of rows) assert.deepEqual(refusal(await api.post('/messages', body)), wanted);
    assert.equal(await bridge.metric('messages_rejected_total', {tenant: 'default', reason: 'missing_variable'}), 1);
    assert.equal(await bridge.metric('messages_rejected_total', {tenant: 'default', reason: 'unknown_template'}), 1);
    const batch = await api.post('/messages/batch', {messages: [wish(), wish({variables: {}})]});
    assert.deepEqual(batch.body.items.map(({status, problem}) => [status, problem?.code]), [[202, undefined], [422, 'missing-variable']]);
    const preview = await api.post('/messages/preview', wish({variables: {firstName: 'Wanjikũ', loanAmount: 1}}));
    assert.deepEqual([preview.status, preview.body.encoding, preview.body.forces_ucs2[0].character, preview.body.template.name], [200, 'ucs2', 'ũ', 'loan-approved']);
    // The template changes between the request and its repetition.
    const first = await api.post('/messages', wish({client_ref: 'r-1'}));
    bridge.config.templates = [{...approved, version: 7, texts: {sw: 'another, {{firstName}} {{nickname}}'}}];
    writeFileSync(bridge.configFile, JSON.stringify(bridge.config));
    const reloaded = await bridge.cli('reload');
    assert.match(reloaded.stdout, /templates: changed loan-approved/);
    const again = await api.post('/messages', wish({client_ref: 'r-1'}));
    assert.deepEqual([again.status, again.body.id], [202, first.body.id], JSON.stringify(again.body));
    assert.equal((await api.post('/messages', wish({client_ref: 'r-1', language: 'en'}))).body.code, 'idempotency-mismatch');
  });

  test('goes out with the sender, lane and TLVs of its template, before those of the gateway', {timeout}, async (t) => {
    const smsc = await Smsc.start(t);
    const {bridge, api} = await started(t, {
      gateways: [{port: smsc.port, tlvs: [{tag: 0x1401, value: 'gateway'}, {tag: 0x1402, value: 'gateway'}],
        senders: [{sender: '22384', tlvs: [{tag: 0x1401, value: 'sender'}]}]}],
      templates: [{...approved, sender: '22384', lane: 'reminder', tlvs: [{tag: '0x1401', value: 'template'}]}]});
    const sent = await api.post('/messages', wish());
    assert.deepEqual([sent.body.from, sent.body.lane], ['22384', 'reminder'], JSON.stringify(sent.body));
    await api.reaches(sent.body.id, 'delivered');
    const own = await bridge.cli('send', `+${phone}`, '--template', 'loan-approved', '--language', 'en', '--var', 'firstName=Amina',
        '--var', 'loanAmount=4500.5', '--from', 'OTHER', '--tlv', '0x1402=message');
    assert.equal(own.code, 0, own.output);
    await until('both', () => smsc.messages().length === 2);
    assert.deepEqual(smsc.submits.map(({pdu}) => [pdu[0x1401], pdu[0x1402]].map(String)), [['template', 'gateway'], ['template', 'message']]);
    const [first, second] = smsc.messages();
    assert.equal(second.text, 'Dear Amina, your loan of KES 4,500.50 is approved.');
    assert.deepEqual([first.source, second.source], ['22384', 'OTHER']);
  });
});

describe('a template', () => {
  test('is rendered with samples and values, and says what it costs', {timeout}, async (t) => {
    const {bridge, api} = await started(t, {templates: [approved]});
    const render = (body) => api.post('/templates/loan-approved/render', body);
    const typical = await render({sample: 'typical'});
    assert.deepEqual([typical.status, typical.body.text, typical.body.parts, typical.body.encoding, typical.body.missing],
        [200, 'Habari Wanjiru, mkopo wako wa KES 4,500 umeidhinishwa.', 1, 'gsm7', []]);
    const own = await render({language: 'en', sample: 'longest', variables: {firstName: 'Wanjikũ'}});
    assert.deepEqual([own.body.encoding, own.body.parts, own.body.forces_ucs2.map(({character, replacement}) => [character, replacement])], ['ucs2', 2, [['ũ', 'u']]]);
    const holes = await render({language: 'en', variables: {loanAmount: 'x'}});
    assert.deepEqual([holes.body.missing, holes.body.unreadable], [['firstName'], ["loanAmount: 'x' is no number"]]);
    const tried = await render({language: 'fr', text: 'Cher {{firstName}}, {{loanAmount|money}}', sample: 'typical'});
    assert.equal(tried.body.text, 'Cher Wanjiru, 4 500 KES');
    for (const [body, detail] of [[{text: 'Dear {{x'}, 'line 1, column 6: the tag that begins here is not closed by }}'], [{sample: 'short'}, 'sample is typical or longest'],
      [{colour: 'red'}, 'the fields are language, variables, sample and text']]) assert.deepEqual(refusal(await render(body)), [422, 'invalid-request', detail]);
    assert.equal((await api.post('/templates/nobody/render', {})).status, 404);
    const cli = await bridge.cli('templates', 'render', 'loan-approved', '--language', 'en', '--var', 'firstName=Amina');
    assert.equal(cli.code, 1);
    assert.match(cli.output, /error: no value for loanAmount/);
    const good = await bridge.cli('templates', 'render', 'loan-approved', '--language', 'en', '--var', 'firstName=Amina', '--var', 'loanAmount=4500');
    assert.deepEqual([good.code, good.stdout], [0, 'Dear Amina, your loan of KES 4,500 is approved.\n']);
  });

  test('is looked at for mistakes', {timeout}, async (t) => {
    const {bridge, api} = await started(t, {templates: [approved,
      {name: 'odd', variables: ['shamba_acres'], texts: {en: 'It’s due, {{nickname}} {{shamba_acres}}', hi: 'प्रिय {{firstName}}'}}]});
    const fine = await api.post('/templates/loan-approved/lint', {});
    assert.deepEqual(fine.body, {template: 'loan-approved', missing_languages: [], items: ['en', 'sw'].map((language) => (
      {language, encoding: 'gsm7', parts_typical: 1, parts_longest: 1, findings: []}))});
    const odd = await api.post('/templates/odd/lint', {});
    assert.deepEqual(odd.body.missing_languages, ['sw']);
    assert.deepEqual(odd.body.items.map(({language, findings}) => [language, ...findings.map(({severity, code, line, column}) => `${severity} ${code} ${line}:${column}`)]),
        [['en', 'error unknown-variable 1:11', 'warning names-nobody null:null', 'warning forces-ucs2 1:3'], ['hi', 'note ucs2 null:null']]);
    const unsaved = await api.post('/templates/odd/lint', {texts: {sw: 'Habari {{#firstName}}'}});
    assert.deepEqual([unsaved.body.items[0].parts_typical, unsaved.body.items[0].findings[0].code, unsaved.body.missing_languages], [0, 'unreadable', []]);
    assert.equal((await api.post('/templates/odd/lint', {texts: {swahili: 'x'}})).status, 422);
    const all = await bridge.cli('templates', 'lint');
    assert.equal(all.code, 1, all.output);
    assert.match(all.stdout, /odd en 1:11: error unknown-variable: 'nickname' is not known/);
    assert.match(all.stdout, /odd: warning missing-language: there is no text in sw/);
    assert.equal((await bridge.cli('templates', 'lint', 'loan-approved')).code, 0);
  });

  test('is written by the command line, listed, and removed', {timeout}, async (t) => {
    const {bridge, api} = await started(t);
    const folder = temporaryFolder(t);
    const run = async (...words) => {
      const done = await bridge.cli('templates', ...words);
      assert.equal(done.code, 0, done.output);
      return done.stdout;
    };
    assert.equal(await run('set', 'paid', 'sw', 'Asante {{firstName}}.'), 'template paid has version 1\n');
    assert.equal(await run('set', 'paid', 'en', 'Thank you {{firstName}}.\nUMOJA'), 'template paid has version 2\n');
    assert.match(await run('list'), /^paid\t2\t-\tclient\t(en,sw|sw,en)\tapi\t/m);
    assert.match(await run('show', 'paid'), /paid, version 2, for client, managed by api\nsw: Asante \{\{firstName\}\}\.\nen: Thank you \{\{firstName\}\}\.\\nUMOJA\n/);
    const wrong = await bridge.cli('templates', 'set', 'paid', 'sw', 'Asante {{firstName}');
    assert.equal(wrong.code, 1, wrong.output);
    assert.match(wrong.output, /sw, line 1, column 8: the tag that begins here is not closed/);
    const exported = await bridge.cli('export');
    const file = join(folder, 'all.yaml');
    writeFileSync(file, exported.stdout.replace('Asante', 'Asante sana'));
    const applied = await bridge.cli('apply', '-f', file);
    assert.match(applied.stdout, /template paid: changed\n {2}texts\.sw: "Asante \{\{firstName\}\}\." -> "Asante sana \{\{firstName\}\}\."\n/, applied.output);
    assert.equal((await api.get('/templates/paid')).body.version, 3);
    assert.equal((await bridge.cli('apply', '-f', file)).stdout.match(/template paid: unchanged/)?.length, 1);
    assert.equal((await api.post('/inbound-rules', {name: 'asante', keywords: ['ASANTE'], template: 'paid'})).status, 201);
    const used = await bridge.cli('templates', 'delete', 'paid', '--yes');
    assert.match(used.output, /these inbound rules, events and schedules go by the template paid: asante/);
    assert.equal((await bridge.cli('inbound-rules', 'delete', 'asante', '--yes')).code, 0);
    await run('delete', 'paid', '--yes');
    assert.equal((await api.get('/templates/paid')).status, 404);
    assert.equal((await bridge.cli('templates', 'show', 'paid')).code, 5);
  });

  test('is the answer of a rule, in the language of the rule', {timeout}, async (t) => {
    const {smsc, bridge, api} = await started(t, {
      templates: [{name: 'hours', event: 'reply', texts: {sw: '{{keyword}}: saa 2 hadi 11', en: '{{keyword}}: 8 to 17'}},
        {name: 'needs', texts: {en: 'Dear {{firstName}}'}}],
      inbound_rules: [{name: 'saa', keywords: ['SAA'], language: 'en', template: 'hours'},
        {name: 'bal', keywords: ['BAL'], template: 'needs'}]});
    const checked = await bridge.cli('check-config');
    assert.equal(checked.code, 0, 'it is a warning');
    assert.match(checked.output, /warning: inbound_rules\[1\]\.template: needs values that no rule has, so that none is answered: firstName; .*\{\{#name\}\}/);
    assert.doesNotMatch(checked.output, /inbound_rules\[0\]/);
    const say = async (text) => assert.equal(await smsc.fromPhone({from: phone, to: '22384', text}), 0);
    await say('Saa ngapi?');
    await until('the answer', () => smsc.textsTo(phone).length === 1);
    assert.deepEqual(smsc.messages().map(({source, text}) => [source, text]), [['22384', 'saa: 8 to 17']]);
    await say('BAL');
    const {body} = await api.get('/inbound');
    assert.deepEqual([body.items[0].answered, body.items[0].unanswered_because], [false, "the template 'needs' needs values that were not given: firstName"]);
    assert.equal(await bridge.metric('inbound_unanswered_total', {tenant: 'default'}), 1);
    for (const [settings, why] of [[{template: 'nobody'}, /unknown template 'nobody'/], [{template: 'hours', answer: 'x'}, /leave out one of the two/]]) {
      const refused = await api.post('/inbound-rules', {name: 'x', keywords: ['X'], ...settings});
      assert.equal(refused.status, 422);
      assert.match(JSON.stringify(refused.body), why);
    }
  });
});

describe('a template that is shipped', () => {
  test('is used by its name, until one of the same name takes its place', {timeout}, async (t) => {
    const {smsc, bridge, api} = await started(t);
    const listed = (await api.get('/templates')).body.items;
    assert.ok(listed.length >= 25 && listed.every(({managed_by, texts}) => managed_by === 'ready' && 'en,es,fr,hi,sw' === Object.keys(texts).sort().join()));
    const repaid = (more) => api.post('/messages', {to: `+${phone}`, template: 'loan-repayment', variables: {firstname: 'Amina',
      repaymentAmount: '950.000000', transactionDate: [2026, 11, 4], LoanOutstanding: 3550.5}, ...more});
    const wanted = {
      en: 'Dear Amina, we received KES 950 on 4 Nov 2026. Thank you. Still to pay: KES 3,550.50.',
      // The GSM alphabet has no ç: the text says transliterate, which saves a part.
      fr: 'Cher/Chère Amina, nous avons recu 950 KES le 4 nov. 2026. Merci. Reste à payer : 3 550,50 KES.',
      es: 'Estimado/a Amina: recibimos 950 KES el 4 nov 2026. Gracias. Saldo: 3550,50 KES.',
      sw: 'Habari Amina, tumepokea KES 950 tarehe 4 Nov 2026. Asante. Deni lililobaki: KES 3,550.50.',
      hi: 'Amina जी, 4 नव॰ 2026 को KES 950 मिले। शेष: KES 3,550.50',
    };
    for (const [language, text] of Object.entries(wanted)) assert.equal((await repaid({language})).body.text, text);
    await until('all to arrive', () => smsc.textsTo(phone).length === 5);
    const set = await bridge.cli('templates', 'set', 'loan-repayment', 'sw', 'Asante {{firstName}}!');
    assert.equal(set.code, 0, set.output);
    assert.equal((await repaid({language: 'sw'})).body.text, 'Asante Amina!');
    assert.equal((await repaid({language: 'en'})).body.text, wanted.en, 'the other languages stay');
    const own = (await api.get('/templates')).body.items.filter(({name}) => name === 'loan-repayment');
    assert.deepEqual(own.map(({managed_by}) => managed_by), ['api']);
    const exported = await bridge.cli('export');
    assert.match(exported.stdout, /templates:\n {2}- .*/);
    assert.equal(exported.stdout.match(/loan-/g).length, exported.stdout.match(/loan-repayment/g).length, 'what is shipped is not exported');
    assert.match((await bridge.cli('templates', 'lint')).stdout, /^loan-repayment en: 1 part\(s\) gsm7, 1 with long values\n(loan-repayment .*\n)*$/);
    assert.equal((await bridge.cli('templates', 'lint', 'loan-closed')).code, 0);
    assert.equal((await api.post('/inbound-rules', {name: 'karibu', keywords: ['KARIBU'], template: 'client-transferred'})).status, 201);
    assert.equal((await bridge.cli('templates', 'delete', 'loan-repayment', '--yes')).code, 0);
    assert.equal((await repaid({language: 'sw'})).body.text, wanted.sw);
    assert.equal((await bridge.cli('templates', 'delete', 'loan-repayment', '--yes')).code, 5, 'it cannot be taken away');
  });
});
