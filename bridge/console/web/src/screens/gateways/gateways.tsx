// SPDX-License-Identifier: MPL-2.0
// Can it send, and if not, why, and what is to be pressed?
import {useEffect, useState} from 'preact/hooks';
import {Link} from 'wouter-preact';
import {post} from '../../api/http';
import type {CutOff, Gateway, Message} from '../../api/types';
import {Page, Listed, useList} from '../../parts/page';
import {Confirm, Dialog, Field, list, Loading, Mark, money, Note, num, ProblemBox, StateMark, Time, useAction} from '../../parts/ui';
import {acted} from '../../state/attention';
import {usePoll} from '../../state/poll';
import {may} from '../../state/session';
import {t, tx} from '../../text/i18n';
import {Icon} from '../../parts/icons';
import {gatewayMark, gatewaySays, nextTry, whyNot} from './words';

type Asked = {what: 'pause' | 'drain' | 'test'; gateway: Gateway};
const rank = ({state, routing}: Gateway) => (state === 'down' ? 0 : routing === 'probing' ? 1 : state === 'up' ? 3 : 2);
const path = ({name}: Gateway) => `/gateways/${encodeURIComponent(name)}`;
const waitingHere = ({name}: Gateway) => `/messages?state=queued&gateway=${encodeURIComponent(name)}`;

// Who would have no way out any more, in words.
const CutOffSays = ({of}: {of: CutOff}) => {
  const nothing = of.tenants.length + of.destinations.length + of.providers.length === 0;
  if (nothing) return <Note tone="good"><p>{t('drain.nobody')}</p></Note>;
  return (
    <Note tone="warn">
      {of.tenants.length > 0 ? <p>{t('drain.tenants', {tenants: list(of.tenants)})}</p> : null}
      {of.destinations.map((one) => <p key={one.name}>{t('drain.destination', {name: one.name, tenants: list(one.tenants)})}</p>)}
      {of.providers.map((one) => <p key={one.id}>{t('drain.provider', {id: String(one.id), name: one.name, tenants: list(one.tenants)})}</p>)}
    </Note>
  );
};

const Drain = ({gateway, act, onClose}: {gateway: Gateway; act: () => Promise<void>; onClose: () => void}) => {
  const [cut, setCut] = useState<CutOff>();
  const {problem, run} = useAction();
  useEffect(() => { void run(async () => setCut((await post<Gateway>(`${path(gateway)}/drain?dry_run=true`)).cut_off)); }, []);
  return (
    <Confirm title={t('drain.title', {name: gateway.name})} label={t('action.drain')} danger act={act} onClose={onClose}>
      <p>{t('drain.what')}</p>
      <p>{t('pause.waiting', {n: gateway.queued})}</p>
      <ProblemBox problem={problem} />
      {cut ? <CutOffSays of={cut} /> : problem ? null : <Loading />}
    </Confirm>
  );
};

const TestSend = ({gateway, onClose}: {gateway: Gateway; onClose: () => void}) => {
  const [to, setTo] = useState('');
  const [id, setId] = useState<string>();
  const {busy, problem, run} = useAction();
  const sent = usePoll<Message>(id && may('messages:read') ? `/messages/${id}` : null, 1000);
  return (
    <Dialog title={t('test.title', {name: gateway.name})} onClose={onClose}>
      <form class="stack" onSubmit={(event) => { event.preventDefault(); void run(async () => setId((await post<Message>(`${path(gateway)}/test-send`, {to: to.trim()})).id)); }}>
        <Field label={t('test.to')} hint={t('test.hint')}>{(given) => <input {...given} type="tel" autocomplete="off" required value={to} onInput={(event) => setTo(event.currentTarget.value)} />}</Field>
        <ProblemBox problem={problem} />
        <div role="status">{sent.data ? <p class="sent-state"><StateMark state={sent.data.state} /><Link href={`/messages/${sent.data.id}`}>{sent.data.to}</Link></p> : null}{sent.data?.status_message ? <p class="quiet">{sent.data.status_message}</p> : null}</div>
        <div class="buttons"><button type="submit" class="primary" disabled={busy}>{t('send.go')}</button></div>
      </form>
    </Dialog>
  );
};

