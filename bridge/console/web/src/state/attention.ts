// SPDX-License-Identifier: MPL-2.0
// What needs somebody: one list for the banner and the overview.
import {signal} from '@preact/signals';
import {post} from '../api/http';
import type {Attention} from '../api/types';

export const attention = signal<Attention[]>([]);
// Grows when something was done about it, so that it is asked for at once.
export const acted = signal(0);

export async function help(item: Attention): Promise<void> {
  if (!item.object || !item.action) return;
  const kinds = {gateway: 'gateways', webhook: 'webhooks', schedule: 'schedules'} as Record<string, string>;
  await post(`/${kinds[item.object.kind] ?? 'gateways'}/${encodeURIComponent(item.object.name)}/${item.action}`);
  acted.value++;
}

export function placeOf(item: Attention): string | null {
  if (item.object?.kind === 'gateway') return '/gateways';
  if (item.object?.kind === 'schedule') return '/schedules';
  if (item.code.includes('doubtful')) return '/messages?state=doubtful';
  return null;
}
export const messagesOf = (item: Attention): string =>
  (item.code.includes('doubtful') ? '/messages?state=doubtful' : item.object?.kind === 'gateway' ? `/messages?state=queued&gateway=${encodeURIComponent(item.object.name)}` : '/messages?state=queued');
