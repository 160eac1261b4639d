// SPDX-License-Identifier: MPL-2.0
// Clients and carriers that mean harm. Each runs as a process of its own, because what it does must not count as our
// waiting:  node attacks.mjs metrics '{"apiPort": ..., "fineractPort": ...}'
// They go on until they are ended, and say each time how often they have struck.
import assert from 'node:assert/strict';
import net from 'node:net';
import {setTimeout as sleep} from 'node:timers/promises';
import {fileURLToPath} from 'node:url';
import {FineractClient, HttpConnection, start, until} from '../harness.mjs';
import {RawSmsc, pdu, text} from './raw_smsc.mjs';

const loopback = '127.0.0.1';
let struck = 0;
const count = (by = 1) => console.log(struck += by);

const post = (path, headers, body) => `POST ${path} HTTP/1.1\r\nHost: b\r\n${headers}\r\n${body}`;

// Bodies that nobody may send, and lines around chunks that do not end: [listener, octets, status of the answer].
export function bodies({key, size = 900_000}) {
  const body = 'x'.repeat(size);
  const whole = `Content-Length: ${size}\r\n`, chunked = 'Transfer-Encoding: chunked\r\n', known = `Authorization: Bearer ${key}\r\n`;
  return [
    ['api', post('/api/v1/messages', whole, body), 401],
    ['fineract', post('/sms', whole, body), 401],
    ['fineract', post('/other', whole, body), 404],
    ['api', post('/in/safaricom/guess', whole, body), 404],
    ['api', post('/api/v1/messages', known + chunked, `1;${body}`), 413],
    ['api', post('/api/v1/messages', known + chunked, `0\r\nX: ${body}`), 413],
  ];
}

// A socket that never complains.
function open(port, octets = '') {
  const socket = net.connect({port, host: loopback});
  socket.on('error', () => {}).resume().write(octets);
  return socket;
}

export const attacks = {
  // Sixty at a time, of 4 MiB each, or without an end.
  bodies({apiPort, fineractPort, key}) {
    const requests = bodies({key, size: 4 << 20}).map(([listener, octets]) => [listener, Buffer.from(octets, 'latin1')]);
    const again = (n) => {
      const [listener, octets] = requests[n % requests.length];
      const socket = open(listener === 'api' ? apiPort : fineractPort, octets);
      count();
      socket.once('data', () => socket.destroy()).once('close', () => setTimeout(again, 200, n + 1));
    };
    for (let n = 0; n < 60; n++) again(n);
  },

  // A thousand clients, each of which asks twenty times in one piece, every five seconds.
  metrics({apiPort}) {
    const asked = 'GET /metrics HTTP/1.1\r\nHost: b\r\n\r\n'.repeat(20);
    let left = 1000;
    const clients = Array.from({length: left}, () => net.connect(apiPort, loopback, () => { if (--left === 0) strike(); }).on('error', () => {}));
    const strike = () => {
      for (const client of clients) client.write(asked), client.resume();
      count(clients.length);
      setTimeout(strike, 5000);
    };
  },

  // More than the door has room for; who is shown out comes again.
  silence({fineractPort}) {
    const come = () => {
      count();
      open(fineractPort).once('close', () => setTimeout(come, 200));
    };
    for (let n = 0; n < 4500; n++) come();
  },

  // Receipts for messages that there are not, with ids of 60,000 octets.
  async callbacks({apiPort, callbackPath: path}) {
    const connection = new HttpConnection(apiPort);
    for (let round = 0;; round++, await sleep(10)) {
      const results = Array.from({length: 5}, (_, n) => ({messageId: `${round}-${n}-${'i'.repeat(60_000)}`, to: '254712345678',
        status: {groupId: 3, groupName: 'DELIVERED', id: 5, name: 'DELIVERED_TO_HANDSET'}, error: {groupId: 0, id: 0}}));
      const headers = [['Content-Type', 'application/json']];
      const {status} = await connection.request({method: 'POST', path, headers, body: JSON.stringify({results})}).catch(() => ({}));
      if (status === 200) count(results.length);  // or there is no room for its body just now
    }
  },

  // The same over SMPP, with ids of 7,800 octets.
  async receipts({smppPort: port}) {
    const [bind, deliver, answer] = [0x09, 0x05, 0x80000000];
    let number = 0;
    const send = (socket) => {
      const words = Buffer.from(`id:${++number}-${'i'.repeat(7800)} sub:001 dlvrd:001 submit date:2511291200 done date:2511291201 stat:DELIVRD err:000 text:`);
      const payload = Buffer.concat([Buffer.from([0x04, 0x24, words.length >> 8, words.length & 255]), words]);
      socket.write(pdu(deliver, 0, number, Buffer.concat([text(''), Buffer.from([1, 1]), text('254712345678'), Buffer.from([5, 0]), text('UMOJA'),
        Buffer.from([4, 0, 0, 0, 0, 0, 0, 0, 0, 0]), payload])));
    };
    await RawSmsc.start({after() {}}, {port, on(one, socket, smsc) {
      smsc.pdus.length = 0;
      if (one?.command === bind) {
        socket.write(pdu(bind + answer, 0, one.sequence, text('evil')));
        for (let n = 0; n < 20; n++) send(socket);
      } else if (one?.command === deliver + answer) {
        count();
        setTimeout(send, 20, socket);
      } else if (one && one.command < answer) {
        socket.write(pdu(one.command + answer, 0, one.sequence));
      }
    }});
  },

  // Long ids that nobody posted, never the same one twice.
  async reports({fineractPort: port, tenant}) {
    const client = new FineractClient({port, tenant});
    for (let round = 0;; round++, await sleep(50)) {
      const ids = Array.from({length: 4000}, (_, n) => `${round}-${n}-${'i'.repeat(200)}`);
      await client.report(ids).then(() => count(ids.length), () => {});
    }
  },
};

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [, , attack, places] = process.argv;
  attacks[attack](JSON.parse(places));
}

// Starts one; settled when it has struck. `struck` is how often it did. It would come from another machine: it takes
// only what the daemon leaves of the processors.
export async function startAttack(t, name, places) {
  const attack = start(t, 'nice', ['-n', '19', process.execPath, fileURLToPath(import.meta.url), name, JSON.stringify(places)]);
  await until(`the attack ${name}`, () => {
    if (attack.how) throw Object.assign(new Error(attack.output), {giveUp: true});
    return attack.stdout;
  }, 60_000);
  return {
    async end() {
      assert.equal(attack.how, undefined, `the attack ${name} ended by itself: ${attack.output}`);
      await attack.end('SIGKILL');
    },
    get struck() { return Number(attack.stdout.trim().split('\n').at(-1)); },
  };
}
