// SPDX-License-Identifier: MPL-2.0
// How many instructions two programs need for a message: what a change costs or saves, where clocks are too noisy to tell.
// Runs cases of compare.mjs under valgrind's callgrind, each for a short and a long time, and takes the difference, which
// the start has no part in. User space only, and threads take turns, so that commits gather more than they really do.
import {execFileSync} from 'node:child_process';
import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {dirname, join, resolve} from 'node:path';
import {fileURLToPath} from 'node:url';
import {parseArgs} from 'node:util';

const usage = `usage: instructions.mjs --old PROGRAM [--new PROGRAM] [--only CASES]

  --old PROGRAM   smsbridge as it was, built by 'cmake --preset release'
  --new PROGRAM   as it is (build/release/smsbridge)
  --only CASES    of compare.mjs, with commas between them (single-128,batch-100,receipts-batch-200)

BENCH_LOAD names the load generator (build/release/bench_load; tests/bench/run.sh builds it). Needs the package valgrind.
`;
const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const seconds = [5, 25];

function readOptions() {
  const text = {type: 'string'};
  try {
    const {values} = parseArgs({options: {old: text, new: text, only: text, help: {type: 'boolean'}}});
    if (values.help) {
      process.stdout.write(usage);
      process.exit(0);
    }
    if (!values.old) throw new Error('--old is missing');
    return values;
  } catch (error) {
    process.stderr.write(`error: ${error.message}\n${usage}`);
    process.exit(2);
  }
}

const options = readOptions();
const programs = {old: resolve(options.old), new: resolve(options.new ?? join(root, 'build/release/smsbridge'))};
const cases = (options.only ?? 'single-128,batch-100,receipts-batch-200').split(',');
const folder = mkdtempSync(join(tmpdir(), 'smsbridge-instructions-'));

// Messages, and instructions of the daemon from start to end.
function run(program, name, time) {
  const wrapped = join(folder, 'smsbridge'), counts = join(folder, 'counts');
  writeFileSync(wrapped, `#!/bin/sh
[ "$1" = serve ] || exec '${program}' "$@"
exec valgrind -q --tool=callgrind --callgrind-out-file='${counts}' '${program}' "$@"
`, {mode: 0o755});
  const out = join(folder, 'out');
  execFileSync(process.execPath,
               [join(root, 'tests/bench/compare.mjs'), '--quick', '--without-kannel', '--only', name, '--seconds', String(time),
                '--out', out], {env: {...process.env, SMSBRIDGE_BINARY: wrapped}, stdio: ['ignore', 'ignore', 'inherit']});
  const found = Object.entries(JSON.parse(readFileSync(join(out, 'benchmark.json'))).medians).find(([key]) => key === name);
  if (!found) throw new Error(`compare.mjs has no case '${name}'`);
  const [, instructions] = /^summary: (\d+)/m.exec(readFileSync(counts, 'utf8'));
  return {messages: found[1].smsbridge.accepted, instructions: Number(instructions)};
}

function perMessage(program, name) {
  const [short, long] = seconds.map((time) => run(program, name, time));
  return (long.instructions - short.instructions) / (long.messages - short.messages);
}

try {
  console.log('| case | old | new | ratio |\n| --- | --- | --- | --- |');
  for (const name of cases) {
    const [before, now] = [programs.old, programs.new].map((program) => perMessage(program, name));
    console.log(`| ${name} | ${Math.round(before)} | ${Math.round(now)} | ${(now / before).toFixed(3)} |`);
  }
} finally {
  rmSync(folder, {recursive: true});
}
