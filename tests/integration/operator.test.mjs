// SPDX-License-Identifier: MPL-2.0
// What an operator sees on a terminal and in a pipe.
import assert from 'node:assert/strict';
import {once} from 'node:events';
import {writeFileSync} from 'node:fs';
import {createServer} from 'node:net';
import {join} from 'node:path';
import {test} from 'node:test';
import {binary, Bridge, freePort, run, smsbridge, until} from './harness.mjs';
import {Smsc} from './peers/smpp_smsc.mjs';

const timeout = 60_000;
const quoted = (words) => words.map((word) => `'${word}'`).join(' ');

// With a terminal of 80 columns for its output.
const onTerminal = (...words) => run('script', ['-qec', `stty cols 80; exec ${quoted([binary, ...words])}`, '/dev/null']);

test('tables fit the terminal and are whole in a pipe', {timeout}, async (t) => {
  const smsc = await Smsc.start(t, {});
  const bridge = await Bridge.start(t, {gateways: [{port: smsc.port}]});
  await bridge.up();
  const api = bridge.api();
  const text = `${'你好'.repeat(20)} and more`;
  const {id} = await api.send({to: '+254712000001', text, target_user: 'Wanjikũ wa Kamau na wengine wengi'});
  await api.reaches(id, 'delivered');
  const list = ['messages', 'list', '-c', bridge.configFile];
  const shown = (await onTerminal(...list)).stdout.replaceAll('\r', '').split('\n');
  assert.match(shown[0], /^ID +ACCEPTED +TO +TARGET U(SER|…) +STATE/);
  const row = shown.find((line) => line.startsWith(id));
  assert.match(row, /…/);
  assert.match(row, / \+254712000001 /, 'whole');
  const keys = (await onTerminal('keys', 'list', '-c', bridge.configFile)).stdout.replaceAll('\r', '').split('\n');
  assert.match(keys[0], /^ID +TENANT +NAME +EXPIRES +SCOPES +MADE BY/);
  const usage = (await onTerminal('usage', '-c', bridge.configFile)).stdout.replaceAll('\r', '').split('\n');
  assert.match(usage[0], /PRICE +CURRENCY$/);
  for (const line of [...shown, ...keys, ...usage]) assert.ok([...line].length <= 80, line);
  const piped = (await run(binary, list)).stdout.trim().split('\t');
  assert.equal(piped[3], 'Wanjikũ wa Kamau na wengine wengi');
  assert.equal(piped[8], text);
});

test('--since takes how long ago', {timeout}, async (t) => {
  const smsc = await Smsc.start(t, {});
  const bridge = await Bridge.start(t, {gateways: [{port: smsc.port}]});
  await bridge.up();
  const {id} = await bridge.api().send({to: '+254712000001', text: 'now'});
  for (const since of ['1h', '30m', '2d', '1h30m'])
    assert.ok((await bridge.cli('messages', 'list', '--since', since)).stdout.startsWith(id), since);
  assert.equal((await bridge.cli('messages', 'list', '--until', '1h')).stdout, '');
  for (const wrong of ['1x', 'yesterday', '-1h']) {
    const refused = await bridge.cli('messages', 'list', `--since=${wrong}`);
    assert.deepEqual([refused.code, refused.stdout], [2, ''], wrong);
    assert.match(refused.output, /how long ago, such as 1h/);
  }
});

