// SPDX-License-Identifier: MPL-2.0
// Which way do messages go, and which would this one take?
import {useState} from 'preact/hooks';
import {post} from '../../api/http';
import type {Route, RouteChoice} from '../../api/types';
import {Icon} from '../../parts/icons';
import {Listed, Page, useList} from '../../parts/page';
import {Field, list, ProblemBox, useAction} from '../../parts/ui';
import {choice} from '../../text/format';
import {language, t, word} from '../../text/i18n';

function countryNames(codes: string[]): string[] {
  const names = new Intl.DisplayNames([language.value], {type: 'region', fallback: 'code'});
  return codes.map((code) => { try { return names.of(code) ?? code; } catch { return code; } });
}

// One whole sentence for each way a route can choose; what limits it stands in a list under it.
const says = (route: Route): string => t(`route.${route.order}`, {gateways: list(route.via.map(({gateway}) => gateway))});
const limits = (route: Route): string[] => [
  ...(route.countries.length > 0 ? [t('route.countries', {countries: choice(language.value, countryNames(route.countries))})] : []),
  ...(route.prefixes.length > 0 ? [t('route.prefixes', {prefixes: choice(language.value, route.prefixes)})] : []),
  ...(route.lanes.length > 0 ? [t('route.lanes', {lanes: choice(language.value, route.lanes.map((lane) => word('lane', lane)))})] : []),
  ...(route.senders.length > 0 ? [t('route.senders', {senders: choice(language.value, route.senders)})] : []),
  ...(route.tenants.length > 0 ? [t('route.tenants', {tenants: choice(language.value, route.tenants)})] : []),
  ...(route.hours ? [t('route.hours', {from: route.hours.from, until: route.hours.until, zone: route.hours.zone})] : []),
  ...(route.price_max ? [t('route.price', {price: route.price_max})] : []),
];

export const Routes = () => {
  const routes = useList<Route>('/routes', 10_000);
  const [to, setTo] = useState('');
  const [way, setWay] = useState<RouteChoice>();
  const {busy, problem, run} = useAction();
  return (
    <Page title={t('nav.routes')}>
      <section class="card">
        <form class="inline" onSubmit={(event) => { event.preventDefault(); setWay(undefined); void run(async () => setWay(await post<RouteChoice>('/routes/test', {to: to.trim()}))); }}>
          <Field label={t('routes.test')}>{(given) => <input {...given} type="tel" autocomplete="off" required placeholder="+254712345678" value={to} onInput={(event) => setTo(event.currentTarget.value)} />}</Field>
          <button type="submit" class="primary" disabled={busy}>{t('routes.test.go')}</button>
        </form>
        <ProblemBox problem={problem} />
        <div role="status">
          {way ? (
            <>
              <p class="lead">{way.gateways.length > 0 ? t('routes.test.way', {number: way.to, gateways: list(way.gateways)}) : t('routes.test.none', {number: way.to})}</p>
              <ol class="rows">{way.steps.map((step, index) => <li key={index}><Icon name={step.taken ? 'good' : 'off'} /><div><strong>{step.subject}</strong><p class="quiet">{step.why}</p></div></li>)}</ol>
            </>
          ) : null}
        </div>
      </section>
      <Listed of={routes} empty={<p>{t('routes.none')}</p>}>
        {(items) => (
          <ol class="cards routes">
            {items.map((route) => (
              <li key={route.name} class={way?.route === route.name ? 'card chosen' : 'card'}>
                <header><h2>{route.name}</h2>{way?.route === route.name ? <span class="mark tone-good"><Icon name="good" /><span>{t('routes.taken')}</span></span> : null}
                  {route.managed_by === 'file' ? <span class="quiet locked"><Icon name="lock" />{t('by-file')}</span> : null}</header>
                <p class="lead">{says(route)}</p>
                <ul class="plain-list">{limits(route).length > 0 ? limits(route).map((limit) => <li key={limit}>{limit}</li>) : <li>{t('route.all')}</li>}</ul>
                {route.description ? <p class="quiet">{route.description}</p> : null}
              </li>
            ))}
          </ol>
        )}
      </Listed>
    </Page>
  );
};
