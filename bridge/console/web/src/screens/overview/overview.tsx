// SPDX-License-Identifier: MPL-2.0
// Is it working?
import type {ComponentChildren} from 'preact';
import {Link} from 'wouter-preact';
import type {Counts, Gateway, Message, Page as ApiPage} from '../../api/types';
import {Item} from '../../parts/attention';
import {Icon, type IconName, type Tone} from '../../parts/icons';
import {Page} from '../../parts/page';
import {Loading, Mark, num, ProblemBox, StateMark, Time} from '../../parts/ui';
import {attention} from '../../state/attention';
import {count, type Tab, tabs, writeFilters} from '../../state/filters';
import {usePoll} from '../../state/poll';
import {may} from '../../state/session';
import {t} from '../../text/i18n';
import {gatewayMark, gatewaySays} from '../gateways/words';

const Tile = ({href, icon, tone, value, label}: {href: string; icon: IconName; tone: Tone; value: ComponentChildren; label: string}) => (
  <Link href={href} class={`tile tone-${tone}`}><Icon name={icon} /><span class="tile-value">{value}</span><span class="tile-label">{label}</span></Link>
);
const tiles: [Tab, IconName, Tone][] = [['waiting', 'clock', 'wait'], ['carrier', 'carrier', 'go'], ['unsure', 'unsure', 'doubt'], ['delivered', 'good', 'good'], ['not', 'bad', 'bad']];

const Steps = ({gateways, counts}: {gateways: Gateway[]; counts: number}) => {
  const up = gateways.find(({state}) => state === 'up');
  const steps: [boolean, string, ComponentChildren][] = [
    [!!up, t('first.gateway'), up ? t('first.gateway.done', {name: up.name}) : gateways.length > 0 ? gatewaySays(gateways[0]) : t('first.gateway.none')],
    [counts > 0, t('first.message'), may('messages:send') ? <Link href="/send" class="button primary">{t('send.title')}</Link> : null],
    [false, t('first.fineract'), t('first.fineract.how')],
  ];
  return (
    <section class="card">
      <h2>{t('first.title')}</h2>
      <ol class="steps">
        {steps.map(([done, title, how]) => (
          <li key={title}><Mark icon={done ? 'good' : 'clock'} tone={done ? 'good' : 'off'}>{done ? t('first.done') : t('first.open')}</Mark><div><h3>{title}</h3><div class="quiet">{how}</div></div></li>
        ))}
      </ol>
    </section>
  );
};

export const Overview = () => {
  const counts = usePoll<Counts>('/messages/counts');
  const gateways = usePoll<ApiPage<Gateway>>(may('config:read') ? '/gateways' : null);
  const failures = usePoll<ApiPage<Message>>(`/messages?limit=5&state=${tabs.not.filter((state) => state !== 'cancelled').join(',')}`);
  const needs = attention.value.filter(({severity}) => severity !== 'info');
  const verdict = needs.length === 0 ? t('verdict.well') : t('verdict.needs', {n: needs.length});
  const byState = counts.data?.by_state;
  const all = byState ? count('all', byState) : 0;
  const ways = gateways.data?.items ?? [];
  const up = ways.filter(({state}) => state === 'up').length;
  return (
    <Page title={verdict}>
      {attention.value.length > 0 ? <section class="needs" aria-label={t('needs')}>{attention.value.map((item) => <Item key={`${item.code} ${item.object?.name}`} item={item} />)}</section> : null}
      <ProblemBox problem={counts.problem} />
      {!byState ? (counts.problem ? null : <Loading />) : all === 0 ? <Steps gateways={ways} counts={all} /> : (
        <div class="tiles">
          {tiles.map(([tab, icon, tone]) => <Tile key={tab} href={`/messages${writeFilters({state: tabs[tab].join(',')})}`} icon={icon} tone={tone} value={num(count(tab, byState))} label={t(`tab.${tab}`)} />)}
          {ways.length > 0 ? <Tile href="/gateways" icon="carrier" tone={up < ways.length ? 'bad' : 'good'} value={t('tile.of', {up, all: ways.length})} label={t('tile.gateways')} /> : null}
        </div>
      )}
      <div class="columns">
        {ways.length > 0 ? (
          <section class="card">
            <h2><Link href="/gateways">{t('nav.gateways')}</Link></h2>
            <ul class="rows">
              {ways.map((gateway) => {
                const [icon, tone, label] = gatewayMark(gateway);
                return <li key={gateway.name}><div><strong>{gateway.name}</strong><p class="quiet">{gatewaySays(gateway)}</p></div><Mark icon={icon} tone={tone}>{label}</Mark></li>;
              })}
            </ul>
          </section>
        ) : null}
        {failures.data && all > 0 ? (
          <section class="card">
            <h2>{t('failures')}</h2>
            {failures.data.items.length === 0 ? <p class="quiet">{t('failures.none')}</p> : (
              <ul class="rows">
                {failures.data.items.map((message) => (
                  <li key={message.id}>
                    <div><Link href={`/messages/${message.id}`}>{message.to ?? t('no-number')}</Link><p class="quiet">{message.status_message}</p></div>
                    <div class="row-end"><StateMark state={message.state} /><span class="quiet"><Time at={message.created_at} /></span></div>
                  </li>
                ))}
              </ul>
            )}
          </section>
        ) : null}
      </div>
    </Page>
  );
};
