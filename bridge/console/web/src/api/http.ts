// SPDX-License-Identifier: MPL-2.0
// Every call of the API goes through here.
import {signal} from '@preact/signals';
import type {Problem} from './types';

export class ApiError extends Error {
  constructor(readonly status: number, readonly problem: Problem) {
    super(problem.detail);
  }
}

// A pasted key: in memory only, gone with the page.
export const bearer = signal<string | null>(null);
// Which tenant a caller of several speaks of.
export const tenant = signal<string | null>(null);
// When an answer last came, and whether the last attempt brought one.
export const answeredAt = signal<number>(Date.now());
export const reachable = signal(true);
// The API says that nobody is signed in.
export const onUnauthenticated = {now: () => {}};

interface Options {
  body?: unknown;
  headers?: Record<string, string>;
  signal?: AbortSignal;
  quiet401?: boolean;
}

const noAnswer: Problem = {title: '', status: 0, detail: '', code: 'no-answer'};

async function problemOf(answer: Response): Promise<Problem> {
  try {
    const value = await answer.json() as Problem;
    if (typeof value.detail === 'string' && typeof value.code === 'string') return value;
  } catch { /* not JSON: a proxy's page */ }
  return {title: answer.statusText, status: answer.status, detail: `HTTP ${answer.status}`, code: 'unexpected-answer'};
}

export async function call<T>(method: string, path: string, {body, headers = {}, signal, quiet401}: Options = {}): Promise<T> {
  const all: Record<string, string> = {Accept: 'application/json', ...headers};
  if (method !== 'GET') all['X-Smsbridge'] = '1';
  if (bearer.value) all.Authorization = `Bearer ${bearer.value}`;
  if (tenant.value) all['Smsbridge-Tenant'] = tenant.value;
  if (body !== undefined) all['Content-Type'] ??= 'application/json';
  let answer: Response;
  try {
    answer = await fetch(`/api/v1${path}`, {method, headers: all, signal, cache: 'no-store', credentials: 'same-origin',
      body: body === undefined ? undefined : JSON.stringify(body)});
  } catch (error) {
    if ((error as Error).name === 'AbortError') throw error;
    reachable.value = false;
    throw new ApiError(0, noAnswer);
  }
  reachable.value = true;
  answeredAt.value = Date.now();
  if (answer.ok) return (answer.status === 204 ? undefined : await answer.json()) as T;
  const problem = await problemOf(answer);
  if (answer.status === 401 && !quiet401) onUnauthenticated.now();
  throw new ApiError(answer.status, problem);
}

export const get = <T,>(path: string, signal?: AbortSignal) => call<T>('GET', path, {signal});
export const post = <T,>(path: string, body?: unknown, headers?: Record<string, string>) => call<T>('POST', path, {body, headers});
