// Looks at the server's pages with Chromium: axe in both schemes, 320 px without sideways scrolling, a walk by keyboard, scripts
// off, and what the player's keys do. Nothing of the product is in here.
//
//   node run.mjs FOLDER                            pages that `cargo nextest run -p web pages` rendered into target/pages
//   node run.mjs http://127.0.0.1:8080 [NAME:PASSWORD]   a server that runs; with an account its inner pages as well
//   … --send FILE                                 the account is made through the page, and the recording sent by its form; then a
//                                                 store is added, and an app registered, and asks
//   … --shots DIR                                  keep a picture of every page: phone and desk, light and dark
//   … --only TEXT                                  pages whose name has that in it
//
// Ends with 1 when something was found, and says what. Needs Chromium (CHROMIUM, or one on the path).
import { createServer } from 'node:http';
import { existsSync, mkdirSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { extname, join, normalize, resolve as resolvePath } from 'node:path';
import { chromium } from 'playwright-core';
import { apps } from './apps.mjs';
import { services } from './services.mjs';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const args = process.argv.slice(2);
const option = name => { const at = args.indexOf(name); return at < 0 ? null : args.splice(at, 2)[1]; };
const shots = option('--shots'), only = option('--only'), send = option('--send');
const [target, account] = args;
if (!target) { console.error('say what to look at: a folder with pages, or the address of a server'); process.exit(2); }
if (shots) mkdirSync(shots, { recursive: true });

const found = [];
const find = (page, what) => { found.push(`${page}: ${what}`); console.log(`  ✗ ${page}: ${what}`); };

/* A folder is served as the program would serve it: the same policy, and a second of sound behind every download. */
const POLICY = "default-src 'none'; style-src 'self'; script-src 'self'; font-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; media-src 'self'";
const TYPES = { '.html': 'text/html; charset=utf-8', '.css': 'text/css; charset=utf-8', '.js': 'text/javascript; charset=utf-8', '.svg': 'image/svg+xml', '.woff2': 'font/woff2' };
const sound = (() => {
  const frames = 8000 * 60, wav = Buffer.alloc(44 + frames, 128);
  wav.write('RIFF', 0); wav.writeUInt32LE(36 + frames, 4); wav.write('WAVEfmt ', 8); wav.writeUInt32LE(16, 16); wav.writeUInt16LE(1, 20); wav.writeUInt16LE(1, 22);
  wav.writeUInt32LE(8000, 24); wav.writeUInt32LE(8000, 28); wav.writeUInt16LE(1, 32); wav.writeUInt16LE(8, 34); wav.write('data', 36); wav.writeUInt32LE(frames, 40);
  return wav;
})();
const serve = folder => new Promise(resolve => {
  const server = createServer((request, response) => {
    const path = decodeURIComponent(new URL(request.url, 'http://x').pathname);
    if (path.endsWith('/original') || path.startsWith('/api/download/')) {
      const [, from, to] = /bytes=(\d+)-(\d*)/.exec(request.headers.range ?? '') ?? [];
      const start = +(from ?? 0), end = to ? Math.min(+to, sound.length - 1) : sound.length - 1;
      response.writeHead(from ? 206 : 200, { 'content-type': 'audio/wav', 'accept-ranges': 'bytes', 'content-length': end - start + 1, ...(from && { 'content-range': `bytes ${start}-${end}/${sound.length}` }) });
      return response.end(sound.subarray(start, end + 1));
    }
    if (path.endsWith('/events')) {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      return response.write('data: {"status":4,"status_string":"Audio Processing","progress":0.7}\n\n');
    }
    const file = join(folder, normalize(path));
    if (!file.startsWith(folder) || !existsSync(file) || !statSync(file).isFile()) { response.writeHead(404); return response.end('nothing'); }
    response.writeHead(200, { 'content-type': TYPES[extname(file)] ?? 'text/plain', 'content-security-policy': POLICY });
    response.end(readFileSync(file));
  });
  server.listen(0, '127.0.0.1', () => resolve({ base: `http://127.0.0.1:${server.address().port}`, close: () => { server.closeAllConnections(); server.close(); } }));
});

const where = ['chromium', 'chromium-browser', 'google-chrome'].flatMap(name => (process.env.PATH ?? '').split(':').map(folder => join(folder, name))).find(existsSync);
const executablePath = process.env.CHROMIUM ?? where;
if (!executablePath) { console.error('Chromium is missing: run tools/setup browser'); process.exit(2); }
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--autoplay-policy=no-user-gesture-required'] });

/* What a page complains about. That something is not there, or not now, is no complaint of a page. */
const hear = (page, name) => {
  page.on('console', message => { if (['error', 'warning'].includes(message.type()) && !/status of (400|403|404|429|5\d\d)/.test(message.text())) find(name, `console: ${message.text()}`); });
  page.on('pageerror', error => find(name, `script: ${error.message}`));
};

/* What addresses are called that have ids in them. */
const names = new Map();
const label = page => (names.get(page) ?? page).replace(/^\/|\.html$/g, '').replaceAll('/', '-') || 'home';

const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

/* axe, in one scheme and width. Evaluated through the debugger, which the policy does not reach. */
const audit = async (path, page, how) => {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(tags => window.axe.run(document, { runOnly: tags, resultTypes: ['violations'] }), TAGS);
  for (const { id, help, nodes } of violations) find(`${label(path)} ${how}`, `${id}: ${help}: ${nodes.slice(0, 3).map(node => node.target.join(' ')).join(', ')}`);
};

/* Tab through everything: each stop can be seen, shows that it is focused, and all that can be used is reached. */
const walk = async (path, page) => {
  const wanted = await page.evaluate(() => {
    const usable = 'a[href], button:not([disabled]), input:not([type=hidden]):not([disabled]), select, textarea, summary, audio[controls], [tabindex="0"]';
    const seen = [...document.querySelectorAll(usable)].filter(e => e.checkVisibility() && !e.closest('dialog:not([open])'))
      // Of radio buttons that belong together Tab stops at the one that is set; arrows do the rest.
      .filter(e => e.type !== 'radio' || e.checked);
    seen.forEach((e, i) => { e.dataset.walk = i; });
    document.activeElement?.blur();
    window.scrollTo(0, 0);
    return seen.length;
  });
  const reached = new Set();
  for (let step = 0; step < wanted * 3 + 40 && reached.size < wanted; step++) {
    await page.keyboard.press('Tab');
    const stop = await page.evaluate(() => {
      const e = document.activeElement;
      if (!e || e === document.body) return null;
      const box = e.getBoundingClientRect(), style = getComputedStyle(e);
      return { walk: e.dataset.walk, name: e.outerHTML.slice(0, 80), native: e.tagName === 'AUDIO', box: [box.left, box.top, box.width, box.height], out: style.outlineStyle, width: parseFloat(style.outlineWidth), high: innerHeight, wide: innerWidth };
    });
    if (!stop) continue;
    if (stop.walk !== undefined && !reached.has(stop.walk)) {
      reached.add(stop.walk);
      const [left, top, width, height] = stop.box;
      if (!stop.native && (stop.out === 'none' || stop.width < 2)) find(label(path), `no sign of focus on ${stop.name}`);
      if (width < 1 || height < 1 || top >= stop.high || top + height <= 0 || left >= stop.wide) find(label(path), `focus goes where nobody sees it: ${stop.name}`);
    }
  }
  if (reached.size < wanted) find(label(path), `the keyboard reaches ${reached.size} of ${wanted}`);
};

const narrow = async (path, page, width) => {
  const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  if (over <= 0) return;
  const who = await page.evaluate(() => [...document.querySelectorAll('body *')].filter(e => e.getBoundingClientRect().right > innerWidth + 1).slice(-1).map(e => e.outerHTML.slice(0, 90)).join());
  find(label(path), `scrolls sideways by ${over} px at ${width}: ${who}`);
};

/* A page that is there only once, such as one with a secret: seen in both schemes, by the keyboard, and narrow, without loading it again. */
const look = async (name, page) => {
  console.log(name);
  for (const colorScheme of ['light', 'dark']) {
    for (const width of [390, 1440]) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      await page.setViewportSize({ width, height: width === 390 ? 844 : 900 });
      await audit(name, page, `${colorScheme} ${width}`);
      if (shots) await page.screenshot({ path: join(shots, `${name}-${width}-${colorScheme}.png`), fullPage: true });
    }
  }
  await walk(name, page);
  await page.setViewportSize({ width: 320, height: 640 });
  await narrow(name, page, 320);
  await page.setViewportSize({ width: 1280, height: 900 });
};

