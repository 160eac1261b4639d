// SPDX-License-Identifier: MPL-2.0
// A gateway in one sentence: what it does, or why it cannot.
import type {Gateway} from '../../api/types';
import type {IconName, Tone} from '../../parts/icons';
import {timeText} from '../../parts/ui';
import {t} from '../../text/i18n';

export function gatewayMark(gateway: Gateway): [IconName, Tone, string] {
  if (gateway.state === 'up' && gateway.routing === 'probing') return ['carrier', 'doubt', t('gateway.probing')];
  if (gateway.state === 'up') return ['good', 'good', t('gateway.up')];
  if (gateway.state === 'down') return ['bad', 'bad', t('gateway.down')];
  return ['pause', 'off', t(`gateway.${gateway.state}`)];
}

export const whyNot = (gateway: Gateway): string | null => gateway.last_error ?? gateway.sessions.find(({last_error}) => last_error)?.last_error ?? null;
export const nextTry = (gateway: Gateway): string | null => gateway.next_try_at ?? gateway.sessions.map(({next_try_at}) => next_try_at).filter((at) => at !== null).sort()[0] ?? null;

export function gatewaySays(gateway: Gateway): string {
  const bound = gateway.sessions.filter(({state}) => state === 'bound').length;
  if (gateway.state === 'paused') return t('gateway.says.paused', {n: gateway.queued, time: gateway.paused_since ? timeText(gateway.paused_since) : ''});
  if (gateway.state === 'draining') return t('gateway.says.draining', {n: gateway.queued});
  if (gateway.state === 'drained') return t('gateway.says.drained');
  if (gateway.state === 'down') return t('gateway.says.down', {why: whyNot(gateway) ?? t('gateway.says.no-why')});
  if (gateway.routing === 'probing') return t('gateway.says.probing');
  return gateway.kind === 'smpp' ? t('gateway.says.up', {bound, sessions: gateway.sessions.length, used: gateway.window_in_use, window: gateway.window_limit}) : t('gateway.says.up-http');
}
