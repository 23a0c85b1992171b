// A podcast host in one file, to start from: it connects to Soundpost in people's names, hears of their finished productions, and publishes them.
//
//   node receiver.mjs
//
// The README beside this folder says which settings it reads and what each step is for. In the order of this file: settings; what it remembers
// (files); what it asks of Soundpost; what it believes; what it publishes; and the pages that it answers.
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, readFile, readdir, rename, rm, stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import jwt from 'jsonwebtoken';
import { Webhook } from 'standardwebhooks';

// --- settings --------------------------------------------------------------------------------------------------------

const env = process.env;
const needed = name => env[name] || fail(`${name} is not set.`);
const fail = text => { console.error(text); process.exit(1); };
const present = (...names) => names.map(name => env[name]).filter(Boolean);

const SOUNDPOST = needed('SOUNDPOST').replace(/\/+$/, '');
const CLIENT_ID = needed('CLIENT_ID');
needed('CLIENT_SECRET');
// While a secret is replaced there are two, and either is right.
const CLIENT_SECRETS = present('CLIENT_SECRET', 'CLIENT_SECRET_BEFORE');
// The characters of a client_secret are the key of a service's signatures; plain webhooks have one that begins with whsec_.
const SERVICE_KEYS = CLIENT_SECRETS.map(secret => new Webhook(secret, { format: 'raw' }));
const PLAIN_KEYS = present('WEBHOOK_SECRET', 'WEBHOOK_SECRET_BEFORE').map(secret => new Webhook(secret));
const LISTEN = env.LISTEN || '127.0.0.1:9000';
const PUBLIC_URL = (env.PUBLIC_URL || `http://${LISTEN}`).replace(/\/+$/, '');
const DATA_DIR = env.DATA_DIR || 'receiver-data';
const REFRESH_DAYS = Number(env.REFRESH_DAYS || 30);

const SCOPES = 'production.read service.connect profile';
// The token of a service with the 64 KiB of custom_data that there may be, every character of it escaped, has less.
const MOST_BODY = 1 << 20;
const MOST_AUDIO = 2 * 1024 ** 3;
const DAY = 86_400_000;
// Soundpost waits a minute. Whoever is not done by then says so before it hangs up.
const PATIENCE = 50_000;
// Soundpost can send again what is a month old. What was answered is remembered for longer.
const REMEMBERED = 60 * DAY;

const say = text => console.log(text);

/** Something is in the way. The sender is told so, and comes again. */
class NotNow extends Error {}

/** Not from Soundpost, or not for us: a status and a reason. */
class Refused extends Error {
  constructor(status, reason) { super(reason); this.status = status; }
}

// --- what is remembered ----------------------------------------------------------------------------------------------

/** Writes a file that is there whole or not at all, also after the power failed. Files with tokens are for this user alone. */
async function write(file, content, mode = 0o644) {
  const part = `${file}.${randomBytes(4).toString('hex')}.part`;
  const disk = await open(part, 'wx', mode);
  try {
    await disk.writeFile(content);
    await disk.sync();
    await rename(part, file);
  } finally {
    await disk.close();
    await rm(part, { force: true });
  }
}

/** Things by name, a file for each. */
class Shelf {
  constructor(name) { this.folder = path.join(DATA_DIR, name); }

  /** Names come from outside: as a digest they are no path. */
  file(name) { return path.join(this.folder, `${createHash('sha256').update(name).digest('hex')}.json`); }

  async get(name) {
    try {
      return JSON.parse(await readFile(this.file(name), 'utf8'));
    } catch (error) {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    }
  }

  put(name, value) { return write(this.file(name), JSON.stringify(value), 0o600); }

  /** What is whole, oldest first. */
  async all() {
    const names = (await readdir(this.folder)).filter(name => name.endsWith('.json'));
    const values = await Promise.all(names.map(async name => JSON.parse(await readFile(path.join(this.folder, name), 'utf8'))));
    return values.sort((one, other) => one.at - other.at);
  }

  async forget(before) {
    for (const name of await readdir(this.folder)) {
      const file = path.join(this.folder, name);
      if ((await stat(file)).mtimeMs < before) await rm(file);
    }
  }
}

