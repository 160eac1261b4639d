// SPDX-License-Identifier: MPL-2.0
// A phone that polls us, as FrontlineSync or SMSSync does: fetches messages, "sends" them, tells what became of them
// where its protocol can, and posts what it received. Written from the apps' documents and from the server of
// FrontlineSMS 2, which is what FrontlineSync was made for.
import http from 'node:http';

const json = {'Content-Type': 'application/json'};
const form = {'Content-Type': 'application/x-www-form-urlencoded'};

export class PollingPhone {
  received = [];  // what was fetched, in order: {to, message, id}
  statuses = [];  // of FrontlineSync, not yet told
  fetches = 0;
  config;         // what FrontlineSync was told last

  // url: the address that `gateways show` prints. fails(message): the phone cannot send it.
  constructor({t, url, secret, protocol = 'frontlinesync', fails = () => false, silent = false}) {
    Object.assign(this, {url, secret, protocol, fails, silent});
    t.after(() => this.stop());
  }

  // One poll: the messages it brought, which are sent at once. `lost`: the connection breaks before the answer is read.
  async fetch({lost = false} = {}) {
    const told = this.statuses;
    const answer = this.protocol === 'smssync'
      ? await this.#request({method: 'GET', url: `${this.url}?task=send&secret=${encodeURIComponent(this.secret)}`, lost})
      : await this.#request({...this.#sync({outboundTextMessageStatuses: told}), lost});
    this.fetches++;
    if (lost) return [];
    if (answer.status !== 200) throw new Error(`${answer.status} ${answer.body}`);
    this.statuses = this.statuses.filter((status) => !told.includes(status));
    const body = JSON.parse(answer.body);
    if (this.protocol === 'smssync' && (body.payload.success !== 'true' || body.payload.secret !== this.secret)) throw new Error(answer.body);
    this.config = body.config;
    const messages = (body.payload ?? body).messages.map(({to, message, dispatchId, uuid}) => ({to, message, id: dispatchId ?? uuid}));
    this.received.push(...messages);
    if (this.protocol === 'frontlinesync' && !this.silent)
      this.statuses.push(...messages.map((message) => ({dispatchId: message.id, deliveryStatus: this.fails(message) ? 9 : 2})));
    return messages;
  }

  // A message that came to the phone.
  post(from, text) {
    if (this.protocol === 'frontlinesync')
      return this.#request(this.#sync({inboundTextMessages: [{fromNumber: from, smsTimestamp: 1787389200000, text}]}));
    const body = new URLSearchParams({secret: this.secret, from, message: text, message_id: 'u-1', sent_to: '+254700000900', sent_timestamp: '1787389200000'});
    return this.#request({method: 'POST', url: this.url, headers: form, body: body.toString()});
  }

  request(method, more = '') { return this.#request({method, url: this.url + more}); }

  // Polls all the time, until stop().
  start(everyMs = 50) {
    this.polling = true;
    const again = async () => {
      if (!this.polling) return;
      await this.fetch().catch(() => {});
      this.timer = setTimeout(again, everyMs);
    };
    again();
    return this;
  }

  stop() {
    this.polling = false;
    clearTimeout(this.timer);
  }

  // The app appends the path, and an identifier that its user typed.
  #sync(payload) {
    return {method: 'POST', url: `${this.url}/api/1/frontlinesync/5`, headers: json, body: JSON.stringify({secret: this.secret,
      payload: {inboundTextMessages: [], missedCalls: [], outboundTextMessageStatuses: [], ...payload}})};
  }

  #request({method, url, headers = {}, body, lost = false}) {
    return new Promise((resolve, reject) => {
      const request = http.request(url, {method, headers, agent: false}, (incoming) => {
        if (lost) {
          incoming.destroy();
          return resolve({});
        }
        const chunks = [];
        incoming.on('data', (chunk) => chunks.push(chunk)).on('error', reject)
            .on('end', () => resolve({status: incoming.statusCode, body: Buffer.concat(chunks).toString('utf8')}));
      });
      request.on('error', reject).end(body);
    });
  }
}
