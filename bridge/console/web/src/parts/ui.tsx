// SPDX-License-Identifier: MPL-2.0
// The small parts that every screen is made of.
import type {ComponentChildren} from 'preact';
import {useEffect, useId, useRef, useState} from 'preact/hooks';
import {ApiError} from '../api/http';
import type {Problem, State} from '../api/types';
import {now} from '../state/poll';
import * as format from '../text/format';
import {has, type Key, language, t, word} from '../text/i18n';
import {Icon, type IconName, ofState, type Tone} from './icons';

export const Mark = ({icon, tone, children}: {icon: IconName; tone: Tone; children: ComponentChildren}) => (
  <span class={`mark tone-${tone}`}><Icon name={icon} /><span>{children}</span></span>
);

export const StateMark = ({state}: {state: State}) => {
  const [icon, tone] = ofState[state] ?? ['info', 'off'];
  return <Mark icon={icon} tone={tone}>{word('state', state)}</Mark>;
};

// The exact time in UTC stands in `datetime`, and in the tip.
export const Time = ({at, exact, clock}: {at: string; exact?: boolean; clock?: boolean}) => {
  const time = new Date(at);
  const today = new Date(now.value);
  const shown = exact || clock ? format.moment(language.value, time, today, exact) : format.ago(language.value, time, today);
  return <time dateTime={at} title={`${at.replace('T', ' ').replace('Z', '')} UTC`}>{shown}</time>;
};
export const timeText = (at: string) => format.moment(language.value, new Date(at), new Date(now.value));

export const problemText = (problem: Problem): string => {
  if (problem.code === 'rate-limited' && problem.retry_after_seconds) return t('problem.wait', {n: problem.retry_after_seconds});
  if (problem.status === 0) return t('problem.no-answer');
  return has(`problem.${problem.code}`) ? t(`problem.${problem.code}` as Key) : problem.title || problem.detail;
};

// Our words first; what the daemon said under it, which names the thing itself.
export const ProblemBox = ({problem}: {problem: Problem | undefined}) => {
  if (!problem) return null;
  const ours = problemText(problem);
  return (
    <div class="note note-bad" role="alert">
      <Icon name="bad" />
      <div>
        <p>{ours}</p>
        {problem.detail && problem.detail !== ours ? <p class="quiet">{problem.detail}</p> : null}
      </div>
    </div>
  );
};

export const Note = ({tone = 'info', children}: {tone?: 'info' | 'warn' | 'good'; children: ComponentChildren}) => (
  <div class={`note note-${tone}`}><Icon name={tone === 'good' ? 'good' : tone === 'warn' ? 'warning' : 'info'} /><div>{children}</div></div>
);

export const Loading = () => <p class="loading quiet" role="status">{t('loading')}</p>;
export const Empty = ({children}: {children: ComponentChildren}) => <div class="empty">{children}</div>;

interface FieldProps {
  label: string;
  hint?: ComponentChildren;
  fault?: string;
  children: (given: {id: string; 'aria-describedby'?: string; 'aria-invalid'?: boolean}) => ComponentChildren;
}
export const Field = ({label, hint, fault, children}: FieldProps) => {
  const id = useId();
  const about = fault || hint ? `${id}-about` : undefined;
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {children({id, 'aria-describedby': about, 'aria-invalid': fault ? true : undefined})}
      {about ? <p id={about} class={fault ? 'fault' : 'hint'}>{fault ?? hint}</p> : null}
    </div>
  );
};

// Takes the focus, and gives it back to where it was.
export const Dialog = ({title, onClose, children, fixed}: {title: string; onClose: () => void; children: ComponentChildren; fixed?: boolean}) => {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const before = document.activeElement as HTMLElement | null;
    dialog.current?.showModal();
    return () => before?.focus?.();
  }, []);
  return (
    <dialog ref={dialog} class="dialog" aria-labelledby={id}
      onCancel={(event) => { event.preventDefault(); if (!fixed) onClose(); }}
      onKeyDown={(event) => { if (event.key === 'Escape') { event.preventDefault(); event.stopPropagation(); if (!fixed) onClose(); } }}>
      <header class="dialog-head">
        <h2 id={id}>{title}</h2>
        {fixed ? null : <button type="button" class="plain square" aria-label={t('close')} onClick={onClose}><Icon name="close" /></button>}
      </header>
      <div class="dialog-body">{children}</div>
    </dialog>
  );
};

// Runs one thing at a time, and keeps what went wrong with it.
export function useAction() {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem>();
  const running = useRef(false);
  const run = async (work: () => Promise<void>) => {
    if (running.current) return;
    running.current = true;
    setBusy(true);
    setProblem(undefined);
    try {
      await work();
    } catch (error) {
      if (error instanceof ApiError) setProblem(error.problem);
      else throw error;
    } finally {
      running.current = false;
      setBusy(false);
    }
  };
  return {busy, problem, run, forget: () => setProblem(undefined)};
}

interface ConfirmProps {
  title: string;
  label: string;
  danger?: boolean;
  needsTick?: string;
  act: () => Promise<void>;
  onClose: () => void;
  children?: ComponentChildren;
}
export const Confirm = ({title, label, danger, needsTick, act, onClose, children}: ConfirmProps) => {
  const {busy, problem, run} = useAction();
  const [ticked, tick] = useState(false);
  return (
    <Dialog title={title} onClose={onClose}>
      <form class="stack" onSubmit={(event) => { event.preventDefault(); if (!needsTick || ticked) void run(async () => { await act(); onClose(); }); }}>
        {children}
        {needsTick ? <label class="tick"><input type="checkbox" checked={ticked} onChange={() => tick(!ticked)} /> {needsTick}</label> : null}
        <ProblemBox problem={problem} />
        <div class="buttons">
          <button type="submit" class={danger ? 'danger' : 'primary'} disabled={busy || (!!needsTick && !ticked)}>{label}</button>
          <button type="button" onClick={onClose}>{t('back')}</button>
        </div>
      </form>
    </Dialog>
  );
};

// Not possible now: it stays where it is, and says why.
export const Action = ({label, reason, onClick, primary, danger}: {label: string; reason?: string | null; onClick: () => void; primary?: boolean; danger?: boolean}) => {
  const id = useId();
  return (
    <span class="action">
      <button type="button" class={primary ? 'primary' : danger ? 'danger' : ''} aria-disabled={reason ? true : undefined} aria-describedby={reason ? id : undefined}
        onClick={() => { if (!reason) onClick(); }}>{label}</button>
      {reason ? <span id={id} class="hint">{reason}</span> : null}
    </span>
  );
};

export const Copy = ({text, label}: {text: string; label?: string}) => {
  const [done, setDone] = useState(false);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      setDone(true);
      setTimeout(() => setDone(false), 2000);
    } catch { /* not allowed here: it stands there to be selected */ }
  };
  return <button type="button" class="small" onClick={() => void copy()}>{done ? t('copied') : label ?? t('copy')}</button>;
};

// A line to take over into a terminal.
export const Command = ({text}: {text: string}) => <div class="command"><code tabIndex={0}>{text}</code><Copy text={text} /></div>;

export const AsCommand = ({lines}: {lines: string[]}) => (
  <details class="fold">
    <summary>{t('as-command')}</summary>
    {lines.map((line) => <Command key={line} text={line} />)}
  </details>
);

export const num = (value: number) => format.number(language.value, value);
export const list = (values: string[]) => format.list(language.value, values);
export const money = (amount: string, currency: string | null) => format.money(language.value, amount, currency);
