// SPDX-License-Identifier: MPL-2.0
// A receiver of webhooks: it verifies what comes with the reference library of Standard Webhooks, keeps it in the order
// in which it came, and answers as the test says. It may be down, which is: nobody listens on its port.
import {createServer} from 'node:http';
import {once} from 'node:events';
import {Webhook} from 'standardwebhooks';
import {freePort} from '../harness.mjs';

export class WebhookReceiver {
  static async start(t, options = {}) {
    const receiver = new WebhookReceiver(await freePort());
    if (!options.down) await receiver.up();
    t.after(() => receiver.down());
    return receiver;
  }

  constructor(port) {
    this.port = port;
    this.url = `http://127.0.0.1:${port}/events`;
    this.requests = [];    // {headers, body, at}
    this.events = [];      // those that were taken, in the order of their arrival
    this.types = new Map();  // of these, by message
    this.secret = undefined;
    this.answer = () => 204;  // of a request's parsed body: a status, or a promise of one
  }

  async up() {
    this.server = createServer((request, response) => this.#take(request, response));
    this.server.listen(this.port, '127.0.0.1');
    await once(this.server, 'listening');
  }

  async down() {
    if (!this.server) return;
    const server = this.server;
    this.server = undefined;
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
  }

  async #take(request, response) {
    const chunks = [];
    try {
      for await (const chunk of request) chunks.push(chunk);
    } catch {
      return;  // cut off
    }
    const body = Buffer.concat(chunks).toString('utf8');
    this.requests.push({headers: request.headers, body, method: request.method});
    let parsed;
    try {
      parsed = new Webhook(this.secret).verify(body, request.headers);
    } catch (error) {
      this.refusal ??= error;
      response.writeHead(401).end();
      return;
    }
    const status = await this.answer(parsed, request);
    if (status >= 200 && status < 300) for (const event of parsed.type === 'batch' ? parsed.data : [parsed]) this.#keep(event);
    response.writeHead(status, status >= 300 && status < 400 ? {Location: `${this.url}/elsewhere`} : {}).end();
  }

  #keep(event) {
    this.events.push(event);
    const {id} = event.data;
    if (!this.types.has(id)) this.types.set(id, new Set());
    this.types.get(id).add(event.type);
  }

  // Types of a message's events, each once, in the order in which they came first.
  of(message) { return [...this.types.get(message) ?? []]; }
}
