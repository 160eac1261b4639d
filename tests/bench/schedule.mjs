// SPDX-License-Identifier: MPL-2.0
// A schedule over many rows: how fast they become messages, and how much memory that takes. The report comes from a
// stand-in of Fineract; the gateway sends one a second, so that only the way in is measured.
//   node tests/bench/schedule.mjs [--rows 100000] [--kill]
import {Bridge, freePort, until} from '../integration/harness.mjs';
import {FineractStandin} from '../integration/peers/fineract_standin.mjs';

const given = process.argv.slice(2);
const count = given.includes('--rows') ? Number(given[given.indexOf('--rows') + 1]) : 100_000;
const kill = given.includes('--kill');

const ends = [];
const t = {after: (end) => ends.push(end), name: 'bench', signal: undefined, diagnostic: () => {}};
const columns = {id: 'BIGINT', firstName: 'VARCHAR', mobileNo: 'VARCHAR', totalDue: 'DECIMAL', paymentDueDate: 'DATE', loanAccountId: 'VARCHAR'};

try {
  const rows = Array.from({length: count}, (_, i) => [i + 1, 'Amina', `+2547${10_000_000 + i}`, 950, '2026-12-04', `L${i}`]);
  const standin = await FineractStandin.start(t, {reports: {'Loan payments due': {columns, rows}}});
  const bridge = await Bridge.start(t, {
    gateways: [{port: await freePort(), rate: '1/s'}],
    tenants: [{default_country: 'KE', currency: 'KES', fineract: {url: standin.url, user: 'reader', password: 'geheim'}}],
    schedules: [{name: 'due', tenant: 'default', cron: '0 8 1 1 *', template: 'repayment-due', report: {name: 'Loan payments due'}}]});
  const api = () => bridge.api();
  const before = bridge.residentMiB();
  let most = before, began = performance.now();
  await api().post('/schedules/due/run');
  const ended = async (one) => {
    most = Math.max(most, bridge.residentMiB());
    const {body} = await one.get('/schedules/due');
    return body.last_run ?? (kill && body.running?.sent > count / 2 ? {half: body.running.sent} : undefined);
  };
  const first = api();
  let end = await until('the run to end', () => ended(first), 600_000);
  if (end.half) {
    await bridge.kill();
    await bridge.restart();
    console.log(`killed after ${end.half} rows`);
    began = performance.now();
    const second = api();
    end = await until('the run to end', async () => (await second.get('/schedules/due')).body.last_run, 600_000);
  }
  const seconds = (performance.now() - began) / 1000;
  const {body} = await api().get('/messages/counts');
  console.log(`${end.rows} rows: ${end.sent} sent, ${end.repeated} repeated, ${end.refused} refused in ${seconds.toFixed(1)} s = ` +
    `${(end.rows / seconds).toFixed(0)} rows/s; ${body.by_state.queued + (body.by_state.submitted ?? 0)} messages; memory ${before.toFixed(0)} MiB before, ${most.toFixed(0)} MiB at most`);
} finally {
  for (const end of ends.reverse()) await end();
}
