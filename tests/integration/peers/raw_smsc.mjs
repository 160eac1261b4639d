// SPDX-License-Identifier: MPL-2.0
// A message centre that is nothing but a socket: what it says, and when, is the test's own choice, octet by octet.
import net from 'node:net';

export const pdu = (command, status, sequence, body = Buffer.alloc(0)) => {
  const head = Buffer.alloc(16);
  head.writeUInt32BE(16 + body.length, 0);
  head.writeUInt32BE(command, 4);
  head.writeUInt32BE(status, 8);
  head.writeUInt32BE(sequence, 12);
  return Buffer.concat([head, body]);
};
export const text = (words) => Buffer.from(`${words}\0`, 'latin1');

export class RawSmsc {
  // on(pdu, socket, smsc) gets {command, status, sequence, body} of every PDU, and `null` once when somebody connects.
  static async start(t, {port, on}) {
    const smsc = new RawSmsc();
    Object.assign(smsc, {connections: 0, pdus: [], sockets: new Set()});
    smsc.server = net.createServer((socket) => smsc.#serve(socket, on));
    await new Promise((resolve, reject) => smsc.server.once('error', reject).listen(port, '127.0.0.1', resolve));
    smsc.port = smsc.server.address().port;
    t.after(() => { for (const socket of smsc.sockets) socket.destroy(); smsc.server.close(); });
    return smsc;
  }

  of(command) { return this.pdus.filter((each) => each.command === command); }

  #serve(socket, on) {
    this.connections += 1;
    this.sockets.add(socket);
    socket.on('error', () => {}).on('close', () => this.sockets.delete(socket));
    on(null, socket, this);
    let waiting = Buffer.alloc(0);
    socket.on('data', (data) => {
      waiting = Buffer.concat([waiting, data]);
      while (waiting.length >= 16 && waiting.length >= waiting.readUInt32BE(0)) {
        const size = waiting.readUInt32BE(0);
        const [command, status, sequence] = [4, 8, 12].map((at) => waiting.readUInt32BE(at));
        const one = {command, status, sequence, body: waiting.subarray(16, size), connection: this.connections};
        waiting = waiting.subarray(size);
        this.pdus.push(one);
        on(one, socket, this);
      }
    });
  }
}
