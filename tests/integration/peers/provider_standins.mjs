// SPDX-License-Identifier: MPL-2.0
// Stand-ins for the HTTP providers, written from what the providers document and not from our adapters, so that the two
// can disagree. Each checks a request as its provider does, refuses what is wrong with the provider's own answer, keeps
// what it accepted as a phone would show it, and calls back, signed as the provider signs. Everything stays on 127.0.0.1.
import {execFileSync} from 'node:child_process';
import {createHash, createHmac, createPublicKey, randomInt, verify} from 'node:crypto';
import {readFileSync, writeFileSync} from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import {join} from 'node:path';
import {deflateSync, gzipSync} from 'node:zlib';

// ---------------------------------------------------------------------------------------------------------------------
// Texts, forms, answers

const gsm = new Set('@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !"#¤%&\'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿' +
    'abcdefghijklmnopqrstuvwxyzäöñüà');
const gsmExtension = new Set('\f^{}\\[~]|€');

const isGsm = (text) => [...text].every((character) => gsm.has(character) || gsmExtension.has(character));

// What arrives when a text is forced into GSM 03.38.
const inGsm = (text) => [...text].map((character) => (isGsm(character) ? character : '?')).join('');

// Into how many parts the text goes. No part ends inside an escape sequence or a surrogate pair.
function partsOf(text) {
  const plain = isGsm(text);
  const widths = [...text].map((character) => (plain ? (gsmExtension.has(character) ? 2 : 1) : character.length));
  const whole = widths.reduce((sum, width) => sum + width, 0);
  if (whole <= (plain ? 160 : 70)) return 1;
  const room = plain ? 153 : 67;
  let parts = 1, used = 0;
  for (const width of widths) {
    if (used + width > room) {
      parts++;
      used = 0;
    }
    used += width;
  }
  return parts;
}

// The octets behind percent-encoding; what is none stays as it is. The text has one character an octet.
function decoded(text, plusIsSpace = true) {
  const octets = (plusIsSpace ? text.replaceAll('+', ' ') : text).replace(/%([0-9a-f]{2})/gi, (_, hex) => String.fromCharCode(parseInt(hex, 16)));
  return Buffer.from(octets, 'latin1');
}

// Map of name -> value; `octets` of the map has the values before UTF-8 was read.
function parseForm(text) {
  const form = new Map();
  form.octets = new Map();
  for (const pair of text.split('&').filter(Boolean)) {
    const equals = pair.indexOf('=');
    const name = decoded(equals < 0 ? pair : pair.slice(0, equals)).toString('utf8');
    const value = decoded(equals < 0 ? '' : pair.slice(equals + 1));
    form.set(name, value.toString('utf8'));
    form.octets.set(name, value);
  }
  return form;
}

const encoded = (text) => encodeURIComponent(text).replaceAll('%20',
    '+').replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
const formText = (pairs) => pairs.filter(([, value]) => value !== undefined && value !== null)
    .map(([name, value]) => `${encoded(name)}=${encoded(String(value))}`).join('&');

const formType = 'application/x-www-form-urlencoded';
const json = (status, value, headers = {}) => ({status, headers: {'Content-Type': 'application/json', ...headers}, body: JSON.stringify(value)});
const plain = (status, body, type = 'text/plain') => ({status, headers: {'Content-Type': type}, body});
const page = (status, words) => plain(status, `<html><head><title>${words}</title></head><body><h1>${words}</h1></body></html>\n`, 'text/html');

// Ends the reading of a request: `reason` is for the test, the answer for the client.
class Refusal extends Error {
  constructor(reason, answer) {
    super(reason);
    this.answer = answer;
  }
}

const isType = (request, type) => (request.headers['content-type'] ?? '').split(';')[0].trim().toLowerCase() === type;
const isE164 = (text) => /^\+[1-9]\d{6,14}$/.test(text ?? '');
const isDigits = (text) => /^[1-9]\d{6,14}$/.test(text ?? '');
const isSender = (text) => /^\d{3,15}$/.test(text) || (/^[A-Za-z0-9 _&.-]{1,11}$/.test(text) && /[A-Za-z]/.test(text));
const isWhole = (value, min, max) => /^-?\d+$/.test(String(value)) && Number(value) >= min && Number(value) <= max;

function isUrl(text) {
  try {
    const {protocol, hostname} = new URL(text);
    return /^https?:$/.test(protocol) && !hostname.includes('_');
  } catch {
    return false;
  }
}

function basicOf(request) {
  const match = /^Basic ([A-Za-z0-9+/]+=*)$/.exec(request.headers.authorization ?? '');
  if (!match) return undefined;
  const text = Buffer.from(match[1], 'base64').toString('utf8');
  const colon = text.indexOf(':');
  return colon < 0 ? undefined : {user: text.slice(0, colon), password: text.slice(colon + 1)};
}

const isLogin = (given, user, password) => given !== undefined && user !== undefined && given.user === user && given.password === password;

function objectIn(request) {
  try {
    const value = JSON.parse(request.body.toString('utf8'));
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

// What a receipt quotes; no character is cut in two.
const beginning = (text) => [...text].slice(0, 20).join('');

const referenceIn = (url) => (url ? parseForm(url.split('#')[0].split('?').slice(1).join('?')).get('ref') : undefined);
const two = (number) => String(number).padStart(2, '0');
// YYMMDDhhmm in UTC.
const shortTime = (date) => date.toISOString().replace(/[-:T]/g, '').slice(2, 12);
const longTime = (date) => `${date.getUTCFullYear()}-${two(date.getUTCMonth() + 1)}-${two(date.getUTCDate())} ${date.toISOString().slice(11, 19)}`;
const decimal = (number, places) => number.toFixed(places);

// The end of a message, in words that all providers share; `word`s and codes of the provider follow in its own `steps`.
const opposite = (outcome) => (outcome === 'delivered' ? 'undelivered' : 'delivered');

// ---------------------------------------------------------------------------------------------------------------------
// Providers. Each has:
//   account             what our account has by default, by the names of our settings
//   settings(server)    the rest of our settings: where this server is
//   handle(server, request)   an answer, {draft} of a message to accept, or nothing: no such path. Throws Refusal.
//   ids(server, draft), first(message)   the ids of an accepted message (one, or one a part), its first status
//   answer(server, message), refuse(server, draft, as), trouble(status, draft)   to a send
//   steps(message, outcome)   what becomes of it: {word, code, part, final}; unasked: true is told to polls only
//   callback(server, message, step, {id, url, forged})   a call to make
//   wants(answer), stops(answer)   whether that is the answer it waits for, or one after which it does not try again

const is2xx = ({status}) => status >= 200 && status <= 299;

const twilioError = (status, code, message) => json(status, {code, message, more_info: `https://errors.example.org/${code}`, status});

const twilio = {
  account: {account_sid: `AC${'0'.repeat(31)}1`, auth_token: 'example-token', from: '+15005550001'},
  settings: ({url}) => ({base_url: url}),
  known: ['To', 'From', 'MessagingServiceSid', 'Body', 'StatusCallback', 'ValidityPeriod', 'SmartEncoded', 'ProvideFeedback', 'Attempt',
    'ApplicationSid', 'MediaUrl', 'ShortenUrls', 'ScheduleType', 'SendAt', 'ContentSid', 'ContentVariables', 'RiskCheck', 'MaxPrice'],

  handle(server, request) {
    const {account} = server;
    const refuse = (reason, ...error) => { throw new Refusal(reason, twilioError(...error)); };
    const login = basicOf(request);
    if (!isLogin(login, account.account_sid, account.auth_token) && !isLogin(login, account.api_key_sid, account.api_key_secret)) {
      refuse('login', 401, 20003, 'Authenticate');
    }
    const base = `/2010-04-01/Accounts/${account.account_sid}`;
    const missing = () => refuse(`no such resource: ${request.path}`, 404, 20404, 'The requested resource was not found');
    if (!request.path.startsWith(`${base}/`)) missing();
    const place = request.path.slice(base.length);
    if (request.method === 'GET' && place === '/Balance.json') {
      return json(200, {account_sid: account.account_sid, balance: server.balance('12.50'), currency: 'USD'});
    }
    const single = /^\/Messages\/([^/]+)\.json$/.exec(place);
    if (request.method === 'GET' && single) return json(200, this.object(server, server.find(single[1]) ?? missing()));
    if (request.method !== 'POST' || place !== '/Messages.json') return undefined;
    const form = isType(request, formType) ? parseForm(request.body.toString('latin1')) : new Map();
    server.ignore(form.keys(), this.known);
    const to = form.get('To'), from = form.get('From'), service = form.get('MessagingServiceSid'), text = form.get('Body') ?? '';
    const callbackUrl = form.get('StatusCallback'), validity = form.get('ValidityPeriod');
    if (!to) refuse('To missing', 400, 21604, 'A \'To\' phone number is required');
    if (!isE164(to)) refuse(`To is not +digits: ${to}`, 400, 21211, 'Invalid \'To\' Phone Number');
    if (!from && !service) refuse('From missing', 400, 21603, 'A \'From\' phone number is required');
    if (from && !isE164(from) && !isSender(from)) refuse(`From: ${from}`, 400, 21212, 'Invalid \'From\' Phone Number');
    if (service && !/^MG[0-9a-f]{32}$/.test(service)) refuse(`MessagingServiceSid: ${service}`, 400, 21701, 'The Messaging Service does not exist');
    if (!text) refuse('Body missing', 400, 21602, 'Message body is required');
    if ([...text].length > 1600) refuse('Body too long', 400, 21617, 'The concatenated message body exceeds the 1600 character limit');
    if (callbackUrl && !isUrl(callbackUrl)) refuse(`StatusCallback: ${callbackUrl}`, 400, 21609, 'Invalid StatusCallback');
    if (validity && !isWhole(validity, 1, 36000)) refuse(`ValidityPeriod: ${validity}`, 400, 21624, 'The validity period is out of range');
    return {draft: {to, wireTo: to, from, service, text, callbackUrl, reference: referenceIn(callbackUrl), validityS: Number(validity ?? 36000)}};
  },

  ids: (server) => [`SM${server.hex(32)}`],
  first: ({service}) => (service ? 'accepted' : 'queued'),
  answer(server, message) { return json(201, this.object(server, message)); },

  object({account}, {id, text, at, from, service, to, parts, state}) {
    const uri = `/2010-04-01/Accounts/${account.account_sid}/Messages/${id}`;
    const time = new Date(at).toUTCString().replace('GMT', '+0000');
    return {account_sid: account.account_sid, api_version: '2010-04-01', body: text, date_created: time, date_sent: state.final ? time : null,
      date_updated: time, direction: 'outbound-api', error_code: state.code ?? null, error_message: null, from: from ?? null,
      messaging_service_sid: service ?? null, num_media: '0', num_segments: state.word === 'accepted' ? '0' : String(parts),
      price: state.final ? `-${decimal(0.0075 * parts, 5)}` : null, price_unit: 'USD', sid: id, status: state.word,
      subresource_uris: {media: `${uri}/Media.json`}, to, uri: `${uri}.json`};
  },

  refuse: (server, draft, as) => twilioError(...({
    destination: [400, 21211, 'Invalid \'To\' Phone Number'], blocked: [400, 21610, 'Attempt to send to unsubscribed recipient'],
    route: [400, 21408, 'Permission to send has not been enabled for the region'], account: [400, 20005, 'Account not active'],
    sender: [400, 21606, 'From is not a valid SMS sender'], auth: [401, 20003, 'Authenticate'],
    content: [400, 21617, 'The concatenated message body exceeds the 1600 character limit'], throttled: [429, 21611, 'Queue full'],
  })[as]),
  trouble: (status) => twilioError(status, status === 429 ? 20429 : 20000 + status, status === 429 ? 'Too Many Requests' : 'Internal Server Error'),

  steps: (message, outcome) => [{word: 'sent'}, ...({
    delivered: [{word: 'delivered', final: true}], undelivered: [{word: 'undelivered', code: 30003, final: true}],
    expired: [{word: 'failed', code: 30036, final: true}], rejected: [{word: 'undelivered', code: 30007, final: true}], sent: [],
  })[outcome]],

  callback(server, message, step, {id, url, forged}) {
    const place = url.split('#')[0];  // a fragment holds wishes for Twilio, and is not sent
    const pairs = [['SmsSid', id], ['SmsStatus', step.word], ['MessageStatus', step.word], ['To', message.to], ['MessageSid', id],
      ['AccountSid', server.account.account_sid], ['From', message.from ?? '+15005550001'], ['ApiVersion', '2010-04-01'],
      ['MessagingServiceSid', message.service], ['ErrorCode', step.code], ['RawDlrDoneDate', step.final ? shortTime(server.date()) : undefined]]
        .filter(([, value]) => value !== undefined);
    const covered = place + [...pairs].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, value]) => name + value).join('');
    // Always with the token of the account, also where API keys send.
    const signature = createHmac('sha1', forged ? 'another-token' : server.account.auth_token).update(covered).digest('base64');
    return {method: 'POST', url: place, headers: {'Content-Type': formType, 'X-Twilio-Signature': signature}, body: formText(pairs)};
  },
  wants: is2xx,
};

