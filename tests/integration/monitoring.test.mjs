// SPDX-License-Identifier: MPL-2.0
// What stands in conf/monitoring, as its users have it: Prometheus scrapes a real daemon, rules and dashboards are asked
// there, and harm is done until the alerts that are for it fire.
import assert from 'node:assert/strict';
import {cpSync, existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {describe, it} from 'node:test';
import YAML from 'yaml';
import {Bridge, binary, freePort, preload, root, run, start, temporaryFolder, until} from './harness.mjs';
import {startProvider} from './peers/provider_standins.mjs';
import {Smsc} from './peers/smpp_smsc.mjs';
import {WebhookReceiver} from './peers/webhook_receiver.mjs';

const timeout = 240_000;
const monitoring = join(root, 'conf', 'monitoring');
const rulesFile = join(monitoring, 'prometheus', 'smsbridge.rules.yml');
const text = (...path) => readFileSync(join(root, ...path), 'utf8');
const rules = YAML.parse(readFileSync(rulesFile, 'utf8')).groups.flatMap((group) => group.rules);
const alerts = rules.filter(({alert}) => alert);
const dashboards = readdirSync(join(monitoring, 'grafana', 'dashboards')).sort().map((file) => JSON.parse(text('conf', 'monitoring', 'grafana', 'dashboards', file)));
const panels = dashboards.flatMap((board) => board.panels.filter(({type}) => type !== 'row').map((panel) => ({board, panel, name: `${board.uid}: ${panel.title}`})));
const queries = panels.flatMap(({panel, name}) => panel.targets.map(({expr, instant}) => ({name, expr, instant})));
const variableQueries = dashboards.flatMap(({uid, templating}) => templating.list.filter(({type}) => type === 'query').map(({name, query}) => ({name: `${uid}: $${name}`, query: query.query})));

async function passes(command, ...parameters) {
  const {code, output} = await run(command, parameters);
  assert.equal(code, 0, `${command} ${parameters.join(' ')}:\n${output}`);
}

// {name, matchers} of each series that an expression asks for. Names in quotes and words of the language are none.
function selectorsOf(expr) {
  const plain = expr.replace(/"(?:[^"\\]|\\.)*"/g, (quoted) => quoted.replace(/[\w:.+|~*/-]/g, '_'));
  const found = [];
  for (const match of plain.matchAll(/\b(?:(?:[a-z_]+:)?smsbridge_[a-z0-9_:]+|process_[a-z_]+|up|ALERTS)\b(\{[^}]*\})?/g)) {
    const whole = expr.slice(match.index, match.index + match[0].length);
    const brace = whole.indexOf('{');
    found.push({name: brace < 0 ? whole : whole.slice(0, brace), matchers: brace < 0 ? '' : whole.slice(brace)});
  }
  return found;
}

const familyOf = (name) => name.replace(/_(bucket|sum|count)$/, '');

