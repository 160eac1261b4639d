// SPDX-License-Identifier: MPL-2.0
// How a sentence gets its values. What is filled in is not looked into again: it may be anybody's text.
import type {ComponentChild} from 'preact';
import * as format from './format';

export type Value = string | Record<string, string>;

export function pick(value: Value, n: unknown, locale: string): string {
  if (typeof value === 'string') return value;
  return value[format.plural(locale, Number(n))] ?? value.other;
}

export function fill(sentence: string, parameters: Record<string, unknown>, locale: string): ComponentChild[] {
  return sentence.split(/(\{\w+\})/).filter((part) => part !== '').map((part) => {
    const name = /^\{(\w+)\}$/.exec(part)?.[1];
    if (!name) return part;
    const value = parameters[name];
    return (typeof value === 'number' ? format.number(locale, value) : value) as ComponentChild;
  });
}
