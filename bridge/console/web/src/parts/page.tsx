// SPDX-License-Identifier: MPL-2.0
import type {ComponentChildren} from 'preact';
import {useEffect, useRef} from 'preact/hooks';
import {useSearch} from 'wouter-preact';
import {useLocation} from 'wouter-preact';
import {usePoll, type Poll} from '../state/poll';
import type {Page as ApiPage} from '../api/types';
import {Empty, Loading, ProblemBox} from './ui';

// The heading says what the screen is; the first screen after a click puts the focus there, so that it is read out.
let first = true;
export const Page = ({title, titleText, aside, children}: {title: ComponentChildren; titleText?: string; aside?: ComponentChildren; children: ComponentChildren}) => {
  const heading = useRef<HTMLHeadingElement>(null);
  const text = titleText ?? String(title);
  useEffect(() => {
    if (!first) heading.current?.focus({preventScroll: true});
    first = false;
  }, []);
  useEffect(() => { document.title = `${text} · smsbridge`; }, [text]);
  return (
    <>
      <header class="page-head">
        <h1 ref={heading} tabIndex={-1}>{title}</h1>
        {aside ? <div class="buttons">{aside}</div> : null}
      </header>
      {children}
    </>
  );
};

// A list of the API with its three other faces: not there yet, not to be had, nothing in it.
export function Listed<T>({of, empty, children}: {of: Poll<ApiPage<T>>; empty: ComponentChildren; children: (items: T[]) => ComponentChildren}) {
  return (
    <>
      <ProblemBox problem={of.problem} />
      {of.data ? (of.data.items.length > 0 ? children(of.data.items) : <Empty>{empty}</Empty>) : of.problem ? null : <Loading />}
    </>
  );
}
export const useList = <T,>(path: string | null, every = 5000) => usePoll<ApiPage<T>>(path, every);

// One parameter of the address.
export function useParameter(name: string): [string, (value: string) => void] {
  const search = useSearch();
  const [path, go] = useLocation();
  const value = new URLSearchParams(search).get(name) ?? '';
  return [value, (wanted) => {
    const next = new URLSearchParams(search);
    if (wanted) next.set(name, wanted);
    else next.delete(name);
    const query = next.toString();
    go(query ? `${path}?${query}` : path, {replace: true});
  }];
}
