// SPDX-License-Identifier: MPL-2.0
// A message centre over the npm package `smpp`, which was not written here. It answers, sends receipts, and records what
// it got. What a test wants to be different is an option; nothing is random.
import smpp from 'smpp';

// Text of one part as the phone would show it; without a decoding that we know, hex.
function textOf(pdu) {
  const carried = pdu.short_message?.message?.length ? pdu.short_message : (pdu.message_payload ?? pdu.short_message);
  const message = carried?.message ?? carried ?? '';
  return Buffer.isBuffer(message) ? message.toString('hex') : String(message);
}

// {reference, total, number} of a part, from a user data header with 8 or 16 bit reference or from SAR parameters.
function concatenationOf(pdu) {
  for (const element of pdu.short_message?.udh ?? []) {
    if (element[0] === 0x00 && element.length === 5) return {reference: element[2], total: element[3], number: element[4]};
    if (element[0] === 0x08 && element.length === 6) return {reference: element.readUInt16BE(2), total: element[4], number: element[5]};
  }
  if (pdu.sar_total_segments > 1) return {reference: pdu.sar_msg_ref_num, total: pdu.sar_total_segments, number: pdu.sar_segment_seqnum};
  return {reference: null, total: 1, number: 1};
}

// As a carrier's: long, never given twice, also not by a message centre that was started again.
let lastId = 4_000_000_000;
const nextId = () => String(++lastId);

const states = {ENROUTE: 1, DELIVRD: 2, EXPIRED: 3, DELETED: 4, UNDELIV: 5, ACCEPTD: 6, UNKNOWN: 7, REJECTD: 8};

const stamp = (date) => date.toISOString().replace(/[-:T]/g, '').slice(2, 12);

export class Smsc {
  binds = [];          // {systemId, command, version, range: [ton, npi, address_range], accepted}
  submits = [];        // every part, in the order it came: see #submit
  receiptAnswers = []; // {id, status} of every deliver_sm_resp
  queries = [];        // query_sm, as they came
  cancels = [];        // and cancel_sm
  unbinds = 0;
  enquireLinks = 0;
  errors = [];         // what the npm package could not read, and whatever broke a rule of the protocol
  windowMax = 0;       // most submits without an answer at one moment, on any session
  #sessions = new Set();
  #waiting = [];       // receipts that no session could take yet
  #timers = new Set();
  #counter = 0;

  // options:
  //   port, host       where to listen
  //   tls              {key, cert}
  //   accounts         {system_id: password}; default umoja: secret
  //   answer(part)     -> {status} to refuse, {none: true} to stay silent, {reset: true} to cut the connection, {delay: ms};
  //                    default: accept at once; {congestion} is the congestion_state of the answer
  //   receipt(part)    -> {state, err, delay, first: true (before the response)} or null for none; default DELIVRD after 20 ms
  //   id(number)       -> id of a message, number counting from 1; default ten decimal digits
  //   idInReceipt(id)  -> as the receipt writes it
  //   query(pdu)       -> {state, err}: what became of it, or nothing: it is not known
  //   cancel(pdu)      -> whether it is taken back
  //   otherSession     receipts go to another session of the account when there is one
  //   receiptTlvs      also receipted_message_id and message_state
  constructor(options) {
    this.options = {host: '127.0.0.1', accounts: {umoja: 'secret'}, receiptTlvs: true, ...options};
    const listener = (session) => this.#accept(session);
    this.server = this.options.tls ? smpp.createServer(this.options.tls, listener) : smpp.createServer(listener);
    this.server.on('tlsClientError', (error) => this.tlsErrors.push(error.message));
    this.server.on('error', (error) => this.errors.push(`server: ${error.message}`));
  }

  tlsErrors = [];

  static async start(t, options) {
    const smsc = new Smsc(options);
    await smsc.listen();
    t.after(() => smsc.stop());
    return smsc;
  }

  listen() {
    this.#stopping = false;
    return new Promise((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen(this.options.port, this.options.host, resolve);
    });
  }

  get port() { return this.server.address().port; }

  // Ends all connections and stops listening. What was recorded stays.
  async stop() {
    this.#stopping = true;
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    this.dropAll();
    if (this.server.listening) await new Promise((resolve) => this.server.close(resolve));
  }