// `&name=value` of all parameters in order of their names; `&` and `=` inside become `_`.
function vonageSignature(pairs, secret, method) {
  const clean = (text) => String(text).replace(/[&=]/g, '_');
  const text = [...pairs].filter(([name]) => name !== 'sig').sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, value]) => `&${clean(name)}=${clean(value)}`).join('');
  if (method === 'md5hash') return createHash('md5').update(text + secret).digest('hex');
  return createHmac(method, secret).update(text).digest('hex').toUpperCase();
}

function vonageBalance(server, request) {
  if (request.method !== 'GET' || request.path !== '/account/get-balance') return undefined;
  const {api_key: key, api_secret: secret} = server.account;
  if (key !== undefined && request.query.get('api_key') === key && request.query.get('api_secret') === secret) {
    return json(200, {value: Number(server.balance('10.17')), autoReload: false});
  }
  throw new Refusal('login', json(401, {'error-code': '401', 'error-code-label': 'authentication failed'}));
}

const vonageEntry = (status, words) => json(200, {'message-count': '1', messages: [{status: String(status), 'error-text': words}]});

const vonageSms = {
  account: {api_key: 'abcd1234', api_secret: 'example-secret', signature_secret: 'example-signature-secret', signature_method: 'sha256',
      from: 'Sacco'},
  settings: ({url}) => ({base_url: url}),
  known: ['api_key', 'api_secret', 'timestamp', 'sig', 'from', 'to', 'text', 'type', 'ttl', 'status-report-req', 'callback', 'client-ref',
    'message-class', 'account-ref', 'entity-id', 'content-id', 'trusted-sender', 'body', 'udh', 'protocol-id'],

  handle(server, request) {
    const balance = vonageBalance(server, request);
    if (balance) return balance;
    if (request.method !== 'POST' || request.path !== '/sms/json') return undefined;
    // HTTP 200 whatever it is.
    const refuse = (reason, ...entry) => { throw new Refusal(reason, vonageEntry(...entry)); };
    const form = isType(request, formType) ? parseForm(request.body.toString('latin1')) :
      isType(request, 'application/json') ? new Map(Object.entries(objectIn(request) ?? {}).map(([name, value]) => [name,
          String(value)])) : new Map();
    this.login(server, request, form, refuse);
    server.ignore(form.keys(), this.known);
    const field = (name) => form.get(name);
    for (const name of ['to', 'from']) if (!field(name)) refuse(`${name} missing`, 2, `Missing ${name} param`);
    if (!isDigits(field('to'))) refuse(`to is not digits: ${field('to')}`, 3, 'Invalid to param');
    if (!isSender(field('from'))) refuse(`from: ${field('from')}`, 15, 'Invalid sender address');
    const type = field('type') ?? 'text', ttl = field('ttl'), callback = field('callback'), text = field('text');
    if (!['text', 'unicode'].includes(type)) refuse(`type: ${type}`, 3, 'Invalid type param');
    if (!text) refuse('text missing', 2, 'Missing text param');
    if (text.length > 3200) refuse('text too long', 12, 'Message too long');
    if (ttl !== undefined && !isWhole(ttl, 20000, 604800000)) refuse(`ttl: ${ttl}`, 3, 'Invalid ttl param');
    if (callback !== undefined && (callback.length > 100 || !isUrl(callback))) refuse(`callback: ${callback}`, 23, 'Invalid callback URL');
    if ((field('client-ref') ?? '').length > 100) refuse('client-ref too long', 3, 'Invalid client-ref param');
    const reports = ['1', 'true'].includes(field('status-report-req'));
    return {draft: {to: `+${field('to')}`, wireTo: field('to'), from: field('from'), text: type === 'text' ? inGsm(text) : text,
      callbackUrl: reports ? callback ?? server.options.callbackUrl : undefined, clientRef: field('client-ref'),
      reference: field('client-ref') ?? referenceIn(callback), validityS: ttl === undefined ? undefined : Number(ttl) / 1000}};
  },

  login(server, request, form, refuse) {
    const {api_key: key, api_secret: secret, signature_secret: signing, signature_method: method = 'md5hash'} = server.account;
    const login = basicOf(request);
    if (form.has('sig')) {
      if (form.has('api_secret') || login) refuse('secret and signature', 32, 'Signature And API Secret Disallowed');
      const given = form.get('sig').toLowerCase();
      const fresh = Math.abs(Number(form.get('timestamp')) - server.now()) <= 300;
      if (!signing || form.get('api_key') !== key || !fresh || vonageSignature(form, signing, method).toLowerCase() !== given) {
        refuse('sig', 14, 'Invalid Signature');
      }
      return;
    }
    if (!isLogin(login ?? {user: form.get('api_key'), password: form.get('api_secret')}, key, secret)) refuse('login', 4, 'Bad Credentials');
  },

  ids: (server, draft) => Array.from({length: partsOf(draft.text)}, () => `0A${server.hex(14).toUpperCase()}`),
  first: () => 'submitted',
  answer: (server, {ids, wireTo, clientRef}) => json(200, {'message-count': String(ids.length),
    messages: ids.map((id) => ({to: wireTo, 'message-id': id, status: '0', 'remaining-balance': '3.14159265', 'message-price': '0.03330000',
      network: '63902', ...(clientRef === undefined ? {} : {'client-ref': clientRef})}))}),
  refuse: (server, draft, as) => vonageEntry(...({
    destination: [6, 'The message was invalid'], blocked: [7, 'Number barred.'], account: [8, 'Partner account barred'],
    balance: [9, 'Partner quota exceeded'], content: [12, 'Message too long'], sender: [15, 'Invalid sender address'],
    auth: [4, 'Bad Credentials'], temporary: [5, 'Internal Error'],
    throttled: [1, 'Throughput Rate Exceeded - please wait [ 250 ] and retry'],
  })[as]),
  trouble: (status) => plain(status, status === 429 ? 'Too Many Requests' : 'Service not available'),

  // One receipt a part.
  steps: ({ids}, outcome) => [['accepted', '0'], ...({delivered: [['delivered', '0']], undelivered: [['failed', '3']], expired: [['expired', '1']],
    rejected: [['rejected', '6']], sent: []})[outcome]].flatMap(([word, code]) =>
    ids.map((id, part) => ({word, code, part, final: word !== 'accepted'}))),

  callback(server, message, step, {id, url, forged}) {
    const {api_key: key, signature_secret: secret, signature_method: method = 'md5hash'} = server.account;
    const date = server.date();
    const pairs = [['msisdn', message.wireTo], ['to', message.from], ['network-code', '63902'], ['messageId', id], ['price', '0.03330000'],
      ['status', step.word], ['scts', shortTime(date)], ['err-code', step.code], ['api-key', key], ['client-ref', message.clientRef],
      ['message-timestamp', longTime(date)]].filter(([, value]) => value !== undefined);
    if (secret) {
      pairs.push(['timestamp', String(server.now())], ['nonce', server.uuid()]);
      pairs.push(['sig', vonageSignature(pairs, forged ? 'another-secret' : secret, method)]);
    }
    const how = server.options.receiptMethod ?? 'POST';
    if (how === 'GET') return {method: 'GET', url: withQuery(url, formText(pairs))};
    if (how === 'JSON') return {method: 'POST', url, headers: {'Content-Type': 'application/json'}, body: JSON.stringify(Object.fromEntries(pairs))};
    return {method: 'POST', url, headers: {'Content-Type': formType}, body: formText(pairs)};
  },
  wants: ({status}) => status >= 200 && status <= 205,
  unprotected: ({account}) => !account.signature_secret,
};

function withQuery(url, query) {
  const place = url.split('#')[0];
  return `${place}${place.includes('?') ? '&' : '?'}${query}`;
}

const problem = (status, type, title, detail, more = {}) => json(status,
    {type: `https://errors.example.org/api-errors${type}`, title, detail, instance: 'bf0ca0bf927b3b52e3cb03217e1a1ddf', ...more},
    {'Content-Type': 'application/problem+json'});

function claimsOf(token, publicKey) {
  const [head, payload, signature, ...more] = token.split('.');
  if (!signature || more.length > 0) return undefined;
  try {
    const {alg} = JSON.parse(Buffer.from(head, 'base64url').toString('utf8'));
    if (alg !== 'RS256' || !verify('RSA-SHA256', Buffer.from(`${head}.${payload}`), publicKey, Buffer.from(signature, 'base64url'))) return undefined;
    return JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'));
  } catch {
    return undefined;
  }
}

const vonageMessages = {
  account: {api_key: 'abcd1234', api_secret: 'example-secret', signature_secret: 'example-signature-secret-32-chars!!', from: 'Sacco'},
  settings: ({url}) => ({base_url: url, balance_url: url}),
  known: ['message_type', 'channel', 'to', 'from', 'text', 'client_ref', 'ttl', 'webhook_url', 'webhook_version', 'sms', 'failover'],

  handle(server, request) {
    const balance = vonageBalance(server, request);
    if (balance) return balance;
    if (request.method !== 'POST' || request.path !== '/v1/messages') return undefined;
    const wrong = this.login(server, request);
    if (wrong) throw new Refusal(`login: ${wrong}`, problem(401, '#unauthorized', 'Unauthorized', 'You did not provide correct credentials.'));
    const body = isType(request, 'application/json') ? objectIn(request) : undefined;
    const invalid = (name, reason) => {
      throw new Refusal(`${name}: ${reason}`, problem(422, '/messages#1150', 'Invalid params', 'The value of one or more parameters is invalid.',
          {invalid_parameters: [{name, reason}]}));
    };
    if (!body) invalid('body', 'not a JSON object of type application/json');
    server.ignore(Object.keys(body), this.known);
    if (body.message_type !== 'text') invalid('message_type', 'not text');
    if (body.channel !== 'sms') invalid('channel', 'not sms');
    if (typeof body.to !== 'string' || !isDigits(body.to)) invalid('to', `not digits: ${body.to}`);
    if (typeof body.from !== 'string' || !isSender(body.from)) invalid('from', `${body.from}`);
    if (typeof body.text !== 'string' || !body.text || [...body.text].length > 1000) invalid('text', 'missing or more than 1000 characters');
    if (body.client_ref !== undefined && (typeof body.client_ref !== 'string' || body.client_ref.length > 100)) invalid('client_ref', 'too long');
    if (body.ttl !== undefined && (typeof body.ttl !== 'number' || !isWhole(body.ttl, 1, 604800))) invalid('ttl', `${body.ttl}`);
    if (body.webhook_url !== undefined && !isUrl(body.webhook_url)) invalid('webhook_url', `${body.webhook_url}`);
    const encoding = body.sms?.encoding_type ?? 'auto';
    if (!['auto', 'text', 'unicode'].includes(encoding)) invalid('encoding_type', encoding);
    return {draft: {to: `+${body.to}`, wireTo: body.to, from: body.from, text: encoding === 'text' ? inGsm(body.text) : body.text,
      callbackUrl: body.webhook_url ?? server.options.callbackUrl, clientRef: body.client_ref,
      reference: body.client_ref ?? referenceIn(body.webhook_url), validityS: body.ttl}};
  },

  // Nothing: it is the account.
  login({account, now}, request) {
    if (isLogin(basicOf(request), account.api_key, account.api_secret)) return undefined;
    const pem = account.private_key_pem;
    const token = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1];
    if (!pem || !token) return 'no token and no known user';
    const claims = claimsOf(token, createPublicKey(pem));
    if (!claims) return 'the token is not signed with the key of the application';
    if (claims.application_id !== account.application_id) return 'application_id';
    if (typeof claims.jti !== 'string' || claims.jti.length < 8) return 'jti';
    if (!Number.isInteger(claims.iat) || claims.iat > now() + 60) return 'iat';
    if (!Number.isInteger(claims.exp) || claims.exp <= now() || claims.exp > claims.iat + 86400) return 'exp';
    return undefined;
  },

  ids: (server) => [server.uuid()],
  first: () => 'accepted',
  answer: (server, {id}) => json(202, {message_uuid: id}),
  refuse: (server, draft, as) => problem(...({
    destination: [422, '/messages#1150', 'Invalid params', 'The value of one or more parameters is invalid.',
        {invalid_parameters: [{name: 'to', reason: 'invalid value'}]}],
    balance: [402, '#low-balance', 'Low balance', 'This request could not be performed due to your account balance being low.'],
    auth: [401, '#unauthorized', 'Unauthorized', 'You did not provide correct credentials.'],
    throttled: [429, '#rate-limit', 'Rate Limit Hit', 'Please wait, then retry your request'],
    sender: [422, '/messages#1120', 'Illegal Sender Address - rejected', 'The sender is not allowed.'],
    blocked: [422, '/messages#1240', 'Illegal Number', 'The recipient has opted out.'],
  })[as]),
  trouble: (status) => (status === 429 ? problem(429, '#rate-limit', 'Rate Limit Hit', 'Please wait, then retry your request') :
    problem(status, '#internal-error', 'Internal error', 'There was an error processing your request in the Platform.')),

  steps: (message, outcome) => [{word: 'submitted'}, ...({delivered: [{word: 'delivered', final: true}],
    undelivered: [{word: 'undeliverable', code: 1170, final: true}], expired: [{word: 'rejected', code: 1360, final: true}],
    rejected: [{word: 'rejected', code: 1240, final: true}], sent: []})[outcome]],

  callback(server, message, step, {id, url, forged}) {
    const {account} = server;
    const error = step.code && {type: `https://errors.example.org/api-errors/messages#${step.code}`, title: step.code,
        detail: 'not delivered', instance: id};
    const body = JSON.stringify({message_uuid: id, to: message.wireTo, from: message.from, timestamp: server.date().toISOString(), status: step.word,
      channel: 'sms', client_ref: message.clientRef, error, usage: {currency: 'EUR', price: decimal(0.0333 * message.parts, 4)},
      destination: {network_code: '63902'}, sms: {count_total: String(message.parts)}});
    const headers = {'Content-Type': 'application/json'};
    if (account.signature_secret) {
      const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
      const text = `${part({alg: 'HS256', typ: 'JWT'})}.${part({iat: server.now(), jti: server.uuid(), iss: 'Vonage',
        payload_hash: createHash('sha256').update(body).digest('hex'), api_key: account.api_key, application_id: account.application_id})}`;
      const signature = createHmac('sha256', forged ? 'another-secret' : account.signature_secret).update(text).digest('base64url');
      headers.Authorization = `Bearer ${text}.${signature}`;
    }
    return {method: 'POST', url, headers, body};
  },
  wants: is2xx,
  unprotected: ({account}) => !account.signature_secret,
};

