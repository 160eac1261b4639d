// SPDX-License-Identifier: MPL-2.0
// Plants the bugs of list.mjs one at a time and says which test catches each. See ../mutations.sh --help.
import {execFileSync, spawn} from 'node:child_process';
import {existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {basename, dirname, join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {parseArgs} from 'node:util';
import {plantAll, rows} from './plant.mjs';

const usage = `usage: tests/mutations.sh [--only 17,24] [--seeds N] [--integration] [--units] [--build FOLDER] [--help]

Copies the sources, plants all bugs of tests/mutations/list.mjs into the copy, each switched on by the environment
variable SMSBRIDGE_PLANT, builds it once, and runs the tests with each bug until one of them fails: unit tests, then the
simulation. Exit code 0 only if nothing fails without a bug, and each bug is caught or has a reason to survive.

  --only IDS       only these bugs, with commas between them
  --seeds N        worlds that the simulation runs with each bug (100)
  --integration    also run the integration file that a bug names, when unit tests and simulation missed it
  --units          unit tests only
  --build FOLDER   where to build, and where the build of the last time is found (build/mutations)
`;

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const jobs = 2;
const unitLimitMs = 180_000;  // who waits for what never comes has found the bug as well

function readOptions() {
  const text = {type: 'string'}, flag = {type: 'boolean'};
  try {
    return parseArgs({options: {only: text, seeds: text, integration: flag, units: flag, build: text, help: flag}}).values;
  } catch (error) {
    console.error(`error: ${error.message}\n${usage}`);
    process.exit(2);
  }
}

function fail(text) {
  console.error(`error: ${text}`);
  process.exit(2);
}

const options = readOptions();
if (options.help) {
  console.log(usage);
  process.exit(0);
}
const folder = options.build ?? join(root, 'build/mutations');
const tree = join(folder, 'tree'), build = join(folder, 'build');
const seeds = Number(options.seeds ?? 100);
const only = options.only?.split(',').map(Number);
const chosen = rows.filter(({id}) => !only || only.includes(id));
for (const id of only ?? [])
  if (!rows.some((row) => row.id === id)) fail(`there is no bug ${id}`);

// Files that are the same keep their times, so that only what changed is built again.
function copySources() {
  const files = execFileSync('git', ['ls-files', '-co', '--exclude-standard'], {cwd: root, encoding: 'utf8'})
      .trim().split('\n').filter((file) => existsSync(join(root, file)));
  const stamp = join(folder, 'files.json');
  const before = existsSync(stamp) ? JSON.parse(readFileSync(stamp)) : [];
  for (const file of before) if (!files.includes(file)) rmSync(join(tree, file), {force: true});
  for (const file of files) {
    let bytes = readFileSync(join(root, file));
    if (/\.[ch]pp$/.test(file)) bytes = Buffer.from(plantAll(file, bytes.toString()));
    const copy = join(tree, file);
    if (existsSync(copy) && bytes.equals(readFileSync(copy))) continue;
    mkdirSync(dirname(copy), {recursive: true});
    writeFileSync(copy, bytes);
  }
  for (const {id, file} of rows) if (!files.includes(file)) fail(`bug ${id}: there is no file ${file}`);
  writeFileSync(stamp, JSON.stringify(files));
}

function buildOnce() {
  const show = {stdio: 'inherit'};
  if (!existsSync(join(build, 'build.ninja')))
    execFileSync('cmake', ['-G', 'Ninja', '-S', tree, '-B', build, '-DCMAKE_BUILD_TYPE=Debug', '-DCMAKE_CXX_FLAGS_DEBUG=-O0 -w'],
                 show);
  execFileSync('ninja', ['-C', build, `-j${jobs}`], show);
}

// Runs a program until it ends, says something that `stopAt` matches, or takes too long.
function run(command, args, {plant, stopAt, environment, limitMs = unitLimitMs}) {
  const child = spawn(command, args, {
    cwd: tree, stdio: ['ignore', 'pipe', 'pipe'], detached: true,
    env: {...process.env, ...environment, SMSBRIDGE_PLANT: String(plant)},
  });
  let output = '', late = false;
  // With what it started itself.
  const stop = () => { try { process.kill(-child.pid, 'SIGKILL'); } catch { /* it has ended */ } };
  const read = (bytes) => {
    output += bytes;
    if (stopAt?.test(output)) stop();
  };
  child.stdout.on('data', read);
  child.stderr.on('data', read);
  const limit = setTimeout(() => { late = true; stop(); }, limitMs);
  return new Promise((done) => child.on('close', (code) => {
    clearTimeout(limit);
    stop();
    done({failed: code !== 0, output, late});
  }));
}

// What the first program that fails says of it.
async function firstFailure(programs) {
  for (const {command, args, explain, ...how} of programs) {
    const result = await run(command, args, how);
    if (result.failed) return explain(result);
  }
}

function failedTest(name, {output, late}) {
  const failed = /\[ {2}FAILED {2}\] (\w+(?:[./]\w+)+)/.exec(output)?.[1];
  const last = [...output.matchAll(/\[ RUN {6}\] (\S+)/g)].at(-1)?.[1];
  return `${name} ${failed ?? `${last ?? ''} ${late ? '(does not end)' : '(crashes)'}`}`;
}

// Names of the tests that know most of a source: those at its path, or else those of its room.
function nearTests({file}) {
  const folder = join(root, 'tests/unit', dirname(file)), own = basename(file).replace(/\.[ch]pp$/, '_test.cpp');
  const tests = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('_test.cpp')) : [];
  const near = tests.includes(own) ? [own] : file.split('/').length > 2 ? tests : [];
  const text = near.map((name) => readFileSync(join(folder, name), 'utf8')).join('');
  return [...new Set(Array.from(text.matchAll(/^TEST(?:_[FP])?\((\w+),/gm), ([, suite]) => `*${suite}.*`))].join(':');
}

// The near ones first, then the programs of the same part; store_conformance is quick.
function unitPrograms(row) {
  const part = row.file.split('/')[0], near = nearTests(row);
  const far = (name) => name.startsWith(part) ? 0 : name === `unit_${part}` ? 1 : 2;
  const program = (name, filter = '*') => (
      {command: join(build, 'tests', name), args: ['--gtest_fail_fast', `--gtest_filter=${filter}`], plant: row.id,
       explain: (result) => failedTest(name, result)});
  const all = readdirSync(join(build, 'tests')).filter((name) => /^(unit_\w+|store_conformance)$/.test(name))
      .sort((a, b) => far(a) - far(b) || a.localeCompare(b)).map((name) => program(name));
  return near ? [program(`unit_${part}`, near), ...all] : all;
}

const simulation = (row) => [{
  command: join(build, 'tests/simulate'), args: ['--seeds', String(seeds)], plant: row.id,
  stopAt: /FAILED seed=\d+ promise=.*\n/, limitMs: 60_000 + 5_000 * seeds,
  explain: ({output, late}) => {
    const [, seed, promise] = /FAILED seed=(\d+) promise=(\S+)/.exec(output) ?? [];
    return seed ? `simulation, seed ${seed}: ${promise}` : `simulation ${late ? '(does not end)' : '(crashes)'}`;
  },
}];

const integration = (row) => [{
  command: process.execPath, args: ['--test', join(root, row.integration)], plant: row.id,
  environment: {SMSBRIDGE_BINARY: join(build, 'smsbridge')}, limitMs: 900_000,
  explain: ({output}) => `${row.integration}: ${/^not ok \d+ - (.*)$/m.exec(output)?.[1] ?? /✖ (.*)/.exec(output)?.[1] ?? ''}`,
}];

async function caughtBy(row) {
  return await firstFailure(unitPrograms(row)) ??
      (options.units ? undefined : await firstFailure(simulation(row))) ??
      (options.integration && row.integration ? await firstFailure(integration(row)) : undefined);
}

try {
  copySources();
  buildOnce();
} catch (error) {
  fail(error.message);
}
const sound = {id: 0, file: ''};
const broken = await caughtBy(sound);
if (broken) fail(`a test fails although nothing is planted: ${broken}`);
const began = Date.now();
const survivors = [];
const score = {unit: 0, simulation: 0, integration: 0};
function print(row, by) {
  if (by) ++score[/^(unit_|store_)/.test(by) ? 'unit' : by.startsWith('simulation') ? 'simulation' : 'integration'];
  else survivors.push(row);
  const survives = row.survives ? `survives: ${row.survives}` : 'SURVIVED';
  console.log(`${String(row.id).padStart(4)}  ${row.what}\n      ${by ?? survives}`);
}

// Some bugs at a time, told in the order of the list.
const results = [];
let begun = 0, printed = 0;
async function worker() {
  while (begun < chosen.length) {
    const at = begun++;
    results[at] = {by: await caughtBy(chosen[at])};
    for (; results[printed]; ++printed) print(chosen[printed], results[printed].by);
  }
}
await Promise.all(Array.from({length: jobs}, worker));
const caught = chosen.length - survivors.length;
console.log(`\n${caught} of ${chosen.length} bugs caught (${(100 * caught / chosen.length).toFixed(1)} %): unit tests ${score.unit}, ` +
    `simulation ${score.simulation}, integration ${score.integration}; ${Math.round((Date.now() - began) / 1000)} s`);
for (const {id, file, what, survives} of survivors) console.log(`survived: ${id} ${file}: ${what}${survives ? ` (${survives})` : ''}`);
process.exit(survivors.every((row) => row.survives) ? 0 : 1);
