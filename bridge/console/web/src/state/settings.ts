// SPDX-License-Identifier: MPL-2.0
// What a person chose for this browser. Nothing of a message is ever kept here.
import {effect, signal} from '@preact/signals';
import {type Language, preferred, useLanguage} from '../text/i18n';

function read(name: string): string | null {
  try { return localStorage.getItem(`smsbridge.${name}`); } catch { return null; }
}
function write(name: string, value: string | null): void {
  try {
    if (value === null) localStorage.removeItem(`smsbridge.${name}`);
    else localStorage.setItem(`smsbridge.${name}`, value);
  } catch { /* storage is off: it is chosen anew each time */ }
}

export type Theme = 'system' | 'light' | 'dark';
export const theme = signal<Theme>((read('theme') as Theme | null) ?? 'system');
export const shortcuts = signal(read('shortcuts') !== 'off');
export const rememberedTenant = () => read('tenant');
export const rememberTenant = (name: string) => write('tenant', name);

effect(() => {
  if (theme.value === 'system') document.documentElement.removeAttribute('data-theme');
  else document.documentElement.dataset.theme = theme.value;
  write('theme', theme.value === 'system' ? null : theme.value);
});
effect(() => write('shortcuts', shortcuts.value ? null : 'off'));

export const chosenLanguage = () => read('language');
export function chooseLanguage(wanted: Language): void {
  write('language', wanted);
  void useLanguage(wanted);
}
export const startLanguage = (ofPerson?: string | null) => useLanguage(preferred([chosenLanguage(), ofPerson, ...navigator.languages]));
