// SPDX-License-Identifier: MPL-2.0
// What stands around every screen.
import type {ComponentChildren, ComponentType} from 'preact';
import {useEffect, useRef, useState} from 'preact/hooks';
import {Link, useLocation} from 'wouter-preact';
import {answeredAt, reachable, tenant} from '../api/http';
import {call} from '../api/http';
import {attention} from '../state/attention';
import {type Meaning, meanings, writeFilters} from '../state/filters';
import {chooseTenant, ended, may, me, seesContent, signOut, tenants} from '../state/session';
import {shortcuts} from '../state/settings';
import {type Key, t} from '../text/i18n';
import {SignInForm} from '../screens/sign-in/sign-in';
import {Banner} from './attention';
import {Choices} from './choices';
import {Icon, type IconName} from './icons';
import {Dialog, Note, timeText} from './ui';
import plainIcon from '../icons/favicon.svg';
import alertIcon from '../icons/favicon-alert.svg';

interface Place {href: string; label: Key; scope: string; icon?: IconName}
const main: Place[] = [
  {href: '/', label: 'nav.overview', scope: 'messages:read', icon: 'home'},
  {href: '/messages', label: 'nav.messages', scope: 'messages:read', icon: 'message'},
  {href: '/send', label: 'nav.send', scope: 'messages:send', icon: 'send'},
];
const notify: Place[] = [
  {href: '/templates', label: 'nav.templates', scope: 'config:read'},
  {href: '/events', label: 'nav.events', scope: 'messages:read'},
  {href: '/schedules', label: 'nav.schedules', scope: 'config:read'},
  {href: '/opt-outs', label: 'nav.opt-outs', scope: 'messages:read'},
];
const ways: Place[] = [
  {href: '/gateways', label: 'nav.gateways', scope: 'config:read'},
  {href: '/routes', label: 'nav.routes', scope: 'config:read'},
];
const usage: Place = {href: '/usage', label: 'nav.usage', scope: 'messages:read'};
const people: Place = {href: '/people', label: 'nav.people', scope: 'keys:manage'};
const allowed = (places: Place[]) => places.filter(({scope}) => may(scope));

const NavLink = ({place}: {place: Place}) => {
  const [path] = useLocation();
  const here = place.href === '/' ? path === '/' : path.startsWith(place.href);
  return <Link href={place.href} class="nav-link" aria-current={here ? 'page' : undefined}>{t(place.label)}</Link>;
};

// Closes at a click elsewhere, at Escape and when something was chosen.
const Menu = ({label, here, end, children}: {label: ComponentChildren; here?: boolean; end?: boolean; children: ComponentChildren}) => {
  const details = useRef<HTMLDetailsElement>(null);
  useEffect(() => {
    const close = (event: Event) => {
      const at = details.current;
      if (at?.open && !(event.target instanceof Node && at.contains(event.target))) at.open = false;
    };
    document.addEventListener('click', close);
    return () => document.removeEventListener('click', close);
  }, []);
  return (
    <details ref={details} class={end ? 'menu menu-end' : 'menu'}
      onKeyDown={(event) => {
        if (event.key !== 'Escape' || !details.current?.open) return;
        event.stopPropagation();
        details.current.open = false;
        details.current.querySelector('summary')?.focus();
      }}>
      <summary class={here ? 'nav-link here' : 'nav-link'}>{label}<Icon name="down" /></summary>
      <div class="menu-list" onClick={(event) => { if ((event.target as Element).closest('a, button') && details.current) details.current.open = false; }}>{children}</div>
    </details>
  );
};

const Group = ({label, places}: {label: Key; places: Place[]}) => {
  const [path] = useLocation();
  const shown = allowed(places);
  if (shown.length === 0) return null;
  return <Menu label={t(label)} here={shown.some(({href}) => path.startsWith(href))}>{shown.map((place) => <NavLink key={place.href} place={place} />)}</Menu>;
};

const TenantSwitch = () => (tenants.value.length > 1 ? (
  <label class="tenant"><span class="visually-hidden">{t('tenant')}</span>
    <select value={tenant.value ?? ''} onChange={(event) => chooseTenant(event.currentTarget.value)}>
      {tenants.value.map((name) => <option key={name} value={name}>{name}</option>)}
    </select>
  </label>
) : null);

