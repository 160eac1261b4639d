// SPDX-License-Identifier: MPL-2.0
// Who may come in, and which screen an address is.
import type {FunctionComponent} from 'preact';
import {useEffect, useState} from 'preact/hooks';
import {Redirect, Route, Router, Switch} from 'wouter-preact';
import {Frame} from './parts/frame';
import {Loading, Note} from './parts/ui';
import {Page} from './parts/page';
import {MessagesScreen} from './screens/messages/messages';
import {Overview} from './screens/overview/overview';
import {SignIn, Welcome} from './screens/sign-in/sign-in';
import {me} from './state/session';
import {t} from './text/i18n';

// A screen that is fetched when it is first opened.
function later(load: () => Promise<Record<string, unknown>>, name: string): FunctionComponent {
  let loaded: FunctionComponent | undefined;
  return function Later() {
    const [state, set] = useState<'loading' | 'here' | 'failed'>(loaded ? 'here' : 'loading');
    useEffect(() => {
      if (!loaded) load().then((module) => { loaded = module[name] as FunctionComponent; set('here'); }, () => set('failed'));
    }, []);
    if (state === 'failed') return <Note tone="warn"><p>{t('not-loaded')}</p></Note>;
    const Screen = loaded;
    return Screen ? <Screen /> : <Loading />;
  };
}

const Send = later(() => import('./screens/send/send'), 'Send');
const Gateways = later(() => import('./screens/gateways/gateways'), 'Gateways');
const Routes = later(() => import('./screens/routes/routes'), 'Routes');
const People = later(() => import('./screens/people/people'), 'People');
const UsageScreen = later(() => import('./screens/usage/usage'), 'UsageScreen');
const OptOuts = later(() => import('./screens/notify/opt-outs'), 'OptOuts');
const Events = later(() => import('./screens/notify/events'), 'Events');
const Templates = later(() => import('./screens/notify/templates'), 'Templates');
const Schedules = later(() => import('./screens/notify/schedules'), 'Schedules');

const Nowhere = () => <Page title={t('nowhere')}><p>{t('nowhere.hint')}</p></Page>;

export const App = () => (
  <Router base="/console">
    <Switch>
      <Route path="/welcome"><Welcome /></Route>
      <Route>{me.value === undefined ? <Loading /> : me.value === null ? <SignIn /> : <SignedIn />}</Route>
    </Switch>
  </Router>
);

const SignedIn = () => (
  <Frame>
    <Switch>
      <Route path="/" component={Overview} />
      <Route path="/messages/:id?">{({id}) => <MessagesScreen id={id} />}</Route>
      <Route path="/send" component={Send} />
      <Route path="/gateways" component={Gateways} />
      <Route path="/routes" component={Routes} />
      <Route path="/usage" component={UsageScreen} />
      <Route path="/opt-outs" component={OptOuts} />
      <Route path="/events" component={Events} />
      <Route path="/templates" component={Templates} />
      <Route path="/schedules" component={Schedules} />
      <Route path="/people" component={People} />
      <Route path="/overview"><Redirect to="/" /></Route>
      <Route><Nowhere /></Route>
    </Switch>
  </Frame>
);
