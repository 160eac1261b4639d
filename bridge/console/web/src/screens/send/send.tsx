// SPDX-License-Identifier: MPL-2.0
// May this person get a text, what will it be, and where does it go?
import {useEffect, useRef, useState} from 'preact/hooks';
import {Link} from 'wouter-preact';
import {ApiError, post} from '../../api/http';
import {call, get} from '../../api/http';
import type {BatchResult, Lane, Message, Page as ApiPage, Preview, Problem, SendCheck, Template} from '../../api/types';
import {Page} from '../../parts/page';
import {Action, Field, money, Note, problemText, ProblemBox, StateMark, useAction} from '../../parts/ui';
import {clearDraft, type Draft, draft, keyKeeper, randomKey, requestOf} from '../../state/draft';
import {usePoll} from '../../state/poll';
import {may} from '../../state/session';
import {t, tx, word} from '../../text/i18n';
import {pieces, similar} from './forcing';

const noNumber = 'Cannot send SMS as no phone number';
const change = (part: Partial<Draft>) => { draft.value = {...draft.value, ...part}; };
const keys = keyKeeper(randomKey);

// The API says it in English; this sentence everybody gets in his own.
const reasonText = (reason: string) => (reason === noNumber ? t('no-phone-number') : reason);

interface Checked {reason: string | null; preview?: Preview; check?: SendCheck; waiting: boolean}

// Asks the daemon a moment after the last key.
function useCheck(of: Draft): Checked {
  const [checked, set] = useState<Checked>({reason: null, waiting: true});
  useEffect(() => {
    const abort = new AbortController();
    const say = (more: Partial<Checked>) => { if (!abort.signal.aborted) set({reason: null, waiting: false, ...more}); };
    const body = requestOf(of);
    const look = async () => {
      let check: SendCheck | undefined;
      try {
        let to = of.to.trim();
        if (of.person) {
          check = await get<SendCheck>(`/send-check?${of.person.kind}=${of.person.id}&lane=${of.lane}`, abort.signal);
          if (!check.can_send) return say({check, reason: reasonText(check.reason ?? noNumber)});
          to = check.number ?? '';
        } else if (to === '') {
          return say({reason: t('no-phone-number')});
        } else if (!of.template && of.text === '') {
          check = await get<SendCheck>(`/send-check?number=${encodeURIComponent(to)}&lane=${of.lane}`, abort.signal);
          return say({check, reason: check.can_send ? t('send.no-text') : reasonText(check.reason ?? noNumber)});
        }
        if (!of.template && of.text === '') return say({check, reason: t('send.no-text')});
        if (!/\d{7}/.test(to) && of.person) return say({check});
        const {client: _c, staff: _s, group: _g, from: _f, ...rest} = {...body, to} as Record<string, unknown>;
        const preview = await call<Preview>('POST', '/messages/preview', {body: rest, signal: abort.signal});
        return say({check, preview, reason: preview.gateway ? null : preview.reason});
      } catch (error) {
        if (!(error instanceof ApiError)) return undefined;
        const {problem} = error;
        return say({check, reason: problem.status === 0 ? null : reasonText(problem.detail || problemText(problem))});
      }
    };
    set((before) => ({...before, waiting: true, ...(of.to.trim() === '' && !of.person ? {reason: t('no-phone-number'), preview: undefined} : {})}));
    const timer = setTimeout(() => void look(), 250);
    return () => { abort.abort(); clearTimeout(timer); };
  }, [JSON.stringify(requestOf(of))]);
  return checked;
}