const Card = ({gateway, ask, onDone}: {gateway: Gateway; ask: (asked: Asked) => void; onDone: () => void}) => {
  const {busy, problem, run} = useAction();
  const [icon, tone, label] = gatewayMark(gateway);
  const act = (what: string) => void run(async () => { await post(`${path(gateway)}/${what}`); acted.value++; onDone(); });
  const next = nextTry(gateway);
  const held = ['paused', 'draining', 'drained'].includes(gateway.state);
  const errors = gateway.state === 'up' && whyNot(gateway);
  return (
    <article class="card gateway" aria-labelledby={`gateway-${gateway.name}`}>
      <header><h2 id={`gateway-${gateway.name}`}>{gateway.name}</h2><span class="quiet">{gateway.kind}</span><Mark icon={icon} tone={tone}>{label}</Mark>
        {gateway.managed_by === 'file' ? <span class="quiet locked" title={t('by-file.hint')}><Icon name="lock" />{t('by-file')}</span> : null}</header>
      <p class="lead break">{gatewaySays(gateway)}</p>
      {gateway.state === 'down' && next ? <p class="quiet">{tx('gateway.next-try', {time: <Time at={next} exact />})}</p> : null}
      {errors ? <Note tone="warn"><p>{errors}</p></Note> : null}
      {gateway.receipts_quiet_since ? <Note tone="warn"><p>{tx('gateway.no-receipts', {time: <Time at={gateway.receipts_quiet_since} clock />})}</p></Note> : null}
      <dl class="figures">
        <div><dt>{t('tab.waiting')}</dt><dd><Link href={waitingHere(gateway)}>{num(gateway.queued)}</Link></dd></div>
        <div><dt>{t('gateway.awaiting')}</dt><dd><Link href={`/messages?state=submitted&gateway=${encodeURIComponent(gateway.name)}`}>{num(gateway.awaiting_receipt)}</Link></dd></div>
        {gateway.rate_limit !== null ? <div><dt>{t('gateway.rate')}</dt><dd>{t('gateway.a-second', {n: gateway.rate_limit})}</dd></div> : null}
        {gateway.balance ? <div><dt>{t('gateway.balance')}</dt><dd>{money(gateway.balance.amount, gateway.balance.currency)}</dd></div> : null}
        {gateway.host ? <div><dt>{t('gateway.host')}</dt><dd class="break">{`${gateway.host}:${gateway.port}`}</dd></div> : null}
      </dl>
      <ProblemBox problem={problem} />
      <div class="buttons">
        {may('system:manage') ? (
          <>
            {held ? <button type="button" class="primary" disabled={busy} onClick={() => act('resume')}>{t('action.resume')}</button> : <button type="button" onClick={() => ask({what: 'pause', gateway})}>{t('action.pause')}</button>}
            {held ? null : <button type="button" onClick={() => ask({what: 'drain', gateway})}>{t('action.drain')}</button>}
            {gateway.state === 'down' ? <button type="button" class="primary" disabled={busy} onClick={() => act('reconnect')}>{t('action.reconnect')}</button> : null}
          </>
        ) : null}
        {may('messages:send') ? <button type="button" onClick={() => ask({what: 'test', gateway})}>{t('action.test')}</button> : null}
      </div>
    </article>
  );
};

export const Gateways = () => {
  const gateways = useList<Gateway>('/gateways', 3000);
  const [asked, ask] = useState<Asked | null>(null);
  const close = () => ask(null);
  const act = (what: string) => async () => { if (asked) await post(`${path(asked.gateway)}/${what}`); acted.value++; gateways.again(); };
  return (
    <Page title={t('nav.gateways')}>
      <Listed of={gateways} empty={<p>{t('gateways.none')}</p>}>
        {(items) => <div class="cards">{[...items].sort((a, b) => rank(a) - rank(b)).map((gateway) => <Card key={gateway.name} gateway={gateway} ask={ask} onDone={gateways.again} />)}</div>}
      </Listed>
      {asked?.what === 'pause' ? <Confirm title={t('pause.title', {name: asked.gateway.name})} label={t('action.pause')} act={act('pause')} onClose={close}><p>{t('pause.what')}</p><p>{t('pause.waiting', {n: asked.gateway.queued})}</p></Confirm> : null}
      {asked?.what === 'drain' ? <Drain gateway={asked.gateway} act={act('drain')} onClose={close} /> : null}
      {asked?.what === 'test' ? <TestSend gateway={asked.gateway} onClose={close} /> : null}
    </Page>
  );
};