// As GitHub names them in links.
const headingsOf = (file) => [...readFileSync(file, 'utf8').matchAll(/^#+ (.*)$/gm)].map(([, heading]) => heading.toLowerCase().replace(/[^\w\- ]/g, '').replaceAll(' ', '-'));

describe('files', () => {
  it('are taken by promtool and amtool', {timeout}, async (t) => {
    const folder = temporaryFolder(t);
    cpSync(join(monitoring, 'prometheus'), folder, {recursive: true});
    await passes('promtool', 'check', 'rules', rulesFile);
    await passes('promtool', 'test', 'rules', join(monitoring, 'prometheus', 'smsbridge.rules.test.yml'));
    await passes('promtool', 'check', 'config', join(folder, 'scrape.yml'));
    await passes('amtool', 'check-config', join(monitoring, 'alertmanager', 'alertmanager.yml'));
    for (const kind of ['datasources', 'dashboards']) assert.equal(YAML.parse(text('conf', 'monitoring', 'grafana', 'provisioning', kind, 'smsbridge.yaml')).apiVersion, 1);
  });

  it('are in the program as well, which writes over nothing', {timeout}, async (t) => {
    const folder = temporaryFolder(t);
    for (const what of ['prometheus', 'alertmanager', 'grafana']) {
      const {code, stdout} = await run(binary, ['generate', what, '--to', folder]);
      assert.equal(code, 0);
      for (const path of stdout.trim().split('\n')) assert.equal(readFileSync(path, 'utf8'), readFileSync(path.replace(folder, monitoring), 'utf8'), path);
      assert.equal((await run(binary, ['generate', what, '--to', folder])).code, 6);
      assert.equal((await run(binary, ['generate', what, '--to', folder, '--force'])).code, 0);
    }
  });

  it('each alert has a severity, a page, and a test that fires it and one that does not', () => {
    const {tests} = YAML.parse(text('conf', 'monitoring', 'prometheus', 'smsbridge.rules.test.yml'));
    const cases = tests.flatMap(({alert_rule_test: all = []}) => all);
    for (const {alert, labels, annotations, expr} of alerts) {
      assert.match(alert, /^SmsBridge[A-Z]\w+$/);
      assert.ok(['critical', 'warning', 'info'].includes(labels.severity), alert);
      assert.deepEqual(Object.keys(annotations).sort(), ['runbook_url', 'summary'], alert);
      assert.equal(annotations.runbook_url, `docs/runbooks/${alert}.md`);
      const own = cases.filter(({alertname}) => alertname === alert);
      assert.ok(own.some(({exp_alerts: expected}) => expected.length > 0), `${alert} is never fired`);
      assert.ok(own.some(({exp_alerts: expected}) => expected.length === 0), `${alert} is fired in each of its tests`);
      assert.ok(expr, alert);
    }
    for (const {record} of rules.filter((rule) => rule.record)) assert.match(record, /^[a-z_]+:smsbridge_[a-z_]+:[a-z0-9_]+$/);
    // An inhibition that names an alert which is gone would be silent about it.
    for (const [name] of text('conf', 'monitoring', 'alertmanager', 'alertmanager.yml').matchAll(/SmsBridge[A-Z]\w+/g)) assert.ok(alerts.some(({alert}) => alert === name), name);
  });

  it('each alert has a page, each page an alert, and pages name only commands that there are', {timeout}, async () => {
    const folder = join(root, 'docs', 'runbooks');
    assert.deepEqual(readdirSync(folder).sort(), alerts.map(({alert}) => `${alert}.md`).sort());
    const commands = new Map();
    for (const {alert, labels} of alerts) {
      const page = readFileSync(join(folder, `${alert}.md`), 'utf8');
      assert.ok(page.startsWith(`# ${alert}\n`), alert);
      assert.match(page, new RegExp(`\\*\\*${labels.severity}\\*\\*`), `${alert}: its severity`);
      for (const part of ['What it means', 'Messages meanwhile', 'See more', 'What to do', 'When it ends']) assert.ok(page.includes(`\n## ${part}\n`), `${alert}: '${part}' is missing`);
      for (const [, link, anchor] of page.matchAll(/\]\(([^)#:]+)#?([^)]*)\)/g)) {
        assert.ok(existsSync(join(folder, link)), `${alert}: ${link} is not there`);
        if (anchor) assert.ok(headingsOf(join(folder, link)).includes(anchor), `${alert}: ${link} has no #${anchor}`);
      }
      for (const [, words] of page.matchAll(/(?:^|`)smsbridge ([^`\n]+)/gm)) commands.set(words.trim(), alert);
      for (const [name] of page.matchAll(/\bsmsbridge_[a-z_]+/g)) assert.ok(text('docs', 'monitoring.md').includes(`\`${familyOf(name)}\``), `${alert}: no metric ${name}`);
    }
    for (const [words, alert] of commands) {
      const [verbs] = /^[a-z][a-z-]*(?: [a-z][a-z-]*)*/.exec(words);
      const help = await run(binary, [...verbs.split(' '), '--help']);
      assert.equal(help.code, 0, `${alert}: smsbridge ${words}:\n${help.output}`);
      for (const [option] of words.matchAll(/--[a-z-]+/g)) assert.ok(help.stdout.includes(option), `${alert}: smsbridge ${verbs} has no ${option}`);
    }
  });
});

describe('dashboards', () => {
  // Fails without a registry: files that nobody can make again are no sources.
  it('are what the script makes', {timeout}, async (t) => {
    const folder = temporaryFolder(t);
    cpSync(join(monitoring, 'grafana'), folder, {recursive: true, filter: (path) => !/node_modules|dashboards\/smsbridge/.test(path)});
    const made = await run('npm', ['ci', '--no-audit', '--no-fund'], {cwd: folder, timeoutMs: 120_000});
    assert.equal(made.code, 0, made.output);
    await passes(process.execPath, join(folder, 'make.mjs'), join(folder, 'made'));
    const names = readdirSync(join(folder, 'made')).sort();
    assert.deepEqual(readdirSync(join(monitoring, 'grafana', 'dashboards')).sort(), names);
    for (const name of names) assert.equal(text('conf', 'monitoring', 'grafana', 'dashboards', name), readFileSync(join(folder, 'made', name), 'utf8'), `${name}: run make.mjs`);
  });

  // The rules of Grafana's dashboard-linter, and ours.
  it('are as Grafana wants them', () => {
    assert.deepEqual(dashboards.map(({uid}) => uid), ['gateways', 'overview', 'runtime', 'tenants'].map((name) => `smsbridge-${name}`));
    for (const {uid, title, description, editable, tags, schemaVersion, links, templating, panels: all} of dashboards) {
      assert.ok(title && description, uid);
      assert.deepEqual([editable, tags, schemaVersion], [false, ['smsbridge'], 39], uid);
      assert.deepEqual(links.map(({type, tags: to, includeVars, keepTime}) => [type, to, includeVars, keepTime]), [['dashboards', ['smsbridge'], true, true]], uid);
      const [datasource, ...others] = templating.list;
      assert.deepEqual([datasource.name, datasource.type, datasource.query, datasource.label], ['datasource', 'datasource', 'prometheus', 'Data source'], uid);
      assert.deepEqual(others.slice(0, 2).map(({name}) => name), ['job', 'instance'], uid);
      for (const variable of others) {
        assert.deepEqual([variable.type, variable.datasource.uid, variable.multi, variable.includeAll, variable.allValue, variable.refresh],
            ['query', '${datasource}', true, true, '.+', 2], `${uid}: $${variable.name}`);
        assert.ok(variable.label, variable.name);
      }
      assert.deepEqual(all.map(({id}) => id), all.map((_, at) => at + 1), `${uid}: ids`);
      const titles = all.map(({title: one}) => one);
      assert.equal(new Set(titles).size, titles.length, `${uid}: a title twice`);
      for (const {gridPos: {x, w}} of all) assert.ok(x + w <= 24, uid);
    }
    for (const {panel, name, board} of panels) {
      assert.ok(panel.title && /\.$/.test(panel.description), `${name}: title and description`);
      assert.ok(panel.fieldConfig.defaults.unit, `${name}: unit`);
      assert.equal(panel.datasource.uid, '${datasource}', name);
      const refs = panel.targets.map(({refId}) => refId);
      assert.equal(new Set(refs).size, refs.length, `${name}: refIds`);
      for (const {expr, datasource, instant} of panel.targets) {
        assert.equal(datasource.uid, '${datasource}', name);
        assert.ok(selectorsOf(expr).length > 0, `${name}: ${expr}`);
        for (const {name: metric, matchers} of selectorsOf(expr)) {
          // Alerts about a gateway have no instance.
          const wanted = metric === 'ALERTS' ? ['job=~"$job"'] : ['job=~"$job"', 'instance=~"$instance"'];
          for (const matcher of wanted) assert.ok(matchers.includes(matcher), `${name}: ${metric} without ${matcher}`);
        }
        for (const [, range] of expr.matchAll(/\[([^\]]+)\]/g)) assert.equal(range, instant ? '$__range' : '$__rate_interval', `${name}: [${range}]`);
        for (const [, used] of expr.matchAll(/\$(\w+)/g)) assert.ok(used.startsWith('__') || board.templating.list.some((variable) => variable.name === used), `${name}: $${used}`);
        // Counters go up for ever: only how fast they do says something. Those that are 0 on a good day are shown as they are.
        for (const {name: metric} of selectorsOf(expr)) {
          if (metric.endsWith('_total') && !/folded|unreadable/.test(metric)) assert.match(expr, new RegExp(`(rate|increase)\\(${metric}`), name);
        }
      }
    }
  });
});

// ---------------------------------------------------------------------------------------------------------------------
// Against a real Prometheus

class Prometheus {
  static async start(t, {targets, ruleText}) {
    const folder = temporaryFolder(t);
    const prometheus = new Prometheus();
    prometheus.port = await freePort();
    writeFileSync(join(folder, 'rules.yml'), ruleText);
    const scrape = YAML.parse(text('conf', 'monitoring', 'prometheus', 'scrape.yml'));
    scrape.global = {scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '1s'};
    scrape.rule_files = ['rules.yml'];
    delete scrape.alerting;
    scrape.scrape_configs[0].static_configs = [{targets}];
    writeFileSync(join(folder, 'prometheus.yml'), YAML.stringify(scrape));
    mkdirSync(join(folder, 'data'));
    prometheus.process = start(t, 'prometheus', [`--config.file=${join(folder, 'prometheus.yml')}`, `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=127.0.0.1:${prometheus.port}`, '--log.level=error']);
    await until('Prometheus to be ready', async () => (await fetch(`http://127.0.0.1:${prometheus.port}/-/ready`)).ok);
    return prometheus;
  }

  async #get(path, parameters) {
    const answer = await fetch(`http://127.0.0.1:${this.port}/api/v1/${path}?${new URLSearchParams(parameters)}`);
    const body = await answer.json();
    assert.equal(body.status, 'success', `${JSON.stringify(parameters)}: ${body.error}`);
    return body.data;
  }

  // [{metric, value}]
  async query(expr) {
    const {result} = await this.#get('query', {query: expr});
    return result.map(({metric, value}) => ({metric, value: Number(value[1])}));
  }

  async alerts() { return (await this.#get('alerts', {})).alerts; }
  async firing(name) { return (await this.alerts()).filter(({state, labels}) => state === 'firing' && labels.alertname === name).map(({labels}) => labels); }
}

// The rules with each minute a second: how long something has to last, how far they look back, and what counts as late.
// What is compared with other limits stays as it is.
function quickened() {
  const seconds = (duration) => {
    const [, amount, unit] = /^(\d+)([smh])$/.exec(duration);
    return Math.max(1, Math.round(Number(amount) * {s: 1 / 60, m: 1, h: 60}[unit]));
  };
  const document = YAML.parse(readFileSync(rulesFile, 'utf8'));
  for (const group of document.groups) {
    delete group.interval;
    for (const rule of group.rules) {
      if (rule.for) rule.for = `${seconds(rule.for)}s`;
      // A rate needs two scrapes, and some of them are late on a busy machine.
      rule.expr = rule.expr.replace(/\[(\d+[smh])\]/g, (_, range) => `[${Math.max(8, seconds(range))}s]`)
          .replace(/(oldest_age_seconds\)? >) (\d+)/g, (_, before, limit) => `${before} ${Number(limit) / 60}`);
    }
  }
  return YAML.stringify(document);
}

let lastNumber = 254716000000;
const messages = (count, more = {}) => Array.from({length: count}, () => ({to: `+${++lastNumber}0`.slice(0, 13), text: 'Habari', ...more}));

// One carrier of each kind of trouble, all of one daemon.
async function town(t) {
  const ports = {};
  const centres = {};
  const centre = async (name, ...more) => {
    ports[name] ??= await freePort();
    centres[name] = start(t, binary, ['smsc-sim', '--port', String(ports[name]), '--receipt-delay', '10ms', '--quiet', ...more]);
  };
  await centre('good', '--keeps', '100');
  await centre('poor', '--sessions-max', '1', '--outcomes', 'DELIVRD:50,UNDELIV:50', '--reject', '*7=0x0B');
  await centre('busy', '--error-rate', '0.5', '--error-status', '0x58');
  await centre('mute');
  await centre('strict', '--account', 'strict:other');
  await centre('cut', '--disconnect', '1');
  const mixed = await Smsc.start(t);
  const twilio = await startProvider('twilio', {t});
  const receivers = {slow: await WebhookReceiver.start(t, {down: true}), picky: await WebhookReceiver.start(t)};
  receivers.picky.answer = () => 400;
  const quick = {reconnect_first: '50ms', reconnect_max: '200ms'};
  // What is learnt of one account holds for all its gateways: each has its own.
  const tenants = ['default'];
  const smpp = (name, more = {}) => ({name, port: ports[name], system_id: name, tenants, ...quick, ...more});
  const bridge = await Bridge.start(t, {
    gateways: [smpp('good'), smpp('poor'), smpp('busy'), smpp('mute', {receipts_quiet: '2s'}), smpp('strict', {sessions: 1, tenants: ['small']}),
      smpp('cut', {sessions: 1, retry: {first: '100ms', resend_delay: '100ms', attempts: 3}}), {name: 'mixed', port: mixed.port, tenants, ...quick, sessions: 1},
      {name: 'twilio', kind: 'twilio', account: twilio.settings(), tenants}],
    tenants: [{default_gateway: 'good'}, {name: 'small', key: 'another', default_gateway: 'strict', limits: {queue: 3}}],
    webhooks: [{name: 'slow', url: receivers.slow.url, events: ['message.delivered']},
      {name: 'picky', url: receivers.picky.url, events: ['message.delivered'], retry: ['50ms']}],
  });
  await bridge.up('good');
  await bridge.up('mixed');
  return {bridge, centre, centres, mixed, twilio, receivers};
}

// Sends a few messages by each gateway, again and again, until the test is over.
function load(t, api, gateways) {
  let over = false;
  const round = async () => {
    while (!over) {
      const all = gateways.flatMap((gateway) => messages(gateway === 'cut' ? 1 : 6, {gateway}));
      all.forEach((message, at) => { if (message.gateway === 'poor' && at % 3 === 0) message.to = `${message.to.slice(0, -1)}7`; });
      await api.post('/messages/batch', {messages: all});
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
  };
  const running = round();
  const stop = async () => { over = true; await running; };
  t.after(stop);
  return stop;
}

// What Grafana puts in for its variables, all of them being chosen.
const asGrafana = (expr) => expr.replaceAll('$__rate_interval', '8s').replaceAll('$__range', '1m').replace(/\$(job|instance|gateway|tenant)/g, '.+');

// Series that are there only after something that the test does not do: the reason.
const mayBeEmpty = new Map([
  ['smsbridge_http_requests_total{code=~"5..",handler!~"/readyz|/healthz|/actuator/.*"}', 'statuses other than success have a series from their first use'],
]);

async function everyQueryHasAnswers(prometheus) {
  const empty = [];
  const ask = async (name, expr) => {
    const samples = await prometheus.query(expr);
    // 0/0 of something that did not happen is no answer that a panel can show.
    if (!samples.some(({value}) => !Number.isNaN(value)) && !mayBeEmpty.has(expr)) empty.push(`${name}: ${expr}`);
  };
  for (const {name, expr} of queries) await ask(name, asGrafana(expr));
  for (const {name, query} of variableQueries) await ask(name, asGrafana(/^label_values\((.*), (\w+)\)$/.exec(query)[1]));
  for (const {record} of rules.filter((rule) => rule.record)) await ask(record, record);
  // Of an alert that should be silent, what it looks at has to be there.
  for (const {alert, expr} of alerts) {
    await prometheus.query(expr);
    for (const {name, matchers} of selectorsOf(expr)) await ask(alert, name + matchers);
  }
  return empty;
}

// {name: {type, labels, help}} of /metrics, histograms under their own names.
function exposed(metrics) {
  const found = new Map();
  for (const [, name, help] of metrics.matchAll(/^# HELP (\S+) (.*)$/gm)) found.set(name, {help, labels: new Set()});
  for (const [, name, type] of metrics.matchAll(/^# TYPE (\S+) (\S+)$/gm)) found.get(name).type = type;
  for (const [, name, labels = ''] of metrics.matchAll(/^([a-z_]+)(?:\{(.*)\})? \S+$/gm)) {
    const family = found.get(name) ?? found.get(familyOf(name));
    for (const [, label] of labels.matchAll(/(\w+)="/g)) if (label !== 'le') family.labels.add(label);
  }
  return found;
}

// The table of docs/monitoring.md is what the daemon says of itself.
function documentIsCurrent(found) {
  const rows = [...found].sort().map(([name, {type, labels, help}]) => `| \`${name}\` | ${type} | ${[...labels].sort().join(' ')} | ${help} |`);
  const document = text('docs', 'monitoring.md');
  const given = document.split('\n').filter((line) => /^\| `(smsbridge|process)_/.test(line));
  assert.deepEqual(given, rows, `docs/monitoring.md: the table of metrics should be\n${rows.join('\n')}`);
  const named = new Set([...rules.map(({expr}) => expr), ...queries.map(({expr}) => expr)].flatMap(selectorsOf).map(({name}) => familyOf(name)));
  const own = new Set(['up', 'ALERTS', ...rules.map(({record}) => record)]);
  for (const name of named) assert.ok(own.has(name) || found.has(name), `rules or dashboards name ${name}, which the daemon does not have`);
  const unused = [...found.keys()].filter((name) => !named.has(name)).sort();
  const listed = /Not on a board and in no rule: (.*)/.exec(document)[1];
  assert.equal(listed, unused.length ? `${unused.map((name) => `\`${name}\``).join(', ')}.` : 'none.');
}

// Most of the time both wait.
describe('with a real Prometheus', {concurrency: 2}, () => {
  it('every query has answers under load, and alerts about messages and gateways fire by the harm they are for', {timeout}, async (t) => {
    const {bridge, centre, centres, mixed} = await town(t);
    const api = bridge.api();
    const small = bridge.api(await bridge.createKey('small'));
    const prometheus = await Prometheus.start(t, {targets: [`127.0.0.1:${bridge.apiPort}`], ruleText: quickened()});
    const fires = (name, labels = {}) => until(`${name} ${JSON.stringify(labels)} to fire`, async () =>
      (await prometheus.firing(name)).some((one) => Object.entries(labels).every(([label, value]) => one[label] === value)), 90_000);
    const fineract = bridge.fineract();
    await fineract.send([{internalId: 1, mobileNumber: '0712000001', message: 'Habari'}]);
    const stop = load(t, api, ['good', 'poor', 'busy', 'mute', 'cut', 'mixed', 'twilio']);
    // Three messages wait for a gateway whose password is wrong; more are too many, which is looked at once a second.
    await small.post('/messages/batch', {messages: messages(3)});
    await until('the queue to be full', async () => (await small.post('/messages', messages(1)[0])).body.code === 'queue-full');
    await fineract.report([1, 2]);

    await until('receipts of the gateway that will be mute', async () => await bridge.metric('receipts_total', {gateway: 'mute', state: 'delivered'}) > 0);
    await centres.mute.end('SIGKILL');
    await centre('mute', '--receipts', 'off');
    // Of other phones than the messages with these ids: another program's.
    const strangers = setInterval(() => {
      if (mixed.submits.length > 0) mixed.sendReceipt({...mixed.submits.at(-1), destination: '254799999999'}, {state: 'DELIVRD'});
    }, 200);
    t.after(() => clearInterval(strangers));

    await until('every query to have an answer', async () => {
      const empty = await everyQueryHasAnswers(prometheus);
      if (empty.length === 0) return true;
      throw new Error(`empty:\n${empty.join('\n')}`);
    }, 40_000);
    documentIsCurrent(exposed(await bridge.metrics()));

    await Promise.all([
      fires('SmsBridgeGatewayDown', {gateway: 'strict'}),
      fires('SmsBridgeBindsDegraded', {gateway: 'poor'}),
      fires('SmsBridgeSubmitErrorsHigh', {gateway: 'poor'}),
      fires('SmsBridgeThrottled', {gateway: 'busy'}),
      fires('SmsBridgeDoubtfulMessages', {gateway: 'cut'}),
      fires('SmsBridgeQueueOld', {tenant: 'small', gateway: 'strict'}),
      fires('SmsBridgeQueueNearlyFull', {tenant: 'small'}),
      fires('SmsBridgeReceiptsStopped', {gateway: 'mute'}),
      fires('SmsBridgeReceiptsUnmatched', {gateway: 'mixed'}),
      fires('SmsBridgeDeliveryRatioLow', {gateway: 'poor'}),
      fires('SmsBridgeWebhooksBehind', {tenant: 'default'}),
      fires('SmsBridgeWebhookEventsLost', {tenant: 'default', end: 'given_up'}),
      until('refused messages to be told of', async () => {
        await small.post('/messages', messages(1)[0]);
        return (await prometheus.firing('SmsBridgeMessagesRefused')).some(({tenant, reason}) => tenant === 'small' && reason === 'queue_full');
      }),
    ]);
    // A reload that is refused, and one that is taken.
    const good = readFileSync(bridge.configFile, 'utf8');
    writeFileSync(bridge.configFile, `${good}\nnonsense: 1\n`);
    bridge.process.signal('SIGHUP');
    await fires('SmsBridgeConfigReloadFailed');
    writeFileSync(bridge.configFile, good);
    bridge.process.signal('SIGHUP');
    await until('the alert to end', async () => (await prometheus.firing('SmsBridgeConfigReloadFailed')).length === 0);
    // What is well is not accused.
    const accused = (await prometheus.alerts()).filter(({state, labels}) => state === 'firing' && ['good', 'twilio'].includes(labels.gateway));
    assert.deepEqual(accused.map(({labels}) => labels), []);
    for (const name of ['Down', 'Restarting', 'StoreErrors', 'UnreadableRecords', 'DiskLow', 'StoreNearlyFull', 'CommitStuck', 'EventsGivenUp', 'ScheduleFailed']) {
      assert.deepEqual(await prometheus.firing(`SmsBridge${name}`), [], name);
    }
    // A carrier that is gone, and back.
    await centres.good.end('SIGKILL');
    await fires('SmsBridgeGatewayDown', {gateway: 'good'});
    await centre('good');
    await until('the alert to end', async () => !(await prometheus.firing('SmsBridgeGatewayDown')).some(({gateway}) => gateway === 'good'));
    await stop();
  });

  it('alerts about the disk and the process fire by the harm they are for', {timeout}, async (t) => {
    const file = join(temporaryFolder(t), 'fault');
    const fail = (kind = '', code = 0, times = 0) => writeFileSync(file, kind && `${kind} ${code} ${times}\n`);
    fail();
    const port = await freePort();
    start(t, binary, ['smsc-sim', '--port', String(port), '--quiet']);
    const bridge = await Bridge.prepare(t, {gateways: [{port}]});
    bridge.spawn({env: await preload(t, 'write_fault', {FAULT_FILE: file})});
    await bridge.ready();
    const api = bridge.api();
    const prometheus = await Prometheus.start(t, {targets: [`127.0.0.1:${bridge.apiPort}`], ruleText: quickened()});
    const fires = (name) => until(`${name} to fire`, async () => (await prometheus.firing(name)).length > 0, 60_000);
    // As long as it takes, messages come.
    const meanwhile = async (harm, ...names) => {
      let over = false;
      const sending = (async () => { while (!over) await api.post('/messages', messages(1)[0]).catch(() => {}); })();
      try {
        harm();
        for (const name of names) await fires(name);
      } finally {
        over = true;
        fail();
        await sending;
      }
    };
    await until('a scrape', async () => (await prometheus.query('up')).some(({value}) => value === 1));
    assert.deepEqual(await prometheus.alerts(), [], 'a daemon that just started is well');
    await meanwhile(() => fail('slow', 400, -1), 'SmsBridgeCommitSlow');
    await meanwhile(() => fail('sync', 5, -1), 'SmsBridgeStoreErrors', 'SmsBridgeApiErrors');
    await meanwhile(() => fail('slow', 14_000, 1), 'SmsBridgeCommitStuck');
    for (let times = 0; times < 3; ++times) {
      await bridge.kill();
      await bridge.restart();
      const before = await prometheus.query('process_start_time_seconds');
      await until('a scrape of the new process', async () => (await prometheus.query('process_start_time_seconds'))[0]?.value !== before[0]?.value);
    }
    await fires('SmsBridgeRestarting');
    await bridge.kill();
    await fires('SmsBridgeDown');
  });
});
