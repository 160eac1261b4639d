// SPDX-License-Identifier: MPL-2.0
// What did it cost?
import type {Usage} from '../../api/types';
import {Listed, Page, useList, useParameter} from '../../parts/page';
import {money, Note, num} from '../../parts/ui';
import {month} from '../../text/format';
import {language, t, word} from '../../text/i18n';
import {lastMonths, sums} from './sums';

export const UsageScreen = () => {
  const months = lastMonths(new Date(), 12);
  const [asked, ask] = useParameter('month');
  const of = months.includes(asked) ? asked : months[0];
  const usage = useList<Usage>(`/usage?month=${of}`, 30_000);
  return (
    <Page title={t('nav.usage')} aside={(
      <label class="month"><span>{t('usage.month')}</span>
        <select value={of} onChange={(event) => ask(event.currentTarget.value)}>{months.map((one) => <option key={one} value={one}>{month(language.value, one)}</option>)}</select>
      </label>
    )}>
      <Listed of={usage} empty={<p>{t('usage.none')}</p>}>
        {(items) => {
          const total = sums(items);
          return (
            <>
              <p class="lead">{total.prices.length > 0 ? t('usage.says', {n: total.accepted, price: total.prices.map(({amount, currency}) => money(amount, currency)).join(' + ')}) : t('usage.says.no-price', {n: total.accepted})}</p>
              {total.unpriced > 0 ? <Note tone="warn"><p>{t('usage.unpriced', {n: total.unpriced})}</p></Note> : null}
              <table class="table stacked">
                <caption class="visually-hidden">{t('nav.usage')}</caption>
                <thead><tr><th scope="col">{t('column.gateway')}</th><th scope="col">{t('filter.lane')}</th><th scope="col" class="end">{t('usage.accepted')}</th><th scope="col" class="end">{t('fact.parts')}</th><th scope="col" class="end">{t('tab.delivered')}</th><th scope="col" class="end">{t('tab.not')}</th><th scope="col" class="end">{t('fact.price')}</th></tr></thead>
                <tbody>
                  {items.map((row) => (
                    <tr key={`${row.gateway} ${row.tenant} ${row.lane}`}>
                      <th scope="row">{row.gateway}</th>
                      <td data-label={t('filter.lane')}>{word('lane', row.lane)}</td>
                      <td class="end" data-label={t('usage.accepted')}>{num(row.accepted)}</td>
                      <td class="end" data-label={t('fact.parts')}>{num(row.parts)}</td>
                      <td class="end" data-label={t('tab.delivered')}>{num(row.delivered)}</td>
                      <td class="end" data-label={t('tab.not')}>{num(row.failed)}</td>
                      <td class="end" data-label={t('fact.price')}>{row.price === null ? t('usage.no-price') : money(row.price, row.currency)}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </>
          );
        }}
      </Listed>
    </Page>
  );
};
