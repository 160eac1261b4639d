// SPDX-License-Identifier: MPL-2.0
import {useEffect} from 'preact/hooks';
import {Link, useLocation} from 'wouter-preact';
import type {Attention} from '../api/types';
import {acted, attention, help, messagesOf, placeOf} from '../state/attention';
import {usePoll} from '../state/poll';
import {may} from '../state/session';
import {t, tx} from '../text/i18n';
import {Icon} from './icons';
import {ProblemBox, Time, useAction} from './ui';

export const Item = ({item}: {item: Attention}) => {
  const {busy, problem, run} = useAction();
  const place = placeOf(item);
  const allowed = item.action && may('system:manage');
  return (
    <div class={`need need-${item.severity}`}>
      <Icon name={item.severity === 'error' ? 'bad' : item.severity === 'warning' ? 'warning' : 'info'} />
      <div class="need-text">
        <p><strong>{item.what}</strong></p>
        <p class="quiet">
          {item.since ? <span>{tx('since', {time: <Time at={item.since} clock />})}</span> : null}
          {item.messages > 0 ? <Link href={messagesOf(item)}>{t('need.messages', {n: item.messages})}</Link> : null}
        </p>
        <ProblemBox problem={problem} />
      </div>
      <div class="buttons">
        {place ? <Link href={place} class="button small">{t('see')}</Link> : null}
        {allowed ? <button type="button" class="small primary" disabled={busy} onClick={() => void run(() => help(item))}>{t(`action.${item.action as 'reconnect' | 'resume'}`)}</button> : null}
      </div>
    </div>
  );
};

// On the overview all of it stands in the page itself.
export const Banner = () => {
  const [path] = useLocation();
  const {data, again} = usePoll<{items: Attention[]}>('/attention');
  useEffect(() => { if (data) attention.value = data.items; }, [data]);
  useEffect(() => { if (acted.value > 0) again(); }, [acted.value]);
  const items = path === '/' ? [] : attention.value.filter(({severity}) => severity !== 'info');
  return (
    <div class="banner" role="status">
      {items.slice(0, 2).map((item) => <Item key={`${item.code} ${item.object?.name}`} item={item} />)}
      {items.length > 2 ? <p><Link href="/">{t('need.more', {n: items.length - 2})}</Link></p> : null}
    </div>
  );
};
