// SPDX-License-Identifier: MPL-2.0
// What do the texts say, in each language?
import {useEffect, useState} from 'preact/hooks';
import {post} from '../../api/http';
import type {Rendered, Template} from '../../api/types';
import {Icon} from '../../parts/icons';
import {Listed, Page, useList, useParameter} from '../../parts/page';
import {Loading, Note, ProblemBox, useAction} from '../../parts/ui';
import {t, word} from '../../text/i18n';

const Preview = ({of, code}: {of: Template; code: string}) => {
  const [rendered, set] = useState<Rendered>();
  const {problem, run} = useAction();
  useEffect(() => { void run(async () => set(await post<Rendered>(`/templates/${encodeURIComponent(of.name)}/render`, {language: code, sample: 'typical'}))); }, []);
  return (
    <>
      <ProblemBox problem={problem} />
      {rendered ? (
        <>
          <blockquote class="bubble" lang={rendered.language}>{rendered.text}</blockquote>
          <p class="meter"><strong>{t('send.parts', {n: rendered.parts, alphabet: word('alphabet', rendered.encoding)})}</strong><span class="quiet">{t('send.units', {used: rendered.units, each: rendered.units_per_part})}</span></p>
          {rendered.forces_ucs2.length > 0 ? <Note tone="warn"><p>{t('send.forcing', {n: rendered.forces_ucs2.length})}</p></Note> : null}
        </>
      ) : problem ? null : <Loading />}
      <p class="hint">{t('templates.written')}</p>
      <p class="source break" lang={code}>{of.texts[code]}</p>
    </>
  );
};

const Opened = ({of}: {of: Template}) => {
  const codes = Object.keys(of.texts);
  const [chosen, choose] = useState(codes[0]);
  return (
    <div class="stack opened-template">
      <div class="tabs" role="group" aria-label={t('send.language')}>{codes.map((code) => <button key={code} type="button" aria-pressed={code === chosen} onClick={() => choose(code)}>{code}</button>)}</div>
      <Preview key={chosen} of={of} code={chosen} />
    </div>
  );
};

export const Templates = () => {
  const templates = useList<Template>('/templates', 30_000);
  const [opened, open] = useParameter('template');
  return (
    <Page title={t('nav.templates')}>
      <Listed of={templates} empty={<p>{t('templates.none')}</p>}>
        {(items) => (
          <ul class="card openers">
            {items.map((one) => (
              <li key={one.name}>
                <button type="button" class="plain opener" aria-expanded={opened === one.name} onClick={() => open(opened === one.name ? '' : one.name)}>
                  <strong>{one.name}</strong><span class="quiet opener-about">{one.description}</span><span class="quiet">{Object.keys(one.texts).join(' · ')}</span><Icon name="down" />
                </button>
                {opened === one.name ? <Opened of={one} /> : null}
              </li>
            ))}
          </ul>
        )}
      </Listed>
    </Page>
  );
};
