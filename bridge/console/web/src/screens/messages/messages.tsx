// SPDX-License-Identifier: MPL-2.0
// What happened to the messages? The list; one of them opens beside it.
import {useEffect, useRef, useState} from 'preact/hooks';
import {Link, useLocation, useSearch} from 'wouter-preact';
import {ApiError, get, tenant} from '../../api/http';
import type {Counts, Gateway, Message, Page as ApiPage, Problem} from '../../api/types';
import {Icon} from '../../parts/icons';
import {Page} from '../../parts/page';
import {Empty, Loading, num, ProblemBox, StateMark, Time} from '../../parts/ui';
import {count, type FilterName, type Filters, merge, queryOf, readFilters, tabOf, type Tab, tabs, writeFilters} from '../../state/filters';
import {usePoll} from '../../state/poll';
import {may, seesContent} from '../../state/session';
import {t, word} from '../../text/i18n';
import {Drawer} from './message';

const pageSize = 50;

// The rows on the screen, and those that came since and wait to be asked for.
function useRows(filters: Filters) {
  const query = writeFilters(filters);
  const key = `${tenant.value} ${query}`;
  const newest = usePoll<ApiPage<Message>>(`/messages?${queryOf(filters, new Date(), pageSize)}`);
  const [shown, show] = useState<{key: string; rows: Message[]; fresh: Message[]; cursor: string | null}>({key: '', rows: [], fresh: [], cursor: null});
  const [problem, setProblem] = useState<Problem>();
  const [busy, setBusy] = useState(false);
  useEffect(() => {
    const page = newest.data;
    if (!page || newest.old) return;
    show((before) => (before.key === key && before.rows.length > 0 ? {...before, ...merge(before.rows, page.items)} : {key, rows: page.items, fresh: [], cursor: page.next_cursor}));
  }, [newest.data, newest.old, key]);
  const more = async () => {
    if (!shown.cursor || busy) return;
    setBusy(true);
    setProblem(undefined);
    try {
      const page = await get<ApiPage<Message>>(`/messages?${queryOf(filters, new Date(), pageSize)}&cursor=${encodeURIComponent(shown.cursor)}`);
      const known = new Set(shown.rows.map(({id}) => id));
      show({...shown, rows: [...shown.rows, ...page.items.filter(({id}) => !known.has(id))], cursor: page.next_cursor});
    } catch (error) {
      if (error instanceof ApiError) setProblem(error.problem);
    }
    setBusy(false);
  };
  return {
    ready: shown.key === key,
    rows: shown.key === key ? shown.rows : [],
    fresh: shown.key === key ? shown.fresh : [],
    cursor: shown.key === key ? shown.cursor : null,
    problem: newest.problem ?? problem,
    busy,
    more,
    showFresh: () => { if (newest.data) show({key, rows: newest.data.items, fresh: [], cursor: newest.data.next_cursor}); },
    again: newest.again,
  };
}

const Tabs = ({filters, counts}: {filters: Filters; counts: Counts | undefined}) => {
  const current = tabOf(filters);
  // The API counts everything that is kept: beside other filters the numbers would be of other messages.
  const others = Object.keys(filters).some((name) => name !== 'state');
  return (
    <nav class="tabs" aria-label={t('tabs')}>
      {(Object.keys(tabs) as Tab[]).map((tab) => (
        <Link key={tab} href={`/messages${writeFilters({...filters, state: tabs[tab].join(',')})}`} aria-current={current === tab ? 'page' : undefined}>
          {t(`tab.${tab}`)}{counts && !others ? <span class="count">{num(count(tab, counts.by_state))}</span> : null}
        </Link>
      ))}
    </nav>
  );
};

const Chips = ({filters, set}: {filters: Filters; set: (filters: Filters) => void}) => {
  const chips = (Object.entries(filters) as [FilterName, string][]).filter(([name]) => ['to', 'client_ref', 'q', 'from', 'until'].includes(name) || (name === 'state' && tabOf(filters) === null));
  if (chips.length === 0) return null;
  return (
    <ul class="chips">
      {chips.map(([name, value]) => (
        <li key={name} class="chip">
          <span>{t('chip', {name: t(`filter.${name}` as 'filter.to'), value: name === 'state' ? value.split(',').map((state) => word('state', state)).join(', ') : value})}</span>
          <button type="button" class="plain square" aria-label={t('filter.remove', {name: t(`filter.${name}` as 'filter.to')})} onClick={() => set({...filters, [name]: undefined})}><Icon name="close" /></button>
        </li>
      ))}
    </ul>
  );
};

const FilterBar = ({filters, set}: {filters: Filters; set: (filters: Filters) => void}) => {
  const gateways = usePoll<ApiPage<Gateway>>(may('config:read') ? '/gateways' : null, 0);
  const names = gateways.data?.items.map(({name}) => name) ?? [];
  if (filters.gateway && !names.includes(filters.gateway)) names.push(filters.gateway);
  const choices: [FilterName, string[], (value: string) => string][] = [
    ['time', ['today', 'yesterday', 'week', 'month'], (value) => word('time', value)],
    ['gateway', names, (value) => value],
    ['lane', ['otp', 'transaction', 'reminder', 'campaign'], (value) => word('lane', value)],
    ['source', ['api', 'fineract', 'cli', 'event', 'schedule'], (value) => word('source', value)],
  ];
  return (
    <div class="filters">
      {choices.map(([name, values, say]) => (values.length > 0 ? (
        <label key={name} class={filters[name] ? 'set' : ''}><span>{t(`filter.${name}` as 'filter.to')}</span>
          <select value={filters[name] ?? ''} onChange={(event) => set({...filters, [name]: event.currentTarget.value || undefined})}>
            <option value="">{t('filter.any')}</option>
            {values.map((value) => <option key={value} value={value}>{say(value)}</option>)}
          </select>
        </label>
      ) : null))}
    </div>
  );
};

