// SPDX-License-Identifier: MPL-2.0
// A TCP proxy that writes what passes as a capture file, so that tshark can judge a whole session without the right to
// capture. IP and TCP headers are made up here: real addresses and ports, sequence numbers that count the bytes.
import assert from 'node:assert/strict';
import {closeSync, openSync, writeSync} from 'node:fs';
import net from 'node:net';
import {run} from '../harness.mjs';

const FIN = 0x01, SYN = 0x02, PSH = 0x08, ACK = 0x10;

function checksum(...buffers) {
  const bytes = Buffer.concat(buffers);
  let sum = 0;
  for (let at = 0; at < bytes.length; at += 2) sum += (bytes[at] << 8) + (bytes[at + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

export class PcapProxy {
  connections = 0;
  #sockets = new Set();
  #identification = 0;

  // Listens on `port` and passes everything to `target`; `file` becomes a capture in which the server's port is `port`.
  static async start(t, {port, target, file, host = '127.0.0.1'}) {
    const proxy = new PcapProxy(port, target, file, host);
    await new Promise((resolve, reject) => proxy.server.once('error', reject).listen(port, host, resolve));
    t.after(() => proxy.stop());
    return proxy;
  }

  constructor(port, target, file, host) {
    Object.assign(this, {port, target, host});
    this.file = openSync(file, 'w');
    const header = Buffer.alloc(24);
    header.writeUInt32LE(0xa1b2c3d4, 0);  // microseconds, this machine's byte order
    header.writeUInt16LE(2, 4);
    header.writeUInt16LE(4, 6);
    header.writeUInt32LE(262144, 16);
    header.writeUInt32LE(101, 20);  // raw IP
    writeSync(this.file, header);
    this.server = net.createServer((client) => this.#pass(client));
  }

  async stop() {
    for (const socket of this.#sockets) socket.destroy();
    if (this.server.listening) await new Promise((resolve) => this.server.close(resolve));
    if (this.file !== undefined) closeSync(this.file);
    this.file = undefined;
  }

  #pass(client) {
    this.connections++;
    const flow = {client: client.remotePort, sent: {client: 1000, server: 2000}};
    const server = net.connect(this.target, this.host);
    for (const socket of [client, server]) {
      socket.setNoDelay(true);
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    }
    this.#packet(flow, 'client', SYN);
    this.#packet(flow, 'server', SYN | ACK);
    this.#packet(flow, 'client', ACK);
    for (const [from, to, name] of [[client, server, 'client'], [server, client, 'server']]) {
      from.on('data', (data) => {
        for (let at = 0; at < data.length; at += 1400) this.#packet(flow, name, PSH | ACK, data.subarray(at, at + 1400));
        to.write(data);
      });
      from.on('end', () => { this.#packet(flow, name, FIN | ACK); to.end(); });
      from.on('error', () => to.destroy());
      from.on('close', () => to.destroySoon());
    }
  }

  #packet(flow, from, flags, payload = Buffer.alloc(0)) {
    if (this.file === undefined) return;
    const to = from === 'client' ? 'server' : 'client';
    const ports = {client: flow.client, server: this.port};
    const addresses = {client: [127, 0, 0, 1], server: [127, 0, 0, 1]};
    const tcp = Buffer.alloc(20);
    tcp.writeUInt16BE(ports[from], 0);
    tcp.writeUInt16BE(ports[to], 2);
    tcp.writeUInt32BE(flow.sent[from], 4);
    tcp.writeUInt32BE(flags & ACK ? flow.sent[to] : 0, 8);
    tcp[12] = 5 << 4;
    tcp[13] = flags;
    tcp.writeUInt16BE(0xffff, 14);
    const length = Buffer.alloc(2);
    length.writeUInt16BE(tcp.length + payload.length);
    tcp.writeUInt16BE(checksum(Buffer.from([...addresses[from], ...addresses[to], 0, 6]), length, tcp, payload), 16);
    const ip = Buffer.alloc(20);
    ip[0] = 0x45;
    ip.writeUInt16BE(ip.length + tcp.length + payload.length, 2);
    ip.writeUInt16BE(++this.#identification & 0xffff, 4);
    ip.writeUInt16BE(0x4000, 6);
    ip[8] = 64;
    ip[9] = 6;
    ip.set(addresses[from], 12);
    ip.set(addresses[to], 16);
    ip.writeUInt16BE(checksum(ip), 10);
    flow.sent[from] += payload.length + (flags & (SYN | FIN) ? 1 : 0);
    const record = Buffer.alloc(16);
    const now = Date.now();
    const size = ip.length + tcp.length + payload.length;
    record.writeUInt32LE(Math.floor(now / 1000), 0);
    record.writeUInt32LE((now % 1000) * 1000, 4);
    record.writeUInt32LE(size, 8);
    record.writeUInt32LE(size, 12);
    writeSync(this.file, Buffer.concat([record, ip, tcp, payload]));
  }
}

// What tshark says about a capture: {bad: lines, commands: Map of command id -> count}. `fields`: also {rows}, of each
// segment with a `command` (submit_sm) in it the values of these fields of its dissector.
export async function judge(file, port, fields = [], command = 4) {
  const common = ['-n', '-r', file, '-d', `tcp.port==${port},smpp`];
  const bad = await run('tshark', [...common, '-Y', '_ws.malformed || _ws.expert.severity == error', '-T', 'fields',
    '-e', 'frame.number', '-e', 'smpp.command_id', '-e', '_ws.expert.message']);
  assert.equal(bad.code, 0, bad.output);
  const all = await run('tshark', [...common, '-Y', 'smpp', '-T', 'fields', '-e', 'smpp.command_id']);
  assert.equal(all.code, 0, all.output);
  const commands = new Map();
  for (const id of all.stdout.split(/[\s,]+/).filter(Boolean)) commands.set(Number(id), (commands.get(Number(id)) ?? 0) + 1);
  if (fields.length === 0) return {bad: bad.stdout.split('\n').filter(Boolean), commands};
  const submits = await run('tshark', [...common, '-Y', `smpp.command_id == ${command}`, '-T', 'fields', ...fields.flatMap((field) => ['-e', field])]);
  assert.equal(submits.code, 0, submits.output);
  return {bad: bad.stdout.split('\n').filter(Boolean), commands, rows: submits.stdout.split('\n').filter(Boolean).map((line) => line.split('\t'))};
}
