// SPDX-License-Identifier: MPL-2.0
// docs/moving.md, walked: the keys and the numbers of bridges that Fineract kept from the message-gateway are good here.
import assert from 'node:assert/strict';
import {readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {test} from 'node:test';
import YAML from 'yaml';
import {appKey, Bridge, root, until} from './harness.mjs';
import {Smsc} from './peers/smpp_smsc.mjs';

const page = readFileSync(join(root, 'docs', 'moving.md'), 'utf8');

test('a Fineract of the message-gateway goes on with smsbridge', {timeout: 60_000}, async (t) => {
  const smsc = await Smsc.start(t);
  const bridge = await Bridge.prepare(t, {gateways: []});
  // The tenant as the page has it, with the key of before.
  const [, block] = /```yaml\n([^]*?)```/.exec(page);
  bridge.config.tenants = YAML.parse(block).tenants;
  writeFileSync(join(bridge.folder, 'default-app-key.txt'), `${appKey}\n`);
  writeFileSync(join(bridge.folder, 'smpp-password.txt'), 'secret\n');
  writeFileSync(bridge.configFile, YAML.stringify(bridge.config));
  bridge.spawn();
  await bridge.ready();
  assert.match(page, /smsbridge gateways create twilio --set id=3 /);
  const made = await bridge.cli('gateways', 'create', 'carrier', '--set', 'id=3', '--set', 'kind=smpp', '--set', 'host=127.0.0.1', '--set', `port=${smsc.port}`,
    '--set', 'system_id=umoja', '--secret', `password=${join(bridge.folder, 'smpp-password.txt')}`);
  assert.equal(made.code, 0, made.output);
  const fineract = bridge.fineract();
  assert.deepEqual((await fineract.bridges()).map(({id}) => id), [3]);
  await until('the bind', async () => (await bridge.api().get('/gateways/carrier')).body.state === 'up');
  await fineract.send([{internalId: 1041, tenantId: 'default', mobileNumber: '0712345678', message: 'As before.', providerId: 3}]);
  await until('the receipt', async () => (await fineract.report([1041]))[0]?.deliveryStatus === 300);
  assert.deepEqual(smsc.textsTo('254712345678'), ['As before.']);
  // What belongs to the old gateway is not known, and not sent again.
  assert.deepEqual(await fineract.report([900]), []);
});
