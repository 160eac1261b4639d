// SPDX-License-Identifier: MPL-2.0
// A Fineract as its API answers: the header of the tenant, Basic or a token, rights, error bodies, lists; and the hooks that
// it posts. What it says is set by a test.
import {Agent, createServer, request as httpRequest} from 'node:http';
import {once} from 'node:events';

const jobs = ['Update SMS Outbound with Campaign Message', 'Send Messages to SMS Gateway', 'Get Delivery Reports from SMS Gateway'];
const rightTo = {clients: 'READ_CLIENT', groups: 'READ_GROUP', loans: 'READ_LOAN', staff: 'READ_STAFF', savingsaccounts: 'READ_SAVINGSACCOUNT',
  fixeddepositaccounts: 'READ_FIXEDDEPOSITACCOUNT', accounts: 'READ_SHAREACCOUNT', datatables: 'READ_DATATABLE', sms: 'READ_SMS', search: 'READ_CLIENT'};
const error = (status, code, text) => [status, {developerMessage: text, httpStatusCode: String(status), defaultUserMessage: text,
  userMessageGlobalisationCode: code, errors: []}];

export class FineractStandin {
  static async start(t, options = {}) {
    const standin = new FineractStandin(options);
    standin.server = createServer((request, response) => standin.#take(request, response));
    standin.server.listen(options.port ?? 0, '127.0.0.1');
    await once(standin.server, 'listening');
    standin.root = `http://127.0.0.1:${standin.server.address().port}`;
    standin.url = `${standin.root}/fineract-provider/api/v1`;
    t.after(async () => {
      standin.server.close();
      standin.server.closeAllConnections();
    });
    return standin;
  }

  constructor(options) {
    this.requests = [];  // {method, path, headers}
    this.tenants = ['default'];
    this.users = {reader: {password: 'geheim', permissions: ['ALL_FUNCTIONS_READ']}};
    this.version = '1.10.1';  // undefined: actuator/info is closed
    this.clockAhead = 0;      // ms
    this.service = {host_name: '127.0.0.1', port_number: '9191', end_point: '/', tenant_app_key: null};
    this.jobs = jobs.map((displayName, index) => ({jobId: 24 + index, displayName, active: true, cronExpression: '0 0/2 * * * ?', currentlyRunning: false}));
    this.clients = {};  // of OAuth: secret by name
    this.tokens = new Set();
    this.tokensGiven = 0;
    this.tokenLife = 300;
    this.records = {};  // what the API shows, by path: {'clients/7': {...}}
    // Reports: {columns: {name: type}, rows: [[...]]}, or a function of the parameters (without R_) that gives one.
    this.reports = {};
    this.oldCells = false;  // 1.8 and earlier: every cell is a string
    this.holidays = [];     // {name, fromDate, toDate, office}
    this.people = [];       // clients, as GET clients lists them
    this.staff = [];        // as GET staff lists them
    this.slow = 0;          // ms before a report is answered
    Object.assign(this, options);
  }

  // As Fineract writes them: [y,m,d] for days, and numbers with the digits of the database, which JSON.stringify would cut.
  #report(name, url) {
    const made = this.reports[name];
    if (!made) return error(404, 'error.msg.report.name.not.found', `Reporting meta-data doesn't exist for report with name ${name}`);
    const parameters = Object.fromEntries([...url.searchParams].filter(([key]) => key.startsWith('R_')).map(([key, value]) => [key.slice(2), value]));
    const {columns, rows} = typeof made === 'function' ? made(parameters) : made;
    const names = Object.keys(columns);
    const cell = (value, type) => {
      if (value === null || value === undefined) return 'null';
      if (this.oldCells) return JSON.stringify(String(value));
      if (type === 'DATE') return `[${value.split('-').map(Number)}]`;
      return type === 'DECIMAL' ? Number(value).toFixed(6) : JSON.stringify(value);
    };
    if (url.searchParams.get('genericResultSet') === 'false')
      return [200, `[${rows.map((row) => `{${names.map((column, i) => `${JSON.stringify(column)}: ${cell(row[i], columns[column])}`)}}`)}]`];
    const headers = names.map((columnName) => ({columnName, columnType: columns[columnName], columnDisplayType: columns[columnName], isColumnNullable: true,
      isColumnPrimaryKey: false, columnValues: []}));
    return [200, `{"columnHeaders":${JSON.stringify(headers)},"data":[${rows.map((row) => `{"row":[${row.map((value, i) => cell(value, columns[names[i]]))}]}`)}]}`];
  }

