// SPDX-License-Identifier: MPL-2.0
// The bugs that tests/mutations.sh plants follow the sources: each row of its list finds its place. Needs no build.
import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import {dirname, join} from 'node:path';
import {test} from 'node:test';
import {fileURLToPath} from 'node:url';
import {plantAll, rows} from '../mutations/plant.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

test('each planted bug has its place and a number of its own', () => {
  for (const file of new Set(rows.map((row) => row.file))) plantAll(file, readFileSync(join(root, file), 'utf8'));
  assert.equal(new Set(rows.map(({id}) => id)).size, rows.length);
});