/* An account is made, by keyboard alone, and left again by its button. */
const signUp = async (page, name, password) => {
  await page.goto(`${base}/signup`);
  await page.focus('#username');
  for (const key of [...name, 'Tab', 'Tab', ...password, 'Enter']) await page.keyboard.press(key === ' ' ? 'Space' : key);
  await page.waitForURL(`${base}/productions`);
  await page.click('header.mast .me button');
  await page.waitForURL(url => url.pathname !== '/productions');
};

/* A recording is sent by the form, and looked at until it is done: then the page has become the player by itself. */
const produce = async (page, file) => {
  await page.goto(`${base}/productions`);
  await page.setInputFiles('#input_file', file);
  await page.click('form[data-upload] button.p');
  await page.waitForURL(/\/productions\/[0-9A-Za-z]{22}$/);
  await page.locator('[data-player]').waitFor({ timeout: 120_000 });
};

let served = null, base = target, pages = [], storageState;
if (/^https?:/.test(target)) {
  pages = ['/', '/signin', '/signup', '/nothing-here'];
  if (account) {
    const [name, ...password] = account.split(':');
    const context = await browser.newContext(), page = await context.newPage();
    hear(page, 'walk');
    if (send) await signUp(page, name, password.join(':'));
    // What stands behind the # of an invitation's address gets into its form though one has to sign in first, and out of the address.
    await page.goto(`${base}/invitation#spn_first`);
    await page.fill('#username', name);
    await page.fill('#password', password.join(':'));
    await page.click('main button.p');
    await page.waitForLoadState('load');
    if (await page.inputValue('#code', { timeout: 2000 }).catch(() => '') !== 'spn_first') find('/invitation', `after signing in there is no invitation at ${page.url()}`);
    await page.goto(`${base}/invitation?again`);
    if (await page.inputValue('#code') !== '') find('/invitation', 'an invitation that was opened is kept');
    await page.goto(`${base}/invitation?once-more#spn_second`);
    if (await page.inputValue('#code') !== 'spn_second' || page.url().includes('#')) find('/invitation', `the form has “${await page.inputValue('#code')}” at ${page.url()}`);
    if (new URL(page.url()).pathname === '/signin') find('/signin', `could not sign in: ${await page.locator('#summary').innerText().catch(() => 'no summary')}`);
    if (send) await produce(page, send);
    await page.goto(`${base}/productions`);
    pages.push('/productions');
    const first = await page.locator('a.t').first().getAttribute('href', { timeout: 2000 }).catch(() => null);
    if (first) pages.push(first, `${first}/delete`);
    pages.push('/invitation', '/account', '/account/keys', '/account/factors', '/account/deliveries');
    if (send) {
      const expect = (what, fine) => { if (!fine) find('apps', what); };
      const walked = [await services(context, base, [name, password.join(':')], send, { look, expect }), await apps(context, base, { look, expect })];
      for (const [name, path] of walked.flatMap(Object.entries)) { names.set(path, name); pages.push(path); }
    }
    storageState = await context.storageState();
    await context.close();
  }
} else {
  served = await serve(resolvePath(target));
  base = served.base;
  pages = readdirSync(target).filter(name => name.endsWith('.html')).sort().map(name => `/${name}`);
}
if (only) pages = pages.filter(page => (names.get(page) ?? page).includes(only));