const telerivetError = (status, code, message, param) => json(status, {error: {code, message, ...(param ? {param} : {})}});

const telerivet = {
  account: {api_key: 'example-api-key', project_id: 'PJ0000000000000001', route_id: 'PN0000000000000001', status_secret: 's3cr3t',
      webhook_secret: 'w3bh00k'},
  settings: ({url}) => ({base_url: url}),
  known: ['to_number', 'content', 'route_id', 'message_type', 'status_url', 'status_secret', 'vars', 'priority', 'label_ids', 'track_clicks',
    'media_urls', 'route_params', 'simulated', 'replace_variables', 'is_template', 'api_key'],

  handle(server, request) {
    const {account} = server;
    const refuse = (reason, ...error) => { throw new Refusal(reason, telerivetError(...error)); };
    if (!isLogin(basicOf(request), account.api_key, '')) refuse('login', 401, 'unauthorized', 'Invalid API key');
    const base = `/v1/projects/${account.project_id}/messages/`;
    if (!request.path.startsWith(base)) refuse(`no such resource: ${request.path}`, 404, 'not_found', 'Project not found');
    const place = request.path.slice(base.length);
    if (request.method === 'GET') {
      const message = server.find(place) ?? refuse('unknown message', 404, 'not_found', 'Message not found');
      return json(200, this.object(server, message));
    }
    if (request.method !== 'POST' || place !== 'send') return undefined;
    const body = isType(request, 'application/json') ? objectIn(request) : undefined;
    if (!body) refuse('the body is no JSON object', 400, 'invalid_param', 'Invalid JSON');
    server.ignore(Object.keys(body), this.known);
    const invalid = (param, message) => refuse(`${param}: ${message}`, 400, 'invalid_param', message, param);
    if (typeof body.to_number !== 'string' || !isE164(body.to_number)) invalid('to_number', 'Invalid phone number');
    if (typeof body.content !== 'string' || !body.content) invalid('content', 'Empty message');
    if (body.route_id !== undefined && body.route_id !== account.route_id) invalid('route_id', 'Unknown route');
    if (body.status_url !== undefined && !isUrl(body.status_url)) invalid('status_url', 'Invalid URL');
    const vars = Object.entries(body.vars ?? {});
    if (vars.length > 100 || vars.some(([name]) => !/^[A-Za-z0-9_]{1,32}$/.test(name))) invalid('vars', 'Invalid variable');
    // Marks in the text are replaced where that is asked for; it is not to be asked for.
    const text = body.replace_variables || body.is_template ? body.content.replace(/\[\[[^\]]*\]\]/g, '') : body.content;
    return {draft: {to: body.to_number, wireTo: body.to_number, text, vars: body.vars ?? {},
        reference: body.vars?.ref ?? referenceIn(body.status_url),
      // A message without an address of its own is reported to the webhook of the project, with the webhook's secret.
      callbackUrl: body.status_url ?? server.options.callbackUrl, secret: body.status_url ? body.status_secret : account.webhook_secret}};
  },

  ids: (server) => [`SM${server.hex(16)}`],
  first: () => 'queued',
  answer(server, message) { return json(200, this.object(server, message)); },

  object({account}, {id, at, to, text, vars, parts, state}) {
    return {id, direction: 'outgoing', status: state.word, message_type: 'sms', source: 'api', time_created: Math.floor(at / 1000),
      time_sent: state.word === 'queued' ? null : Math.floor(at / 1000), from_number: '+254700000900', to_number: to, content: text,
      starred: false, simulated: false, label_ids: [], vars, priority: 1, external_id: null, num_parts: state.final ? parts : null,
      price: state.final ? Number(decimal(0.02 * parts, 2)) : null, price_currency: state.final ? 'USD' : null, phone_id: account.route_id ?? 'PN1',
      contact_id: 'CT0000000000000001', route_id: account.route_id ?? 'PN1', project_id: account.project_id,
      ...(state.code ? {error_code: String(state.code), error_message: 'not delivered'} : {})};
  },

  refuse: (server, draft, as) => telerivetError(...({
    destination: [400, 'invalid_param', 'Invalid phone number', 'to_number'], content: [400, 'invalid_param', 'Empty message', 'content'],
    sender: [400, 'invalid_param', 'Unknown route', 'route_id'], auth: [401, 'unauthorized', 'Invalid API key'],
    balance: [402, 'balance_exceeded', 'Not enough credit'], throttled: [429, 'rate_limit_exceeded', 'slow down'],
  })[as]),
  trouble: (status) => (status === 429 ? telerivetError(429, 'rate_limit_exceeded', 'slow down') : page(status, 'Service not available')),

  steps: (message, outcome) => [{word: 'sent'}, ...({delivered: [{word: 'delivered', final: true}], undelivered: [{word: 'failed', code: 38,
      final: true}],
    expired: [{word: 'not_delivered', final: true}], rejected: [{word: 'cancelled', final: true}], sent: []})[outcome]],

  callback(server, message, step, {id, url, forged}) {
    const {account} = server;
    const time = Math.floor(message.at / 1000);
    const pairs = [['event', 'send_status'], ['id', id], ['status', step.word], ['secret', forged ? 'guess' : message.secret],
      ['phone_id', account.route_id], ['contact_id', 'CT0000000000000001'], ['project_id', account.project_id], ['direction', 'outgoing'],
      ['message_type', 'sms'], ['source', 'api'], ['time_created', time], ['time_sent', time], ['time_updated', server.now()],
      ['from_number', '+254700000900'], ['to_number', message.to], ['content', message.text],
      ...Object.entries(message.vars).map(([name, value]) => [`vars[${name}]`, value]),
      ...(step.code ? [['error_code', step.code], ['error_message', 'Network error']] : [])];
    return {method: 'POST', url, headers: {'Content-Type': formType}, body: formText(pairs)};
  },
  wants: ({status}) => status === 200,  // and nothing else: 204 is a failure
};

const frontlinesms = {
  account: {mode: 'v2', activity_id: '7', secret: 's3cr3t', api_key: 'example-key'},
  settings: ({url}) => ({base_url: url}),

  handle(server, request) {
    const {mode} = server.account;
    if (mode === 'trigger') return this.trigger(request);
    return mode === 'cloud' ? this.cloud(server, request) : this.v2(server, request);
  },

  // No authentication; number and text are in the path.
  trigger(request) {
    if (request.method === 'GET' && request.path === '/test/') return plain(200, 'OK\n', 'text/html');
    const match = /^\/send\/sms\/([^/]+)\/(.+)$/.exec(request.path);
    if (request.method !== 'GET' || !match) throw new Refusal(`path: ${request.path}`, plain(403, '', 'text/html'));
    const [number, text] = match.slice(1).map((part) => decoded(part, false).toString('utf8'));
    if (!isE164(number)) throw new Refusal(`number: ${number}`, plain(500, 'ERROR\n', 'text/html'));
    // The decoded path is cut at a slash.
    return {draft: {to: number, wireTo: number, text: text.split('/')[0]}};
  },

  cloud({account}, request) {
    const inPath = request.path === `/api/1/webhook/${encodeURIComponent(account.api_key)}`;
    if (request.method !== 'POST' || (!inPath && request.path !== '/api/1/webhook')) return undefined;
    const body = isType(request, 'application/json') ? objectIn(request) : undefined;
    if (!body) throw new Refusal('the body is no JSON object', plain(400, ''));
    if (!inPath && body.apiKey !== account.api_key) throw new Refusal('apiKey', plain(401, ''));
    const payload = inPath ? body : body.payload;
    const number = payload?.recipients?.[0]?.value;
    const fits = typeof payload?.message === 'string' && payload.recipients?.length === 1 && payload.recipients[0].type === 'mobile' && isE164(number);
    if (!fits) throw new Refusal(`payload: ${JSON.stringify(payload)}`, plain(400, ''));
    return {draft: {to: number, wireTo: number, text: payload.message}};
  },

  v2(server, request) {
    const {account} = server;
    const refuse = (status, body) => { throw new Refusal(body, plain(status, body)); };
    if (request.method !== 'POST' || request.path !== `/api/1/webconnection/${account.activity_id}`) refuse(404, 'not found');
    const body = (isType(request, 'application/json') ? objectIn(request) : undefined) ?? {};
    server.ignore(Object.keys(body), ['secret', 'message', 'recipients']);
    if (account.secret && body.secret === undefined) refuse(401, 'no secret provided');
    if (account.secret && body.secret !== account.secret) refuse(401, 'invalid secret');
    const missing = ['message', 'recipients'].filter((name) => body[name] === undefined);
    if (missing.length > 0) refuse(400, `missing required field(s): ${missing.join(', ')}`);
    if (!Array.isArray(body.recipients) || body.recipients.length === 0) refuse(400, 'no recipients supplied');
    const [{type, value} = {}] = body.recipients;
    if (body.recipients.length !== 1 || type !== 'address' || !isE164(value)) refuse(400, `recipient is not one address +digits: ${value}`);
    return {draft: {to: value, wireTo: value, text: body.message.replace(/\$\{[^}]*\}/g, '')}};  // markers are substituted
  },

  ids: (server) => [`fl-${server.hex(12)}`],  // for the test; nobody else learns it
  first: () => 'queued',
  answer({account}) {
    if (account.mode === 'trigger') return plain(200, 'OK\n', 'text/html');
    return account.mode === 'cloud' ? plain(200, '') : plain(200, 'message successfully queued to send to 1 recipient(s)');
  },
  refuse({account}, draft, as) {
    if (account.mode === 'trigger') return plain(500, 'ERROR\n', 'text/html');
    if (as === 'auth') return plain(401, account.mode === 'cloud' ? '' : 'invalid secret');
    return account.mode === 'cloud' ? plain(400, '') : plain(200, 'message successfully queued to send to 0 recipient(s)');
  },
  trouble: (status) => (status === 500 ? plain(500, 'ERROR\n', 'text/html') : page(status, 'Service not available')),
  steps: () => [],  // nothing is reported
};