const Estimate = ({of, text}: {of: Preview; text: string}) => {
  const forced = of.forces_ucs2;
  const replaced = forced.some(({replacement}) => replacement !== null);
  const plain = of.choices.find(({encoding}) => encoding === 'gsm7');
  return (
    <section class="preview" aria-label={t('send.preview')}>
      <h2>{t('send.preview')}</h2>
      <blockquote class="bubble">{forced.length > 0 && of.text === text ? pieces(text, forced).map((piece, index) => (piece.forces ? <mark key={index}>{piece.text}</mark> : piece.text)) : of.text}</blockquote>
      <p class="meter"><strong>{t('send.parts', {n: of.parts, alphabet: word('alphabet', of.encoding)})}</strong><span class="quiet">{t('send.units', {used: of.units, each: of.units_per_part})}</span></p>
      <p>{tx('send.carried', {number: <strong class="nowrap">{of.to}</strong>, gateway: <strong>{of.gateway ?? '–'}</strong>})}</p>
      <p class="quiet">{of.reason}</p>
      {of.price ? <p>{t('send.price', {price: money(of.price, of.currency)})}</p> : <p class="quiet">{t('send.no-price')}</p>}
      {forced.length > 0 && !of.transliterated ? (
        <Note tone="warn">
          <p>{t('send.forcing', {n: forced.length})}</p>
          <ul class="forcing">{forced.slice(0, 8).map((one) => <li key={one.position}>{one.replacement === null ? t('send.forcing.one', {character: one.character, position: one.position}) : t('send.forcing.like', {character: one.character, position: one.position, replacement: one.replacement})}</li>)}</ul>
          {replaced ? <button type="button" class="small" onClick={() => change({text: similar(text, forced)})}>{plain ? t('send.replace.saves', {n: plain.parts}) : t('send.replace')}</button> : null}
        </Note>
      ) : null}
      {of.warnings.map((warning) => <Note key={warning} tone="warn"><p>{warning}</p></Note>)}
      {of.not_before ? <Note><p>{t('send.quiet-hours')}</p></Note> : null}
    </section>
  );
};

// Followed to its end.
const Sent = ({id, onAnother}: {id: string; onAnother: () => void}) => {
  const {data, problem} = usePoll<Message>(may('messages:read') ? `/messages/${id}` : null, 1000);
  return (
    <div class="stack sent" role="status">
      {data ? <p class="sent-state"><StateMark state={data.state} /><span>{data.to}</span></p> : <p>{t('send.accepted')}</p>}
      {data?.status_message ? <p>{data.status_message}</p> : null}
      <ProblemBox problem={problem} />
      <div class="buttons">
        <button type="button" class="primary" onClick={onAnother}>{t('send.another')}</button>
        {may('messages:read') ? <Link href={`/messages/${id}`} class="button">{t('send.follow')}</Link> : null}
      </div>
    </div>
  );
};

const SentMany = ({result, onAnother}: {result: BatchResult; onAnother: () => void}) => (
  <div class="stack" role="status">
    <p><strong>{t('send.many', {n: result.accepted})}</strong></p>
    {result.items.map((item, index) => ('problem' in item ? <Note key={index} tone="warn"><p>{item.problem.detail}</p></Note> : null))}
    <button type="button" class="primary" onClick={onAnother}>{t('send.another')}</button>
  </div>
);

const Recipient = ({check}: {check: SendCheck | undefined}) => {
  const {person, to} = draft.value;
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => { input.current?.focus({preventScroll: true}); }, []);
  if (person) {
    return (
      <div class="field"><span class="label">{t('send.to')}</span>
        <p class="recipient"><strong>{check?.name ?? t(`send.person.${person.kind}`, {id: String(person.id)})}</strong><span>{check?.number}</span>
          <button type="button" class="small" onClick={() => change({person: null})}>{t('send.other')}</button></p>
      </div>
    );
  }
  return (
    <Field label={t('send.to')} hint={t('send.to.hint')}>
      {(given) => <input {...given} ref={input} type="tel" autocomplete="off" value={to} onInput={(event) => change({to: event.currentTarget.value})} />}
    </Field>
  );
};