const meaningText = (meaning: Meaning): string => {
  if (meaning.kind === 'message') return t('search.message', {value: meaning.id});
  if (meaning.kind === 'to') return t('search.to', {value: meaning.value});
  if (meaning.kind === 'client_ref') return t('search.client_ref', {value: meaning.value});
  return meaning.kind === 'q' ? t('search.q', {value: meaning.value}) : `${meaning.kind}: ${meaning.value}`;
};

// A number as people write it needs its country: the daemon knows it.
async function addressOf(meaning: Meaning): Promise<string> {
  if (meaning.kind === 'message') return `/messages/${meaning.id}`;
  let value = meaning.value;
  if (meaning.kind === 'to' && !value.startsWith('+') && may('config:read')) {
    try { value = (await call<{to: string}>('POST', '/routes/test', {body: {to: value}})).to; } catch { /* as it was typed */ }
  }
  return `/messages${writeFilters({[meaning.kind]: value})}`;
}

const Search = () => {
  const [, go] = useLocation();
  const [typed, type] = useState('');
  const found = meanings(typed, seesContent.value);
  const open = async (meaning: Meaning | undefined) => {
    if (!meaning) return;
    type('');
    go(await addressOf(meaning));
  };
  return (
    <form class="search" role="search" onSubmit={(event) => { event.preventDefault(); void open(found[0]); }}
      onKeyDown={(event) => { if (event.key === 'Escape') { event.stopPropagation(); type(''); (document.activeElement as HTMLElement | null)?.blur(); } }}>
      <Icon name="search" />
      <input id="search" type="search" value={typed} autocomplete="off" spellcheck={false} aria-label={t('search')} placeholder={t('search')} onInput={(event) => type(event.currentTarget.value)} />
      {found.length > 0 ? (
        <ul class="search-list">
          {found.map((meaning) => <li key={meaning.kind}><button type="button" class="plain" onClick={() => void open(meaning)}>{meaningText(meaning)}</button></li>)}
        </ul>
      ) : null}
    </form>
  );
};

const Line = () => (
  <p class={reachable.value ? 'line live' : 'line stale'} role="status">
    <span class="dot" aria-hidden="true" />{reachable.value ? t('line.live') : t('line.stale', {time: timeText(new Date(answeredAt.value).toISOString())})}
  </p>
);

const You = ({onKeys}: {onKeys: () => void}) => (
  <>
    <p class="you">{me.value?.name}<span class="quiet">{me.value?.role ? t(`role.${me.value.role}`) : t('role.key')}</span></p>
    <Choices />
    <label class="tick"><input type="checkbox" checked={shortcuts.value} onChange={() => { shortcuts.value = !shortcuts.value; }} /> {t('keys.on')}</label>
    <button type="button" class="plain" onClick={onKeys}>{t('keys.title')}</button>
    <button type="button" class="plain" onClick={() => void signOut()}>{t('sign-out')}</button>
    {me.value?.kind === 'person' ? <button type="button" class="plain" onClick={() => void signOut(true)}>{t('sign-out.everywhere')}</button> : null}
  </>
);

const keyWords: [string, Key][] = [['g o', 'nav.overview'], ['g m', 'nav.messages'], ['g s', 'nav.send'], ['g w', 'nav.gateways'], ['g u', 'nav.usage'],
  ['/', 'search'], ['n', 'send.title'], ['j / k', 'keys.rows'], ['?', 'keys.title'], ['Esc', 'close']];
const Keys = ({onClose}: {onClose: () => void}) => (
  <Dialog title={t('keys.title')} onClose={onClose}>
    <dl class="keys">{keyWords.map(([keys, what]) => <div key={keys}><dt><kbd>{keys}</kbd></dt><dd>{t(what)}</dd></div>)}</dl>
  </Dialog>
);

type Layer = 'keys' | 'send' | 'more' | null;
const goes: Record<string, string> = {o: '/', m: '/messages', s: '/send', w: '/gateways', u: '/usage'};