const africasTalkingAnswer = (status, message, recipients) => json(status, {SMSMessageData: {Message: message, Recipients: recipients}},
    {'Content-Type': 'application/json; charset=utf-8'});
const africasTalkingRefusal = (number, statusCode, status, http = 201) => africasTalkingAnswer(http, 'Sent to 0/1 Total Cost: 0',
    [{cost: '0', messageId: 'None', number, status, statusCode}]);

const africastalking = {
  account: {username: 'sacco', api_key: 'example-api-key', from: 'SACCO'},
  settings: ({url}) => ({base_url: url}),
  known: ['username', 'to', 'message', 'from', 'bulkSMSMode', 'enqueue', 'retryDurationInHours', 'keyword', 'linkId'],

  handle(server, request) {
    const {account} = server;
    const login = (username) => {
      if (request.headers.apikey !== account.api_key || username !== account.username) {
        throw new Refusal('login', plain(401, 'The supplied authentication is invalid'));
      }
    };
    const asJson = (request.headers.accept ?? '').includes('application/json');
    if (request.method === 'GET' && request.path === '/version1/user') {
      login(request.query.get('username'));
      return json(200, {UserData: {balance: `KES ${server.balance('1785.50')}`}});
    }
    if (request.method !== 'POST' || request.path !== '/version1/messaging') return undefined;
    const form = isType(request, formType) ? parseForm(request.body.toString('latin1')) : new Map();
    login(form.get('username'));
    server.ignore(form.keys(), this.known);
    const to = form.get('to'), from = form.get('from'), text = form.get('message');
    for (const [name, value] of [['to', to], ['message', text]]) {
      if (!value) throw new Refusal(`${name} missing`, plain(400, `Request is missing required form field '${name}'`));
    }
    if (to.includes(',')) throw new Refusal('several recipients', plain(501, 'this stand-in takes one recipient a call'));
    if (!isE164(to)) throw new Refusal(`to is not +digits: ${to}`, africasTalkingRefusal(to, 403, 'InvalidPhoneNumber'));
    if (from !== undefined && !isSender(from)) throw new Refusal(`from: ${from}`, africasTalkingAnswer(201, 'InvalidSenderId', []));
    return {draft: {to, wireTo: to, from, text, asJson, callbackUrl: server.options.callbackUrl}};
  },

  ids: (server) => [`ATXid_${server.hex(32)}`],
  first: () => 'Success',
  answer(server, {id, to, parts, asJson}) {
    // Who does not ask for JSON gets XML.
    if (!asJson) return plain(201, '<?xml version="1.0"?><AfricasTalkingResponse/>', 'text/xml');
    const cost = `KES ${decimal(0.8 * parts, 4)}`;
    return africasTalkingAnswer(201, `Sent to 1/1 Total Cost: ${cost} Message parts: ${parts}`,
        [{cost, messageId: id, number: to, status: 'Success', statusCode: 102}]);
  },
  refuse(server, {to}, as) {
    if (as === 'auth') return plain(401, 'The supplied authentication is invalid');
    if (as === 'sender') return africasTalkingAnswer(201, 'InvalidSenderId', []);
    return africasTalkingRefusal(to, ...({destination: [403, 'InvalidPhoneNumber'], account: [401, 'RiskHold'], balance: [405, 'InsufficientBalance'],
      blocked: [406, 'UserInBlacklist'], route: [407, 'CouldNotRoute'], temporary: [501, 'GatewayError'], disturb: [409,
          'DoNotDisturbRejection', 409]})[as]);
  },
  trouble: (status) => page(status, 'Service not available'),
  steps: (message, outcome) => [{word: 'Sent'}, ...({delivered: [{word: 'Success', final: true}],
    undelivered: [{word: 'Failed', code: 'UserIsInactive', final: true}], expired: [{word: 'Expired', final: true}],
    rejected: [{word: 'Rejected', code: 'UserInBlackList', final: true}], sent: []})[outcome]],
  callback: (server, message, step, {id, url}) => ({method: 'POST', url, headers: {'Content-Type': formType},
    body: formText([['id', id], ['status', step.word], ['phoneNumber', message.to], ['networkCode', '63902'], ['failureReason', step.code],
        ['retryCount', '0']])}),
  wants: ({status}) => status === 200,
  tokenOnly: true,
};

const infobipStatus = {
  accepted: {groupId: 1, groupName: 'PENDING', id: 26, name: 'PENDING_ACCEPTED', description: 'Pending accepted'},
  enroute: {groupId: 1, groupName: 'PENDING', id: 7, name: 'PENDING_ENROUTE', description: 'Message sent to next instance'},
  delivered: {groupId: 3, groupName: 'DELIVERED', id: 5, name: 'DELIVERED_TO_HANDSET', description: 'Delivered to handset'},
  undelivered: {groupId: 2, groupName: 'UNDELIVERABLE', id: 9, name: 'UNDELIVERABLE_NOT_DELIVERED', description: 'Undeliverable not delivered'},
  expired: {groupId: 4, groupName: 'EXPIRED', id: 15, name: 'EXPIRED_EXPIRED', description: 'Expired'},
  rejected: {groupId: 5, groupName: 'REJECTED', id: 6, name: 'REJECTED_NETWORK', description: 'Rejected network'},
};
const infobipRejected = (id, name) => ({groupId: 5, groupName: 'REJECTED', id, name: `REJECTED_${name}`, description: 'Rejected'});
const infobipError = (id) => (id === 0 ? {groupId: 0, groupName: 'OK', id, name: 'NO_ERROR', description: 'No Error', permanent: false} :
  {groupId: 1, groupName: 'HANDSET_ERRORS', id, name: `EC_${id}`, description: 'not delivered', permanent: id === 1});

const infobip = {
  account: {api_key: 'example-key', api: 'v2', from: 'SACCO'},
  settings: ({url}) => ({base_url: url}),

  handle(server, request) {
    const v3 = request.path.startsWith('/sms/3/');
    const refuse = (reason, ...error) => { throw new Refusal(reason, this.error(v3, ...error)); };
    if (request.headers.authorization !== `App ${server.account.api_key}`) refuse('login', 401, 'UNAUTHORIZED', 'Invalid login details');
    if (request.method === 'GET') return this.get(server, request, v3);
    if (request.method !== 'POST' || !['/sms/2/text/advanced', '/sms/3/messages'].includes(request.path)) return undefined;
    const body = isType(request, 'application/json') ? objectIn(request) : undefined;
    const bad = (property, violation) => refuse(`${property}: ${violation}`, 400, 'BAD_REQUEST', 'Bad request', property, violation);
    if (!body) bad('body', 'must be a JSON object');
    if (!Array.isArray(body.messages) || body.messages.length === 0) bad('messages', 'must not be empty');
    const [message] = body.messages;
    if (body.messages.length > 1 || message.destinations?.length !== 1) bad('messages', 'this stand-in takes one message and one destination a call');
    server.ignore(Object.keys(body), v3 ? ['messages', 'options'] : ['messages', 'bulkId', 'includeSmsCountInResponse', 'tracking']);
    server.ignore(Object.keys(message), v3 ? ['sender', 'destinations', 'content', 'options', 'webhooks'] :
      ['from', 'destinations', 'text', 'flash', 'transliteration', 'language', 'validityPeriod', 'notifyUrl', 'notifyContentType',
          'intermediateReport', 'callbackData', 'sendAt']);
    if (v3) server.ignore(Object.keys(message.webhooks?.delivery ?? {}), ['url', 'intermediateReport', 'notify']);
    return {draft: this.draft(server, v3, body, message, bad)};
  },

  draft(server, v3, body, message, bad) {
    const [{to, messageId = server.uuid()}] = message.destinations;
    const {delivery = {}, contentType, callbackData} = (v3 ? message.webhooks : {delivery: {url: message.notifyUrl,
      intermediateReport: message.intermediateReport}, contentType: message.notifyContentType, callbackData: message.callbackData}) ?? {};
    const text = v3 ? message.content?.text : message.text, from = v3 ? message.sender : message.from;
    const validity = v3 ? message.options?.validityPeriod : message.validityPeriod && {amount: message.validityPeriod, timeUnit: 'MINUTES'};
    if (typeof to !== 'string') bad('messages[0].destinations[0].to', 'must be a text');
    if (typeof messageId !== 'string' || messageId.length === 0 || messageId.length > 200) bad('messages[0].destinations[0].messageId',
        'length must be 1 to 200');
    if (typeof text !== 'string' || !text) bad(v3 ? 'messages[0].content.text' : 'messages[0].text', 'must not be empty');
    if (delivery.url !== undefined && !isUrl(delivery.url)) bad('notifyUrl', 'must be a URL');
    if (contentType !== undefined && contentType !== 'application/json') bad('contentType', 'this stand-in reports in JSON');
    if (callbackData !== undefined && (typeof callbackData !== 'string' || callbackData.length > 4000)) bad('callbackData', 'too long');
    const minutes = validity && validity.amount * (validity.timeUnit === 'HOURS' ? 60 : 1);
    if (validity && (!['MINUTES', 'HOURS'].includes(validity.timeUnit) || !isWhole(minutes, 1, 2880))) bad('validityPeriod',
        'must be 1 to 2880 minutes');
    // What is wrong with a message itself is told with HTTP 200.
    const refuse = (id, name, reason) => { throw new Refusal(reason, this.outcome(v3, {wireTo: to, messageId}, infobipRejected(id, name))); };
    if (!isDigits(to)) refuse(52, 'DESTINATION', `to is not digits: ${to}`);
    if (from !== undefined && !isSender(from)) refuse(13, 'SENDER', `sender: ${from}`);
    return {to: `+${to}`, wireTo: to, from, text, v3, messageId, callbackData, reference: callbackData ?? messageId,
      callbackUrl: delivery.url ?? server.options.callbackUrl, validityS: minutes && minutes * 60, intermediate: delivery.intermediateReport === true,
      counts: v3 ? body.options?.includeSmsCountInResponse === true : body.includeSmsCountInResponse === true};
  },

  get(server, {path, query}, v3) {
    if (path === '/account/1/balance') return json(200, {balance: Number(server.balance('47.79')), currency: 'EUR'});
    const logs = ['/sms/1/logs', '/sms/3/logs'].includes(path), reports = ['/sms/1/reports', '/sms/3/reports'].includes(path);
    if (!logs && !reports) return undefined;
    const id = query.get('messageId');
    const of = id ? [server.find(id)].filter(Boolean) : server.received.slice(-1000);
    // A report is given out once; a log as often as it is asked for.
    const found = logs ? of : of.filter(({state, reported}) => state.final && !reported);
    if (reports) for (const message of found) message.reported = true;
    return json(200, {results: found.map((message) => this.result(server, message, message.state, message.id, v3))});
  },

  result(server, {messageId, wireTo, from, parts, callbackData, at}, {status, code}, id, v3) {
    const time = (date) => date.toISOString().replace('Z', '+0000');
    return {bulkId: 'b-1', messageId: id, to: wireTo, ...(v3 ? {sender: from, messageCount: parts, platform: {entityId: 'e',
        applicationId: 'a'}} : {smsCount: parts}),
      sentAt: time(new Date(at)), doneAt: time(server.date()), mccMnc: '63902', callbackData: id === messageId ? callbackData : undefined,
      price: {pricePerMessage: 0.01, currency: 'EUR'}, status, error: infobipError(code ?? 0)};
  },

  outcome: (v3, {wireTo, messageId, counts, parts}, status) => json(200, v3 ?
    {bulkId: 'b-1', messages: [{messageId, status, destination: wireTo, ...(counts && parts ? {details: {messageCount: parts}} : {})}]} :
    {messages: [{to: wireTo, status, messageId, ...(counts && parts ? {smsCount: parts} : {})}]}),

  error: (v3, status, code, words, property, violation) => json(status, v3 ?
    {errorCode: `E${status}`, description: words, action: 'Check the request.', violations: property ? [{property, violation}] : [], resources: []} :
    {requestError: {serviceException: {messageId: code, text: words, ...(property ? {validationErrors: {[property]: [violation]}} : {})}}}),

  ids: (server, draft) => [draft.messageId],
  // Our own id is the key: the same one again is not sent again.
  duplicate(server, draft) {
    const known = server.find(draft.messageId);
    return known && {known, answer: this.outcome(draft.v3, draft, infobipRejected(23, 'DUPLICATE_MESSAGE_ID'))};
  },
  first: () => 'accepted',
  firstState: {word: 'accepted', status: infobipStatus.accepted},
  answer(server, message) { return this.outcome(message.v3, message, infobipStatus.accepted); },
  refuse(server, draft, as) {
    if (as === 'auth') return this.error(draft.v3, 401, 'UNAUTHORIZED', 'Invalid login details');
    return this.outcome(draft.v3, draft, infobipRejected(...({destination: [52, 'DESTINATION'], blocked: [14, 'DESTINATION_BLOCKLISTED'],
        sender: [13, 'SENDER'],
      balance: [12, 'NOT_ENOUGH_CREDITS'], throttled: [20, 'FLOODING_FILTER'], route: [6, 'NETWORK'], temporary: [21, 'SYSTEM_ERROR'],
      content: [25, 'MESSAGE_TOO_LONG']})[as]));
  },
  trouble(status, {v3}) {
    return status === 429 ? this.error(v3, 429, 'TOO_MANY_REQUESTS', 'Too many requests') : this.error(v3, status, 'GENERAL_ERROR',
        'Something went wrong');
  },

  // What is under way is pushed only where that was asked for.
  steps: ({intermediate}, outcome) => [{word: 'enroute', status: infobipStatus.enroute, unasked: !intermediate},
    ...(outcome === 'sent' ? [] : [{word: outcome, status: infobipStatus[outcome], code: outcome === 'undelivered' ? 1 : 0, final: true}])],
  callback(server, message, step, {id, url}) {
    return {method: 'POST', url, headers: {'Content-Type': 'application/json'},
      body: JSON.stringify({results: [this.result(server, message, step, id, message.v3)]})};
  },
  wants: is2xx,
  tokenOnly: true,
};

