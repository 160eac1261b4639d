// SPDX-License-Identifier: MPL-2.0
// Language and theme, which everybody may choose.
import {chooseLanguage, theme, type Theme} from '../state/settings';
import {language, languages, type Language, t} from '../text/i18n';

export const Choices = () => (
  <div class="choices">
    <label><span>{t('choice.language')}</span>
      <select value={language.value} onChange={(event) => chooseLanguage(event.currentTarget.value as Language)}>
        {Object.entries(languages).map(([code, name]) => <option key={code} value={code} lang={code}>{name}</option>)}
      </select>
    </label>
    <label><span>{t('choice.theme')}</span>
      <select value={theme.value} onChange={(event) => { theme.value = event.currentTarget.value as Theme; }}>
        {(['system', 'light', 'dark'] as const).map((one) => <option key={one} value={one}>{t(`theme.${one}`)}</option>)}
      </select>
    </label>
  </div>
);
