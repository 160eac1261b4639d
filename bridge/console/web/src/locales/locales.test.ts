// SPDX-License-Identifier: MPL-2.0
// Each language says everything, and nothing is said that nobody asks for.
import {readFileSync, readdirSync} from 'node:fs';
import {dirname, join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {expect, it} from 'vitest';

type Value = string | Record<string, string>;
const folder = dirname(fileURLToPath(import.meta.url));
const read = (name: string): Record<string, Value> => JSON.parse(readFileSync(join(folder, name), 'utf8'));
const en = read('en.json');
const others = readdirSync(folder).filter((name) => name.endsWith('.json') && name !== 'en.json');
const forms = (value: Value) => (typeof value === 'string' ? [value] : Object.values(value));
const places = (sentence: string) => [...sentence.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort();

it('there are the languages that are promised', () => {
  expect(others.sort()).toEqual(['es.json', 'fr.json', 'hi.json', 'sw.json']);
});

for (const name of others) {
  const words = read(name);
  it(`${name} has the keys of en.json`, () => {
    expect(Object.keys(words).sort()).toEqual(Object.keys(en).sort());
  });
  it(`${name} fills in what en.json fills in`, () => {
    for (const [key, value] of Object.entries(en)) {
      const wanted = new Set(forms(value).flatMap(places));
      for (const sentence of forms(words[key])) {
        for (const place of places(sentence)) expect(wanted, `${key}: ${sentence}`).toContain(place);
        if (typeof value === 'string') expect(places(sentence), `${key}: ${sentence}`).toEqual(places(value));
      }
    }
  });
  it(`${name} has the plural forms of its language`, () => {
    const categories = new Intl.PluralRules(name.slice(0, 2)).resolvedOptions().pluralCategories;
    for (const [key, value] of Object.entries(words)) {
      if (typeof value === 'string') continue;
      expect(Object.keys(value), key).toContain('other');
      for (const form of Object.keys(value)) expect(categories, `${key}: ${form}`).toContain(form);
    }
  });
}

it('the sentence of R4 is Fineract\'s own', () => {
  expect(Object.values(en)).toContain('Cannot send SMS as no phone number');
});