const androidSmsgate = {
  account: {username: 'user', password: 'example', signing_key: 'smsgate-key-A'},
  settings: ({url}) => ({base_url: `${url}/3rdparty/v1`}),
  known: ['id', 'deviceId', 'textMessage', 'message', 'phoneNumbers', 'simNumber', 'ttl', 'validUntil', 'scheduleAt', 'withDeliveryReport',
      'priority', 'isEncrypted'],

  handle(server, request) {
    const {account} = server;
    const refuse = (status, message) => { throw new Refusal(message, json(status, {message})); };
    const bearer = account.access_token && request.headers.authorization === `Bearer ${account.access_token}`;
    if (!bearer && !isLogin(basicOf(request), account.username, account.password)) refuse(401, 'Unauthorized');
    // Public server, private server, phone.
    const place = request.path.replace(/^(\/api)?\/3rdparty\/v1/, '');
    if (place === '/webhooks' || place.startsWith('/webhooks/')) return this.webhooks(server, request, place, refuse);
    const single = /^\/messages\/([^/]+)$/.exec(place);
    if (request.method === 'GET' && single) return json(200, this.object(server, server.find(decodeURIComponent(single[1])) ?? refuse(404,
        'message not found')));
    if (request.method !== 'POST' || place !== '/messages') return undefined;
    const body = isType(request, 'application/json') ? objectIn(request) : undefined;
    if (!body) refuse(400, 'failed to parse request');
    server.ignore(Object.keys(body), this.known);
    const {id = server.hex(21), phoneNumbers, ttl, simNumber, priority} = body;
    const text = body.textMessage?.text ?? body.message;
    if (typeof id !== 'string' || id.length === 0 || id.length > 36) refuse(400, 'failed to validate: id must have 1 to 36 characters');
    if (typeof text !== 'string' || !text) refuse(400, 'No message content provided');
    if (!Array.isArray(phoneNumbers) || phoneNumbers.length !== 1) refuse(400, 'this stand-in takes one recipient a call');
    const checks = request.query.get('skipPhoneValidation') !== 'true';
    if (!isE164(phoneNumbers[0]) && (checks || !/^\+?\d+$/.test(phoneNumbers[0]))) {
      refuse(400, 'failed to parse phone number: the phone number supplied is not a number');
    }
    if (ttl !== undefined && (typeof ttl !== 'number' || !isWhole(ttl, 5, 1e9) || body.validUntil !== undefined)) refuse(400,
        'failed to validate: ttl');
    if (simNumber !== undefined && !isWhole(simNumber, 1, 3)) refuse(400, 'failed to validate: simNumber');
    if (priority !== undefined && !isWhole(priority, -128, 127)) refuse(400, 'failed to validate: priority');
    if (body.deviceId !== undefined && body.deviceId !== account.device_id) refuse(400, 'no devices found');
    return {draft: {to: phoneNumbers[0], wireTo: phoneNumbers[0], text, messageId: id, reference: id, validityS: ttl, path: request.path,
      wantsReport: body.withDeliveryReport !== false, callbackUrl: server.options.callbackUrl}};
  },

  // Registered once for each event; what the options name gets all events.
  webhooks(server, request, place, refuse) {
    const hooks = (server.webhooks ??= []);
    if (request.method === 'GET' && place === '/webhooks') return json(200, hooks);
    if (request.method === 'DELETE') {
      server.webhooks = hooks.filter(({id}) => place !== `/webhooks/${id}`);
      return {status: 204, headers: {}, body: ''};
    }
    if (request.method !== 'POST') return undefined;
    const body = objectIn(request) ?? {};
    if (!isUrl(body.url) || typeof body.event !== 'string') refuse(400, 'failed to validate: webhook');
    const hook = {id: body.id ?? `wh-${server.hex(8)}`, url: body.url, event: body.event};
    hooks.push(hook);
    return json(201, hook);
  },
  urls: (server, message, step) => (server.options.callbackUrl ? [server.options.callbackUrl] :
    (server.webhooks ?? []).filter(({event}) => event === step.event).map(({url}) => url)),

  ids: (server, draft) => [draft.messageId],
  duplicate(server, draft) {
    const known = server.find(draft.messageId);
    return known && {known, answer: json(409, {message: 'message with the same id already exists'})};
  },
  first: () => 'Pending',
  answer(server, message) { return json(202, this.object(server, message), {Location: `${message.path}/${encodeURIComponent(message.id)}`}); },
  object: ({account}, {id, to, state}) => ({id, deviceId: account.device_id ?? 'dev0000000000000000001', state: state.word, isHashed: false,
      isEncrypted: false,
    recipients: [{phoneNumber: to, state: state.word, ...(state.code ? {error: state.code} : {})}], states: {}}),
  refuse: (server, draft, as) => json(...({destination: [400, {message: 'not mobile phone number'}], auth: [401, {message: 'Unauthorized'}],
    config: [400, {message: 'no devices found'}], throttled: [503, {error: 'QueueLimitExceeded',
        message: 'queue limits exceeded: too many pending messages: 500 / 500'}]})[as]),
  trouble: (status) => json(status, status === 503 ? {error: 'QueueLimitExceeded',
      message: 'queue limits exceeded: too many pending messages: 500 / 500'} : {message: 'failed to enqueue message'}),

  // `sms:delivered` comes once a part and does not say which.
  steps({parts, wantsReport}, outcome) {
    const failed = (code) => [{word: 'Failed', event: 'sms:failed', code, final: true}];
    if (outcome === 'undelivered' || outcome === 'expired') return failed(outcome === 'expired' ? 'TTL expired' : 'RESULT_ERROR_GENERIC_FAILURE');
    if (outcome === 'rejected') return [{word: 'Cancelled', event: 'sms:cancelled', final: true}];
    const delivered = outcome === 'delivered' && wantsReport ? Array.from({length: parts}, () => ({word: 'Delivered',
        event: 'sms:delivered', final: true})) : [];
    return [{word: 'Sent', event: 'sms:sent'}, ...delivered];
  },
  callback(server, message, step, {id, url, forged, eventId}) {
    const {account} = server;
    const now = server.now(), date = server.date().toISOString();
    const times = {'sms:sent': {partsCount: message.parts, sentAt: date}, 'sms:delivered': {deliveredAt: date},
      'sms:failed': {failedAt: date, reason: step.code}, 'sms:cancelled': {}};
    const body = JSON.stringify({deviceId: account.device_id ?? 'dev0000000000000000001', event: step.event, id: eventId,
      payload: {messageId: id, phoneNumber: message.to, recipient: message.to, sender: null, simNumber: 1, ...times[step.event]}, webhookId: 'wh-1'});
    const signature = createHmac('sha256', forged ? 'another-key' : account.signing_key ?? '').update(body + now).digest('hex');
    return {method: 'POST', url, headers: {'Content-Type': 'application/json', 'X-Timestamp': String(now), 'X-Signature': signature}, body};
  },
  wants: is2xx,
};

const kannelText = (status, body) => plain(status, body, 'text/html');

