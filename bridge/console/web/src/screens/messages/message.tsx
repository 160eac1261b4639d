// SPDX-License-Identifier: MPL-2.0
// What happened to this message, and what can be done about it?
import {useEffect, useRef, useState} from 'preact/hooks';
import {post, tenant} from '../../api/http';
import type {Message, TimelineItem} from '../../api/types';
import {Icon} from '../../parts/icons';
import {Action, AsCommand, Confirm, Copy, Loading, money, Note, ProblemBox, StateMark, Time, timeText} from '../../parts/ui';
import {usePoll} from '../../state/poll';
import {may, me} from '../../state/session';
import * as format from '../../text/format';
import {language, t, word} from '../../text/i18n';
import {cannotCancel, cannotRetry} from './possible';

const openStates = ['scheduled', 'queued', 'submitted', 'doubtful'];

// The sentence under the state.
function says(message: Message): string {
  const gateway = message.gateway ?? '–';
  const why = message.status_message ?? '–';
  switch (message.state) {
    case 'scheduled': return t('says.scheduled', {time: message.due_at ? timeText(message.due_at) : '–'});
    case 'queued': return t('says.queued', {gateway});
    case 'submitted': return t('says.submitted', {gateway, time: timeText(message.expires_at)});
    case 'doubtful': return t('says.doubtful');
    case 'delivered': {
      const took = message.finished_at && message.submitted_at ? (Date.parse(message.finished_at) - Date.parse(message.submitted_at)) / 1000 : 0;
      return t('says.delivered', {seconds: format.seconds(language.value, Math.max(0, took))});
    }
    case 'sent': return t('says.sent');
    case 'expired': return t('says.expired', {time: timeText(message.expires_at)});
    case 'cancelled': return t('says.cancelled');
    case 'unknown': return t('says.unknown');
    default: return why;
  }
}

const Fact = ({label, children}: {label: string; children: preact.ComponentChildren}) => (children === null || children === undefined || children === '' ? null : <div><dt>{label}</dt><dd>{children}</dd></div>);

const Facts = ({message}: {message: Message}) => (
  <dl class="facts">
    <Fact label={t('column.target')}>{message.target_user}</Fact>
    <Fact label={t('column.by')}>{message.triggered_by ?? word('source', message.source)}</Fact>
    <Fact label={t('filter.source')}>{word('source', message.source)}</Fact>
    <Fact label={t('column.gateway')}>{message.gateway}</Fact>
    <Fact label={t('fact.route')}>{message.route}</Fact>
    <Fact label={t('filter.lane')}>{word('lane', message.lane)}</Fact>
    <Fact label={t('fact.from')}>{message.from}</Fact>
    <Fact label={t('fact.parts')}>{t('send.parts', {n: message.parts, alphabet: word('alphabet', message.encoding)})}</Fact>
    <Fact label={t('fact.price')}>{message.price ? money(message.price.amount, message.price.currency) : null}</Fact>
    <Fact label={t('filter.client_ref')}>{message.client_ref}</Fact>
    <Fact label={t('fact.template')}>{message.template ? `${message.template.name} v${message.template.version} ${message.template.language}` : null}</Fact>
    <Fact label={t('fact.fineract')}>{message.fineract ? t('fact.fineract.told', {status: message.fineract.status, time: timeText(message.fineract.told_at)}) : null}</Fact>
    <Fact label={t('fact.id')}><span class="break">{message.id}</span> <Copy text={message.id} /></Fact>
  </dl>
);

const Timeline = ({items}: {items: TimelineItem[]}) => (
  <ol class="timeline">
    {items.map((item, index) => (
      <li key={index}>
        <span class="quiet nowrap"><Time at={item.at} exact /></span>
        <div><strong>{word('event', item.event)}</strong>{item.gateway && item.event === 'submitted' ? <span>{t('timeline.to', {gateway: item.gateway, attempt: item.attempt ?? 1})}</span> : null}<p class="quiet break">{item.detail}</p></div>
      </li>
    ))}
  </ol>
);

