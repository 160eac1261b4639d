// SPDX-License-Identifier: MPL-2.0
// Who is signed in, and what they may do.
import {computed, signal} from '@preact/signals';
import {ApiError, bearer, call, get, onUnauthenticated, tenant} from '../api/http';
import type {Me} from '../api/types';
import {clearDraft} from './draft';
import {chosenLanguage, rememberTenant, rememberedTenant, startLanguage} from './settings';

// undefined: not known yet; null: nobody.
export const me = signal<Me | null | undefined>(undefined);
// The session ended under an open page: signing in again goes on where it was.
export const ended = signal(false);
// Grows with each sign-in, so that what waits for data asks again.
export const epoch = signal(0);

onUnauthenticated.now = () => {
  if (me.value) ended.value = true;
};

export const may = (scope: string): boolean => me.value?.scopes.includes(scope) ?? false;
export const seesContent = computed(() => me.value?.scopes.includes('content:read') ?? false);
export const tenants = computed(() => me.value?.tenants ?? []);

export function chooseTenant(name: string): void {
  tenant.value = name;
  rememberTenant(name);
}

function enter(who: Me): void {
  const known = who.tenants;
  const asked = [new URLSearchParams(location.search).get('tenant'), tenant.value, rememberedTenant()];
  // With one tenant nobody needs to name it.
  tenant.value = known.length > 1 ? asked.find((name) => name !== null && known.includes(name)) ?? known[0] : null;
  me.value = who;
  ended.value = false;
  epoch.value++;
  if (!chosenLanguage()) void startLanguage(who.language);
}

export async function start(): Promise<void> {
  try {
    enter(await call<Me>('GET', '/me', {quiet401: true}));
  } catch {
    me.value = null;
  }
}

export async function signIn(name: string, password: string): Promise<void> {
  bearer.value = null;
  enter(await call<Me>('POST', '/session', {body: {name, password}, quiet401: true}));
}

export async function signInWithKey(key: string): Promise<void> {
  const before = bearer.value;
  bearer.value = key;
  try {
    enter(await call<Me>('GET', '/me', {quiet401: true}));
  } catch (error) {
    bearer.value = before;
    throw error;
  }
}

export async function welcome(token: string, password: string): Promise<void> {
  enter(await call<Me>('POST', '/session/welcome', {body: {token, password}, quiet401: true}));
}

export async function signOut(everywhere = false): Promise<void> {
  try {
    if (!bearer.value) await call('DELETE', everywhere ? '/session?everywhere=true' : '/session', {quiet401: true});
  } catch (error) {
    if (!(error instanceof ApiError && error.status === 401)) throw error;
  }
  bearer.value = null;
  clearDraft();
  tenant.value = null;
  ended.value = false;
  me.value = null;
}

export const anybody = () => get<{anybody: boolean}>('/session');