const MoreFields = () => {
  const templates = usePoll<ApiPage<Template>>(may('config:read') ? '/templates' : null, 0);
  const of = draft.value;
  const chosen = templates.data?.items.find(({name}) => name === of.template);
  return (
    <details class="fold">
      <summary>{t('send.more')}</summary>
      <div class="stack">
        {templates.data ? (
          <Field label={t('send.template')}>
            {(given) => (
              <select {...given} value={of.template} onChange={(event) => change({template: event.currentTarget.value, language: ''})}>
                <option value="">{t('send.own-text')}</option>
                {templates.data?.items.map(({name}) => <option key={name} value={name}>{name}</option>)}
              </select>
            )}
          </Field>
        ) : null}
        {chosen ? (
          <Field label={t('send.language')}>
            {(given) => (
              <select {...given} value={of.language} onChange={(event) => change({language: event.currentTarget.value})}>
                <option value="">{t('send.language.own')}</option>
                {Object.keys(chosen.texts).map((code) => <option key={code} value={code}>{code}</option>)}
              </select>
            )}
          </Field>
        ) : null}
        <Field label={t('filter.lane')} hint={t('send.lane.hint')}>
          {(given) => (
            <select {...given} value={of.lane} onChange={(event) => change({lane: event.currentTarget.value as Lane})}>
              {(['otp', 'transaction', 'reminder', 'campaign'] as const).map((lane) => <option key={lane} value={lane}>{word('lane', lane)}</option>)}
            </select>
          )}
        </Field>
        <Field label={t('fact.from')} hint={t('send.from.hint')}>
          {(given) => <input {...given} value={of.from} autocomplete="off" maxLength={20} onInput={(event) => change({from: event.currentTarget.value})} />}
        </Field>
      </div>
    </details>
  );
};

export const SendForm = () => {
  const of = draft.value;
  const checked = useCheck(of);
  const [sent, setSent] = useState<{id: string} | {result: BatchResult}>();
  const [tried, setTried] = useState(false);
  const {busy, problem, run} = useAction();
  const another = () => { setSent(undefined); setTried(false); };
  if (sent) return 'id' in sent ? <Sent id={sent.id} onAnother={another} /> : <SentMany result={sent.result} onAnother={another} />;
  const reason = checked.reason;
  const submit = (event: Event) => {
    event.preventDefault();
    setTried(true);
    if (reason || checked.waiting) return;
    void run(async () => {
      const body = requestOf(of);
      const answer = await post<Message | BatchResult>('/messages', body, {'Idempotency-Key': keys.keyFor(body)});
      keys.done();
      clearDraft();
      setSent('id' in answer ? {id: answer.id} : {result: answer});
    });
  };
  return (
    <form class="send" onSubmit={submit}>
      <div class="stack">
        <Recipient check={checked.check} />
        {of.template ? <Note><p>{t('send.by-template', {name: of.template})}</p></Note> : (
          <Field label={t('send.text')} hint={t('send.characters', {n: [...of.text].length})}>
            {(given) => <textarea {...given} rows={5} value={of.text} onInput={(event) => change({text: event.currentTarget.value})} />}
          </Field>
        )}
        <MoreFields />
        <SendProblem problem={problem} />
        <div class="buttons">
          <button type="submit" class="primary" aria-disabled={reason || busy ? true : undefined} aria-describedby="send-reason">{busy ? t('send.sending') : t('send.go')}</button>
          <p id="send-reason" class={tried && reason ? 'fault' : 'hint'} role="status">{reason}</p>
        </div>
      </div>
      {checked.preview ? <Estimate of={checked.preview} text={of.text} /> : <section class="preview preview-none" aria-label={t('send.preview')}><h2>{t('send.preview')}</h2><p class="quiet">{t('send.preview.none')}</p></section>}
    </form>
  );
};

// After a line that broke nobody knows whether it arrived: the same key makes a second try safe.
const SendProblem = ({problem}: {problem: Problem | undefined}) => (problem?.status === 0 ? <Note tone="warn"><p>{t('send.no-answer')}</p></Note> : <ProblemBox problem={problem} />);

export const Send = () => {
  useEffect(() => {
    const given = new URLSearchParams(location.search);
    for (const kind of ['client', 'group', 'staff'] as const) {
      const id = Number(given.get(kind));
      if (Number.isInteger(id) && id > 0) change({person: {kind, id}});
    }
    const to = given.get('to');
    if (to) change({to, person: null});
  }, []);
  if (!may('messages:send')) return <Page title={t('send.title')}><Action label={t('send.go')} reason={t('send.not-allowed')} onClick={() => {}} /></Page>;
  return <Page title={t('send.title')}><div class="card"><SendForm /></div></Page>;
};