const connections = new Shelf('connections'), answers = new Shelf('answers'), episodes = new Shelf('episodes');
const PUBLISHED = path.join(DATA_DIR, 'published');

// --- what is asked of Soundpost --------------------------------------------------------------------------------------

const bearer = token => ({ authorization: `Bearer ${token}` });

/** Trades a code or a refresh token. */
async function tokens(form) {
  const reply = await fetch(`${SOUNDPOST}/oauth2/token/`, {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from(`${CLIENT_ID}:${CLIENT_SECRETS[0]}`).toString('base64')}` },
    body: new URLSearchParams(form),
    signal: AbortSignal.timeout(30_000),
  });
  const found = await reply.json();
  if (!reply.ok) throw new NotNow(`Soundpost gives no token: ${found.error}: ${found.error_description}`);
  return { access: found.access_token, refresh: found.refresh_token, expires: Date.now() + found.expires_in * 1000 };
}

/** Somebody's account at Soundpost, by a connection. */
class Account {
  // A refresh token works once, and whoever sends it twice loses the connection. So only one at a time may send one.
  // With several processes this has to be a lock that they share.
  static refreshing = Promise.resolve();

  constructor(id) { this.id = id; }

  /** A token that works for a while yet, and that is not the one that was refused. */
  token(refused) {
    const next = Account.refreshing.then(async () => {
      const kept = await connections.get(this.id);
      const soon = kept.expires - Date.now() < REFRESH_DAYS * DAY;
      if (!soon && kept.access !== refused) return kept.access;
      const fresh = await tokens({ grant_type: 'refresh_token', refresh_token: kept.refresh });
      await connections.put(this.id, { ...kept, ...fresh });
      say(`refreshed ${kept.username}`);
      return fresh.access;
    });
    Account.refreshing = next.catch(() => {});
    return next;
  }

  /** Asks for something, with a fresh token if need be. */
  async get(url) {
    // The token is Soundpost's: nobody else sees it, whatever a reply says. Where Soundpost redirects to a store, fetch leaves it behind.
    if (!url.startsWith(`${SOUNDPOST}/`)) throw new NotNow(`${url} is not at Soundpost`);
    const token = await this.token();
    let reply = await fetch(url, { headers: bearer(token) });
    if (reply.status === 401) reply = await fetch(url, { headers: bearer(await this.token(token)) });
    if (!reply.ok) throw new NotNow(`Soundpost answers ${reply.status} for ${url}`);
    return reply;
  }
}

/** Makes of a code a connection, and of the connection a service at Soundpost. The same show again is the same connection. */
async function connect(code, verifier, show) {
  const fresh = await tokens({ grant_type: 'authorization_code', code, redirect_uri: `${PUBLIC_URL}/back`, code_verifier: verifier });
  const me = await fetch(`${SOUNDPOST}/api/user.json`, { headers: bearer(fresh.access), signal: AbortSignal.timeout(30_000) });
  if (!me.ok) throw new NotNow(`Soundpost answers ${me.status} when it is asked who this is`);
  const { user_id: account, username } = (await me.json()).data;
  const id = createHash('sha256').update(JSON.stringify([account, show])).digest('base64url').slice(0, 22);
  await connections.put(id, { account, username, show, ...fresh, at: Date.now() });
  // custom_data comes back inside the signed token, so it can be believed; a part of the address could not.
  const reply = await fetch(`${SOUNDPOST}/api/service/connect.json`, {
    method: 'POST',
    headers: { ...bearer(fresh.access), 'content-type': 'application/json' },
    body: JSON.stringify({ display_name: show, webhook_url: `${PUBLIC_URL}/hooks/service`, custom_data: id }),
    signal: AbortSignal.timeout(30_000),
  });
  const found = await reply.json();
  if (!reply.ok) throw new NotNow(`Soundpost does not connect: ${found.error_message} ${JSON.stringify(found.form_errors)}`);
  say(`connected ${username}: ${show}`);
  return found.data.display_name;
}

// --- what is believed ------------------------------------------------------------------------------------------------

/** Standard Webhooks over the bytes that came: somebody who has the secret sent them, and within the last five minutes. The webhook-id. */
function checkHeaders(headers, body, keys) {
  for (const key of keys) {
    try {
      // No JSON: the body of a service is a token, and that of a plain webhook a form.
      key.verify(body, headers, { jsonParse: false });
      return headers['webhook-id'];
    } catch {
      // The library stumbles over some of the odd things that a forger may write: that is a no as well.
    }
  }
  throw new Refused(401, 'The headers webhook-id, webhook-timestamp and webhook-signature do not fit the body, or are too old.');
}

/** What a JSON Web Token claims, if it is signed by HS256 and nothing else, with the app's secret. */
function checkToken(body) {
  for (const secret of CLIENT_SECRETS) {
    try {
      // The algorithm is ours to say. Asking the token for it would let it say "none".
      return jwt.verify(body.toString(), secret, { algorithms: ['HS256'] });
    } catch {
      // Perhaps the other secret.
    }
  }
  throw new Refused(401, 'The token is not signed with the secret of this app.');
}

// --- what is published -----------------------------------------------------------------------------------------------

const escaped = text => String(text).replace(/[&<>"']/g, sign => `&#${sign.charCodeAt(0)};`);
const page = (title, body) => `<!doctype html><html lang="en"><meta charset="utf-8"><title>${escaped(title)}</title><body>${body}</body></html>`;

/** Fetches a production and publishes it. Doing it twice is the same as doing it once: what it is called follows from the production. */
async function publish(production, connection) {
  const kept = await connections.get(connection);
  if (!kept) throw new NotNow('Nobody here has this connection. Connect the show again.');
  const account = new Account(connection);
  const details = (await (await account.get(`${SOUNDPOST}/api/production/${production}.json`)).json()).data;
  const file = details.output_files.find(file => file.format === 'mp3' && !file.split_on_chapters);
  if (!file?.download_url) throw new NotNow('The production has no MP3 at the moment. It may have been started again.');
  await download(account, file, path.join(PUBLISHED, `${production}.mp3`));
  const title = details.metadata.title || production;
  await write(path.join(PUBLISHED, `${production}.html`), page(title, `
    <h1>${escaped(title)}</h1>
    <p>${escaped(kept.show)}</p>
    <p>${escaped(details.metadata.summary)}</p>
    <audio controls src="${production}.mp3"></audio>
  `));
  const before = await episodes.get(production);
  await episodes.put(production, { production, title, show: kept.show, at: before?.at ?? Date.now() });
  const address = `${PUBLIC_URL}/episodes/${production}`;
  say(`published ${production}: ${address}`);
  return { status: 200, body: JSON.stringify({ result_page_url: address, result_file_url: `${address}.mp3` }) };
}

/** Streams a file to its place. It appears there whole or not at all. */
async function download(account, file, target) {
  if (file.size > MOST_AUDIO) throw new NotNow(`${file.filename} has ${file.size} bytes, and at most ${MOST_AUDIO} are taken.`);
  const part = `${target}.${randomBytes(4).toString('hex')}.part`;
  const digest = createHash('md5');
  let size = 0;
  const disk = await open(part, 'wx');
  try {
    const reply = await account.get(file.download_url);
    for await (const chunk of reply.body) {
      size += chunk.length;
      if (size > file.size) break;
      digest.update(chunk);
      await disk.writeFile(chunk);
    }
    await disk.sync();
    if (size !== file.size || digest.digest('hex') !== file.checksum) throw new NotNow(`${file.filename} did not arrive as it was sent.`);
    await rename(part, target);
  } finally {
    await disk.close();
    await rm(part, { force: true });
  }
}

/** What is being done at the moment, by webhook-id. */
const running = new Map();

/** Does what a delivery asks for once, however often it comes, and gives every copy the same answer. */
async function once(webhookId, work) {
  let job = running.get(webhookId);
  if (!job) {
    job = (async () => {
      const known = await answers.get(webhookId);
      if (known) {
        say(`told again ${webhookId}`);
        return known;
      }
      const answer = await work().catch(error => {
        throw error.syscall ? new NotNow(`It cannot be kept here: ${error.code}.`) : error;
      });
      // After the work and not before: a crash in between does it again, which changes nothing; the other way round it would be lost.
      await answers.put(webhookId, answer);
      return answer;
    })().finally(() => running.delete(webhookId));
    running.set(webhookId, job);
  }
  let timer;
  const late = new Promise((_, reject) => {
    // The work goes on meanwhile; the next copy finds it done.
    timer = setTimeout(() => reject(new NotNow('This takes longer than a minute. Ask again soon.')), PATIENCE);
  });
  // Work that fails after we stopped waiting is told to the next copy, and is no reason to fall over.
  job.catch(() => {});
  return Promise.race([job, late]).finally(() => clearTimeout(timer));
}

// --- pages -----------------------------------------------------------------------------------------------------------

const SAFE = {
  'x-content-type-options': 'nosniff',
  // What people wrote into a title is text, and stays it.
  'content-security-policy': "default-src 'none'; media-src 'self'; frame-ancestors 'none'",
};

function reply(response, status, body = '', kind = 'text/html; charset=utf-8', more = {}) {
  response.writeHead(status, { ...SAFE, 'content-type': kind, ...more });
  response.end(body);
}

/** The bytes that came, of the kind that is due; not more than are read. */
async function bodyOf(request, kind) {
  if ((request.headers['content-type'] || '').split(';')[0].trim().toLowerCase() !== kind) throw new Refused(415, `This address takes ${kind}.`);
  const length = request.headers['content-length'];
  if (length === undefined) throw new Refused(411, 'The request does not say how long it is.');
  if (Number(length) > MOST_BODY) throw new Refused(413, `At most ${MOST_BODY} bytes are taken.`);
  // More than the header says does not come: Node.js takes that for the next request.
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks);
}

const same = (one, other) => one.length === other.length && timingSafeEqual(Buffer.from(one), Buffer.from(other));

// From here on in the order in which somebody meets them.

async function index(request, response) {
  // A real host has its own sign-in in front of this page.
  const rows = (await episodes.all()).map(({ production, title, show }) => `<li><a href="/episodes/${production}">${escaped(title)}</a>, ${escaped(show)}`);
  reply(response, 200, page('A podcast host', `
    <h1>A podcast host</h1>
    <form method="post" action="/connect"><label>Name of the show <input name="show" required maxlength="100"></label>
    <button>Connect to Soundpost</button></form><ul>${rows.join('')}</ul>
  `));
}

async function start(request, response) {
  if ((request.headers.origin ?? PUBLIC_URL) !== PUBLIC_URL) throw new Refused(403, `This form is sent from ${PUBLIC_URL} and from nowhere else.`);
  const form = new URLSearchParams((await bodyOf(request, 'application/x-www-form-urlencoded')).toString());
  const show = (form.get('show') || '').trim();
  if (!show || show.length > 100) throw new Refused(400, 'A show has a name of at most 100 characters.');
  const state = randomBytes(32).toString('base64url'), verifier = randomBytes(32).toString('base64url');
  const question = new URLSearchParams({
    response_type: 'code', client_id: CLIENT_ID, redirect_uri: `${PUBLIC_URL}/back`, scope: SCOPES, state,
    code_challenge: createHash('sha256').update(verifier).digest('base64url'), code_challenge_method: 'S256',
  });
  // What was begun in this browser can only be ended in this browser.
  const started = [state, verifier, Buffer.from(show).toString('base64url')].join('.');
  const secure = PUBLIC_URL.startsWith('https:') ? '; Secure' : '';
  reply(response, 303, '', undefined, {
    location: `${SOUNDPOST}/oauth2/authorize/?${question}`,
    'set-cookie': `connecting=${started}; Path=/back; Max-Age=600; HttpOnly; SameSite=Lax${secure}`,
  });
}

async function back(request, response, answer) {
  const [, state, verifier, show] = /(?:^|; )connecting=([\w-]+)\.([\w-]+)\.([\w-]+)(?:;|$)/.exec(request.headers.cookie || '') || [];
  if (!state || !same(state, answer.get('state') || '') || answer.get('iss') !== SOUNDPOST) {
    throw new Refused(400, 'This is the answer to a question that this browser did not ask. Begin again.');
  }
  if (answer.has('error')) throw new Refused(403, `Soundpost says: ${answer.get('error_description') || answer.get('error')}`);
  const name = await connect(answer.get('code') || '', verifier, Buffer.from(show, 'base64url').toString());
  reply(response, 200, page('Connected', `<h1>Connected</h1><p>Soundpost calls it “${escaped(name)}”. Choose it in a production or preset.</p>`), undefined,
    { 'set-cookie': 'connecting=; Path=/back; Max-Age=0; HttpOnly' });
}

/** A finished production. */
async function service(request, response) {
  const body = await bodyOf(request, 'application/jwt');
  const webhookId = checkHeaders(request.headers, body, SERVICE_KEYS);
  const { uuid: production, custom_data: connection } = checkToken(body);
  if (typeof production !== 'string' || !/^[0-9A-Za-z]{22}$/.test(production) || typeof connection !== 'string') throw new Refused(400, 'The token names no production, or no connection.');
  const answer = await once(webhookId, () => publish(production, connection));
  reply(response, answer.status, answer.body, 'application/json');
}

/** What a production or preset tells the address in its `webhook`. */
async function plain(request, response) {
  const body = await bodyOf(request, 'application/x-www-form-urlencoded');
  const webhookId = checkHeaders(request.headers, body, PLAIN_KEYS);
  const form = new URLSearchParams(body.toString());
  const answer = await once(webhookId, async () => {
    // Here goes what is to happen: 3 is done, 2 did not work.
    say(`webhook ${form.get('uuid')}: ${form.get('status')} ${form.get('status_string')}`);
    return { status: 204, body: '' };
  });
  reply(response, answer.status, answer.body);
}

async function episode(request, response, _, place) {
  // In real life a web server serves this folder, with ranges and caches.
  const [, production, isFile] = /^\/episodes\/([0-9A-Za-z]{22})(\.mp3)?$/.exec(place) || [];
  const file = production && path.join(PUBLISHED, production + (isFile || '.html'));
  const found = file && await stat(file).catch(() => undefined);
  if (!found) return reply(response, 404, 'There is nothing here.', 'text/plain; charset=utf-8');
  response.writeHead(200, { ...SAFE, 'content-type': isFile ? 'audio/mpeg' : 'text/html; charset=utf-8', 'content-length': found.size });
  await pipeline(createReadStream(file), response);
}

const ROUTES = { 'GET /': index, 'POST /connect': start, 'GET /back': back, 'POST /hooks/service': service, 'POST /hooks/plain': plain };

async function answer(request, response) {
  const [place, query = ''] = request.url.split(/\?(.*)/s);
  const text = 'text/plain; charset=utf-8';
  try {
    await (ROUTES[`${request.method} ${place}`] || episode)(request, response, new URLSearchParams(query), place);
  } catch (error) {
    if (error instanceof Refused) {
      say(`refused ${place}: ${error.message}`);
      // What is left of the body is not read.
      reply(response, error.status, error.message, text, { connection: 'close' });
    } else if (response.headersSent || request.destroyed && !request.complete) {
      response.destroy();
    } else if (error instanceof NotNow || error.name === 'TimeoutError' || error instanceof TypeError && error.cause) {
      // The last is how fetch says that it reached nobody. Soundpost shows the first words of an answer to whoever looks at the delivery.
      const reason = error instanceof NotNow ? error.message : 'Soundpost cannot be reached from here.';
      say(`not now: ${reason}`);
      reply(response, 503, reason, text, { 'retry-after': '30' });
    } else {
      console.error(error);
      reply(response, 500, 'Something is wrong here.', text);
    }
  }
}

for (const folder of [connections.folder, answers.folder, episodes.folder, PUBLISHED]) await mkdir(folder, { recursive: true });
await answers.forget(Date.now() - REMEMBERED);
// Left behind by a crash.
for (const name of await readdir(PUBLISHED)) if (name.endsWith('.part')) await rm(path.join(PUBLISHED, name));
const [, host, port] = /^(.*):(\d+)$/.exec(LISTEN) || fail('LISTEN is an address and a port, such as 127.0.0.1:9000.');
// Milliseconds in which a request has to be there whole.
createServer({ requestTimeout: 30_000 }, answer).listen(Number(port), host, () => say(`listening on ${PUBLIC_URL}`));
