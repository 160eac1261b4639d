// SPDX-License-Identifier: MPL-2.0
// The picture of bridge/README.md, checked: who may include whom, and who may see libsmpp34 and LMDB.
// Needs nothing but Node, so that it runs before anything is built.
import assert from 'node:assert/strict';
import {existsSync, readdirSync, readFileSync} from 'node:fs';
import {dirname, extname, join, normalize, relative} from 'node:path';
import {test} from 'node:test';
import {fileURLToPath} from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const leaves = ['metrics', 'store', 'smpp', 'http_gateways'];
const folders = [...leaves, 'bridge'];

// The floors of bridge, from the ground up, and the rooms of each: a file includes its own room or lower floors, never a
// neighbour on its floor. A room is a folder, or the files in bridge/ itself that the word names.
const floors = [
  ['text'],
  ['env'],
  ['config'],
  ['policy', 'http', 'smsc_sim'],
  ['access'],
  ['routing'],
  ['intake', 'objects', 'delivery', 'notify'],
  ['events', 'inbound'],
  ['doors', 'console'],
  ['app'],
  ['cli'],
  ['main'],
];

const skipped = new Set(['.git', '.cache', 'build', 'node_modules']);

function walk(folder = root) {
  const found = [];
  for (const entry of readdirSync(folder, {withFileTypes: true})) {
    if (skipped.has(entry.name)) continue;
    const path = join(folder, entry.name);
    if (entry.isDirectory()) found.push(...walk(path));
    else if (entry.isFile()) found.push(relative(root, path));
  }
  return found.sort();
}

const files = walk();
const isCpp = (file) => ['.cpp', '.hpp', '.h', '.inc', '.ipp'].includes(extname(file));
const read = (file) => readFileSync(join(root, file), 'utf8');
const folderOf = (file) => file.split('/')[0];
const roomOf = (file) => file.split('/')[1].split('.')[0];
const floorOf = (file) => floors.findIndex((rooms) => rooms.includes(roomOf(file)));

// The includes of a file: {line, target, own}, own being the path in this repository or undefined for the rest.
function includesOf(file) {
  const found = [];
  read(file).split('\n').forEach((text, index) => {
    const match = /^\s*#\s*include\s*(?:"([^"]+)"|<([^>]+)>)/.exec(text);
    if (!match) return;
    const target = match[1] ?? match[2];
    const beside = normalize(join(dirname(file), target));
    let own;
    if (folders.includes(folderOf(target)) || target.startsWith('tests/')) own = normalize(target);
    else if (match[1] && existsSync(join(root, beside))) own = beside;
    found.push({line: index + 1, target, own});
  });
  return found;
}

const sources = files.filter((file) => [...folders, 'tests'].includes(folderOf(file)) && isCpp(file));

function violations(rule, of = sources) {
  const found = [];
  for (const file of of) {
    for (const include of includesOf(file)) {
      const text = rule(file, include);
      if (text) found.push(`${file}:${include.line}: ${text}`);
    }
  }
  return found;
}

test('every included file of ours exists', () => {
  assert.deepEqual(violations((file, {own}) => own && !existsSync(join(root, own)) && `no such file: ${own}`), []);
});

test('a leaf includes its own folder, the standard library and third parties only', () => {
  const of = sources.filter((file) => leaves.includes(folderOf(file)));
  assert.deepEqual(
      violations((file, {own}) => own && folderOf(own) !== folderOf(file) && `${folderOf(file)} must not know ${own}`, of), []);
});

test('bridge does not include tests, and inside it nothing includes a neighbour or a higher floor', () => {
  const of = sources.filter((file) => folderOf(file) === 'bridge');
  assert.deepEqual(of.filter((file) => floorOf(file) < 0 && !['asio', 'version'].includes(roomOf(file))), [], 'each room has its floor');
  assert.deepEqual(violations((file, {own}) => {
    if (!own) return undefined;
    if (folderOf(own) === 'tests') return `must not include tests: ${own}`;
    if (folderOf(own) !== 'bridge' || roomOf(own) === roomOf(file) || roomOf(own) === 'version') return undefined;
    return floorOf(own) >= floorOf(file) && `floor ${floorOf(file)} includes floor ${floorOf(own)}: ${own}`;
  }, of), []);
});