const by = (message: Message) => message.triggered_by ?? word('source', message.source);

const Table = ({rows, open, opened}: {rows: Message[]; open: (id: string) => string; opened: string | undefined}) => {
  const body = useRef<HTMLTableSectionElement>(null);
  // j and k walk through the rows; Enter is the link's own.
  useEffect(() => {
    const down = (event: KeyboardEvent) => {
      if ((event.key !== 'j' && event.key !== 'k') || (event.target as HTMLElement).matches('input, textarea, select') || document.querySelector('dialog[open]')) return;
      const links = [...body.current?.querySelectorAll<HTMLElement>('a.row-link') ?? []];
      const at = links.indexOf(document.activeElement as HTMLElement);
      links[Math.max(0, Math.min(links.length - 1, at + (event.key === 'j' ? 1 : -1)))]?.focus();
    };
    document.addEventListener('keydown', down);
    return () => document.removeEventListener('keydown', down);
  }, []);
  // A sender sees the texts of his own among others.
  const content = seesContent.value || rows.some(({text}) => text !== undefined);
  return (
    <table class="table messages">
      <thead>
        <tr>
          <th scope="col">{t('column.time')}</th><th scope="col">{t('column.state')}</th><th scope="col">{t('column.target')}</th><th scope="col">{t('column.number')}</th>
          {content ? <th scope="col">{t('column.message')}</th> : null}
          <th scope="col">{t('column.why')}</th><th scope="col">{t('column.by')}</th><th scope="col">{t('column.gateway')}</th>
        </tr>
      </thead>
      <tbody ref={body}>
        {rows.map((message) => (
          <tr key={message.id} class={message.id === opened ? 'opened' : ''}>
            <td class="c-time nowrap"><Link href={open(message.id)} class="row-link" id={message.id}><Time at={message.created_at} /></Link></td>
            <td class="c-state"><StateMark state={message.state} /></td>
            <td class="c-target">{message.target_user === null ? <span class="quiet">–</span> : <span class="one-line">{message.target_user}</span>}</td>
            <td class="c-number nowrap">{message.to ?? <span class="quiet">{t('no-number')}</span>}</td>
            {content ? <td class="c-text"><span class="one-line">{message.text}</span></td> : null}
            <td class="c-why"><span class="two-lines">{message.status_message ?? <span class="quiet">–</span>}</span></td>
            <td class="c-by"><span class="two-lines">{by(message)}</span></td>
            <td class="c-gateway">{message.gateway ?? <span class="quiet">–</span>}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
};

export const MessagesScreen = ({id}: {id: string | undefined}) => {
  const search = useSearch();
  const [, go] = useLocation();
  const filters = readFilters(search);
  const set = (next: Filters) => go(`/messages${writeFilters(next)}`, {replace: true});
  const counts = usePoll<Counts>('/messages/counts');
  const list = useRows(filters);
  const wanted = Object.keys(filters).length;
  const tab = tabOf(filters);
  const close = () => {
    go(`/messages${writeFilters(filters)}`);
    setTimeout(() => document.getElementById(id ?? '')?.focus());
  };
  return (
    <div class={id ? 'with-drawer' : ''}>
      <div class="beside">
        <Page title={t('nav.messages')} aside={may('messages:send') ? <Link href="/send" class="button primary wide-only">{t('send.title')}</Link> : null}>
          <Tabs filters={filters} counts={counts.data} />
          <FilterBar filters={filters} set={set} />
          <Chips filters={filters} set={set} />
          <ProblemBox problem={list.problem} />
          <div role="status">{list.fresh.length > 0 ? <button type="button" class="fresh" onClick={list.showFresh}>{t('fresh', {n: list.fresh.length})}</button> : null}</div>
          {!list.ready ? (list.problem ? null : <Loading />) : list.rows.length > 0 ? (
            <>
              <Table rows={list.rows} opened={id} open={(one) => `/messages/${one}${writeFilters(filters)}`} />
              {list.cursor ? <p class="center"><button type="button" disabled={list.busy} onClick={() => void list.more()}>{t('more')}</button></p> : null}
            </>
          ) : (
            <Empty>
              <p>{tab && tab !== 'all' && wanted === 1 ? t(`empty.${tab}`) : wanted > 0 ? t('empty.filtered') : t('empty.all')}</p>
              {wanted > 0 && !(tab && wanted === 1) ? <button type="button" onClick={() => set({})}>{t('filter.clear')}</button> : null}
            </Empty>
          )}
        </Page>
      </div>
      {id ? <Drawer key={id} id={id} onClose={close} onChange={list.again} /> : null}
    </div>
  );
};
