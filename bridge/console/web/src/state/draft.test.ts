// SPDX-License-Identifier: MPL-2.0
import {expect, it} from 'vitest';
import {emptyDraft, keyKeeper, requestOf} from './draft';

it('asks for what is written, and for nothing that is usual', () => {
  expect(requestOf({...emptyDraft, to: ' 0712 345 678 ', text: 'Habari'})).toEqual({to: '0712 345 678', text: 'Habari'});
  expect(requestOf({...emptyDraft, person: {kind: 'client', id: 42}, template: 'hello', language: 'sw', lane: 'campaign'}))
    .toEqual({client: 42, template: 'hello', language: 'sw', lane: 'campaign'});
});

it('a second click is the same message, another text is not', () => {
  let made = 0;
  const keys = keyKeeper(() => `key ${++made}`);
  expect(keys.keyFor({text: 'a'})).toBe('key 1');
  expect(keys.keyFor({text: 'a'})).toBe('key 1');
  expect(keys.keyFor({text: 'b'})).toBe('key 2');
  keys.done();
  expect(keys.keyFor({text: 'b'})).toBe('key 3');
});