  #list(people, url) {
    const offset = Number(url.searchParams.get('offset') ?? 0), limit = Number(url.searchParams.get('limit') ?? 200);
    return [200, {totalFilteredRecords: people.length, pageItems: people.slice(offset, offset + limit)}];
  }

  async #take(request, response) {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks).toString('utf8');
    this.requests.push({method: request.method, path: request.url, headers: request.headers, body});
    if (this.slow && request.url.includes('/runreports/')) await new Promise((done) => setTimeout(done, this.slow));
    const [status, answer, headers = {}] = this.down ? [503, 'down for maintenance'] : this.#answer(request, body);
    response.sendDate = false;
    response.writeHead(status, {'Content-Type': 'application/json', Date: new Date(Date.now() + this.clockAhead).toUTCString(), ...headers});
    response.end(typeof answer === 'string' ? answer : JSON.stringify(answer));
  }

  #answer(request, body) {
    const url = new URL(request.url, this.root);
    if (url.pathname === '/fineract-provider/actuator/info')
      return this.version ? [200, {git: {build: {version: this.version}}}] : [404, ''];
    if (url.pathname === '/token') return this.#token(request, body);
    if (!url.pathname.startsWith('/fineract-provider/api/v1/')) return [404, '<html>not here</html>'];
    if (!this.tenants.includes(request.headers['fineract-platform-tenantid'])) return error(400, 'error.msg.invalid.tenant.identifier', 'Invalid tenant identifier');
    const path = url.pathname.slice('/fineract-provider/api/v1/'.length);
    if (request.method === 'POST' && path === 'authentication') return this.#login(JSON.parse(body));
    const permissions = this.#permissions(request.headers.authorization ?? '');
    if (!permissions) return error(401, 'error.msg.not.authenticated', 'Invalid authentication details were passed in api request.');
    const report = path.startsWith('runreports/') ? decodeURIComponent(path.slice('runreports/'.length)) : undefined;
    const needs = report ? `READ_${report}` : {jobs: 'READ_SCHEDULER', 'externalservice/SMS': 'READ_EXTERNALSERVICES', offices: 'READ_OFFICE',
      holidays: 'READ_HOLIDAY'}[path] ?? (path.endsWith('/guarantors') ? 'READ_GUARANTOR' : rightTo[path.split('/')[0]]);
    if (!needs) return error(404, 'error.msg.resource.not.found', 'The requested resource is not available.');
    if (!permissions.some((each) => ['ALL_FUNCTIONS', 'ALL_FUNCTIONS_READ', needs].includes(each)))
      return error(403, 'error.msg.not.authorized', 'Insufficient privileges to perform this action.');
    if (report) return this.#report(report, url);
    if (path === 'clients') return this.#list(this.people, url);
    if (path === 'staff') return [200, this.staff];
    if (path === 'holidays') return [200, this.holidays.filter(({office = 1}) => String(office) === url.searchParams.get('officeId'))
        .map((holiday, id) => ({id: id + 1, status: {id: 300, code: 'holidayStatusType.active', value: 'Active'}, ...holiday}))];
    if (path === 'jobs') return [200, this.jobs];
    if (path === 'offices') return [200, [{id: 1}]];
    // Whatever holds the digits, as SQL's LIKE does.
    if (path === 'search') return [200, Object.entries(this.records).filter(([key, {mobileNo}]) => /^clients\/\d+$/.test(key) && mobileNo?.includes(url.searchParams.get('query')))
        .map(([, {id, displayName, mobileNo}]) => ({entityId: id, entityType: 'CLIENT', entityName: displayName, entityMobileNo: mobileNo}))];
    const name = decodeURIComponent(path);
    if (this.records[name]) return [200, this.records[name]];
    if (rightTo[path.split('/')[0]]) return error(404, `error.msg.${path.split('/')[0]}.id.invalid`, `${path} does not exist`);
    return [200, Object.entries(this.service).map(([name, value]) => ({name, ...(value === null ? {} : {value})}))];
  }

  // As Fineract posts what a command came to: {response} where it was carried out, {request} as it was given. Numbers of
  // a request became doubles, which JSON shows only here: Java writes 1.0.
  async hook(url, entity, action, {response, request = {locale: 'en', dateFormat: 'dd MMMM yyyy'}, tenant = 'default', headers = {}, ...more}) {
    const top = response ? {clientId: response.clientId, officeId: 1, response} : {};
    const body = JSON.stringify({createdByName: 'mifos', request, createdBy: 1, createdByFullName: 'App Administrator', entityName: entity, actionName: action,
      timestamp: new Date().toISOString().replace('Z', `${String(++this.hooksPosted).padStart(6, '0')}Z`), ...top, ...more});
    return FineractStandin.post(url, body, {'X-Fineract-Entity': entity, 'X-Fineract-Action': action, 'Fineract-Platform-TenantId': tenant, ...headers});
  }
  hooksPosted = 0;

  // Each over a connection of its own, which stays open until the other side ends it.
  static async post(url, body, headers = {}) {
    const sent = httpRequest(url, {method: 'POST', agent: new Agent({keepAlive: true}),
      headers: {'Content-Type': 'application/json; charset=UTF-8', 'User-Agent': 'okhttp/4.12.0', 'Accept-Encoding': 'gzip', ...headers}});
    sent.end(body);
    const [response] = await once(sent, 'response');
    const chunks = [];
    for await (const chunk of response) chunks.push(chunk);
    return {status: response.statusCode, headers: response.headers, body: Buffer.concat(chunks).toString('utf8'), sent: body};
  }

  #login({username, password}) {
    const user = this.users[username];
    if (!user || user.password !== password) return error(401, 'error.msg.not.authenticated', 'Invalid authentication details were passed in api request.');
    return [200, {username, userId: 7, authenticated: true, officeId: 1, roles: [], permissions: user.permissions, shouldRenewPassword: !!user.renew,
      isTwoFactorAuthenticationRequired: !!user.twoFactor}];
  }

  #permissions(authorization) {
    const [kind, value] = authorization.split(' ');
    if (kind === 'Bearer') return this.tokens.has(value) ? ['ALL_FUNCTIONS_READ'] : undefined;
    const [name, password] = Buffer.from(value ?? '', 'base64').toString().split(':');
    return this.users[name]?.password === password ? this.users[name].permissions : undefined;
  }

  #token(request, body) {
    const [name, secret] = Buffer.from((request.headers.authorization ?? '').split(' ')[1] ?? '', 'base64').toString().split(':').map(decodeURIComponent);
    if (new URLSearchParams(body).get('grant_type') !== 'client_credentials') return [400, {error: 'unsupported_grant_type'}];
    if (this.clients[name] !== secret) return [401, {error: 'invalid_client', error_description: 'Invalid client secret'}];
    const token = `token-${++this.tokensGiven}`;
    this.tokens.add(token);
    return [200, {access_token: token, token_type: 'Bearer', expires_in: this.tokenLife}];
  }
}
