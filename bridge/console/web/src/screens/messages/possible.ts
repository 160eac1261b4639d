// SPDX-License-Identifier: MPL-2.0
// What can be done with a message in a state; otherwise the key of the reason why not.
import type {State} from '../../api/types';

export function cannotCancel(state: State): 'message.cancel.late' | null {
  return ['scheduled', 'queued', 'submitted', 'doubtful'].includes(state) ? null : 'message.cancel.late';
}

export function cannotRetry(state: State): 'message.retry.open' | 'message.retry.done' | null {
  if (['scheduled', 'queued', 'submitted'].includes(state)) return 'message.retry.open';
  return ['delivered', 'sent', 'cancelled', 'unknown'].includes(state) ? 'message.retry.done' : null;
}