const kannel = {
  account: {username: 'gw', password: 'example', from: 'SACCO', number_format: 'e164'},
  settings: ({url}) => ({url: `${url}/cgi-bin/sendsms`}),
  known: ['username', 'user', 'password', 'pass', 'from', 'to', 'text', 'coding', 'charset', 'mclass', 'mwi', 'udh', 'smsc', 'pid', 'alt-dcs', 'rpi',
    'account', 'binfo', 'meta-data', 'validity', 'deferred', 'priority', 'dlr-mask', 'dlrmask', 'dlr-url', 'dlrurl'],

  handle(server, request) {
    const {account} = server;
    const refuse = (status, body, reason = body) => { throw new Refusal(reason, kannelText(status, body)); };
    if (request.path !== '/cgi-bin/sendsms') refuse(404, 'Unknown request.');
    // A body would be headers with a text, or XML; never a form.
    if (request.method !== 'GET' || request.body.length > 0) refuse(400, 'Unsupported content-type, rejected');
    const {query} = request;
    const field = (...names) => names.map((name) => query.get(name)).find((value) => value !== undefined);
    if (field('username', 'user') !== account.username || field('password', 'pass') !== account.password) refuse(403,
        'Authorization failed for sendsms');
    server.ignore(query.keys(), this.known);
    const to = field('to');
    if (to === undefined) refuse(400, 'Missing receiver number, rejected');
    const numbers = to.split(' ').filter(Boolean);
    if (numbers.length === 0) refuse(400, 'Empty receiver number not allowed, rejected');
    if (numbers.length > 1) refuse(400, 'this stand-in takes one receiver a call');
    const fits = (account.number_format ?? 'e164') === 'e164' ? isE164(numbers[0]) : isDigits(numbers[0]);
    if (!fits) refuse(403, 'Not routable. Do not try again.', `to is not in the form that the route needs: ${to}`);
    if (!field('from') && !server.options.globalSender) refuse(400, 'Sender missing and no global set, rejected');
    for (const [name, label, min, max] of [['dlr-mask', 'DLR-Mask', 0, 63], ['validity', 'Validity', 0, 1e6], ['deferred', 'Deferred', 0, 1e6],
      ['priority', 'Priority', 0, 3], ['coding', 'Coding', 0, 2], ['mclass', 'MClass', 0, 3]]) {
      if (query.has(name) && !isWhole(query.get(name), min, max)) refuse(400, `${label} field misformed, rejected`);
    }
    const coding = Number(field('coding') ?? 0);
    const text = this.text(query.octets.get('text') ?? Buffer.alloc(0), coding,
        (field('charset') ?? (coding === 2 ? 'UTF-16BE' : 'UTF-8')).toUpperCase());
    if (text === undefined) refuse(400, 'Charset or body misformed, rejected');
    const callbackUrl = field('dlr-url', 'dlrurl');
    const mask = Number(field('dlr-mask', 'dlrmask') ?? 0);
    return {draft: {to: `+${numbers[0].replace('+', '')}`, wireTo: numbers[0], from: field('from') ?? server.options.globalSender, text, coding, mask,
      callbackUrl: mask > 0 ? callbackUrl : undefined, reference: referenceIn(callbackUrl),
          validityS: query.has('validity') ? Number(query.get('validity')) * 60 : undefined}};
  },

  // Nothing: the octets are not of the character set.
  text(octets, coding, charset) {
    if (coding === 1) return octets.toString('hex');
    try {
      if (charset === 'UTF-8') {
        const text = new TextDecoder('utf-8', {fatal: true, ignoreBOM: true}).decode(octets);
        return coding === 0 ? inGsm(text) : text;
      }
      if (charset !== 'UTF-16BE' || coding !== 2 || octets.length % 2 !== 0) return undefined;
      return Buffer.from(octets).swap16().toString('utf16le');
    } catch {
      return undefined;
    }
  },

  ids: (server) => [server.hex(8).toUpperCase()],  // of the message centre: only receipts tell it
  first: () => 'accepted',
  answer: ({options}, {parts}) => kannelText(202,
      !options.immediate ? '0: Accepted for delivery' : parts > 1 ? `Sent. Message splits: ${parts}` : 'Sent.'),
  refuse: (server, draft, as) => kannelText(...({destination: [400, 'Empty receiver number not allowed, rejected'], route: [403,
      'Not routable. Do not try again.'],
    auth: [403, 'Authorization failed for sendsms'], sender: [400, 'Sender missing and no global set, rejected'], temporary: [503,
        'Temporal failure, try again later.'],
    blocked: [400, 'Number(s) has/have been denied by white- and/or black-lists.'], content: [400, 'Charset or body misformed, rejected']})[as]),
  trouble: (status) => (status === 503 ? kannelText(503, 'Temporal failure, try again later.') : status === 500 ? kannelText(500,
      'Sending failed.') : page(status, 'Too Many Requests')),

  // 8: accepted by the message centre, 1 and 2: its receipt, 16: refused by it. Only what the mask asks for is reported.
  steps({mask}, outcome) {
    const receipt = (word, stat, code) => ({word, stat, code, final: true});
    const all = outcome === 'rejected' ? [{word: 16, reply: 'NACK/11/Invalid destination', final: true}] :
      [{word: 8, reply: 'ACK/'}, ...({delivered: [receipt(1, 'DELIVRD', '000')], undelivered: [receipt(2, 'UNDELIV', '011')],
        expired: [receipt(2, 'EXPIRED', '027')], sent: []})[outcome]];
    return all.map((step) => ({...step, unasked: (mask & step.word) === 0}));
  },
  callback(server, message, step, {id, url}) {
    const date = server.date();
    const reply = step.reply ?? `id:${id} sub:001 dlvrd:${step.word === 1 ? '001' : '000'} submit date:${shortTime(new Date(message.at))} ` +
        `done date:${shortTime(date)} stat:${step.stat} err:${step.code} text:${beginning(message.text)}`;
    const values = {d: step.word, F: id, I: server.uuid(), A: reply, p: message.from, P: message.to, T: Math.floor(date / 1000), i: 'smsc1',
      c: message.coding, a: message.text};
    const filled = url.replace(/%(.)/g, (all, letter) => {
      if (letter === '%') return '%';
      if (letter === 't') return longTime(date).replace(' ', '+');
      return letter in values ? encoded(String(values[letter])) : all;
    });
    return {method: 'GET', url: filled};
  },
  wants: is2xx,
  tokenOnly: true,
};

const jasminRules = {
  username: /^.{1,16}$/s, password: /^.{1,16}$/s, to: /^\+?\d+$/, from: /^[\s\S]*$/, content: /^[\s\S]*$/, 'hex-content': /^[0-9a-fA-F]*$/,
  coding: /^(10|13|14|\d)$/, priority: /^[0-3]$/, 'validity-period': /^\d+$/, sdt: /^\d+[+R-]?$/, tags: /^[-A-Za-z0-9,]*$/, custom_tlvs: /^[\s\S]*$/,
  dlr: /^(yes|no)$/, 'dlr-url': /^https?:\/\/\S+$/, 'dlr-level': /^[123]$/, 'dlr-method': /^(get|post)$/i,
};

const jasmin = {
  account: {username: 'gw', password: 'example', from: 'SACCO'},
  settings: ({url}) => ({base_url: url}),

  handle(server, request) {
    const {path, method, query} = request;
    const rest = path.startsWith('/secure/');
    const refuse = (status, words) => { throw new Refusal(words, this.error(rest, status, words)); };
    if (path === '/ping') return plain(200, 'Jasmin/PONG');
    const login = (given) => isLogin(given, server.account.username, server.account.password);
    if (rest && !login(basicOf(request))) refuse(401, 'Authentication required for REST API');
    if (method === 'GET' && path === '/secure/balance') return json(200, {data: {balance: server.balance('10.23'), sms_count: 'ND'}});
    if (method === 'GET' && path === '/balance') {
      const user = {user: query.get('username'), password: query.get('password')};
      if (!login(user)) throw new Refusal('login', json(403, `Authentication failure for username:${user.user}`));
      return json(200, {balance: Number(server.balance('100.0')), sms_count: 'ND'});
    }
    if (path !== '/send' && !(path === '/secure/send' && method === 'POST')) return undefined;
    const fields = this.fields(request, rest);
    if (!fields) refuse(400, 'Mandatory arguments not found, please refer to the HTTPAPI specifications.');
    for (const name of fields.keys()) if (!Object.hasOwn(jasminRules, name)) refuse(400, `Argument [${name}] is unknown.`);
    const needed = rest ? ['to'] : ['username', 'password', 'to'];
    for (const name of needed) if (!fields.has(name)) refuse(400, `Mandatory argument [${name}] is not found.`);
    if (fields.has('content') === fields.has('hex-content')) refuse(400, 'content or hex-content not present.');
    for (const [name, value] of fields) if (!jasminRules[name].test(value)) refuse(400, `Argument [${name}] has an invalid value: [${value}].`);
    if (fields.get('dlr') === 'yes' && !fields.has('dlr-url')) refuse(400, 'Mandatory argument [dlr-url] is not found.');
    if (!rest && !login({user: fields.get('username'), password: fields.get('password')})) refuse(403,
        `Authentication failure for username:${fields.get('username')}`);
    const text = this.text(fields);
    if (text === undefined) refuse(400, `Argument [hex-content] has an invalid value: [${fields.get('hex-content')}].`);
    const to = fields.get('to'), url = fields.get('dlr') === 'yes' ? fields.get('dlr-url') : undefined;
    return {draft: {to: `+${to.replace('+', '')}`, wireTo: to, from: fields.get('from'), text, rest, callbackUrl: url, reference: referenceIn(url),
      level: Number(fields.get('dlr-level') ?? 1), method: (fields.get('dlr-method') ?? 'POST').toUpperCase(),
      validityS: fields.has('validity-period') ? Number(fields.get('validity-period')) * 60 : undefined}};
  },

  // Nothing: the body cannot be read.
  fields(request, rest) {
    if (request.method === 'GET') return request.query;
    // The type has to be this and nothing behind it.
    if (request.headers['content-type'] === 'application/json') {
      const body = objectIn(request);
      return body && new Map(Object.entries(body).map(([name, value]) =>
        [rest ? name.replace(/^(hex|validity|dlr)_/, '$1-') : name, String(value)]));
    }
    return !rest && isType(request, formType) ? parseForm(request.body.toString('latin1')) : undefined;
  },

  // Text is passed on as it is: what is not of the alphabet of `coding` is lost. Hex is octets of that alphabet.
  text(fields) {
    const coding = Number(fields.get('coding') ?? 0);
    const hex = fields.get('hex-content');
    if (hex === undefined) return coding === 0 ? inGsm(fields.get('content')) : `coding ${coding} with plain content`;
    const octets = Buffer.from(hex, 'hex');
    if (coding !== 8) return hex;
    return octets.length * 2 === hex.length && octets.length % 2 === 0 ? octets.swap16().toString('utf16le') : undefined;
  },

  // The REST API loses the closing quote.
  error: (rest, status, words) => (rest ? json(status, {message: `Error "${words}`}) : plain(status, `Error "${words}"`)),
  ids: (server) => [server.uuid()],
  first: () => 'ACCEPTED',
  answer: (server, {id, rest}) => (rest ? json(200, {data: `Success "${id}`}) : plain(200, `Success "${id}"`)),
  refuse(server, {rest}, as) {
    const user = server.account.username;
    return this.error(rest, ...({destination: [400, 'Argument [to] has an invalid value: [0].'], auth: [403,
        `Authentication failure for username:${user}`],
      balance: [403, 'Cannot charge submit_sm, check RouterPB log file for details'], throttled: [403, 'User throughput exceeded'],
      route: [412, 'No route found'], sender: [400, `Authorization failed for user [${user}] (Setting source address not authorized).`],
      content: [400, `Value filter failed for user [${user}] (content filter mismatch).`], temporary: [412,
          'Failover route has no bound connectors']})[as]);
  },
  trouble(status, {rest}) {
    return this.error(rest, status, status === 503 ? 'Interceptor not connected !' : status === 500 ?
      'Cannot send submit_sm, check SMPPClientManagerPB log file for details' : 'Too many requests');
  },

  steps({level}, outcome) {
    const failed = {undelivered: ['UNDELIV', '011'], expired: ['EXPIRED', '027']};
    const first = outcome === 'rejected' ? {word: 'ESME_RINVDSTADR', level: 1, final: true} : {word: 'ESME_ROK', level: 1};
    const [word, code] = outcome === 'delivered' ? ['DELIVRD', '000'] : failed[outcome] ?? [];
    return [{...first, unasked: level === 2}, ...(word ? [{word, code, level, final: true, unasked: level === 1}] : [])];
  },
  callback(server, message, step, {id, url}) {
    const receipt = step.code === undefined ? [] : [['id_smsc', id.slice(0, 8).toUpperCase()], ['sub', '001'], ['dlvrd',
        step.word === 'DELIVRD' ? '001' : '000'],
      ['subdate', shortTime(new Date(message.at))], ['donedate', shortTime(server.date())], ['err', step.code], ['text', beginning(message.text)]];
    const body = formText([['id', id], ['message_status', step.word], ['level', step.level], ['connector', 'smppcon'], ...receipt]);
    if (message.method === 'GET') return {method: 'GET', url: withQuery(url, body)};
    return {method: 'POST', url, headers: {'Content-Type': formType}, body};
  },
  wants: ({status, body}) => status === 200 && body === 'ACK/Jasmin',
  stops: ({status}) => status === 404,
  tokenOnly: true,
};