const open = async (path, options) => {
  const context = await browser.newContext({ reducedMotion: 'reduce', storageState, ...options });
  const page = await context.newPage();
  hear(page, label(path));
  await page.goto(base + path, { waitUntil: 'load' });
  await page.evaluate(() => document.fonts.ready.then(() => undefined));
  return { page, context };
};
const spoken = seconds => {
  const parts = [[Math.floor(seconds / 60), 'minute'], [Math.floor(seconds) % 60, 'second']].filter(([n]) => n);
  return parts.map(([n, word]) => `${n} ${word}${n === 1 ? '' : 's'}`).join(' ') || '0 seconds';
};

/* What the transport's keys do. */
const player = async path => {
  const { page, context } = await open(path, { viewport: { width: 1280, height: 900 } });
  const slider = page.locator('[data-slider]');
  if (!await slider.count()) { await context.close(); return; }
  const said = () => slider.getAttribute('aria-valuetext');
  const expect = (what, fine) => { if (!fine) find(label(path), what); };
  await slider.focus();
  expect(`slider has role ${await slider.getAttribute('role')}`, await slider.getAttribute('role') === 'slider');
  const length = await page.locator('[data-player]').getAttribute('data-length') / 1000;
  let at = 0;
  for (const [key, step] of [['Home', -length], ['ArrowRight', 5], ['PageUp', 60], ['ArrowLeft', -5], ['PageDown', -60]]) {
    await page.keyboard.press(key);
    at = Math.min(length, Math.max(0, at + step));
    expect(`after ${key} the slider says ${await said()}`, (await said()).startsWith(`${spoken(at)} of`));
  }
  await page.keyboard.press('l');
  expect(`after L it says ${await said()}`, (await said()).startsWith('15 seconds of'));
  const hear = page.locator('[data-hear=before]');
  if (await hear.count()) {
    await page.keyboard.press('a');
    expect('A does not lead to the original', await hear.getAttribute('aria-pressed') === 'true');
    expect(`A loses the moment: ${await said()}`, (await said()).startsWith('15 seconds of'));
    await page.keyboard.press('b');
    expect('B does not lead back', await hear.getAttribute('aria-pressed') === 'false');
  }
  await page.keyboard.press('?');
  expect('? does not list the keys', await page.locator('dialog').evaluate(dialog => dialog.open));
  await audit(path, page, 'with its keys');
  await page.locator('[data-use-keys]').uncheck();
  await page.keyboard.press('Escape');
  expect('Escape does not close the list', !await page.locator('dialog').evaluate(dialog => dialog.open));
  await page.keyboard.press('l');
  expect('keys cannot be switched off', (await said()).startsWith('15 seconds of'));
  await page.locator('[data-play]').click();
  const plays = await page.locator('[data-play][aria-label=Pause]').waitFor({ timeout: 5000 }).then(() => true, () => false);
  expect('play does not play', plays);
  await context.close();
};

