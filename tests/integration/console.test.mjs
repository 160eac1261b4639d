// SPDX-License-Identifier: MPL-2.0
// The web console as people use it: Debian's chromium against a real daemon and the simulated carrier.
// SMSBRIDGE_SCREENSHOTS keeps pictures in that folder.
import assert from 'node:assert/strict';
import {existsSync, mkdirSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import {after, afterEach, before, describe, it} from 'node:test';
import {AxeBuilder} from '@axe-core/playwright';
import {chromium} from 'playwright-core';
import {binary, Bridge, freePort, long, start, temporaryFolder, until} from './harness.mjs';

const timeout = 60_000;
const program = process.env.SMSBRIDGE_CHROMIUM ?? '/usr/bin/chromium';
const pictures = process.env.SMSBRIDGE_SCREENSHOTS;
const password = 'a long password';

let lastNumber = 254712000000;
const nextNumber = () => `+${++lastNumber}`;

describe('the web console', {timeout: 600_000}, () => {
  const ends = [];
  const all = {after: (end) => ends.unshift(end)};
  const faults = [];
  let simulator, port, log, bridge, api, browser, signedIn;

  const carrier = () => { simulator = start(all, binary, ['smsc-sim', '--port', String(port), '--quiet', '--log', log]); };
  // What the carrier got for a number: [[part, text], ...].
  const got = (number) => (existsSync(log) ? readFileSync(log, 'utf8').split('\n').map((line) => line.split('\t'))
    .filter((fields) => fields[4] === number.slice(1)).map((fields) => [fields[5], fields[6]]) : []);
  const address = (path) => `http://127.0.0.1:${bridge.apiPort}/console${path}`;

  // A browser of its own: what it says of errors and of the Content-Security-Policy fails the test.
  async function visitor(options = {}) {
    const context = await browser.newContext({viewport: {width: 1280, height: 800}, locale: 'en-GB', ...options});
    const page = await context.newPage();
    page.setDefaultTimeout(10_000);
    page.on('console', (message) => {
      if (message.type() === 'error' && !/Failed to load resource/.test(message.text())) faults.push(message.text());
    });
    page.on('pageerror', (error) => faults.push(error.message));
    return page;
  }
  const open = async (path, options = {}) => {
    const page = await visitor({storageState: signedIn, ...options});
    await page.goto(address(path));
    await page.locator('h1').first().waitFor();
    return page;
  };
  const close = (page) => page.context().close();
  const link = (output) => /\/console(\/welcome#\S+)/.exec(output)[1];

  async function welcome(name, role) {
    const made = await bridge.cli('people', 'create', name, '--role', role);
    assert.equal(made.code, 0, made.output);
    const page = await visitor();
    await page.goto(address(link(made.output)));
    await page.getByLabel('New password').fill(password);
    await page.getByLabel('The same once more').fill(password);
    await page.getByRole('button', {name: 'Set the password and sign in'}).click();
    await page.getByRole('navigation', {name: 'Main'}).waitFor();
    assert.ok(!page.url().includes('#'), 'the link does not stay in the address');
    const state = await page.context().storageState();
    await close(page);
    return state;
  }

  const isSendable = (page) => page.getByRole('button', {name: 'Send', exact: true}).and(page.locator(':not([aria-disabled])'));
  const waitFor = (page, text) => page.getByText(text).first().waitFor();
  async function isGone(locator) { await locator.waitFor({state: 'detached'}); }

  before(async () => {
    assert.ok(existsSync(program), `${program} is not there: apt-get install chromium`);
    port = await freePort();
    log = join(temporaryFolder(all), 'carrier.log');
    carrier();
    bridge = await Bridge.start(all, {gateways: [{port, reconnect_first: '100ms', reconnect_max: '1m', host: '127.0.0.1'}]});
    await bridge.up();
    api = bridge.api(await bridge.createOwnerKey());
    browser = await chromium.launch({executablePath: program, args: ['--no-sandbox']});
    ends.unshift(() => browser.close());
    if (pictures) mkdirSync(pictures, {recursive: true});
  });
  after(async () => { for (const end of ends) await end(); });
  afterEach(() => { assert.deepEqual(faults.splice(0), [], 'errors in the browser'); });

  it('says at the first start how somebody gets in, and lets in by the link', {timeout}, async () => {
    const page = await visitor();
    await page.goto(address('/'));
    await waitFor(page, 'sudo smsbridge people create ops --role owner');
    const {status, headers} = await fetch(`http://127.0.0.1:${bridge.apiPort}/`, {redirect: 'manual'});
    assert.deepEqual([status, headers.get('location')], [302, '/console/']);
    await close(page);
    signedIn = await welcome('ops', 'owner');
  });

  it('asks who is not signed in, and says one sentence for a wrong name and a wrong password', {timeout}, async () => {
    const page = await visitor();
    await page.goto(address('/messages?state=queued'));
    await page.getByLabel('Name', {exact: true}).fill('nobody');
    await page.getByLabel('Password').fill('wrong password');
    await page.getByRole('button', {name: 'Sign in', exact: true}).click();
    assert.equal(await page.getByRole('alert').textContent(), 'The name or the password is wrong.');
    await page.getByLabel('Name', {exact: true}).fill('ops');
    await page.getByRole('button', {name: 'Sign in', exact: true}).click();
    assert.equal(await page.getByRole('alert').textContent(), 'The name or the password is wrong.');
    await close(page);
  });

  it('counts down for who tries too often', {timeout}, async () => {
    const page = await visitor();
    await page.goto(address('/'));
    await page.getByLabel('Name', {exact: true}).fill('mallory');
    await page.getByLabel('Password').fill('wrong password');
    await until('the wait', async () => {
      await page.getByRole('button', {name: 'Sign in', exact: true}).click();
      await page.getByRole('alert').waitFor();
      return /^Too many tries\. Wait \d+ seconds?\.$/.test(await page.getByRole('alert').textContent());
    });
    // By name and by address: the next who comes from here waits no longer than it says.
    await isGone(page.getByRole('alert').filter({hasText: 'Too many tries'}));
    await close(page);
  });

  it('lets in by the keyboard alone, and by a key that it forgets', {timeout}, async () => {
    const page = await visitor();
    await page.goto(address('/'));
    await page.getByLabel('Name', {exact: true}).focus();
    await page.keyboard.type('ops');
    await page.keyboard.press('Tab');
    await page.keyboard.type(password);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', {level: 1, name: 'All is well'}).waitFor();
    await close(page);

    const other = await visitor();
    await other.goto(address('/'));
    await other.getByRole('button', {name: 'Sign in with a key'}).click();
    await other.getByLabel('Key', {exact: true}).fill(bridge.key);
    await other.getByRole('button', {name: 'Sign in', exact: true}).click();
    await other.getByRole('heading', {level: 1, name: 'All is well'}).waitFor();
    assert.equal(await other.evaluate(() => JSON.stringify([{...localStorage}, {...sessionStorage}]).includes('sbk_')), false);
    await other.reload();
    await other.getByRole('button', {name: 'Sign in', exact: true}).waitFor();
    await close(other);
  });

  it('greys out sending without a number, in the words of three languages', {timeout}, async () => {
    const words = {
      en: ['Cannot send SMS as no phone number', 'To', 'Text', 'Send'],
      fr: ["Impossible d'envoyer le SMS : aucun numéro de téléphone", 'À', 'Texte', 'Envoyer'],
      sw: ['SMS haiwezi kutumwa kwa kuwa hakuna namba ya simu', 'Kwa', 'Maandishi', 'Tuma'],
    };
    for (const [language, [reason, to, text, send]] of Object.entries(words)) {
      const page = await open('/send', {locale: language});
      const button = page.getByRole('button', {name: send, exact: true});
      await page.locator('#send-reason', {hasText: reason}).waitFor();
      assert.equal(await page.locator('#send-reason').textContent(), reason);
      assert.equal(await button.getAttribute('aria-disabled'), 'true');
      const before = (await api.all()).length;
      await button.click({force: true});
      await page.getByLabel(to, {exact: true}).fill('0712345678');
      await page.getByLabel(text, {exact: true}).fill('Habari');
      await page.waitForFunction(() => document.querySelector('#send-reason').textContent === '');
      assert.equal(await button.getAttribute('aria-disabled'), null);
      assert.equal((await api.all()).length, before, 'nothing was sent');
      await close(page);
    }
  });

  it('sends what it showed, once for two clicks, and follows it to the phone', {timeout}, async () => {
    const page = await open('/send');
    const number = nextNumber();
    const text = 'Mpendwa Wanjikũ, “asante”. '.repeat(3).trim();
    await page.getByLabel('To', {exact: true}).fill(number.replace('+254', '0'));
    await page.getByLabel('Text', {exact: true}).fill(text);
    const preview = page.getByRole('region', {name: 'What the phone will show'});
    const parts = Number(/^(\d+) parts?, Unicode$/.exec(await preview.locator('.meter strong').textContent())[1]);
    assert.equal(await preview.locator('blockquote').textContent(), text);
    assert.equal(await preview.locator('mark').first().textContent(), 'ũ');
    assert.ok((await preview.textContent()).includes(number));
    await isSendable(page).dblclick();
    await page.locator('.sent').getByText('Delivered').waitFor();
    const received = got(number);
    assert.equal(received.length, parts);
    assert.equal(received.map(([, part]) => part).join(''), text);
    assert.equal((await api.all(`to=${encodeURIComponent(number)}`)).length, 1);
    const kept = await page.evaluate(() => JSON.stringify([{...localStorage}, {...sessionStorage}, location.href, document.title]));
    assert.ok(!kept.includes('Mpendwa'), 'no text in storage, address or title');
    await close(page);
  });

  it('replaces what makes a text long, when asked', {timeout}, async () => {
    const page = await open('/send');
    await page.getByLabel('To', {exact: true}).fill('0712345678');
    await page.getByLabel('Text', {exact: true}).fill('She said “yes”');
    await page.getByRole('button', {name: /Replace with similar/}).click();
    assert.equal(await page.getByLabel('Text', {exact: true}).inputValue(), 'She said "yes"');
    await waitFor(page, '1 part, GSM-7');
    await close(page);
  });

  it('keeps the filter in the address, there and back', {timeout}, async () => {
    const number = nextNumber();
    const sent = await api.send({to: number, text: 'a reminder', lane: 'reminder', triggered_by: 'amina', target_user: 'wanjiru'});
    await api.reaches(sent.id, 'delivered');
    const page = await open('/messages');
    await page.getByLabel('Lane').selectOption('reminder');
    await page.getByRole('navigation', {name: 'States'}).getByRole('link', {name: /^Delivered/}).click();
    await page.getByRole('cell', {name: 'wanjiru'}).waitFor();
    assert.equal(new URL(page.url()).search, '?state=delivered,sent&lane=reminder');
    await page.keyboard.press('/');
    await page.keyboard.type(number);
    await page.keyboard.press('Enter');
    await page.getByText(`Number: ${number}`).waitFor();
    const shared = page.url();
    await page.goBack();
    await page.waitForURL(/lane=reminder/);
    const other = await open(shared.slice(shared.indexOf('/console') + '/console'.length));
    await other.getByText(`Number: ${number}`).waitFor();
    await other.locator('.messages tbody tr').first().waitFor();
    assert.equal(await other.locator('.messages tbody tr').count(), 1);
    const row = await other.locator('.messages tbody tr').textContent();
    for (const shown of ['wanjiru', number, 'a reminder', 'Delivered', 'amina', 'safaricom']) assert.ok(row.includes(shown), `${shown} in ${row}`);
    await close(page);
    await close(other);
  });

  it('shows what is new only when asked, and changes states in place', {timeout}, async () => {
    await api.post('/gateways/safaricom/pause');
    const page = await open('/messages');
    await page.locator('.messages tbody tr').first().waitFor();
    const before = await page.locator('.messages tbody tr').count();
    const sent = await api.send({to: nextNumber(), text: 'later'});
    const button = page.getByRole('button', {name: '1 new, show'});
    await button.waitFor();
    assert.equal(await page.locator('.messages tbody tr').count(), before);
    await button.click();
    const row = page.locator('.messages tbody tr').first();
    await row.getByText('Waiting').waitFor();
    await api.post('/gateways/safaricom/resume');
    await api.reaches(sent.id, 'delivered');
    await row.getByText('Delivered').waitFor();
    await close(page);
  });

  it('says why a message waits, and cancels it by the keyboard alone', {timeout}, async () => {
    const page = await open('/gateways');
    const pause = page.getByRole('button', {name: 'Pause'});
    await pause.focus();
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').getByText('Messages go on being accepted and wait here').waitFor();
    await page.getByRole('dialog').getByRole('button', {name: 'Pause'}).focus();
    await page.keyboard.press('Enter');
    await page.getByText(/^Paused since/).waitFor();
    await page.keyboard.press('Escape');
    await page.keyboard.press('n');
    const dialog = page.getByRole('dialog', {name: 'Send a message'});
    await dialog.getByLabel('To', {exact: true}).waitFor();
    const number = nextNumber();
    await page.keyboard.type(number);
    await page.keyboard.press('Tab');
    await page.keyboard.type('Please come');
    await page.waitForFunction(() => document.querySelector('#send-reason').textContent === '');
    await dialog.getByRole('button', {name: 'Send', exact: true}).focus();
    await page.keyboard.press('Enter');
    await dialog.getByRole('link', {name: 'See the message'}).focus();
    await page.keyboard.press('Enter');
    await page.getByText('Its gateway is paused').waitFor();
    await page.keyboard.press('Escape');
    const drawer = page.getByRole('complementary');
    await drawer.getByRole('button', {name: 'Cancel the message'}).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').getByRole('button', {name: 'Cancel the message'}).focus();
    await page.keyboard.press('Enter');
    await drawer.getByRole('heading', {name: 'Cancelled'}).waitFor();
    await drawer.getByText('Too late: it is “Cancelled”.').waitFor();
    assert.equal(await drawer.getByRole('button', {name: 'Cancel the message'}).getAttribute('aria-disabled'), 'true');
    await api.post('/gateways/safaricom/resume');
    assert.deepEqual(got(number), []);
    await close(page);
  });

  it('asks before a drain, in the words of who is cut off', {timeout}, async () => {
    const page = await open('/gateways');
    await page.getByRole('button', {name: 'Drain'}).click();
    await page.getByRole('dialog').getByText('Left without any way out: default.').waitFor();
    await page.getByRole('dialog').getByRole('button', {name: 'Back'}).click();
    await isGone(page.getByRole('dialog'));
    assert.equal((await api.gateway('safaricom')).state, 'up');
    await close(page);
  });

  it('says when the carrier is gone, and tries at once when asked', {timeout}, async () => {
    const page = await open('/messages');
    await simulator.end('SIGKILL');
    const banner = page.locator('.banner');
    await banner.getByRole('button', {name: 'Try now'}).waitFor();
    assert.match(await banner.textContent(), /safaricom/);
    await page.goto(address('/'));
    await page.getByRole('heading', {level: 1, name: 'One thing needs you'}).waitFor();
    await page.goto(address('/gateways'));
    await page.getByText(/^Cannot send: /).waitFor();
    if (pictures) await page.screenshot({path: join(pictures, 'gateway-down.png')});
    carrier();
    await until('the carrier to listen', async () => {
      await banner.getByRole('button', {name: 'Try now'}).click({timeout: 500}).catch(() => {});
      return (await api.gateway('safaricom')).state === 'up';
    });
    await isGone(banner.getByRole('button'));
    await close(page);
  });

  it('leaves markup a text, wherever it comes from', {timeout}, async () => {
    const markup = '<img src=x onerror="document.title=1"><b>bold</b>';
    const sent = await api.send({to: nextNumber(), text: markup, target_user: markup, triggered_by: markup});
    await api.reaches(sent.id, 'delivered');
    const page = await open(`/messages/${sent.id}`);
    await page.getByRole('complementary').locator('blockquote').waitFor();
    assert.equal(await page.getByRole('complementary').locator('blockquote').textContent(), markup);
    assert.equal(await page.locator('img, main b').count(), 0);
    assert.ok(!(await page.title()).includes('bold'));
    await close(page);
  });

  it('keeps what was typed when the session ends', {timeout}, async () => {
    const signedInNow = await visitor();
    await signedInNow.goto(address('/send'));
    await signedInNow.getByLabel('Name', {exact: true}).fill('ops');
    await signedInNow.getByLabel('Password').fill(password);
    await signedInNow.getByRole('button', {name: 'Sign in', exact: true}).click();
    await signedInNow.getByLabel('Text', {exact: true}).fill('still here');
    await signedInNow.context().clearCookies();
    const dialog = signedInNow.getByRole('dialog', {name: 'Your session has ended'});
    await dialog.getByLabel('Password').fill(password);
    await dialog.getByRole('button', {name: 'Sign in', exact: true}).click();
    await isGone(dialog);
    assert.equal(await signedInNow.getByLabel('Text', {exact: true}).inputValue(), 'still here');
    await close(signedInNow);
  });

  it('shows no more than a role may', {timeout}, async () => {
    const viewer = await welcome('watcher', 'viewer');
    const page = await open('/messages', {storageState: viewer});
    await page.locator('.messages tbody tr').first().waitFor();
    const nav = page.getByRole('navigation', {name: 'Main'});
    assert.equal(await nav.getByRole('link', {name: 'Send'}).count(), 0);
    assert.equal(await nav.getByRole('link', {name: 'People'}).count(), 0);
    assert.equal(await page.getByRole('columnheader', {name: 'Message', exact: true}).count(), 0);
    await page.locator('.messages tbody a').first().click();
    await page.getByText('You may not see the text.').waitFor();
    assert.equal(await page.getByRole('button', {name: 'Cancel the message'}).count(), 0);
    await close(page);
  });

  it('lets a sender cancel his own, and nothing else', {timeout}, async () => {
    const others = await api.send({to: nextNumber(), text: 'of another'});
    await api.reaches(others.id, 'delivered');
    await api.post('/gateways/safaricom/pause');
    const page = await open('/send', {storageState: await welcome('teller', 'sender')});
    await page.getByLabel('To', {exact: true}).fill(nextNumber());
    await page.getByLabel('Text', {exact: true}).fill('my own');
    await isSendable(page).click();
    await page.getByRole('link', {name: 'See the message'}).click();
    const drawer = page.getByRole('complementary');
    await drawer.getByText('my own').waitFor();
    assert.equal(await drawer.getByRole('button', {name: 'Send it again'}).count(), 0);
    await drawer.getByRole('button', {name: 'Cancel the message'}).click();
    await page.getByRole('dialog').getByRole('button', {name: 'Cancel the message'}).click();
    await drawer.getByRole('heading', {name: 'Cancelled'}).waitFor();
    await page.goto(address(`/messages/${others.id}`));
    await page.getByText('You may not see the text.').waitFor();
    assert.equal(await drawer.getByRole('button', {name: 'Cancel the message'}).count(), 0);
    await api.post('/gateways/safaricom/resume');
    await close(page);
  });

  it('lets somebody in by a link that is shown once, and disables him', {timeout}, async () => {
    const page = await open('/people');
    await page.getByRole('button', {name: 'Let somebody in'}).click();
    await page.getByLabel('Name', {exact: true}).fill('amina');
    await page.getByLabel('Role').selectOption('sender');
    await page.getByRole('button', {name: 'Make the link'}).click();
    const shown = page.getByRole('dialog', {name: 'The link for amina'});
    assert.match(await shown.locator('code').textContent(), /\/console\/welcome#\S{20,}$/);
    await shown.getByRole('button', {name: 'Close'}).click();
    const row = page.getByRole('row', {name: /amina/});
    await row.getByRole('button', {name: 'Disable'}).click();
    await page.getByRole('dialog').getByRole('button', {name: 'Disable'}).click();
    await row.getByText('Disabled').waitFor();
    await close(page);
  });

  it('speaks five languages, and goes by keys', {timeout}, async () => {
    const page = await open('/');
    for (const [code, title] of Object.entries({fr: 'Tout va bien', es: 'Todo va bien', sw: 'Kila kitu kiko sawa', hi: 'सब ठीक है', en: 'All is well'})) {
      await page.locator('.top-you summary').click();
      await page.locator('.top-you .choices select').first().selectOption(code);
      await page.getByRole('heading', {level: 1, name: title}).waitFor();
      await page.keyboard.press('Escape');
    }
    for (const [key, title] of Object.entries({m: 'Messages', s: 'Send a message', w: 'Gateways', u: 'Usage', o: 'All is well'})) {
      await page.locator('h1').focus();
      await page.keyboard.press('g');
      await page.keyboard.press(key);
      await page.getByRole('heading', {level: 1, name: title}).waitFor();
      await page.waitForFunction((wanted) => document.title === `${wanted} · smsbridge`, title);
    }
    await page.keyboard.press('?');
    await page.getByRole('dialog', {name: 'Keyboard shortcuts'}).waitFor();
    await page.keyboard.press('Escape');
    await isGone(page.getByRole('dialog'));
    await close(page);
  });

  it('has no fault that axe knows, on any screen, light and dark, narrow and wide', {timeout: 300_000}, async () => {
    const {items: [message]} = (await api.get('/messages?limit=1')).body;
    const screens = ['/', '/messages', `/messages/${message.id}`, '/send', '/gateways', '/routes', '/people', '/usage', '/opt-outs', '/events', '/templates?template=loan-approved', '/schedules'];
    const found = [];
    const screenPage = await open('/');
    const look = async (name, colorScheme, width) => {
      await screenPage.emulateMedia({colorScheme});
      const picture = `${name}-${colorScheme}-${width}`;
      if (pictures) await screenPage.screenshot({path: join(pictures, `${picture}.png`), fullPage: true});
      // What darkness changes are colours.
      const axe = new AxeBuilder({page: screenPage});
      const {violations} = await (colorScheme === 'dark' ? axe.withRules(['color-contrast']) : axe).analyze();
      for (const {id, nodes} of violations) found.push(`${picture}: ${id}: ${nodes.slice(0, 3).map(({html}) => html.slice(0, 160)).join(' | ')}`);
    };
    for (const screen of screens) {
      const name = screen.split('?')[0].replace(/msg_\w+/, 'one').replaceAll('/', '-').slice(1) || 'overview';
      await screenPage.goto(address(screen));
      await screenPage.locator('h1').first().waitFor({state: 'attached'});
      await screenPage.waitForFunction(() => !document.querySelector('.loading'));
      for (const width of [1280, 320]) {
        await screenPage.setViewportSize({width, height: 800});
        // The colours of the dark are the same at each width.
        if (width === 1280 || long || pictures) await look(name, 'dark', width);
        await look(name, 'light', width);
        const wider = await screenPage.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
        if (wider > 0) found.push(`${name}-${width}: scrolls sideways by ${wider}`);
      }
      await screenPage.setViewportSize({width: 1280, height: 800});
    }
    await close(screenPage);
    const page = await visitor();
    await page.goto(address('/'));
    await page.getByRole('button', {name: 'Sign in', exact: true}).waitFor();
    if (pictures) await page.screenshot({path: join(pictures, 'sign-in.png')});
    for (const {id} of (await new AxeBuilder({page}).analyze()).violations) found.push(`sign-in: ${id}`);
    await close(page);
    assert.deepEqual(found, []);
  });
});
