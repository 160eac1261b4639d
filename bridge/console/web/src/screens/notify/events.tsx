// SPDX-License-Identifier: MPL-2.0
// What did the bank tell us, and what became of it?
import {Link} from 'wouter-preact';
import type {EventLine} from '../../api/types';
import type {IconName, Tone} from '../../parts/icons';
import {Listed, Page, useList} from '../../parts/page';
import {Mark, Time} from '../../parts/ui';
import {t, word} from '../../text/i18n';

const marks: Record<string, [IconName, Tone]> = {sent: ['good', 'good'], received: ['clock', 'wait'], waits: ['clock', 'wait'], ignored: ['off', 'off'], disabled: ['off', 'off'], not_wanted: ['off', 'off'], duplicate: ['off', 'off'], opted_out: ['off', 'off']};

export const Events = () => {
  const events = useList<EventLine>('/events/log?limit=100', 10_000);
  return (
    <Page title={t('nav.events')}>
      <p class="quiet">{t('events.what')}</p>
      <Listed of={events} empty={<p>{t('events.none')}</p>}>
        {(items) => (
          <table class="table stacked">
            <thead><tr><th scope="col">{t('column.time')}</th><th scope="col">{t('events.event')}</th><th scope="col">{t('events.result')}</th><th scope="col">{t('column.why')}</th><th scope="col">{t('events.person')}</th><th scope="col">{t('column.number')}</th></tr></thead>
            <tbody>
              {items.map((line) => {
                const [icon, tone] = marks[line.result] ?? ['bad', 'bad'];
                return (
                  <tr key={line.id}>
                    <th scope="row" class="nowrap"><Time at={line.at} /></th>
                    <td data-label={t('events.event')}>{line.event}<span class="quiet"> {line.subject}</span></td>
                    <td data-label={t('events.result')}><Mark icon={icon} tone={tone}>{word('result', line.result)}</Mark></td>
                    <td data-label={t('column.why')}>{line.detail ?? '–'}</td>
                    <td data-label={t('events.person')}>{line.person ?? '–'}</td>
                    <td data-label={t('column.number')}>{line.client_ref ? <Link href={`/messages?client_ref=${encodeURIComponent(line.client_ref)}`}>{line.number ?? line.client_ref}</Link> : line.number ?? '–'}</td>
                  </tr>
                );
              })}
            </tbody>
          </table>
        )}
      </Listed>
    </Page>
  );
};