  // Cuts all connections as a broken link does, without unbind.
  dropAll() {
    for (const {session} of this.#sessions) session.destroy();
  }

  get bound() { return [...this.#sessions].filter(({account}) => account).length; }

  // Whole messages: parts put together, in the order of their last part. {source, destination, text, parts, ids}
  messages() {
    const open = new Map();
    const whole = [];
    for (const part of this.submits.filter(({status}) => status === 0)) {
      const key = [part.source, part.destination, part.reference, part.total].join('|');
      const parts = part.total === 1 ? new Map() : (open.get(key) ?? new Map());
      parts.set(part.number, part);
      if (parts.size < part.total) {
        open.set(key, parts);
        continue;
      }
      open.delete(key);
      const sorted = [...parts.values()].sort((a, b) => a.number - b.number);
      whole.push({source: part.source, destination: part.destination, text: sorted.map(({text}) => text).join(''),
        parts: sorted.length, ids: sorted.map(({id}) => id), dataCoding: part.dataCoding});
    }
    return whole;
  }

  textsTo(destination) { return this.messages().filter((message) => message.destination === destination).map(({text}) => text); }

  // Sends the receipt of a part that was recorded, now.
  sendReceipt(part, {state = 'DELIVRD', err = '000'} = {}) { this.#deliver({part, state, err}); }

  // A message, or a part of one, of a phone: by any session that can receive. The status of its answer; null when the
  // session was lost before there was one, undefined when there is no session.
  fromPhone({from, to, text = '', octets, udh = [], coding = 0, command = 'deliver_sm', ...more}) {
    const able = [...this.#sessions].filter(({account, command: bind}) => account && bind !== 'bind_transmitter');
    const entry = able[this.#turn++ % Math.max(1, able.length)];
    if (!entry) return undefined;
    const body = octets ?? Buffer.from(text, coding === 8 ? 'utf16le' : 'latin1');
    if (!octets && coding === 8) body.swap16();
    const header = Buffer.from(udh.length ? [udh.length, ...udh] : []);
    const message = Buffer.concat([header, body]);
    return new Promise((resolve) => {
      const lost = () => resolve(null);
      entry.session.once('close', lost);
      entry.session[command]({
        source_addr: from, source_addr_ton: 1, source_addr_npi: 1, destination_addr: to, data_coding: coding,
        esm_class: udh.length ? 0x40 : 0, ...(command === 'data_sm' ? {message_payload: message} : {short_message: message}), ...more,
      }, (answer) => {
        entry.session.off('close', lost);
        resolve(answer.command_status);
      });
    });
  }

  #turn = 0;

  #stopping = false;

  #later(ms, work) {
    if (this.#stopping) return;
    if (!ms) {
      work();
      return;
    }
    const timer = setTimeout(() => { this.#timers.delete(timer); work(); }, ms);
    this.#timers.add(timer);
  }

  #accept(session) {
    const entry = {session, account: undefined, command: undefined, unanswered: 0, sequences: new Set()};
    this.#sessions.add(entry);
    session.setMaxListeners(0);  // each message under way waits for the end
    session.on('close', () => this.#sessions.delete(entry));
    session.on('error', (error) => {
      if (!['ECONNRESET', 'EPIPE'].includes(error.code)) this.errors.push(error.message);
      session.destroy();
    });
    session.on('pdu', (pdu) => {
      if (pdu.command === 'unknown') this.errors.push(`unknown command 0x${pdu.command_id.toString(16)}`);
      if (pdu.isResponse()) {
        if (pdu.command === 'generic_nack') this.errors.push(`generic_nack 0x${pdu.command_status.toString(16)}`);
        return;
      }
      if (pdu.command_status !== 0) this.errors.push(`${pdu.command} with command_status ${pdu.command_status}`);
      if (pdu.sequence_number === 0 || pdu.sequence_number > 0x7fffffff) this.errors.push(`sequence number ${pdu.sequence_number}`);
      if (entry.sequences.has(pdu.sequence_number)) this.errors.push(`sequence number twice: ${pdu.sequence_number}`);
      entry.sequences.add(pdu.sequence_number);
      if (/^(submit|data|query|cancel)/.test(pdu.command) && !entry.account) this.errors.push(`${pdu.command} before a bind`);
    });
    for (const command of ['bind_transceiver', 'bind_transmitter', 'bind_receiver']) {
      session.on(command, (pdu) => {
        const accepted = pdu.system_id in this.options.accounts && this.options.accounts[pdu.system_id] === pdu.password;
        this.binds.push({systemId: pdu.system_id, command, version: pdu.interface_version, range: [pdu.addr_ton, pdu.addr_npi, pdu.address_range], accepted});
        if (!accepted) {
          session.send(pdu.response({command_status: smpp.ESME_RBINDFAIL}), undefined, () => session.close());
          return;
        }
        Object.assign(entry, {account: pdu.system_id, command});
        session.send(pdu.response({system_id: 'npm-smpp', sc_interface_version: 0x34}));
        for (const waiting of this.#waiting.splice(0)) this.#deliver(waiting);
      });
    }
    session.on('submit_sm', (pdu) => this.#submit(entry, pdu));
    session.on('query_sm', (pdu) => {
      this.queries.push(pdu);
      const known = this.options.query?.(pdu);
      session.send(pdu.response(known
        ? {message_id: pdu.message_id, final_date: new Date(), message_state: states[known.state], error_code: known.err ?? 0}
        : {command_status: smpp.ESME_RQUERYFAIL}));
    });
    session.on('cancel_sm', (pdu) => {
      this.cancels.push(pdu);
      session.send(pdu.response({command_status: this.options.cancel?.(pdu) ? 0 : smpp.ESME_RCANCELFAIL}));
    });
    session.on('enquire_link', (pdu) => { this.enquireLinks++; session.send(pdu.response()); });
    session.on('unbind', (pdu) => {
      this.unbinds++;
      entry.account = undefined;
      session.send(pdu.response(), undefined, () => session.close());
    });
    session.on('unknown', (pdu) => session.send(pdu.response()));
  }

  #submit(entry, pdu) {
    const id = (this.options.id ?? nextId)(++this.#counter);
    const part = {
      id, at: Date.now(), source: pdu.source_addr, destination: pdu.destination_addr.replace(/^\+/, ''),
      sourceTon: pdu.source_addr_ton, sourceNpi: pdu.source_addr_npi, destinationTon: pdu.dest_addr_ton, destinationNpi: pdu.dest_addr_npi,
      text: textOf(pdu), dataCoding: pdu.data_coding, esmClass: pdu.esm_class, registered: pdu.registered_delivery,
      validity: pdu.validity_period, pdu, account: entry.account, session: entry, status: 0, ...concatenationOf(pdu),
    };
    entry.unanswered++;
    this.windowMax = Math.max(this.windowMax, entry.unanswered);
    const how = this.options.answer?.(part, this.submits.length) ?? {};
    part.status = how.none || how.reset ? null : (how.status ?? 0);
    this.submits.push(part);
    if (how.reset) {
      entry.session.destroy();
      return;
    }
    const receipt = part.status !== 0 || !(part.registered & 1) ? null : this.options.receipt ? this.options.receipt(part) : {};
    const {state = 'DELIVRD', err = '000', delay = 20, first = false} = receipt ?? {};
    if (receipt && first) this.#deliver({part, state, err});
    this.#later(how.delay, () => {
      if (how.none) return;
      entry.unanswered--;
      entry.session.send(pdu.response(part.status ? {command_status: part.status} : {message_id: id, ...(how.congestion === undefined ? {} : {congestion_state: how.congestion})}));
      if (receipt && !first) this.#later(delay, () => this.#deliver({part, state, err}));
    });
  }

  #deliver({part, state, err}) {
    const able = [...this.#sessions].filter(({account, command}) => account === part.account && command !== 'bind_transmitter');
    const other = able.find((entry) => entry !== part.session);
    const same = able.find((entry) => entry === part.session);
    const entry = (this.options.otherSession ? other : undefined) ?? same ?? other;
    if (!entry) {
      this.#waiting.push({part, state, err});
      return;
    }
    const id = (this.options.idInReceipt ?? String)(part.id);
    const now = stamp(new Date());
    const text = `id:${id} sub:001 dlvrd:${state === 'DELIVRD' ? '001' : '000'} submit date:${stamp(new Date(part.at))} ` +
        `done date:${now} stat:${state} err:${err} text:${part.text.slice(0, 20).replace(/[^ -~]/g, '?')}`;
    // What nobody answered is delivered again, by another session or when there is one.
    const lost = () => this.#later(1, () => this.#deliver({part, state, err}));
    entry.session.once('close', lost);
    entry.session.deliver_sm({
      source_addr: part.destination, source_addr_ton: 1, source_addr_npi: 1, destination_addr: part.source ?? '',
      esm_class: 0x04, data_coding: 0, short_message: Buffer.from(text, 'latin1'),
      ...(this.options.receiptTlvs ? {receipted_message_id: id, message_state: states[state]} : {}),
    }, (answer) => {
      entry.session.off('close', lost);
      this.receiptAnswers.push({id: part.id, status: answer.command_status});
    });
  }
}
