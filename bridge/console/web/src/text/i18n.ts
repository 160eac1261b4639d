// SPDX-License-Identifier: MPL-2.0
// The words of the console. A value is a sentence with {placeholders}, or one for each plural form of {n}.
import {signal} from '@preact/signals';
import type {ComponentChild} from 'preact';
import en from '../locales/en.json';
import {fill, pick, type Value} from './i18n-plain';

export type Key = keyof typeof en;
export const languages = {en: 'English', fr: 'Français', es: 'Español', sw: 'Kiswahili', hi: 'हिन्दी'} as const;
export type Language = keyof typeof languages;

const loaders: Record<Exclude<Language, 'en'>, () => Promise<{default: unknown}>> = {
  fr: () => import('../locales/fr.json'),
  es: () => import('../locales/es.json'),
  sw: () => import('../locales/sw.json'),
  hi: () => import('../locales/hi.json'),
};

export const language = signal<Language>('en');
const words = signal<Record<string, Value>>(en);

export const isLanguage = (value: string | null | undefined): value is Language => !!value && value in languages;

export async function useLanguage(wanted: Language): Promise<void> {
  const loaded = wanted === 'en' ? en : (await loaders[wanted]()).default as Record<string, Value>;
  words.value = loaded;
  language.value = wanted;
  document.documentElement.lang = wanted;
}

// Of what the person or the browser asks for, the first that there is.
export function preferred(asked: readonly (string | null | undefined)[]): Language {
  for (const one of asked) {
    const short = one?.split('-')[0].toLowerCase();
    if (isLanguage(short)) return short;
  }
  return 'en';
}

type Plain = Record<string, string | number>;
const sentence = (key: Key, n: unknown) => pick(words.value[key] ?? (en as Record<string, Value>)[key], n, language.value);

export const t = (key: Key, parameters: Plain = {}): string => fill(sentence(key, parameters.n), parameters, language.value).join('');
// The same with elements in its places.
export const tx = (key: Key, parameters: Record<string, ComponentChild>): ComponentChild[] => fill(sentence(key, parameters.n), parameters, language.value);
// A key that is put together of a value of the API; what the console has no word for is shown as it is.
export const has = (key: string): key is Key => key in en;
export const word = (prefix: string, value: string): string => (has(`${prefix}.${value}`) ? t(`${prefix}.${value}` as Key) : value);