test('one message is shown in words', {timeout}, async (t) => {
  const smsc = await Smsc.start(t, {receipt: () => null});
  const bridge = await Bridge.start(t, {
    gateways: [{port: smsc.port}], prices: [{gateway: 'safaricom', prefix: '+254', price: '0.80', currency: 'KES'}]});
  await bridge.up();
  const {id} = await bridge.api().send({to: '+254712000001', text: 'shown'});
  await bridge.api().reaches(id, 'submitted');
  const {stdout} = await bridge.cli('messages', 'show', id);
  assert.match(stdout, /^waiting +receipt: the carrier has it, until 20/m);
  assert.match(stdout, /^price +0\.8 KES/m);
  assert.match(stdout, /^part 1 +submitted, the carrier's id is /m);
  assert.doesNotMatch(stdout, /[{}]/);
});

test('a gateway that is down says when it is tried again, on a terminal as the time of day', {timeout}, async (t) => {
  const bridge = await Bridge.start(t, {gateways: [{port: await freePort(), sessions: 1, reconnect_first: '10m', reconnect_max: '10m'}]});
  const {id} = await bridge.api().send({to: '+254712000001', text: 'waits'});
  const next = await until('it to wait', async () => (await bridge.api().get('/gateways/safaricom')).body.sessions[0].next_try_at);
  const isNext = (time) => assert.ok(Math.abs(Date.parse(time) - Date.parse(next)) <= 2000, `${time}, not ${next}`);
  isNext((await bridge.cli('gateways', 'list')).stdout.trim().split('\t').at(-1));
  const shown = (await onTerminal('gateways', 'list', '-c', bridge.configFile)).stdout.replaceAll('\r', '').split('\n');
  isNext(`${next.slice(0, 11)}${shown.find((line) => line.startsWith('safaricom')).split(/ +/).at(-1)}Z`);
  isNext(/^waiting +gateway_down: .*refused, next try at (\S+)$/m.exec((await bridge.cli('messages', 'show', id)).stdout)[1]);
});

test('warnings fail a strict check, and are called errors', {timeout}, async (t) => {
  const bridge = await Bridge.start(t, {gateways: []});
  const file = join(bridge.folder, 'open.yaml');
  writeFileSync(join(bridge.folder, 'key'), 'secret\n', {mode: 0o644});
  writeFileSync(file, 'tenants: [{name: t, fineract_app_key: {file: key}}]\n' +
    'gateways: [{name: a, id: 1, host: h, port: 1, system_id: s, password: {file: key}}]\n');
  const usual = await smsbridge('check-config', '-c', file);
  assert.equal(usual.code, 0, usual.stdout);
  assert.equal(usual.stdout.match(/: warning: /g)?.length, 2);
  const strict = await smsbridge('check-config', '--strict', '-c', file);
  assert.equal(strict.code, 78);
  assert.equal(strict.stdout.match(/: error: /g)?.length, 2);
  assert.doesNotMatch(strict.stdout, /warning/);
});

test('help for a command that there is not is a mistake', {timeout}, async () => {
  for (const words of [['nosuch', '--help'], ['--help', 'nosuch'], ['messages', 'nosuch', '--help'], ['nosuch', '--help-all']]) {
    const answer = await smsbridge(...words);
    assert.equal(answer.code, 2, words.join(' '));
    assert.match(answer.output, /there is no command 'nosuch'/);
  }
  assert.match((await smsbridge('messages', 'show', '--nosuch', '--help')).output, /there is no option '--nosuch'/);
  for (const words of [['--help'], ['messages', '--help'], ['messages', 'list', '--help'], ['--help-all']])
    assert.equal((await smsbridge(...words)).code, 0, words.join(' '));
});

test('a command that cannot be done says what would', {timeout}, async (t) => {
  const bridge = await Bridge.start(t, {gateways: []});
  const file = join(bridge.folder, 'broken.yaml'), server = `http://127.0.0.1:${bridge.apiPort}`;
  writeFileSync(file, 'tenant: 1\n');
  const closes = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1');
  await once(closes, 'listening');
  t.after(() => closes.close());
  const config = ['-c', bridge.configFile];
  for (const [words, code, said] of [
    [['keys', 'create', '--scope', 'mesages:read', ...config], 2, /did you mean 'messages:read'\?$/],
    [['keys', 'create', '--scope', 'x', ...config], 2, /no scope 'x': '--for operator' has all of them$/],
    [['messages', 'list', '--server', server], 4, /--key-file FILE/],
    [['messages', 'list', '--server', 'https://127.0.0.1:1'], 2, /plain HTTP only/],
    [['messages', 'list', '--server', `http://127.0.0.1:${await freePort()}`], 69, /cannot reach the daemon at http.*: Connection refused$/],
    [['messages', 'list', '--server', `http://127.0.0.1:${closes.address().port}`], 69, /the connection to the daemon at http.* broke: /],
    [['messages', 'list', '-c', file], 78, /check-config/],
    [['messages', 'list', '-c', `${file}.not`], 78, /--config$/],
  ]) {
    const answer = await smsbridge(...words);
    assert.deepEqual([answer.code, answer.stdout], [code, ''], words.join(' '));
    assert.match(answer.output.trim(), said, words.join(' '));
  }
  await bridge.stop();
  const gone = await smsbridge('messages', 'list', ...config);
  assert.deepEqual([gone.code, gone.stdout], [69, '']);
  assert.match(gone.output, /cannot reach the daemon at .*\.sock: .*\. Is 'smsbridge serve' running/);
});

test('a price that is not known is not nothing, and a code has words', {timeout}, async (t) => {
  const smsc = await Smsc.start(t, {receipt: ({destination}) => (destination === '255712000001' ? {state: 'UNDELIV', err: '027'} : {})});
  // The second one's name would be a formula in a spreadsheet, and two cells.
  const bridge = await Bridge.start(t, {
    gateways: [{port: smsc.port}, {port: smsc.port, name: '=1+1,2'}], prices: [{gateway: 'safaricom', prefix: '+254', price: '0.80', currency: 'KES'}]});
  await bridge.up();
  await bridge.up('=1+1,2');
  const api = bridge.api();
  for (const [to, gateway, state] of [['+254712000001', 'safaricom', 'delivered'], ['+255712000001', 'safaricom', 'undeliverable'], ['+254712000002', '=1+1,2', 'delivered']]) {
    const {id} = await api.send({to, gateway, text: 'Habari'});
    const {status_message: words, segments: [{error}]} = await api.reaches(id, state);
    if (state !== 'undeliverable') continue;
    assert.equal(words, 'undeliverable err:027 (often: absent subscriber)');
    assert.equal(error, '027 (often: absent subscriber)');
  }
  const {body: {items}} = await api.get('/usage');
  assert.deepEqual(items.map(({gateway, accepted, price, currency, unpriced}) => [gateway, accepted, price, currency, unpriced]).sort(),
    [['=1+1,2', 1, null, null, 1], ['safaricom', 2, '0.8', 'KES', 1]]);
  const {body: csv} = await api.get('/usage?format=csv');
  const month = items[0].month;
  const head = 'month,gateway,tenant,lane,submitted,accepted,parts,delivered,failed,price,currency,unpriced';
  const rows = [head, `${month},safaricom,default,transaction,2,2,2,1,1,0.8,KES,1`, `${month},"'=1+1,2",default,transaction,1,1,1,1,0,,,1`];
  assert.deepEqual(csv.toString().trim().split('\n'), rows);
  assert.deepEqual((await bridge.cli('usage', '--csv')).stdout.trim().split('\n'), rows);
  const table = (await bridge.cli('usage')).stdout.trim().split('\n').map((row) => row.split('\t').slice(-3));
  assert.deepEqual(table, [['0.8', 'KES', '1'], ['-', '-', '1']]);
});