// A JSON provider that nobody has: bearer token, numbers in digits, and callbacks with an HMAC over URL and body.
const generic = {
  account: {token: 'example-token', key: 'example-callback-key'},
  settings: ({url, account}) => ({
    name: 'acme', country_code: '254',
    request: {method: 'POST', url: `${url}/v1/send`, headers: {'X-Client': 'gw'}, auth: {type: 'bearer', token: account.token},
      body: {type: 'json', value: {dest: '{{to_digits}}', msg: '{{text}}', ref: '{{ref}}', unicode: '{{is_unicode|bool}}', ttl: '{{validity_s|int}}'},
        fields_receipt: {callback: '{{callback_url}}'}}},
    response: {format: 'json', rules: [
      {when: {status: '2xx', json: {path: '/code', in: [0, '0']}}, then: {outcome: 'accepted'}},
      {when: {status: '2xx', json: {path: '/code', equals: 12}}, then: {error_class: 'balance'}},
      {when: {status: '2xx', json: {path: '/code', in: [20, 21]}}, then: {error_class: 'destination'}},
      {when: {status: '429'}, then: {error_class: 'throttled'}}],
    message_id: {json: '/id'}, parts: {json: '/segments'}, price: {json: '/cost'}, currency: {const: 'KES'}, provider_code: {json: '/code'}},
    callback: {auth: {type: 'hmac', header: 'X-Acme-Signature', algorithm: 'sha256', encoding: 'hex', prefix: 'sha256=', key: account.key,
        parts: ['url', 'body']},
      id: {param: 'id'}, ref: {query: 'ref'}, status: {param: 'st'}, error_code: {param: 'err'},
      map: {DELIVRD: 'delivered', UNDELIV: 'undelivered', REJECTD: 'rejected', EXPIRED: 'expired', ENROUTE: 'sent'}, default: 'unknown',
      reply: {status: 200, content_type: 'text/plain', body: 'OK'}},
  }),
  settingsOnly: true,  // the account's own names are not settings of ours

  handle(server, request) {
    if (request.method !== 'POST' || request.path !== '/v1/send') return undefined;
    const refuse = (status, code, msg) => { throw new Refusal(msg, json(status, {code, msg})); };
    if (request.headers.authorization !== `Bearer ${server.account.token}`) refuse(401, 1, 'wrong token');
    const body = isType(request, 'application/json') ? objectIn(request) : undefined;
    if (!body) refuse(400, 2, 'the body is no JSON object');
    const {dest, msg, ref, unicode, ttl, callback, ...more} = body;
    if (Object.keys(more).length > 0) refuse(400, 3, `unknown members: ${Object.keys(more)}`);
    if (typeof dest !== 'string' || !isDigits(dest)) refuse(200, 20, `dest is not digits: ${dest}`);
    if (typeof msg !== 'string' || !msg) refuse(400, 4, 'msg missing');
    if (typeof unicode !== 'boolean') refuse(400, 5, 'unicode is no boolean');
    if (ttl !== undefined && (typeof ttl !== 'number' || !isWhole(ttl, 1, 1e6))) refuse(400, 6, `ttl: ${ttl}`);
    if (callback !== undefined && !isUrl(callback)) refuse(400, 7, `callback: ${callback}`);
    return {draft: {to: `+${dest}`, wireTo: dest, text: unicode ? msg : inGsm(msg), reference: ref, validityS: ttl,
        callbackUrl: callback ?? server.options.callbackUrl}};
  },

  ids: (server) => [`X${server.hex(12)}`],
  first: () => 'ACCEPTD',
  answer: (server, {id, parts}) => json(200, {code: 0, id, segments: parts, cost: decimal(0.8 * parts, 2)}),
  refuse(server, draft, as) {
    const [code] = {destination: [20], balance: [12]}[as];
    return json(200, {code, msg: as});
  },
  trouble: (status) => json(status, {code: 99, msg: 'trouble'}),
  steps: (message, outcome) => [{word: 'ENROUTE'}, ...({delivered: [{word: 'DELIVRD', code: '000', final: true}],
      undelivered: [{word: 'UNDELIV', code: '011', final: true}],
    expired: [{word: 'EXPIRED', code: '027', final: true}], rejected: [{word: 'REJECTD', code: '012', final: true}], sent: []})[outcome]],
  callback(server, message, step, {id, url, forged}) {
    const body = formText([['id', id], ['st', step.word], ['err', step.code]]);
    const signature = createHmac('sha256', forged ? 'another-key' : server.account.key).update(url + body).digest('hex');
    return {method: 'POST', url, headers: {'Content-Type': formType, 'X-Acme-Signature': `sha256=${signature}`}, body};
  },
  wants: is2xx,
};

const providers = {twilio, 'vonage-sms': vonageSms, 'vonage-messages': vonageMessages, telerivet, frontlinesms, africastalking, infobip,
  'android-smsgate': androidSmsgate, kannel, jasmin, generic};
export const kinds = Object.keys(providers);

// ---------------------------------------------------------------------------------------------------------------------
// Faults: what the script may ask for. `processed`: whether the provider took the message all the same.

const faults = {
  accept: {},
  delay: {delayMs: 1000},                              // the answer comes late
  'lose-answer': {cut: true},                          // taken, and the connection breaks before the answer
  'cut-answer': {half: true},                          // taken, and the connection breaks inside the answer
  stall: {stall: true},                                // taken, and no answer ever
  drop: {cut: true, processed: false},                 // the connection breaks, nothing was taken
  'bad-json': {spoil: true},                           // taken, with a part of the body
  html: {status: 200, page: true, processed: false},   // as from a proxy or a captive portal
  huge: {huge: true},                                  // taken, with a body that is too long to read
  gzip: {coding: 'gzip'},                              // taken, and the body is compressed though nobody asked for it
  deflate: {coding: 'deflate'},
  'odd-octets': {odd: true},                           // taken, with what is no UTF-8 and no JSON in the words of the answer
  redirect: {redirect: true, processed: false},
  500: {status: 500, processed: false},
  503: {status: 503, processed: false, retryAfter: 1},
  429: {status: 429, processed: false, retryAfter: 1},
  refuse: {refuse: 'destination', processed: false},
  silent: {reports: 'none'},                           // no callbacks; a poll finds the end
  stuck: {reports: 'stuck'},                           // no callbacks, and a poll finds nothing new
  'report-twice': {reports: 'twice'},
  'report-out-of-order': {reports: 'backwards'},
  'report-before-answer': {early: true},
  'report-unknown-id': {reports: 'unknown'},           // first a report about a message that nobody sent, then the true ones
  'wrong-signature': {reports: 'forged'},              // first a report of the opposite from somebody else, then the true ones
};
export const faultNames = Object.keys(faults);

// ---------------------------------------------------------------------------------------------------------------------
// The server

const bodyBytesMax = 256 * 1024;
const answerBytesMax = 64 * 1024;
const keptMax = 200_000;  // of each list
const callTimeoutMs = 5000;

