// SPDX-License-Identifier: MPL-2.0
import {render} from 'preact';
import {App} from './app';
import {start} from './state/session';
import {startLanguage} from './state/settings';
import './style.css';

await startLanguage();
await start();
render(<App />, document.getElementById('app') as HTMLElement);
