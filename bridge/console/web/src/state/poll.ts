// SPDX-License-Identifier: MPL-2.0
// What a screen shows of the API, asked again while it is looked at.
import {signal} from '@preact/signals';
import {useEffect, useRef, useState} from 'preact/hooks';
import {ApiError, get, tenant} from '../api/http';
import type {Problem} from '../api/types';
import {epoch} from './session';

export const now = signal(Date.now());
setInterval(() => { now.value = Date.now(); }, 30_000);

export interface Poll<T> {
  data: T | undefined;
  problem: Problem | undefined;
  // What is shown is of another question than the one that is asked now.
  old: boolean;
  again: () => void;
}

// `every` 0: once.
export function usePoll<T>(path: string | null, every = 5000): Poll<T> {
  const [shown, show] = useState<{key: string; data?: T; problem?: Problem}>({key: ''});
  const again = useRef(() => {});
  const key = `${epoch.value} ${tenant.value} ${path}`;
  useEffect(() => {
    if (path === null) return undefined;
    const abort = new AbortController();
    let timer = 0;
    let waits = false;
    const ask = async () => {
      clearTimeout(timer);
      waits = false;
      try {
        const data = await get<T>(path, abort.signal);
        if (!abort.signal.aborted) show({key, data});
      } catch (error) {
        if (abort.signal.aborted) return;
        const problem = error instanceof ApiError ? error.problem : {title: '', status: 0, detail: String(error), code: 'internal'};
        // A line that breaks leaves what was there; the frame says since when.
        show((before) => (problem.status === 0 && before.data !== undefined ? before : {key, data: before.key === key ? before.data : undefined, problem}));
      }
      if (every > 0) timer = setTimeout(next, every) as unknown as number;
    };
    const next = () => {
      if (document.hidden) waits = true;
      else void ask();
    };
    const seen = () => { if (!document.hidden && waits) void ask(); };
    document.addEventListener('visibilitychange', seen);
    again.current = () => void ask();
    void ask();
    return () => {
      abort.abort();
      clearTimeout(timer);
      document.removeEventListener('visibilitychange', seen);
    };
  }, [key, every]);
  return {data: shown.data, problem: shown.key === key ? shown.problem : undefined, old: shown.key !== key, again: () => again.current()};
}