/* A page of an editor says how far the reading is, and is loaded again when that is over: unless something was typed, which it keeps. */
const untilMade = async path => {
  for (const typed of [false, true]) {
    const { page, context } = await open(path, { viewport: { width: 1280, height: 900 } });
    const expect = (what, fine) => { if (!fine) find(label(path), what); };
    if (!await page.locator('main[data-until-made]').count()) { await context.close(); return; }
    const sentences = ['Speaking paragraph 2 of 5.', ''];
    let loads = 0;
    await page.route('**/state', route => route.fulfill({ json: { sentence: sentences.length > 1 ? sentences.shift() : sentences[0] } }));
    page.on('load', () => { loads += 1; });
    if (typed) await page.fill('#word', 'gauge');
    const says = text => page.locator('[data-told]', { hasText: text }).waitFor({ timeout: 5000 }).then(() => true, () => false);
    expect('it does not say how far the reading is', await says('Speaking paragraph 2 of 5.'));
    if (typed) {
      expect('what was typed is not kept, or nothing says that the reading is over', await says('It was read.'));
      expect('what was typed is gone', await page.inputValue('#word') === 'gauge' && loads === 0);
    } else {
      expect('it is not loaded again when the reading is over', await page.waitForEvent('load', { timeout: 5000 }).then(() => true, () => false));
    }
    await context.close();
  }
};

/* Scripts off: what is there works, and nothing is shown that needs them. */
const plain = async path => {
  const { page, context } = await open(path, { javaScriptEnabled: false, viewport: { width: 390, height: 844 } });
  const html = await page.content();
  if (html.includes('data-player') && !await page.locator('audio[data-after]').isVisible()) find(label(path), 'without scripts nothing can be played');
  if (await page.locator('.scripted').filter({ visible: true }).count()) find(label(path), 'without scripts something is shown that needs them');
  if (shots) await page.screenshot({ path: join(shots, `${label(path)}-390-plain.png`), fullPage: true });
  await context.close();
};

for (const path of pages) {
  console.log(label(path));
  for (const colorScheme of ['light', 'dark']) {
    for (const width of [390, 1440]) {
      const { page, context } = await open(path, { colorScheme, viewport: { width, height: width === 390 ? 844 : 900 } });
      await audit(path, page, `${colorScheme} ${width}`);
      if (shots) await page.screenshot({ path: join(shots, `${label(path)}-${width}-${colorScheme}.png`), fullPage: true });
      if (colorScheme === 'light') await walk(path, page);
      await context.close();
    }
  }
  const { page, context } = await open(path, { viewport: { width: 320, height: 640 } });
  await narrow(path, page, 320);
  await context.close();
  await plain(path);
  await player(path);
  await untilMade(path);
}
await browser.close();
served?.close();
console.log(found.length ? `${found.length} found` : `${pages.length} pages, nothing found`);
process.exit(found.length ? 1 : 0);
