// SPDX-License-Identifier: MPL-2.0
// How people come in: name and password, a key, or the link of their first day.
import {useEffect, useState} from 'preact/hooks';
import {useLocation} from 'wouter-preact';
import {Choices} from '../../parts/choices';
import {Command, Field, Note, problemText, useAction} from '../../parts/ui';
import {anybody, signIn, signInWithKey, welcome} from '../../state/session';
import {t} from '../../text/i18n';
import {Icon} from '../../parts/icons';
import type {Problem} from '../../api/types';

const Wait = ({seconds}: {seconds: number}) => {
  const [left, setLeft] = useState(seconds);
  useEffect(() => {
    const end = Date.now() + seconds * 1000;
    const timer = setInterval(() => setLeft(Math.max(0, Math.ceil((end - Date.now()) / 1000))), 500);
    return () => clearInterval(timer);
  }, [seconds]);
  // Read out once; the figure goes on for the eye.
  return left > 0 ? <div class="note note-bad" role="alert"><Icon name="clock" /><p aria-live="off">{t('problem.wait', {n: left})}</p></div> : null;
};

// 401 of this form is not the end of a session: it is a wrong password, or a key that is none.
const Refused = ({problem, unauthenticated}: {problem: Problem | undefined; unauthenticated: string}) => (problem?.status === 429 && problem.retry_after_seconds
  ? <Wait key={problem.trace_id} seconds={problem.retry_after_seconds} /> : problem
  ? <div class="note note-bad" role="alert"><Icon name="bad" /><p>{problem.status === 401 ? unauthenticated : problem.status === 403 ? t('signin.disabled') : problemText(problem)}</p></div>
  : null);

export const SignInForm = ({name = ''}: {name?: string}) => {
  const [withKey, useKey] = useState(false);
  const [who, setWho] = useState(name);
  const [password, setPassword] = useState('');
  const [key, setKey] = useState('');
  const {busy, problem, run, forget} = useAction();
  return (
    <form class="stack" method="post" onSubmit={(event) => { event.preventDefault(); void run(() => (withKey ? signInWithKey(key.trim()) : signIn(who.trim(), password))); }}>
      {withKey ? (
        <Field label={t('signin.key')} hint={t('signin.key.hint')}>
          {(given) => <input {...given} type="password" autocomplete="off" spellcheck={false} required value={key} onInput={(event) => setKey(event.currentTarget.value)} />}
        </Field>
      ) : (
        <>
          <Field label={t('signin.name')}>
            {(given) => <input {...given} autocomplete="username" autocapitalize="none" spellcheck={false} required value={who} onInput={(event) => setWho(event.currentTarget.value)} />}
          </Field>
          <Field label={t('signin.password')}>
            {(given) => <input {...given} type="password" autocomplete="current-password" required value={password} onInput={(event) => setPassword(event.currentTarget.value)} />}
          </Field>
        </>
      )}
      <Refused problem={problem} unauthenticated={withKey ? t('signin.key.wrong') : t('signin.wrong')} />
      <button type="submit" class="primary wide" disabled={busy}>{t('signin.go')}</button>
      <button type="button" class="plain wide" onClick={() => { useKey(!withKey); forget(); }}>{withKey ? t('signin.by-password') : t('signin.by-key')}</button>
    </form>
  );
};

const Door = ({title, children}: {title: string; children: preact.ComponentChildren}) => {
  useEffect(() => { document.title = `${title} · smsbridge`; }, [title]);
  return (
    <main class="door">
      <section class="card door-card">
        <p class="brand">smsbridge</p>
        <h1>{title}</h1>
        {children}
      </section>
      <Choices />
    </main>
  );
};

export const SignIn = () => {
  const [nobody, setNobody] = useState(false);
  useEffect(() => { anybody().then((answer) => setNobody(!answer.anybody), () => {}); }, []);
  return (
    <Door title={t('signin.title')}>
      {nobody ? (
        <div class="stack">
          <p>{t('signin.nobody')}</p>
          <Command text="sudo smsbridge people create ops --role owner" />
          <p class="quiet">{t('signin.nobody.link')}</p>
          <details class="fold"><summary>{t('signin.by-key')}</summary><SignInForm /></details>
        </div>
      ) : <SignInForm />}
    </Door>
  );
};

export const Welcome = () => {
  const [, go] = useLocation();
  const [token] = useState(() => location.hash.slice(1));
  const [password, setPassword] = useState('');
  const [again, setAgain] = useState('');
  const [tried, setTried] = useState(false);
  const {busy, problem, run} = useAction();
  const short = password.length < 10 ? t('welcome.short') : undefined;
  const differs = password !== again ? t('welcome.differs') : undefined;
  // The link is good once: it does not stay in the address.
  useEffect(() => { if (token) history.replaceState(null, '', location.pathname); }, [token]);
  const submit = (event: Event) => {
    event.preventDefault();
    setTried(true);
    if (!short && !differs) void run(async () => { await welcome(token, password); go('/'); });
  };
  return (
    <Door title={t('welcome.title')}>
      {token ? (
        <form class="stack" method="post" onSubmit={submit}>
          <Field label={t('welcome.password')} hint={t('welcome.hint')} fault={tried ? short : undefined}>
            {(given) => <input {...given} type="password" autocomplete="new-password" value={password} onInput={(event) => setPassword(event.currentTarget.value)} />}
          </Field>
          <Field label={t('welcome.again')} fault={tried && !short ? differs : undefined}>
            {(given) => <input {...given} type="password" autocomplete="new-password" value={again} onInput={(event) => setAgain(event.currentTarget.value)} />}
          </Field>
          <Refused problem={problem} unauthenticated={t('welcome.over')} />
          <button type="submit" class="primary wide" disabled={busy}>{t('welcome.go')}</button>
        </form>
      ) : <Note tone="warn"><p>{t('welcome.no-token')}</p></Note>}
    </Door>
  );
};