test('only smpp/frames.cpp sees libsmpp34, and the tests that compare with it', () => {
  assert.deepEqual(violations((file, {target, own}) => {
    if (own || file === 'smpp/frames.cpp' || file.startsWith('tests/unit/smpp/')) return undefined;
    return /(^|\/)(libsmpp34|def_frame|def_list)\/|(^|\/)smpp34/.test(target) && `libsmpp34 seen: ${target}`;
  }), []);
});

test('only store/lmdb.* sees LMDB', () => {
  assert.deepEqual(violations((file, {target, own}) => {
    if (own || /^store\/lmdb\.(cpp|hpp)$/.test(file)) return undefined;
    return /(^|\/)(lmdb|midl)\.h$/.test(target) && `LMDB seen: ${target}`;
  }), []);
});

test('leaves and levels do not use what belongs to others', () => {
  // No sockets, threads or clocks in the protocol: bytes and `now` in, bytes and events out.
  const of = sources.filter((file) => ['smpp', 'http_gateways'].includes(folderOf(file)));
  const banned = /^(boost\/(asio|beast)|sys\/socket|netinet\/|thread$|mutex$|condition_variable$|openssl\/ssl)/;  // hashes and signatures are no sockets
  assert.deepEqual(violations((file, {target}) => banned.test(target) && `no sockets and threads here: <${target}>`, of), []);
  const clocks = of.filter((file) => /\b(system|steady|high_resolution)_clock::now\b/.test(read(file)));
  assert.deepEqual(clocks, [], 'time comes in as an argument');
});

test('no two files include each other, by whatever way', () => {
  const own = new Map(sources.map((file) => [file, includesOf(file).map((include) => include.own).filter(Boolean)]));
  const done = new Set(), circles = [];
  const visit = (file, path) => {
    if (path.includes(file)) circles.push([...path.slice(path.indexOf(file)), file].join(' -> '));
    if (done.has(file) || path.includes(file)) return;
    for (const included of own.get(file) ?? []) visit(included, [...path, file]);
    done.add(file);
  };
  for (const file of sources) visit(file, []);
  assert.deepEqual(circles, []);
});

test('time and chance come in from outside', () => {
  // The command line is a process of its own, and so is the carrier's socket side; app draws the seeds.
  const rooms = ['text', 'config', 'policy', 'http', 'access', 'routing', 'intake', 'objects', 'delivery', 'notify', 'doors'];
  const of = sources.filter((file) => folderOf(file) === 'bridge' && rooms.includes(roomOf(file)));
  const clocks = /\b(system|steady|high_resolution)_clock::now\b|\brandom_device\b|\bsteady_timer\b/;
  assert.deepEqual(of.filter((file) => clocks.test(read(file))), []);
});

const tables = ['bridge/text/numbering_table.cpp'];
const ours = sources.filter((file) => folders.includes(folderOf(file)));

test('no function is longer than 70 lines', () => {
  const found = [];
  for (const file of ours) {
    const lines = read(file).split('\n');
    lines.forEach((text, at) => {
      // The last line of a signature, at the outermost level or in a class; its body ends at the same indentation.
      const indent = /^ {0,2}(?=\S)/.exec(text)?.[0];
      if (indent === undefined || !/\)[^;=]*\{$/.test(text) || /^\s*(if|for|while|switch|else|do|try|catch|\}|return|namespace)\b/.test(text)) return;
      const length = lines.slice(at).findIndex((line) => line.startsWith(`${indent}}`)) + 1;
      if (length > 70) found.push(`${file}:${at + 1}: ${length} lines`);
    });
  }
  assert.deepEqual(found, []);
});

test('no file is longer than 400 lines', () => {
  const length = (file) => read(file).split('\n').length - 1;
  assert.deepEqual(ours.filter((file) => length(file) > 400 && !tables.includes(file)).map((file) => `${file}: ${length(file)} lines`), []);
});

