// SPDX-License-Identifier: MPL-2.0
// Who may come in, and do what?
import {useState} from 'preact/hooks';
import {call, post} from '../../api/http';
import type {Invitation, Person, Role} from '../../api/types';
import {Listed, Page, useList} from '../../parts/page';
import {Command, Confirm, Dialog, Field, Mark, Note, ProblemBox, Time, timeText, useAction} from '../../parts/ui';
import {me, tenants} from '../../state/session';
import {t} from '../../text/i18n';

const roleNames: Role[] = ['viewer', 'sender', 'operator', 'owner'];
type Layer = {what: 'new'} | {what: 'link'; of: Invitation} | {what: 'disable' | 'delete'; of: Person} | null;

const NewPerson = ({onMade, onClose}: {onMade: (made: Invitation) => void; onClose: () => void}) => {
  const [name, setName] = useState('');
  const [role, setRole] = useState<Role>('viewer');
  const [of, setOf] = useState(me.value?.all_tenants ? '' : tenants.value[0] ?? '');
  const {busy, problem, run} = useAction();
  const submit = (event: Event) => {
    event.preventDefault();
    void run(async () => onMade(await post<Invitation>('/people', {name: name.trim(), role, ...(of ? {tenant: of} : {})})));
  };
  return (
    <Dialog title={t('people.new')} onClose={onClose}>
      <form class="stack" onSubmit={submit}>
        <Field label={t('signin.name')}>{(given) => <input {...given} required autocomplete="off" autocapitalize="none" value={name} onInput={(event) => setName(event.currentTarget.value)} />}</Field>
        <Field label={t('people.role')} hint={t(`role.${role}.may`)}>
          {(given) => <select {...given} value={role} onChange={(event) => setRole(event.currentTarget.value as Role)}>{roleNames.map((one) => <option key={one} value={one}>{t(`role.${one}`)}</option>)}</select>}
        </Field>
        {me.value?.all_tenants && tenants.value.length > 1 ? (
          <Field label={t('tenant')}>
            {(given) => <select {...given} value={of} onChange={(event) => setOf(event.currentTarget.value)}><option value="">{t('people.all-tenants')}</option>{tenants.value.map((one) => <option key={one} value={one}>{one}</option>)}</select>}
          </Field>
        ) : null}
        <ProblemBox problem={problem} />
        <div class="buttons"><button type="submit" class="primary" disabled={busy}>{t('people.create')}</button><button type="button" onClick={onClose}>{t('back')}</button></div>
      </form>
    </Dialog>
  );
};

const Row = ({person, open, onChange}: {person: Person; open: (layer: Layer) => void; onChange: () => void}) => {
  const {busy, problem, run} = useAction();
  const path = `/people/${encodeURIComponent(person.name)}`;
  const yourself = me.value?.kind === 'person' && me.value.name === person.name;
  return (
    <tr>
      <th scope="row" class="break">{person.name}</th>
      <td data-label={t('people.role')}>{t(`role.${person.role}`)}</td>
      <td data-label={t('tenant')}>{person.tenant ?? t('people.all-tenants')}</td>
      <td data-label={t('column.state')}>{person.disabled ? <Mark icon="off" tone="bad">{t('people.disabled')}</Mark> : person.has_password ? <Mark icon="good" tone="good">{t('people.active')}</Mark> : <Mark icon="clock" tone="wait">{t('people.invited')}</Mark>}</td>
      <td data-label={t('people.seen')}>{person.last_seen_at ? <Time at={person.last_seen_at} /> : '–'}</td>
      <td class="row-actions">
        <div class="buttons">
          {person.disabled ? <button type="button" class="small" disabled={busy} onClick={() => void run(async () => { await call('PATCH', path, {body: {disabled: false}}); onChange(); })}>{t('people.enable')}</button>
            : <button type="button" class="small" disabled={busy} onClick={() => void run(async () => open({what: 'link', of: await post<Invitation>(`${path}/invite`)}))}>{t('people.invite')}</button>}
          {yourself ? null : (
            <>
              {person.disabled ? null : <button type="button" class="small" onClick={() => open({what: 'disable', of: person})}>{t('people.disable')}</button>}
              <button type="button" class="small danger" onClick={() => open({what: 'delete', of: person})}>{t('people.delete')}</button>
            </>
          )}
        </div>
        <ProblemBox problem={problem} />
      </td>
    </tr>
  );
};

export const People = () => {
  const people = useList<Person>('/people', 10_000);
  const [layer, open] = useState<Layer>(null);
  const close = () => { open(null); people.again(); };
  const pathOf = (person: Person) => `/people/${encodeURIComponent(person.name)}`;
  return (
    <Page title={t('nav.people')} aside={<button type="button" class="primary" onClick={() => open({what: 'new'})}>{t('people.new')}</button>}>
      <Listed of={people} empty={<p>{t('people.none')}</p>}>
        {(items) => (
          <table class="table stacked">
            <thead><tr><th scope="col">{t('signin.name')}</th><th scope="col">{t('people.role')}</th><th scope="col">{t('tenant')}</th><th scope="col">{t('column.state')}</th><th scope="col">{t('people.seen')}</th><th scope="col">{t('column.actions')}</th></tr></thead>
            <tbody>{items.map((person) => <Row key={person.name} person={person} open={open} onChange={people.again} />)}</tbody>
          </table>
        )}
      </Listed>
      {layer?.what === 'new' ? <NewPerson onClose={close} onMade={(made) => { open({what: 'link', of: made}); people.again(); }} /> : null}
      {layer?.what === 'link' ? (
        <Dialog title={t('people.link', {name: layer.of.name})} onClose={close}>
          <Note><p>{t('people.link.once', {time: timeText(layer.of.welcome_expires_at)})}</p></Note>
          <Command text={`${location.origin}${layer.of.welcome_path}`} />
        </Dialog>
      ) : null}
      {layer?.what === 'disable' ? <Confirm title={t('people.disable.title', {name: layer.of.name})} label={t('people.disable')} danger act={async () => { await call('PATCH', pathOf(layer.of), {body: {disabled: true}}); }} onClose={close}><p>{t('people.disable.what')}</p></Confirm> : null}
      {layer?.what === 'delete' ? <Confirm title={t('people.delete.title', {name: layer.of.name})} label={t('people.delete')} danger act={async () => { await call('DELETE', pathOf(layer.of)); }} onClose={close}><p>{t('people.delete.what')}</p></Confirm> : null}
    </Page>
  );
};
