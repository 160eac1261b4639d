// SPDX-License-Identifier: MPL-2.0
// What the sources do with words: each key is used, and none becomes markup.
import {readdirSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import {expect, test} from 'vitest';
import en from './en.json';

function sources(at: string): string[] {
  return readdirSync(at, {withFileTypes: true}).flatMap((entry) => {
    const path = join(at, entry.name);
    return entry.isDirectory() ? sources(path) : /(?<!\.test)\.tsx?$/.test(entry.name) ? [path] : [];
  });
}
const files = sources(join(import.meta.dirname, '..')).map((path) => ({path, text: readFileSync(path, 'utf8')}));

test('every key is used', () => {
  const text = files.map((file) => file.text).join('\n');
  // word('state', ...) and t(`tab.${...}`) use all that begin so.
  const families = new Set([...text.matchAll(/word\(\s*'([\w-]+)'/g)].map(([, name]) => `${name}.`));
  for (const [, name] of text.matchAll(/`([\w-]+\.(?:[\w-]+\.)*)\$\{/g)) families.add(name);
  const isUsed = (key: string) => text.includes(`'${key}'`) || text.includes(`"${key}"`) || [...families].some((family) => key.startsWith(family));
  expect(Object.keys(en).filter((key) => !isUsed(key))).toEqual([]);
});

test('no screen writes markup or styles by itself, or keeps what it must not', () => {
  for (const {path, text} of files) {
    expect(text, path).not.toMatch(/innerHTML|dangerouslySet|\sstyle=|document\.write|\beval\(|sessionStorage/);
    expect(text.split('\n', 1)[0], path).toBe('// SPDX-License-Identifier: MPL-2.0');
  }
});

test.each(['en', 'fr', 'es', 'sw', 'hi'])('%s leaves nothing empty, and holds no markup', (code) => {
  const words = JSON.parse(readFileSync(join(import.meta.dirname, `${code}.json`), 'utf8')) as Record<string, string | Record<string, string>>;
  for (const [key, value] of Object.entries(words)) {
    for (const form of typeof value === 'string' ? [value] : Object.values(value)) expect(form, key).toMatch(/^[^<>]+$/);
  }
});