test('a test stands on the path of its source', () => {
  const of = sources.filter((file) => file.startsWith('tests/unit/') && file.endsWith('_test.cpp'));
  const isThere = (file) => {
    const source = file.slice('tests/unit/'.length, -'_test.cpp'.length);
    return ['.cpp', '.hpp'].some((end) => existsSync(join(root, source + end)));
  };
  // What several files do together.
  const together = ['tests/unit/bridge/doors/api_test.cpp', 'tests/unit/bridge/doors/ingest_test.cpp', 'tests/unit/bridge/policy/policies_test.cpp',
    'tests/unit/http_gateways/every_kind_test.cpp', 'tests/unit/smpp/both_sides_test.cpp', 'tests/unit/smpp/pdu_library_test.cpp',
    'tests/unit/store/damage_test.cpp', 'tests/unit/store/durability_test.cpp', 'tests/unit/store/queue_test.cpp'];
  assert.deepEqual(of.filter((file) => !isThere(file) && !together.includes(file)), []);
});

test('files that are compiled as one have no two functions of one name', () => {
  // Each calls its own: among two in unnamed namespaces the compiler would choose what fits better, and say nothing.
  const alone = new Set(folders.flatMap((folder) => {
    const words = /compile_rooms\(\w+ ALONE([^)]*)\)/.exec(read(`${folder}/CMakeLists.txt`))?.[1].split(/\s+/) ?? [];
    return words.filter((word) => word.endsWith('.cpp')).map((word) => `${folder}/${word}`);
  }));
  const found = [];
  const names = new Map();
  for (const file of ours) {
    if (!file.endsWith('.cpp') || alone.has(file) || /^(metrics|http_gateways)\/[^/]*$/.test(file)) continue;
    let hidden = false;
    for (const line of read(file).split('\n')) {
      if (line === 'namespace {') hidden = true;
      if (line === '}  // namespace') hidden = false;
      const name = /^(?!using|return|namespace|struct|class|enum|template)[A-Za-z_][\w:<>,&* ]*[ &*](\w+)\(/.exec(line)?.[1];
      if (!hidden || !name) continue;
      const key = `${dirname(file)}: ${name}`, first = names.get(key) ?? file;
      names.set(key, first);
      if (first !== file) found.push(`${first} and ${file}: ${name}()`);
    }
  }
  assert.deepEqual(found, []);
});

test('every source file has its licence line', () => {
  const kinds = ['.cpp', '.hpp', '.h', '.inc', '.ipp', '.cmake', '.mjs', '.js', '.ts', '.sh', '.pl', '.py', '.yaml', '.yml'];
  const without = files.filter((file) => {
    const named = ['CMakeLists.txt', '.ci/run'].some((name) => file === name || file.endsWith(`/${name}`));
    if (!named && !kinds.includes(extname(file))) return false;
    if (file.startsWith('tests/data/')) return false;
    return !read(file).split('\n', 5).some((line) => line.includes('SPDX-License-Identifier: MPL-2.0'));
  });
  assert.deepEqual(without, []);
});

test('nothing points to places outside of the repository', () => {
  // Put together here, so that this file does not contain what it looks for.
  const place = ['', 'work'].join('/');
  const notes = ['shared', '(design|reference)'].join('/');
  const forbidden = [new RegExp(`(^|[^\\w./-])${place}(/|$|[^\\w-])`, 'm'), new RegExp(`(^|[^\\w])${notes}`, 'm')];
  const texts = files.filter((file) => !/\.(png|jpg|ico|gz|bin|mdb)$/.test(file));
  assert.deepEqual(texts.filter((file) => forbidden.some((pattern) => pattern.test(read(file)))), []);
});

test('lock files name no place to download from', () => {
  const locks = files.filter((file) => file.endsWith('package-lock.json'));
  assert.deepEqual(locks.filter((file) => /"resolved"/.test(read(file))), []);
});