function useKeys(open: (layer: Layer) => void): void {
  const [, go] = useLocation();
  const waits = useRef(0);
  useEffect(() => {
    const down = (event: KeyboardEvent) => {
      const at = event.target as HTMLElement;
      if (!shortcuts.value || event.ctrlKey || event.metaKey || event.altKey || at.matches('input, textarea, select') || document.querySelector('dialog[open]')) return;
      if (Date.now() - waits.current < 1500 && goes[event.key]) {
        waits.current = 0;
        go(goes[event.key]);
      } else if (event.key === 'g') waits.current = Date.now();
      else if (event.key === '/') document.getElementById('search')?.focus();
      else if (event.key === 'n' && may('messages:send')) open('send');
      else if (event.key === '?') open('keys');
      else return;
      event.preventDefault();
    };
    document.addEventListener('keydown', down);
    return () => document.removeEventListener('keydown', down);
  }, []);
}

const SendDialog = ({onClose}: {onClose: () => void}) => {
  const [Form, set] = useState<ComponentType>();
  useEffect(() => { void import('../screens/send/send').then((module) => set(() => module.SendForm)); }, []);
  return <Dialog title={t('send.title')} onClose={onClose}>{Form ? <Form /> : null}</Dialog>;
};

export const Frame = ({children}: {children: ComponentChildren}) => {
  const [layer, open] = useState<Layer>(null);
  const [path] = useLocation();
  useKeys(open);
  useEffect(() => open((before) => (before === 'more' ? null : before)), [path]);
  const alarm = attention.value.some(({severity}) => severity === 'error');
  useEffect(() => { document.getElementById('icon')?.setAttribute('href', alarm ? alertIcon : plainIcon); }, [alarm]);
  return (
    <>
      <a class="skip" href="#content" onClick={(event) => { event.preventDefault(); document.getElementById('content')?.focus(); }}>{t('skip')}</a>
      <header class="top">
        <Link href="/" class="brand">smsbridge</Link>
        <TenantSwitch />
        <nav class="nav" aria-label={t('nav')}>
          {allowed(main).map((place) => <NavLink key={place.href} place={place} />)}
          <Group label="nav.notify" places={notify} />
          <Group label="nav.ways" places={ways} />
          {allowed([usage, people]).map((place) => <NavLink key={place.href} place={place} />)}
        </nav>
        <Search />
        <Line />
        <div class="top-you"><Menu end label={<><Icon name="person" /><span class="you-name">{me.value?.name}</span></>}><You onKeys={() => open('keys')} /></Menu></div>
      </header>
      <Banner />
      {/* Another tenant is another page: nothing of the one before stays. */}
      <main id="content" tabIndex={-1} key={tenant.value ?? ''} class={reachable.value ? '' : 'dimmed'}>{children}</main>
      <nav class="bottom" aria-label={t('nav.short')}>
        {allowed(main).map(({href, label, icon}) => (
          <Link key={href} href={href} aria-current={(href === '/' ? path === '/' : path.startsWith(href)) ? 'page' : undefined}><Icon name={icon as IconName} large /><span>{t(label)}</span></Link>
        ))}
        <button type="button" class="plain" onClick={() => open('more')}><Icon name="more" large /><span>{t('nav.more')}</span></button>
      </nav>
      {layer === 'keys' ? <Keys onClose={() => open(null)} /> : null}
      {layer === 'send' ? <SendDialog onClose={() => open(null)} /> : null}
      {layer === 'more' ? (
        <Dialog title={t('nav.more')} onClose={() => open(null)}>
          <div class="more">{allowed([...notify, ...ways, usage, people]).map((place) => <NavLink key={place.href} place={place} />)}</div>
          <hr />
          <div class="more"><You onKeys={() => open('keys')} /></div>
        </Dialog>
      ) : null}
      {ended.value ? (
        <Dialog title={t('ended')} onClose={() => {}} fixed>
          <Note><p>{t('ended.hint')}</p></Note>
          <SignInForm name={me.value?.kind === 'person' ? me.value.name : ''} />
        </Dialog>
      ) : null}
    </>
  );
};