type Asking = 'cancel' | 'retry' | null;
const Actions = ({message, onDone}: {message: Message; onDone: () => void}) => {
  const [asking, ask] = useState<Asking>(null);
  const all = may('messages:manage');
  // Who may send cancels what he sent himself.
  const own = may('messages:send') && me.value?.kind === 'person' && message.triggered_by === me.value.name;
  if (!all && !own) return null;
  const act = (what: 'cancel' | 'retry') => async () => { await post(`/messages/${message.id}/${what}`); onDone(); };
  const doubtful = message.state === 'doubtful';
  const no = (key: ReturnType<typeof cannotCancel> | ReturnType<typeof cannotRetry>) => (key ? t(key, {state: word('state', message.state)}) : null);
  return (
    <>
      <div class="buttons">
        <Action label={t('message.cancel')} danger reason={no(cannotCancel(message.state))} onClick={() => ask('cancel')} />
        {all ? <Action label={t('message.retry')} reason={no(cannotRetry(message.state))} onClick={() => ask('retry')} /> : null}
      </div>
      {asking === 'cancel' ? <Confirm title={t('message.cancel.title')} label={t('message.cancel')} danger act={act('cancel')} onClose={() => ask(null)}><p>{t(message.state === 'queued' || message.state === 'scheduled' ? 'message.cancel.here' : 'message.cancel.there')}</p></Confirm> : null}
      {asking === 'retry' ? <Confirm title={t('message.retry.title')} label={t('message.retry')} needsTick={doubtful ? t('message.retry.twice') : undefined} act={act('retry')} onClose={() => ask(null)}><p>{t(doubtful ? 'message.retry.doubtful' : 'message.retry.hint')}</p></Confirm> : null}
    </>
  );
};

export const Drawer = ({id, onClose, onChange}: {id: string; onClose: () => void; onChange: () => void}) => {
  const message = usePoll<Message>(`/messages/${id}`, 2000);
  const timeline = usePoll<{items: TimelineItem[]}>(`/messages/${id}/timeline`, 2000);
  const heading = useRef<HTMLHeadingElement>(null);
  const there = message.data !== undefined;
  useEffect(() => { heading.current?.focus({preventScroll: true}); }, [there]);
  useEffect(() => {
    const down = (event: KeyboardEvent) => { if (event.key === 'Escape' && !document.querySelector('dialog[open]') && !(event.target as HTMLElement).matches('input')) onClose(); };
    document.addEventListener('keydown', down);
    return () => document.removeEventListener('keydown', down);
  });
  const of = message.data;
  // Never the text, and never the number: titles end up in histories.
  useEffect(() => { document.title = `${of ? word('state', of.state) : t('nav.messages')} · smsbridge`; }, [of?.state]);
  return (
    <aside class="drawer" aria-labelledby="drawer-title">
      <div class="drawer-bar">
        <button type="button" class="plain" onClick={onClose}><Icon name="left" />{t('nav.messages')}</button>
      </div>
      <h1 id="drawer-title" ref={heading} tabIndex={-1}>{of ? <StateMark state={of.state} /> : t('nav.messages')}{of ? <span class="nowrap">{of.to ?? t('no-number')}</span> : null}</h1>
      <ProblemBox problem={message.problem} />
      {!of ? (message.problem ? null : <Loading />) : (
        <>
          <p class="lead break" role="status">{says(of)}</p>
          {of.waiting ? (
            <Note>
              <p><strong>{word('why', of.waiting.reason)}</strong></p>
              <p class="quiet">{of.waiting.detail}</p>
              {of.waiting.ahead !== null && of.waiting.ahead > 0 ? <p class="quiet">{t('why.ahead', {n: of.waiting.ahead})}</p> : null}
              {of.waiting.until ? <p class="quiet">{t('why.until', {time: timeText(of.waiting.until)})}</p> : null}
            </Note>
          ) : null}
          {of.maybe_duplicate ? <Note tone="warn"><p>{t('message.maybe-twice')}</p></Note> : null}
          {of.warnings.map((warning) => <Note key={warning} tone="warn"><p>{warning}</p></Note>)}
          {of.text === undefined ? <p class="quiet">{t('message.no-text')}</p> : <blockquote class="bubble">{of.text}</blockquote>}
          <Actions message={of} onDone={() => { message.again(); timeline.again(); onChange(); }} />
          <h2>{t('timeline')}</h2>
          {timeline.data ? <Timeline items={timeline.data.items} /> : <Loading />}
          {of.segments.length > 1 ? (
            <>
              <h2>{t('fact.parts')}</h2>
              <ul class="rows">{of.segments.map((part) => <li key={part.number}><span>{part.number}</span><StateMark state={part.state} /><span class="quiet break">{part.error ?? part.provider_message_id}</span></li>)}</ul>
            </>
          ) : null}
          <h2>{t('message.facts')}</h2>
          <Facts message={of} />
          <AsCommand lines={[`smsbridge messages show ${of.id}${tenant.value ? ` --tenant ${tenant.value}` : ''}`, `curl -H "Authorization: Bearer $KEY" ${location.origin}/api/v1/messages/${of.id}`]} />
          {openStates.includes(of.state) ? <p class="quiet">{t('message.live')}</p> : null}
        </>
      )}
    </aside>
  );
};
