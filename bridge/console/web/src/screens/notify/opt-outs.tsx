// SPDX-License-Identifier: MPL-2.0
// Who gets no more campaigns, and since when?
import type {OptOut} from '../../api/types';
import {Listed, Page, useList} from '../../parts/page';
import {Time} from '../../parts/ui';
import {t, word} from '../../text/i18n';

export const OptOuts = () => {
  const optOuts = useList<OptOut>('/opt-outs?limit=200', 15_000);
  return (
    <Page title={t('nav.opt-outs')}>
      <p class="quiet">{t('opt-outs.what')}</p>
      <Listed of={optOuts} empty={<p>{t('opt-outs.none')}</p>}>
        {(items) => (
          <table class="table stacked">
            <thead><tr><th scope="col">{t('column.number')}</th><th scope="col">{t('opt-outs.since')}</th><th scope="col">{t('opt-outs.how')}</th><th scope="col">{t('opt-outs.reason')}</th><th scope="col">{t('column.by')}</th></tr></thead>
            <tbody>
              {items.map((one) => (
                <tr key={one.number}>
                  <th scope="row">{one.number}</th>
                  <td data-label={t('opt-outs.since')}>{one.since ? <Time at={one.since} /> : '–'}</td>
                  <td data-label={t('opt-outs.how')}>{one.how ? word('opt-out', one.how) : '–'}</td>
                  <td data-label={t('opt-outs.reason')}>{one.reason ?? '–'}</td>
                  <td data-label={t('column.by')}>{one.by ?? '–'}</td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </Listed>
    </Page>
  );
};
