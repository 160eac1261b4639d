// SPDX-License-Identifier: MPL-2.0
import type {State} from '../api/types';

const shapes = {
  clock: 'M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM12 7v5l3 2',
  carrier: 'M4 12h13M12 6l6 6-6 6',
  unsure: 'M12 2.5 21.5 12 12 21.5 2.5 12zM12 8v5M12 16v.01',
  good: 'M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM8 12.5l2.7 2.7L16 9.5',
  sent: 'M5 12.5l4.5 4.5L19 7.5',
  bad: 'M8 3h8l5 5v8l-5 5H8l-5-5V8zM9 9l6 6M15 9l-6 6',
  off: 'M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM6 18 18 6',
  planned: 'M4 6h16v14H4zM4 10h16M8 3v4M16 3v4',
  pause: 'M8 5v14M16 5v14',
  warning: 'M12 3.5 22 20.5H2zM12 10v5M12 17.5v.01',
  info: 'M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM12 11v6M12 7.5v.01',
  search: 'M10.5 4a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13zM15.5 15.5 21 21',
  close: 'M6 6l12 12M18 6 6 18',
  down: 'M6 9l6 6 6-6',
  person: 'M12 4a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM4 21c0-5 4-7 8-7s8 2 8 7',
  home: 'M4 11l8-7 8 7v9H4zM10 20v-6h4v6',
  message: 'M4 5h16v11H10l-5 4v-4H4z',
  send: 'M3 11 21 4l-7 17-3-7zM11 14l4-4',
  more: 'M5 12h.01M12 12h.01M19 12h.01',
  lock: 'M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 0 1 7 0v3',
  left: 'M15 6l-6 6 6 6',
} as const;
export type IconName = keyof typeof shapes;

export const Icon = ({name, large}: {name: IconName; large?: boolean}) => (
  <svg class={large ? 'icon icon-large' : 'icon'} viewBox="0 0 24 24" aria-hidden="true" focusable="false"><path d={shapes[name]} /></svg>
);

export type Tone = 'wait' | 'go' | 'doubt' | 'good' | 'bad' | 'off';
export const ofState: Record<State, [IconName, Tone]> = {
  scheduled: ['planned', 'off'],
  queued: ['clock', 'wait'],
  submitted: ['carrier', 'go'],
  doubtful: ['unsure', 'doubt'],
  delivered: ['good', 'good'],
  sent: ['sent', 'good'],
  undeliverable: ['bad', 'bad'],
  expired: ['bad', 'bad'],
  rejected: ['bad', 'bad'],
  failed: ['bad', 'bad'],
  cancelled: ['off', 'off'],
  unknown: ['unsure', 'doubt'],
};
