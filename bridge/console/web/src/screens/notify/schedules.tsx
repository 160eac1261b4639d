// SPDX-License-Identifier: MPL-2.0
// What goes out by itself, when, and how did it go last time?
import {useState} from 'preact/hooks';
import {post} from '../../api/http';
import type {Schedule} from '../../api/types';
import {Listed, Page, useList} from '../../parts/page';
import {Confirm, Mark, ProblemBox, Time, timeText, useAction} from '../../parts/ui';
import {may} from '../../state/session';
import {t, tx, word} from '../../text/i18n';

const Card = ({schedule, onRun, onDone}: {schedule: Schedule; onRun: () => void; onDone: () => void}) => {
  const {busy, problem, run} = useAction();
  const path = `/schedules/${encodeURIComponent(schedule.name)}`;
  const act = (what: string) => void run(async () => { await post(`${path}/${what}`); onDone(); });
  const last = schedule.last_run;
  const paused = schedule.state === 'paused';
  return (
    <article class="card" aria-labelledby={`schedule-${schedule.name}`}>
      <header><h2 id={`schedule-${schedule.name}`}>{schedule.name}</h2><Mark icon={paused ? 'pause' : schedule.state === 'running' ? 'carrier' : 'planned'} tone={paused ? 'off' : 'go'}>{t(`schedule.${schedule.state}`)}</Mark></header>
      <p class="lead">{schedule.when}</p>
      <p class="quiet">{schedule.description || schedule.source}</p>
      {schedule.next_runs.length > 0 && !paused ? <p>{t('schedules.next', {time: timeText(schedule.next_runs[0])})}</p> : null}
      {schedule.running ? <p role="status">{t('schedules.now', {rows: schedule.running.rows, sent: schedule.running.sent})}</p> : null}
      {last ? <p>{tx('schedules.last', {time: <Time at={last.at} />, result: word('run', last.result ?? last.event), sent: last.sent, rows: last.rows})}<span class="quiet"> {last.detail}</span></p> : <p class="quiet">{t('schedules.never')}</p>}
      <ProblemBox problem={problem} />
      <div class="buttons">
        {may('messages:manage') ? (schedule.running ? <button type="button" class="danger" disabled={busy} onClick={() => act('stop')}>{t('schedules.stop')}</button> : <button type="button" onClick={onRun}>{t('schedules.run')}</button>) : null}
        {may('config:write') ? <button type="button" disabled={busy} onClick={() => act(paused ? 'resume' : 'pause')}>{paused ? t('action.resume') : t('action.pause')}</button> : null}
      </div>
    </article>
  );
};

export const Schedules = () => {
  const schedules = useList<Schedule>('/schedules', 5000);
  const [asked, ask] = useState<Schedule | null>(null);
  return (
    <Page title={t('nav.schedules')}>
      <Listed of={schedules} empty={<p>{t('schedules.none')}</p>}>
        {(items) => <div class="cards">{items.map((one) => <Card key={one.name} schedule={one} onRun={() => ask(one)} onDone={schedules.again} />)}</div>}
      </Listed>
      {asked ? <Confirm title={t('schedules.run.title', {name: asked.name})} label={t('schedules.run')} act={async () => { await post(`/schedules/${encodeURIComponent(asked.name)}/run`, {}); schedules.again(); }} onClose={() => ask(null)}><p>{t('schedules.run.what')}</p></Confirm> : null}
    </Page>
  );
};