// A generator of its own, so that a seed gives the same ids and delays again (mulberry32).
function generator(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

class Standin {
  // Accepted: {number from 1, id, ids, to (+digits), wireTo (as it came), from, text (as a phone shows it), parts, reference, validityS,
  // callbackUrl, at (ms), outcome, state: {word, final, ...} as a poll would tell it, duplicates (of an idempotency key), fault}
  received = [];
  rejects = [];     // refused because the request was wrong: {reason, status, method, path}
  scripted = [];    // every send the script answered with something else than `accept`: {fault, to, reference, processed}
  callbacks = [];   // every try: {id, reference, word, part, final, method, url, attempt, status, body, error, good, forged, unknown}
  ignored = new Set();  // parameters that the provider does not know and passes over
  errors = [];      // faults of the stand-in itself
  tlsErrors = [];
  connections = 0;  // accepted so far
  connectionsOpen = 0;
  connectionsMax = 0;
  requests = 0;     // of any path
  sends = 0;        // correct ones, whatever the script did to them
  inFlight = 0;
  inFlightMax = 0;  // most requests without an answer at one moment
  #byId = new Map();
  #sockets = new Set();
  #sleeping = new Map();
  #working = new Set();
  #stopped = false;

  constructor(kind, options) {
    this.kind = kind;
    this.provider = providers[kind];
    if (!this.provider) throw new Error(`unknown kind '${kind}': ${kinds}`);
    this.options = {receiptDelayMs: 20, delayMs: 0, outcome: 'delivered', retries: 3, retryMs: 50, keepAliveMs: 60_000, ...options};
    // A member that is undefined takes a default away.
    this.account = {...this.provider.account, ...options.account};
    this.now = options.now ?? (() => Math.floor(Date.now() / 1000));
    this.random = generator(options.seed ?? randomInt(2 ** 32));
    const tls = options.tls && {key: options.tls.key ?? options.key, cert: options.tls.cert ?? options.cert};
    this.tls = Boolean(tls);
    const listener = (incoming, outgoing) => this.#serve(incoming, outgoing).catch((error) => {
      this.errors.push(error.stack);
      outgoing.socket?.destroy();
    });
    const settings = {keepAliveTimeout: this.options.keepAliveMs, requestTimeout: 60_000};
    this.server = tls ? https.createServer({...settings, ...tls}, listener) : http.createServer(settings, listener);
    this.server.on('tlsClientError', (error) => this.tlsErrors.push(error.message));
    this.server.on('clientError', (error, socket) => {
      if (/^HPE_(?!INVALID_EOF)/.test(error.code)) this.rejects.push({reason: `not HTTP: ${error.message}`, status: 400});
      socket.destroy();
    });
    this.server.on(tls ? 'secureConnection' : 'connection', (socket) => {
      this.connections++;
      this.connectionsOpen++;
      this.connectionsMax = Math.max(this.connectionsMax, this.connectionsOpen);
      socket.on('error', () => {}).on('close', () => this.connectionsOpen--);
    });
    // Below TLS, so that a handshake that hangs does not outlive the test.
    this.server.on('connection', (socket) => { this.#sockets.add(socket); socket.on('close', () => this.#sockets.delete(socket)); });
    this.agents = [new http.Agent({keepAlive: true, maxSockets: 32}), new https.Agent({keepAlive: true, maxSockets: 32, ca: options.callbackCa})];
  }

  async listen() {
    await new Promise((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen(this.options.port ?? 0, '127.0.0.1', resolve);
    });
    this.port = this.server.address().port;
    this.url = `${this.tls ? 'https' : 'http'}://127.0.0.1:${this.port}`;
  }

  // What our account with this provider has to be set to.
  settings(more = {}) {
    const own = this.provider.settingsOnly ? {} : this.account;
    return Object.fromEntries(Object.entries({...own, ...this.provider.settings(this), ...more}).filter(([, value]) => value !== undefined));
  }

  // Ends connections, timers and callbacks. What was recorded stays.
  async stop() {
    if (this.#stopped) return;
    this.#stopped = true;
    for (const [timer, wake] of this.#sleeping) {
      clearTimeout(timer);
      wake();
    }
    this.#sleeping.clear();
    for (const agent of this.agents) agent.destroy();
    const closed = this.server.listening ? new Promise((resolve) => this.server.close(resolve)) : undefined;
    for (const socket of this.#sockets) socket.destroy();
    await closed;
    await Promise.allSettled(this.#working);
  }

  // Waits until every callback was answered or given up. Bounded, as the delays and the tries are.
  async settled() {
    while (this.#working.size > 0) await Promise.allSettled(this.#working);
  }

  get idle() { return this.#working.size === 0; }
  find(id) { return this.#byId.get(id); }
  to(number) { return this.received.filter(({to}) => to === number); }
  get texts() { return this.received.map(({text}) => text); }

  // For the providers.
  hex(length) {
    let text = '';
    while (text.length < length) text += Math.floor(this.random() * 2 ** 32).toString(16).padStart(8, '0');
    return text.slice(0, length);
  }
  uuid() {
    const digits = this.hex(32);
    return `${digits.slice(0, 8)}-${digits.slice(8, 12)}-4${digits.slice(13, 16)}-8${digits.slice(17, 20)}-${digits.slice(20)}`;
  }
  date() { return new Date(this.now() * 1000); }
  balance(usual) { return String(this.options.balance ?? usual); }
  ignore(names, known) { for (const name of names) if (!known.includes(name)) this.ignored.add(name); }

  #keep(list, entry) {
    list.push(entry);
    if (list.length > keptMax) list.shift();
  }

  #draw(delay = 0) { return Array.isArray(delay) ? delay[0] + this.random() * (delay[1] - delay[0]) : delay; }

  #sleep(ms) {
    if (this.#stopped || !ms) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(() => { this.#sleeping.delete(timer); resolve(); }, ms);
      this.#sleeping.set(timer, resolve);
    });
  }

  // Work that goes on behind the answer.
  #work(work) {
    const running = work().catch((error) => this.errors.push(error.stack)).finally(() => this.#working.delete(running));
    this.#working.add(running);
    return running;
  }

  async #serve(incoming, outgoing) {
    this.requests++;
    this.inFlight++;
    this.inFlightMax = Math.max(this.inFlightMax, this.inFlight);
    let over = false;
    for (const event of ['finish', 'close']) {
      outgoing.once(event, () => {
        if (!over) this.inFlight--;
        over = true;
      });
    }
    const chunks = [];
    let size = 0;
    try {
      for await (const chunk of incoming) {
        size += chunk.length;
        if (size <= bodyBytesMax) chunks.push(chunk);
      }
    } catch {
      return;  // the client went away
    }
    const [path, ...query] = incoming.url.split('?');
    const request = {method: incoming.method, path, query: parseForm(query.join('?')), headers: incoming.headers, body: Buffer.concat(chunks)};
    let result;
    try {
      if (size > bodyBytesMax) throw new Refusal('the body is too large', plain(413, ''));
      result = this.provider.handle(this, request);
      if (!result) throw new Refusal('no such path', plain(404, 'not found'));
    } catch (error) {
      if (!(error instanceof Refusal)) this.errors.push(error.stack);
      result = error.answer ?? plain(500, 'the stand-in failed');
      // Without the query: some have their password there.
      this.#keep(this.rejects, {reason: error.message, status: result.status, method: request.method, path});
    }
    if (result.draft) await this.#send(result.draft, outgoing);
    else this.#answer(outgoing, result);
  }

  #answer(outgoing, {status, headers, body}) {
    if (outgoing.destroyed) return;
    outgoing.writeHead(status, {...headers, 'Content-Length': Buffer.byteLength(body),
        ...(this.options.keepAlive === false ? {Connection: 'close'} : {})});
    outgoing.end(body);
  }

  // What the script wants for this send: {fault, ...}.
  #next(draft) {
    const {script} = this.options;
    const wanted = typeof script === 'function' ? script(draft, this.sends) : script?.[this.sends - 1];
    const entry = typeof wanted === 'object' && wanted !== null ? {...wanted} : {fault: wanted};
    entry.fault = String(entry.fault ?? 'accept');
    if (!(entry.fault in faults)) throw new Error(`unknown fault '${entry.fault}': ${faultNames}`);
    return {...faults[entry.fault], processed: faults[entry.fault].processed ?? true, ...entry};
  }

  async #send(draft, outgoing) {
    this.sends++;
    const entry = this.#next(draft);
    if (entry.fault !== 'accept') this.#keep(this.scripted, {fault: entry.fault, to: draft.to, reference: draft.reference,
        processed: entry.processed});
    const taken = this.#take(draft, entry);
    const report = taken.fresh ? () => this.#work(() => this.#report(taken.message, entry)) : undefined;
    if (entry.early && report) await report();
    await this.#sleep(this.#draw(entry.delayMs ?? this.options.delayMs));
    if (entry.stall) {
      // Until the client gives up; it is one request at the same time all along.
    } else if (entry.cut) {
      outgoing.socket?.destroy();
    } else if (entry.half) {
      outgoing.writeHead(taken.answer.status, {...taken.answer.headers, 'Content-Length': Buffer.byteLength(taken.answer.body) + 10});
      outgoing.write(taken.answer.body.slice(0, taken.answer.body.length / 2), () => outgoing.socket?.destroy());
    } else {
      this.#answer(outgoing, this.#shaped(draft, entry, taken.answer));
    }
    if (!entry.early) report?.();
  }

  // The answer as the fault wants it.
  #shaped(draft, entry, usual) {
    if (entry.redirect) return {status: 302, headers: {Location: `${this.url}/elsewhere`}, body: ''};
    // Of a text so little that no id is left.
    if (entry.spoil) return {...usual, body: usual.body.slice(0, /json/.test(usual.headers['Content-Type']) ? usual.body.length / 2 : 4)};
    if (entry.coding) {
      const body = {gzip: gzipSync, deflate: deflateSync}[entry.coding](usual.body);
      return {...usual, headers: {...usual.headers, 'Content-Encoding': entry.coding}, body};
    }
    if (entry.odd) {
      const body = Buffer.from(usual.body).toString('latin1').replace(/\}\s*$/, ',"note":"Envoy\xE9 5 \xE2\x82\nasante \\ud83d"}');
      return {...usual, body: Buffer.from(`\xEF\xBB\xBF${body}`, 'latin1')};
    }
    if (entry.huge) return {...usual, body: usual.body + ' '.repeat(4 * 1024 * 1024)};
    if (entry.refuse) {
      const as = entry.as ?? entry.refuse;
      try {
        return this.provider.refuse(this, draft, as);
      } catch (error) {
        throw new Error(`${this.kind} knows no refusal '${as}'`, {cause: error});
      }
    }
    if (entry.status) {
      // What was taken cannot be denied in the provider's own words.
      const answer = entry.page || entry.processed ? page(entry.status, 'Service') : this.provider.trouble(entry.status, draft);
      return {...answer, headers: {...answer.headers, ...(entry.retryAfter === undefined ? {} : {'Retry-After': String(entry.retryAfter)})}};
    }
    return usual;
  }

  // The usual answer; what was not processed has one too, but is not kept.
  #take(draft, entry) {
    const duplicate = this.provider.duplicate?.(this, draft);
    if (duplicate) {
      if (entry.processed) duplicate.known.duplicates++;
      return {answer: duplicate.answer, fresh: false};
    }
    const ids = this.provider.ids(this, draft);
    const outcome = entry.outcome ?? (typeof this.options.outcome === 'function' ? this.options.outcome(draft) : this.options.outcome);
    const message = {...draft, number: this.received.length + 1, id: ids[0], ids, parts: partsOf(draft.text), at: this.now() * 1000, outcome,
      duplicates: 0, fault: entry.fault};
    message.state = this.provider.firstState ?? {word: this.provider.first(message)};
    if (entry.processed) {
      this.#keep(this.received, message);
      for (const id of ids) this.#byId.set(id, message);
    }
    return {message, answer: this.provider.answer(this, message), fresh: entry.processed};
  }

  // What becomes of the message. A report is followed by the next one when we answered it or did not, as the first try
  // shows; further tries go on beside.
  async #report(message, entry) {
    if (entry.reports === 'stuck') return;
    const pause = () => this.#sleep(this.#draw(entry.receiptDelayMs ?? this.options.receiptDelayMs));
    const steps = this.provider.steps(message, message.outcome);
    if (entry.reports === 'forged' || entry.reports === 'unknown') {
      await pause();
      const forged = entry.reports === 'forged';
      const last = this.provider.steps(message, forged ? opposite(message.outcome) : message.outcome).at(-1);
      if (last) await this.#call(message, last, {forged, unknown: !forged});
    }
    if (entry.reports === 'backwards') steps.reverse();
    for (const step of steps) {
      if (!entry.early) await pause();
      if (this.#stopped) return;
      if (!message.state.final) message.state = step;
      const told = entry.reports === 'backwards' || !step.unasked;
      if (!told || entry.reports === 'none') continue;
      await this.#call(message, step, {});
      if (entry.reports === 'twice') await this.#call(message, step, {});
    }
  }

  // Resolves after the first try.
  async #call(message, step, {forged = false, unknown = false}) {
    const urls = this.provider.urls?.(this, message, step) ?? [message.callbackUrl].filter(Boolean);
    for (const given of urls) {
      const url = this.#urlFor(given, {forged, unknown});
      const id = unknown ? this.provider.ids(this, {...message, messageId: `unknown-${this.hex(8)}`})[0] : message.ids[step.part ?? 0];
      const about = unknown ? {...message, clientRef: message.clientRef && 'unknown-0', vars: {}, callbackData: undefined} : message;
      const record = {id, reference: unknown ? undefined : message.reference, word: step.word, part: step.part, final: Boolean(step.final),
          forged, unknown};
      if (url === undefined) {
        this.#keep(this.callbacks, {...record, attempt: 0, error: 'nothing here can be forged: no signature, no token in the URL', good: false});
        continue;
      }
      const eventId = this.uuid();
      const attempt = async (number) => {
        const call = this.provider.callback(this, about, step,
            {id, url, forged, eventId});
        const answer = await this.#exchange(call);
        if (this.#stopped) return true;
        const good = answer.error === undefined && this.provider.wants(answer);
        this.#keep(this.callbacks, {...record, method: call.method, url: call.url, attempt: number, ...answer, good});
        // A forger does not try again.
        return good || forged || (answer.error === undefined && this.provider.stops?.(answer) === true);
      };
      if (await attempt(1)) continue;
      this.#work(async () => {
        for (let number = 2; number <= this.options.retries + 1; number++) {
          await this.#sleep(this.options.retryMs * 2 ** (number - 2));
          if (this.#stopped || await attempt(number)) return;
        }
      });
    }
  }

  // The callback URL, with another reference or token in its query; nothing: there is none to falsify.
  #urlFor(url, {forged, unknown}) {
    if (unknown) return url.replace(/([?&]ref=)[^&#]*/, '$1unknown-0');
    const signs = !this.provider.tokenOnly && !this.provider.unprotected?.(this);
    if (!forged || signs) return url;
    const other = url.replace(/([?&](?:tok|token)=)[^&#]*/, '$1wrong');
    return other === url ? undefined : other;
  }

  // One call to us: {status, body} or {error}.
  #exchange({method, url, headers = {}, body = ''}) {
    return new Promise((resolve) => {
      const fail = (words) => resolve({error: words});
      const match = /^(https?):\/\/([^/?#]*)([^#]*)/i.exec(url);
      if (!match) return fail('no URL');
      const [, scheme, authority, rest] = match;
      const {hostname, port} = new URL(`${scheme}://${authority}`);
      const via = this.options.callbackPort;
      // Names of the public Internet are not for tests: they are reached through a port of this machine or not at all.
      if (via === undefined && !['127.0.0.1', 'localhost', '[::1]'].includes(hostname)) return fail('not a loopback address');
      const tls = via === undefined ? scheme.toLowerCase() === 'https' : Boolean(this.options.callbackTls);
      const [host, to] = via === undefined ? [hostname.replace(/[[\]]/g, ''), port || (tls ? 443 : 80)] : ['127.0.0.1', via];
      try {
        const outgoing = (tls ? https : http).request({host, port: to, method, path: rest.startsWith('/') ? rest : `/${rest}`,
            agent: this.agents[tls ? 1 : 0],
          timeout: callTimeoutMs, headers: {Host: authority, ...headers, ...(method === 'GET' ? {} : {'Content-Length': Buffer.byteLength(body)})}});
        outgoing.on('timeout', () => outgoing.destroy(new Error('timeout')));
        outgoing.on('error', (error) => fail(error.message));
        outgoing.on('response', (incoming) => {
          let text = '';
          incoming.setEncoding('utf8').on('data', (chunk) => {
            text += chunk;
            if (text.length > answerBytesMax) outgoing.destroy(new Error('the answer is too long'));
          });
          incoming.on('error', (error) => fail(error.message)).on('end', () => resolve({status: incoming.statusCode, body: text}));
        });
        outgoing.end(method === 'GET' ? undefined : body);
      } catch (error) {
        fail(error.message);  // such as a URL that cannot be sent
      }
      return undefined;
    });
  }
}

// Starts a stand-in for a kind of provider and waits until it listens. options:
//   tls: {key, cert}   HTTPS with this certificate (or tls: true with key and cert beside it); otherwise HTTP
//   account         laid over `account` of the provider above: what it expects of us, by the names of our settings
//   script          list, or function (message, number from 1): for each correct send the name of a fault, or
//                   {fault, delayMs, receiptDelayMs, outcome, processed, retryAfter, as}; then or otherwise `accept`.
//                   `as`, of `refuse`: destination (default), blocked, balance, sender, auth, ... as the provider has it
//   outcome         delivered (default), undelivered, expired, rejected or sent (no end); or function (message)
//   delayMs, receiptDelayMs   before the answer (0), before each report (20); [least, most] draws
//   callbackUrl     where reports go that no request names an address for: dashboard, webhooks of the project
//   callbackPort    port of 127.0.0.1 to call in place of a URL's host, as through a proxy; callbackTls: with TLS
//   callbackCa      authority of our certificate, for callbacks over HTTPS
//   retries, retryMs   of callbacks that were not answered as the provider wants it (3; 50, doubled each time)
//   seed            of ids and delays; otherwise another one each time
//   now             clock, seconds since 1970: of signatures, tokens and times
//   balance         decimal text
//   keepAliveMs, keepAlive: false   how long an idle connection lives; one request a connection
//   receiptMethod   vonage-sms: POST (form), JSON or GET
//   immediate, globalSender   kannel: answers `Sent.`; sender of those who name none
//   t               a test: the server stops with it
export async function startProvider(kind, options = {}) {
  const server = new Standin(kind, options);
  await server.listen();
  options.t?.after(() => server.stop());
  return server;
}

// An authority of our own in `folder`, and a certificate from it: {ca: path, key, cert}.
export function makeCertificate(folder, {names = 'IP:127.0.0.1'} = {}) {
  const openssl = (...parameters) => execFileSync('openssl', parameters, {cwd: folder, stdio: 'pipe'});
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  openssl('req', '-x509', ...curve, '-keyout', 'ca.key', '-out', 'ca.pem', '-days', '2', '-subj', '/CN=Test authority');
  openssl('req', ...curve, '-keyout', 'provider.key', '-out', 'provider.csr', '-subj', '/CN=provider');
  writeFileSync(join(folder, 'names'), `subjectAltName=${names}\n`);
  openssl('x509', '-req', '-in', 'provider.csr', '-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '2', '-extfile', 'names',
      '-out', 'provider.pem');
  return {ca: join(folder, 'ca.pem'), key: readFileSync(join(folder, 'provider.key')), cert: readFileSync(join(folder, 'provider.pem'))};
}
