// SPDX-License-Identifier: MPL-2.0
// The message that is being written. In memory only: no text of a message goes into storage or addresses.
import {signal} from '@preact/signals';
import type {Lane} from '../api/types';

export interface Draft {
  to: string;
  person: {kind: 'client' | 'group' | 'staff'; id: number} | null;
  text: string;
  template: string;
  language: string;
  lane: Lane;
  from: string;
}
export const emptyDraft: Draft = {to: '', person: null, text: '', template: '', language: '', lane: 'transaction', from: ''};
export const draft = signal<Draft>(emptyDraft);
export const clearDraft = () => { draft.value = emptyDraft; };

// What is posted for it.
export function requestOf(of: Draft): Record<string, unknown> {
  return {
    ...(of.person ? {[of.person.kind]: of.person.id} : {to: of.to.trim()}),
    ...(of.template ? {template: of.template, ...(of.language ? {language: of.language} : {})} : {text: of.text}),
    ...(of.lane === 'transaction' ? {} : {lane: of.lane}),
    ...(of.from.trim() ? {from: of.from.trim()} : {}),
  };
}

// One key for one content: a second click and a second try after a lost answer are the same message, a changed text is another.
export function keyKeeper(random: () => string) {
  let of = '';
  let key = '';
  return {
    keyFor(body: unknown): string {
      const content = JSON.stringify(body);
      if (content !== of) {
        of = content;
        key = random();
      }
      return key;
    },
    done() { of = ''; },
  };
}

export function randomKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (octet) => octet.toString(16).padStart(2, '0')).join('');
}
