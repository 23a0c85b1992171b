// Looks at the listener's page, the embed and embed.js with Chromium: every state in both schemes, the keyboard, words lit in time, a page that
// becomes the player by itself, scripts off, and a page of somebody else with the embed in it. Nothing of the product is in here.
//
//   node player.mjs FOLDER            pages as rendered, player-{ready,generating,error}.html, embed-{ready,generating,error}.html and others
//                                     of those two kinds, with what they ask for below FOLDER/assets
//   … --shots DIR                     keep a picture of every page: phone and desk, light and dark
//   … --only TEXT                     the checks whose name has that in it
//
// The folder is served with the program's policy, a tone of the right length for the sound, and a stream of events that the checks speak into.
// Ends with 1 when something was found, and says what. Needs Chromium (CHROMIUM, or one on the path).
import { createServer } from 'node:http';
import { existsSync, mkdirSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { extname, join, normalize, resolve as resolvePath } from 'node:path';
import { chromium } from 'playwright-core';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const args = process.argv.slice(2);
const option = name => { const at = args.indexOf(name); return at < 0 ? null : args.splice(at, 2)[1]; };
const shots = option('--shots'), only = option('--only');
if (!args[0]) { console.error('say which folder has the pages'); process.exit(2); }
const folder = resolvePath(args[0]);
if (shots) mkdirSync(shots, { recursive: true });

const found = [];
let checking = '';
const find = what => { found.push(`${checking}: ${what}`); console.log(`  ✗ ${checking}: ${what}`); };
const expect = (what, fine) => { if (!fine) find(what); };

/* --- what is served ------------------------------------------------------------------------------------------------- */

const html = name => readFileSync(join(folder, `${name}.html`), 'utf8');
for (const name of ['player-ready', 'player-generating', 'player-error', 'embed-ready', 'embed-generating', 'embed-error']) {
  if (!existsSync(join(folder, `${name}.html`))) { console.error(`${name}.html is missing in ${folder}`); process.exit(2); }
}
const attribute = (text, name) => new RegExp(`\\b${name}="([^"]*)"`).exec(text)?.[1];
const id = attribute(html('player-generating'), 'data-id'), length = attribute(html('player-ready'), 'data-length') / 1000;
const soundAt = new Set(['player-ready', 'embed-ready'].map(name => new URL(/<source src="([^"]+)"/.exec(html(name))[1], 'http://x').pathname));

const POLICY = "default-src 'none'; style-src 'self'; script-src 'self'; font-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; media-src 'self'";
const TYPES = { '.html': 'text/html; charset=utf-8', '.css': 'text/css; charset=utf-8', '.js': 'text/javascript; charset=utf-8', '.svg': 'image/svg+xml', '.woff2': 'font/woff2' };

/* A tone of 440 Hz, as long as the page says. */
const tone = (() => {
  const frames = Math.ceil(8000 * length), wav = Buffer.alloc(44 + frames);
  wav.write('RIFF', 0); wav.writeUInt32LE(36 + frames, 4); wav.write('WAVEfmt ', 8); wav.writeUInt32LE(16, 16); wav.writeUInt16LE(1, 20); wav.writeUInt16LE(1, 22);
  wav.writeUInt32LE(8000, 24); wav.writeUInt32LE(8000, 28); wav.writeUInt16LE(1, 32); wav.writeUInt16LE(8, 34); wav.write('data', 36); wav.writeUInt32LE(frames, 40);
  for (let frame = 0; frame < frames; frame++) wav[44 + frame] = 128 + Math.round(40 * Math.sin(frame / 8000 * 440 * 2 * Math.PI));
  return wav;
})();

const listen = handle => new Promise(resolve => {
  const server = createServer(handle);
  server.listen(0, '127.0.0.1', () => resolve({ base: `http://127.0.0.1:${server.address().port}`, close: () => { server.closeAllConnections(); server.close(); } }));
});

/* The house: `stage` is what a narration is at now, `alter` changes its page on the way out. */
const house = { stage: 'ready', alter: text => text, streams: new Set(), refuse: false, state: {}, silent: false, asked: [], players: () => [404, {}], wait: 0 };
house.tell = told => { house.state = told; for (const stream of house.streams) stream.write(`data: ${JSON.stringify(told)}\n\n`); };
const server = await listen(async (request, response) => {
  const url = new URL(request.url, 'http://x'), path = decodeURIComponent(url.pathname);
  house.asked.push({ url: request.url, method: request.method, headers: request.headers });
  const page = (text, frames) => { response.writeHead(200, { 'content-type': TYPES['.html'], 'cache-control': 'no-store', 'content-security-policy': frames ? POLICY.replace("frame-ancestors 'none'", 'frame-ancestors *') : POLICY }); response.end(text); };
  if (soundAt.has(path)) {
    if (house.silent) { response.writeHead(503); return response.end(); }
    const [, from, to] = /bytes=(\d+)-(\d*)/.exec(request.headers.range ?? '') ?? [];
    const start = +(from ?? 0), end = to ? Math.min(+to, tone.length - 1) : tone.length - 1;
    response.writeHead(from ? 206 : 200, { 'content-type': 'audio/wav', 'accept-ranges': 'bytes', 'content-length': end - start + 1, ...(from && { 'content-range': `bytes ${start}-${end}/${tone.length}` }) });
    return response.end(tone.subarray(start, end + 1));
  }
  if (path === `/p/${id}/events`) {
    if (house.refuse) { response.writeHead(404); return response.end(); }
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    response.write(': hello\n\n');
    house.streams.add(response);
    return request.on('close', () => house.streams.delete(response));
  }
  if (path === `/p/${id}/state`) { response.writeHead(200, { 'content-type': 'application/json' }); return response.end(JSON.stringify(house.state)); }
  const [, kind, whose] = /^\/(p|embed)\/([^/]+)$/.exec(path) ?? [];
  if (kind && whose === id) return page(house.alter(html(`${kind === 'p' ? 'player' : 'embed'}-${house.stage}`)), kind === 'embed');
  if (path === '/audyo/players') {
    const cors = { 'access-control-allow-origin': request.headers.origin ?? '', 'access-control-allow-headers': 'authorization', vary: 'origin' };
    if (request.method === 'OPTIONS') { response.writeHead(204, cors); return response.end(); }
    const [status, body] = house.players(url.searchParams.get('url'));
    setTimeout(() => { response.writeHead(status, { ...cors, 'content-type': status < 400 ? 'application/json' : 'application/problem+json' }); response.end(JSON.stringify(body)); }, house.wait);
    return undefined;
  }
  const file = join(folder, normalize(path));
  if (!file.startsWith(folder) || !existsSync(file) || !statSync(file).isFile()) { response.writeHead(404); return response.end('nothing'); }
  if (extname(file) === '.html') return page(readFileSync(file, 'utf8'), path.startsWith('/embed'));
  response.writeHead(200, { 'content-type': TYPES[extname(file)] ?? 'text/plain' });
  return response.end(readFileSync(file));
});
const { base } = server;

/* --- the browser ---------------------------------------------------------------------------------------------------- */

const where = ['chromium', 'chromium-browser', 'google-chrome'].flatMap(name => (process.env.PATH ?? '').split(':').map(place => join(place, name))).find(existsSync);
const executablePath = process.env.CHROMIUM ?? where;
if (!executablePath) { console.error('Chromium is missing: run tools/setup browser'); process.exit(2); }
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--autoplay-policy=no-user-gesture-required'] });

const hear = (page, quiet) => {
  page.on('console', message => { if (['error', 'warning'].includes(message.type()) && !quiet?.(message.text())) find(`console: ${message.text()}`); });
  page.on('pageerror', error => find(`script: ${error.message}`));
};
const open = async (path, { stage = 'ready', quiet, before, ...options } = {}) => {
  house.stage = stage;
  house.alter = text => text;
  const context = await browser.newContext({ reducedMotion: 'reduce', viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  hear(page, quiet);
  if (before) await page.addInitScript(before);
  await page.goto(base + path, { waitUntil: 'load' });
  await page.evaluate(() => document.fonts.ready.then(() => undefined));
  return { page, context };
};

const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
const audit = async (page, how) => {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(tags => window.axe.run(document, { runOnly: tags, resultTypes: ['violations'] }), TAGS);
  for (const { id: rule, help, nodes } of violations) find(`${how}: ${rule}: ${help}: ${nodes.slice(0, 3).map(node => node.target.join(' ')).join(', ')}`);
};
const narrow = async page => {
  const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  if (over <= 0) return;
  const who = await page.evaluate(() => [...document.querySelectorAll('body *')].filter(e => e.getBoundingClientRect().right > innerWidth + 1).slice(-1).map(e => e.outerHTML.slice(0, 90)).join());
  find(`scrolls sideways by ${over} px: ${who}`);
};
/* Tab through everything that can be used: each is reached, can be seen, shows that it is focused, and nothing lies over it. */
const walk = async page => {
  const wanted = await page.evaluate(() => {
    const usable = 'a[href], button:not([disabled]), input:not([type=hidden]), select, summary, [tabindex="0"]';
    const seen = [...document.querySelectorAll(usable)].filter(e => e.checkVisibility() && !e.closest('dialog:not([open])'));
    seen.forEach((e, i) => { e.dataset.walk = i; });
    return seen.length;
  });
  const reached = new Set();
  for (let step = 0; step < wanted * 2 + 5 && reached.size < wanted; step++) {
    await page.keyboard.press('Tab');
    const stop = await page.evaluate(() => {
      const e = document.activeElement;
      if (!e || e.dataset.walk === undefined) return null;
      const box = e.getBoundingClientRect(), style = getComputedStyle(e);
      const over = document.elementFromPoint(box.left + box.width / 2, box.top + Math.min(box.height / 2, 20));
      return { walk: e.dataset.walk, name: e.outerHTML.slice(0, 80), sign: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2, seen: !!over && (e.contains(over) || over.contains(e)) };
    });
    if (!stop || reached.has(stop.walk)) continue;
    reached.add(stop.walk);
    expect(`no sign of focus on ${stop.name}`, stop.sign);
    expect(`focus goes where nobody sees it: ${stop.name}`, stop.seen);
  }
  expect(`the keyboard reaches ${reached.size} of ${wanted}`, reached.size === wanted);
};
const said = page => page.locator('[role=slider]').getAttribute('aria-valuetext');
const spoken = seconds => {
  const parts = [[Math.floor(seconds / 60), 'minute'], [Math.floor(seconds) % 60, 'second']].filter(([n]) => n);
  return parts.map(([n, word]) => `${n} ${word}${n === 1 ? '' : 's'}`).join(' ') || '0 seconds';
};
const atPlace = async (page, what, seconds) => { const now = await said(page); expect(`${what}, the slider says ${now}`, now.startsWith(`${spoken(seconds)} of ${spoken(length)}`)); };
const until = async (what, fine, ms = 5000) => {
  for (const end = Date.now() + ms; Date.now() < end;) { if (await fine()) return; await new Promise(resolve => setTimeout(resolve, 30)); }
  find(what);
};
const text = (page, selector) => page.locator(selector).first().textContent();
const told = (more = {}) => ({ status: 'generating', percent: 60, step: 'speaking', sentence: 'Speaking paragraph 4 of 9.', left: 'About 30 seconds left.', segment: 3, segments: 9, revision: 2, ...more });

/* --- what is checked ------------------------------------------------------------------------------------------------ */

const checks = {
  async looks() {
    for (const name of readdirSync(folder).filter(file => /^(player|embed)-.*\.html$/.test(file)).map(file => file.slice(0, -5)).sort()) {
      checking = name;
      const embed = name.startsWith('embed');
      for (const colorScheme of ['light', 'dark']) {
        for (const width of embed ? [320, 660] : [390, 1440]) {
          const { page, context } = await open(`/${name}.html`, { colorScheme, viewport: { width, height: embed ? 124 : width === 390 ? 844 : 900 } });
          await audit(page, `${colorScheme} ${width}`);
          if (embed) {
            const high = await page.evaluate(() => [document.documentElement.scrollHeight, document.querySelector('main').getBoundingClientRect().height, document.querySelector('.bd').scrollHeight]);
            expect(`at ${width} it is ${high[0]} px high, its frame ${high[1]}, what is in it ${high[2]}`, high[0] === 124 && high[1] === 124 && high[2] <= 102);
          }
          if (shots) await page.screenshot({ path: join(shots, `${name}-${width}-${colorScheme}.png`), fullPage: true });
          if (colorScheme === 'light' || width === 390) await walk(page);
          await context.close();
        }
      }
      const { page, context } = await open(`/${name}.html`, { viewport: { width: 320, height: 640 } });
      await narrow(page);
      await context.close();
      const forced = await open(`/${name}.html`, { forcedColors: 'active' });
      if (shots && name === 'player-ready') await forced.page.screenshot({ path: join(shots, `${name}-1440-forced.png`), fullPage: true });
      await forced.context.close();
    }
  },

  async keyboard() {
    const { page, context } = await open(`/p/${id}`);
    await page.locator('[role=slider]').focus();
    let at = 0;
    for (const [key, step] of [['Home', -length], ['ArrowRight', 5], ['ArrowUp', 5], ['PageUp', 60], ['ArrowLeft', -5], ['ArrowDown', -5], ['PageDown', -60], ['End', length], ['Home', -length]]) {
      await page.keyboard.press(key);
      at = Math.min(Math.floor(length), Math.max(0, at + step));
      await atPlace(page, `after ${key}`, at);
    }
    await page.evaluate(() => document.activeElement.blur());
    for (const [key, to] of [['l', 15], ['L', 30], ['j', 15]]) { await page.keyboard.press(key); await atPlace(page, `after ${key}`, to); }
    const speed = () => page.evaluate(() => document.querySelector('audio').playbackRate);
    await page.keyboard.press('>');
    expect(`after > the speed is ${await speed()}`, await speed() === 1.25 && await page.locator('[data-speed]').inputValue() === '1.25');
    for (let press = 0; press < 9; press++) await page.keyboard.press('<');
    expect(`at the slowest it is ${await speed()}`, await speed() === 0.75);
    await page.selectOption('[data-speed]', '1');
    const playing = wanted => until(`it ${wanted ? 'does not play' : 'plays on'}`, async () => await page.evaluate(() => !document.querySelector('audio').paused) === wanted);
    await page.evaluate(() => document.activeElement.blur());
    await page.keyboard.press('k');
    await playing(true);
    await page.keyboard.press('Space');
    await playing(false);
    await page.locator('[role=slider]').focus();
    await page.keyboard.press('Space');
    await playing(true);
    await page.keyboard.press('Space');
    await playing(false);
    // The space bar on a button presses the button, and nothing besides.
    await page.locator('[data-play]').focus();
    await page.keyboard.press('Space');
    await playing(true);
    await until('play is not called Pause while it plays', async () => await page.locator('[data-play]').getAttribute('aria-label') === 'Pause');
    await page.keyboard.press('Space');
    await playing(false);
    await page.keyboard.press('?');
    expect('? does not list the keys', await page.locator('dialog').evaluate(dialog => dialog.open));
    await audit(page, 'with its keys');
    if (shots) await page.screenshot({ path: join(shots, 'player-keys-1280-light.png') });
    await page.locator('[data-use-keys]').uncheck();
    await page.keyboard.press('Escape');
    await page.evaluate(() => { document.activeElement.blur(); document.querySelector('[role=slider]').focus(); });
    await page.keyboard.press('Home');
    await page.keyboard.press('l');
    await atPlace(page, 'after L, switched off', 0);
    await page.reload();
    await page.keyboard.press('l');
    await atPlace(page, 'after L, switched off and loaded again', 0);
    await page.locator('[role=slider]').focus();
    await page.keyboard.press('ArrowRight');
    await atPlace(page, 'the slider keeps its own keys', 5);
    await context.close();
  },

  /* A word must be lit in the frame in which it begins, or the next. */
  async words() {
    const { page, context } = await open(`/p/${id}`);
    const first = await page.evaluate(() => +document.querySelector('.w[data-t]').dataset.t);
    await page.evaluate(from => { document.querySelector('audio').currentTime = from; }, first / 1000 - 0.2);
    await page.locator('[data-play]').click();
    await until('it does not play', () => page.evaluate(() => document.querySelector('audio').currentTime * 1000 > +document.querySelector('.w[data-t]').dataset.t - 150));
    const seen = await page.evaluate(() => new Promise(resolve => {
      const sound = document.querySelector('audio'), samples = [], words = [...document.querySelectorAll('.w[data-t]')];
      const step = () => {
        const lit = [...document.querySelectorAll('.w.lit')], on = [...document.querySelectorAll('.s.on')];
        samples.push({ ms: sound.currentTime * 1000, lit: lit.map(word => words.indexOf(word)), washed: on.length, within: lit.every(word => on.some(sentence => sentence.contains(word))) });
        if (samples.length < 240) requestAnimationFrame(step); else resolve({ samples, words: words.map(word => [+word.dataset.t, +word.dataset.e]) });
      };
      requestAnimationFrame(step);
    }));
    const due = ms => seen.words.reduce((last, [from], index) => from <= ms ? index : last, -1);
    let late = 0, more = 0;
    const lit = new Set();
    for (let sample = 1; sample < seen.samples.length; sample++) {
      const { ms, lit: now, within } = seen.samples[sample], before = seen.samples[sample - 1].ms;
      if (now.length > 1 || !within) more++;
      now.forEach(word => lit.add(word));
      const possible = [];
      for (let word = due(before); word <= due(ms); word++) possible.push(word);
      const paused = now.length === 0 && possible.some(word => word < 0 || ms > seen.words[word][1] + 250);
      if (!paused && !possible.includes(now[0])) late++;
    }
    expect(`only ${lit.size} words were lit in ${seen.samples.length} frames`, lit.size >= 5);
    expect(`in ${late} of ${seen.samples.length} frames a word was lit that was not being read`, late === 0);
    expect(`in ${more} frames more than a word was lit, or one outside its sentence`, more === 0);
    console.log(`  ${lit.size} words in ${seen.samples.length} frames, ${((seen.samples.at(-1).ms - seen.samples[0].ms) / 1000).toFixed(1)} s of sound`);
    if (shots) await page.screenshot({ path: join(shots, 'player-words-1280-light.png') });
    await context.close();
  },

  async jumps() {
    const { page, context } = await open(`/p/${id}`);
    const words = page.locator('.w[data-t]'), place = word => word.getAttribute('data-t').then(ms => ms / 1000);
    const word = words.nth(30);
    await word.click();
    await atPlace(page, 'after a click on a word', await place(word));
    expect('the word that was clicked on is not lit', await word.evaluate(e => e.classList.contains('lit') && e.closest('.s').classList.contains('on')));
    expect('a click on a word starts the sound', await page.evaluate(() => document.querySelector('audio').paused));
    // Marking words is not jumping.
    const box = await words.nth(2).boundingBox(), end = await words.nth(6).boundingBox();
    await page.mouse.move(box.x + 2, box.y + box.height / 2);
    await page.mouse.down();
    await page.mouse.move(end.x + end.width - 2, end.y + end.height / 2, { steps: 4 });
    await page.mouse.up();
    await atPlace(page, 'after words were marked', await place(word));
    await page.evaluate(() => getSelection().removeAllRanges());
    const button = page.locator('button.at').nth(1), from = await page.locator('.pg:has(button.at)').nth(1).getAttribute('data-t') / 1000;
    expect(`a paragraph's button is called ${await button.getAttribute('aria-label')}`, /^Play from \d+:\d\d$/.test(await button.getAttribute('aria-label')));
    await button.click();
    await until('a paragraph’s button does not play', () => page.evaluate(() => !document.querySelector('audio').paused));
    await until('a paragraph’s button leads elsewhere', () => page.evaluate(seconds => Math.abs(document.querySelector('audio').currentTime - seconds) < 3, from));
    await page.locator('[data-play]').click();
    const slider = await page.locator('[role=slider]').boundingBox();
    await page.mouse.click(slider.x + slider.width / 2, slider.y + 20);
    const middle = await page.evaluate(() => document.querySelector('audio').currentTime);
    expect(`a click on the middle of the wave leads to ${middle} s`, Math.abs(middle - length / 2) < 1);
    await context.close();
  },

  async share() {
    const { page, context } = await open(`/p/${id}`, { permissions: ['clipboard-read', 'clipboard-write'] });
    await page.evaluate(() => { document.querySelector('audio').currentTime = 0; });
    await page.locator('[role=slider]').focus();
    for (const key of ['Home', 'PageUp']) await page.keyboard.press(key);
    await page.locator('[data-share]').click();
    await until('nothing says that it was copied', async () => /1:00/.test(await text(page, '[data-note]')));
    const copied = await page.evaluate(() => navigator.clipboard.readText());
    expect(`${copied} was copied`, new URL(copied).pathname === `/p/${id}` && new URL(copied).search === '?t=60');
    if (shots) await page.screenshot({ path: join(shots, 'player-shared-1280-light.png') });
    await context.close();
    const other = await open(`/p/${id}?t=58`, { before: () => Object.defineProperty(navigator, 'clipboard', { value: undefined }) });
    await atPlace(other.page, 'with ?t=58', 58);
    await other.page.locator('[data-share]').click();
    const field = other.page.locator('[data-shared] input');
    await field.waitFor();
    expect(`without a clipboard it shows ${await field.inputValue()}`, (await field.inputValue()).endsWith(`/p/${id}?t=58`));
    expect('the address that is shown is not marked', await field.evaluate(e => document.activeElement === e && e.selectionEnd === e.value.length && e.selectionStart === 0));
    await audit(other.page, 'with an address to copy');
    await other.context.close();
  },

  async remembers() {
    const { page, context } = await open(`/p/${id}`);
    await page.locator('[role=slider]').focus();
    for (const key of ['PageUp', 'ArrowRight', 'ArrowRight']) await page.keyboard.press(key);
    await page.selectOption('[data-speed]', '1.5');
    await page.reload();
    await atPlace(page, 'after loading again', 70);
    expect('the speed is not kept', await page.locator('[data-speed]').inputValue() === '1.5');
    await page.locator('[data-play]').click();
    await until('it does not go on where it was', () => page.evaluate(() => document.querySelector('audio').currentTime > 70.2));
    await page.goto(`${base}/p/${id}?t=20`);
    await atPlace(page, 'an address with a time goes first', 20);
    await page.locator('[role=slider]').focus();
    await page.keyboard.press('End');
    await page.goto(`${base}/p/${id}`);
    await atPlace(page, 'whoever came to the end begins anew', 0);
    await context.close();
    const none = await open(`/p/${id}`, { before: () => Object.defineProperty(window, 'localStorage', { get() { throw new DOMException('no', 'SecurityError'); } }) });
    await none.page.keyboard.press('l');
    await atPlace(none.page, 'in a browser that keeps nothing', 15);
    await none.context.close();
  },

  async follows() {
    for (const viewport of [{ width: 1280, height: 700 }, { width: 390, height: 700 }]) {
      const { page, context } = await open(`/p/${id}`, { viewport });
      const last = page.locator('button.at').last(), from = await page.locator('.pg:has(button.at)').last().getAttribute('data-t') / 1000;
      await page.evaluate(() => scrollTo(0, 0));
      await page.keyboard.press('k');
      await page.evaluate(seconds => { document.querySelector('audio').currentTime = seconds; }, from + 0.5);
      const inSight = () => page.evaluate(() => {
        const word = document.querySelector('.w.lit');
        if (!word) return false;
        const box = word.getBoundingClientRect(), over = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
        // The title is spoken, too, and stands in no paragraph.
        return !!over && (word.closest('.pg') ?? word).contains(over);
      });
      await until(`at ${viewport.width} the page does not follow`, inSight);
      const follow = page.locator('[data-follow]');
      expect('Follow is not on', await follow.getAttribute('aria-pressed') === 'true');
      await page.mouse.move(300, 400);
      await page.mouse.wheel(0, -4000);
      await until('Follow does not stop when the reader scrolls', async () => await follow.getAttribute('aria-pressed') === 'false');
      await page.waitForTimeout(700);
      expect('the page pulls the reader back', await page.evaluate(() => scrollY < 200));
      await follow.click();
      await until('Follow does not lead back', inSight);
      // A scroll without wheel or finger, as of the bar at the side, once our own is over.
      await page.waitForTimeout(1400);
      await page.evaluate(() => scrollTo(0, 0));
      await until('Follow does not stop when the page is scrolled by its bar', async () => await follow.getAttribute('aria-pressed') === 'false');
      await follow.click();
      await until('Follow does not lead back a second time', inSight);
      await follow.click();
      await page.evaluate(() => scrollTo(0, 0));
      await page.waitForTimeout(700);
      expect('Follow cannot be switched off', await page.evaluate(() => scrollY === 0));
      await last.focus();
      await context.close();
    }
  },

  async becomes() {
    const { page, context } = await open(`/p/${id}`, { stage: 'generating', viewport: { width: 1280, height: 700 } });
    await page.evaluate(() => {
      window.stays = true;
      window.announced = [];
      new MutationObserver(() => window.announced.push(document.querySelector('[data-announce]').textContent)).observe(document.querySelector('[data-announce]'), { childList: true, characterData: true, subtree: true });
    });
    await until('nobody listens to the events', () => house.streams.size > 0);
    const announced = () => page.evaluate(() => window.announced);
    for (const percent of [60, 62, 64]) house.tell(told({ percent }));
    await until('the percentage does not move', async () => /^64\s%$/.test(await text(page, '[data-percent]')));
    expect(`the step is ${await text(page, '[data-sentence]')}`, await text(page, '[data-sentence]') === 'Speaking paragraph 4 of 9.');
    expect(`time left is ${await text(page, '[data-left]')}`, await text(page, '[data-left]') === 'About 30 seconds left.');
    expect('the bar for those who listen does not move', await page.locator('[role=progressbar]').getAttribute('aria-valuenow') === '64');
    const lit = await page.evaluate(() => [...document.querySelectorAll('.pg.now')].map(e => e.dataset.index));
    expect(`paragraphs ${lit} are lit`, lit.join() === '3');
    expect('each percent is announced', (await announced()).length === 0);
    // What is finished is drawn behind the post, as tall as it is told; a third of it silent.
    const tall = () => page.evaluate(() => [...document.querySelector('[data-growing] .pl').getAttribute('d').matchAll(/M[\d.]+ ([\d.]+)V([\d.]+)/g)].map(([, from, to]) => to - from));
    house.tell(told({ percent: 66, bars: '7f'.repeat(40) + '00'.repeat(20) }));
    await until('what is finished is not drawn', async () => { const all = await tall(); return all[0] > 30 && all[0] === all[Math.floor(all.length * 0.6)] && all.at(-1) === 2; });
    house.tell(told({ percent: 76 }));
    await until('a quarter is not announced', async () => (await announced()).length === 1);
    // More text: the page is asked for, and nothing else changes.
    house.alter = body => body.replace(/data-revision="\d+"/, 'data-revision="3"').replace('</h1>', ' anew</h1>');
    await page.evaluate(() => { scrollTo(0, 500); document.querySelector('#text').focus({ preventScroll: true }); });
    const tops = () => page.evaluate(() => document.querySelector('.pg[data-index="4"]').getBoundingClientRect().top);
    const top = await tops();
    house.tell(told({ percent: 78, revision: 3 }));
    await until('new text does not come', async () => (await text(page, 'h1')).endsWith('anew'));
    expect(`after new text the percentage is ${await text(page, '[data-percent]')}`, /^78/.test(await text(page, '[data-percent]')));
    house.alter = body => body;
    // Done: the page becomes the player.
    house.stage = 'ready';
    house.tell(told({ status: 'ready', percent: 100, step: 'mastering', revision: 4 }));
    await page.locator('[role=slider]').waitFor();
    expect('the page was loaded again', await page.evaluate(() => window.stays === true));
    expect(`the text moved by ${await tops() - top} px`, Math.abs(await tops() - top) <= 2);
    expect('the focus is lost', await page.evaluate(() => document.activeElement.id === 'text'));
    expect(`the window is called ${await page.title()}`, !/Being read/.test(await page.title()));
    const last = (await announced()).at(-1);
    expect(`at the end it says ${last}`, /ready/.test(last));
    expect(`${(await announced()).length} things were announced: ${await announced()}`, (await announced()).length === 2);
    await until('the stream is still listened to', () => house.streams.size === 0);
    await page.evaluate(() => scrollTo(0, 0));
    await page.locator('[data-play]').click();
    await until('what became the player does not play', () => page.evaluate(() => document.querySelector('audio').currentTime > 0.2));
    await audit(page, 'become the player');
    await context.close();
  },

  /* Another step, or a page that is not ready when the event says so: both are asked for again. */
  async steps() {
    const { page, context } = await open(`/p/${id}`, { stage: 'generating' });
    await page.evaluate(() => { window.stays = true; });
    await until('nobody listens to the events', () => house.streams.size > 0);
    house.tell(told());
    house.alter = body => body.replace(/(<ol class="steps">).*?(<\/ol>)/s, '$1<li>Mastering</li>$2');
    house.tell(told({ step: 'mastering', sentence: 'Mastering.', percent: 92 }));
    await until('a step does not change the list of steps', async () => await text(page, '.steps') === 'Mastering');
    await until('a step is not announced', async () => /^Mastering\. 92 per cent/.test(await text(page, '[data-announce]')));
    house.tell(told({ status: 'error', percent: 92 }));
    await page.waitForTimeout(400);
    house.stage = 'error';
    await until('it does not become the error', async () => await page.locator('[data-state=wrong]').count() === 1, 8000);
    expect('the page was loaded again', await page.evaluate(() => window.stays === true));
    await context.close();
  },

  async polls() {
    house.refuse = true;
    house.state = told({ percent: 71 });
    const { page, context } = await open(`/p/${id}`, { stage: 'generating', quiet: message => /status of 404/.test(message) });
    await until('where events are refused, nobody asks', async () => /^71/.test(await text(page, '[data-percent]')), 8000);
    house.stage = 'ready';
    house.state = told({ status: 'ready' });
    await until('where events are refused, it does not become the player', async () => await page.locator('[role=slider]').count() === 1, 8000);
    house.refuse = false;
    await context.close();
  },

  async silence() {
    house.silent = true;
    const { page, context } = await open(`/p/${id}`, { quiet: message => /status of 503/.test(message) });
    await page.locator('[data-play]').click();
    await page.locator('[data-silent]').waitFor();
    await until('play is called Pause where nothing plays', async () => await page.locator('[data-play]').getAttribute('aria-label') === 'Play');
    house.silent = false;
    await page.locator('[data-play]').click();
    await until('the second try does not play', () => page.evaluate(() => document.querySelector('audio').currentTime > 0.1));
    expect('what was wrong is still said', await page.locator('[data-silent]').isHidden());
    await context.setOffline(true);
    await page.locator('[data-offline]').waitFor();
    expect(`offline it says ${await text(page, '[data-offline]')}`, /^Offline since \d\d:\d\d\. /.test(await text(page, '[data-offline]')));
    await audit(page, 'offline');
    await context.setOffline(false);
    await until('it goes on saying that it is offline', () => page.locator('[data-offline]').isHidden());
    await context.close();
  },

  async plain() {
    for (const [path, stage] of [[`/p/${id}`, 'ready'], [`/p/${id}`, 'generating'], [`/p/${id}`, 'error'], [`/embed/${id}`, 'ready'], [`/embed/${id}`, 'generating'], [`/embed/${id}`, 'error']]) {
      checking = `plain ${path} ${stage}`;
      const embed = path.startsWith('/embed');
      const { page, context } = await open(path, { stage, javaScriptEnabled: false, viewport: { width: embed ? 660 : 390, height: embed ? 124 : 844 } });
      expect('something is shown that needs scripts', await page.locator('.scripted').filter({ visible: true }).count() === 0);
      if (stage === 'ready') {
        expect('nothing can be played', await page.locator('audio[controls]').isVisible());
        const links = await page.locator('a.at').evaluateAll(all => all.map(link => link.getAttribute('href')));
        if (!embed) expect(`paragraphs lead to ${links}`, links.length > 0 && links.every(link => /^\?t=\d+$/.test(link)));
      }
      if (stage === 'generating') expect('it does not load itself again', (await page.content()).includes('http-equiv="refresh"'));
      if (shots) await page.screenshot({ path: join(shots, `plain-${embed ? 'embed' : 'player'}-${stage}.png`), fullPage: true });
      await context.close();
    }
  },

  async embedded() {
    const { page, context } = await open(`/embed/${id}`, { viewport: { width: 320, height: 124 } });
    await page.locator('[data-play]').click();
    await until('the embed does not play', () => page.evaluate(() => document.querySelector('audio').currentTime > 0.1));
    expect(`its button is called ${await page.locator('[data-play]').getAttribute('aria-label')}`, /^Pause: ./.test(await page.locator('[data-play]').getAttribute('aria-label')));
    await page.keyboard.press('l');
    expect('keys of the page act in the embed', await page.evaluate(() => document.querySelector('audio').currentTime < 14));
    await context.close();
    const other = await open(`/embed/${id}`, { stage: 'generating', viewport: { width: 320, height: 124 } });
    await until('the embed does not listen to the events', () => house.streams.size > 0);
    house.stage = 'ready';
    house.tell(told({ status: 'ready' }));
    await other.page.locator('[role=slider]').waitFor();
    expect('become the player, it has another height', await other.page.evaluate(() => document.documentElement.scrollHeight === 124));
    await other.context.close();
  },

  /* A page of somebody else, on another origin. */
  async script() {
    house.stage = 'ready';
    house.alter = body => body;
    const KEY = 'pk_live_0123456789abcdefghij', article = 'https://tidalreview.example/coast/harbour';
    let body = '', key = KEY;
    const host = await listen((request, response) => {
      response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' });
      response.end(`<!doctype html><html lang="en"><title>Host</title><link rel="canonical" href="${article}"><h1>Host</h1><div id="before">before</div>${body}<p id="after">after</p><script async src="${base}/assets/embed.js" data-key="${key}"></script></html>`);
    });
    const visit = async (content, players, { wait = 0, with: other = KEY } = {}) => {
      body = content;
      key = other;
      house.players = players;
      house.wait = wait;
      house.asked.length = 0;
      const context = await browser.newContext({ viewport: { width: 700, height: 900 } }), page = await context.newPage(), addresses = [], console_ = [];
      // Cookies of the house must not go along with the question.
      await context.addCookies([{ name: 'session', value: 'secret', url: base }]);
      page.on('request', request => addresses.push(request.url()));
      page.on('console', message => console_.push(`${message.type()} ${message.text()}`));
      page.on('pageerror', error => find(`script: ${error.message}`));
      await page.goto(host.base, { waitUntil: 'load' });
      return { page, context, addresses, console: console_ };
    };
    const answer = () => [200, { playerId: id, playerUrl: `${base}/p/${id}`, embedUrl: `${base}/embed/${id}`, status: 'ready', title: 'The harbour that measures itself', audioUrl: null, duration: length }];
    const questions = () => house.asked.filter(({ url, method }) => url.startsWith('/audyo/players') && method === 'GET');

    const seen = await visit('<div id="a" data-soundpost-url=""></div>', answer, { wait: 400 });
    const top = () => seen.page.locator('#after').evaluate(e => e.getBoundingClientRect().top);
    await until('no room is kept at once', () => seen.page.locator('#a').evaluate(e => e.getBoundingClientRect().height === 124));
    const before = await top();
    expect('there was a frame before the answer', await seen.page.locator('iframe').count() === 0);
    await seen.page.locator('iframe').waitFor();
    expect(`the page jumps by ${await top() - before} px`, await top() === before);
    const frame = seen.page.locator('iframe');
    expect(`the frame leads to ${await frame.getAttribute('src')}`, await frame.getAttribute('src') === `${base}/embed/${id}`);
    expect(`the frame is called ${await frame.getAttribute('title')}`, /The harbour that measures itself/.test(await frame.getAttribute('title')));
    expect('the frame is loaded before it is seen', await frame.getAttribute('loading') === 'lazy');
    expect('the frame has another height', await frame.evaluate(e => e.getBoundingClientRect().height === 124 && e.getBoundingClientRect().width > 600));
    const [question] = questions();
    expect(`it asks with ${question?.headers.authorization}`, question?.headers.authorization === `Basic ${Buffer.from(`${KEY}:`).toString('base64')}`);
    expect(`it asks for ${question?.url}`, new URL(question?.url ?? '/', base).searchParams.get('url') === article);
    expect('it sends cookies along', question?.headers.cookie === undefined);
    await seen.page.frameLocator('iframe').locator('[data-play]').click();
    await until('the frame does not play', () => seen.page.frames()[1].evaluate(() => document.querySelector('audio').currentTime > 0.1));
    // More, added later; the same article is asked for once.
    await seen.page.evaluate(() => {
      for (const url of ['https://tidalreview.example/other#part', 'https://tidalreview.example/other']) { const div = document.createElement('div'); div.dataset.soundpostUrl = url; div.dataset.theme = 'dark'; document.body.append(div); }
      window.Soundpost.scan();
    });
    await until('what is added later is not seen', async () => await seen.page.locator('iframe').count() === 3);
    expect(`${questions().length} questions were asked`, questions().length === 2);
    expect('a theme that the page asks for is lost', (await seen.page.locator('iframe').nth(1).getAttribute('src')).endsWith('?theme=dark'));
    await seen.page.evaluate(() => window.Soundpost.scan());
    expect('scanning again makes more', await seen.page.locator('iframe').count() === 3);
    expect(`the key is in an address: ${seen.addresses.filter(url => url.includes('pk_live'))}`, !seen.addresses.some(url => url.includes('pk_live') || url.includes(encodeURIComponent(Buffer.from(`${KEY}:`).toString('base64')))));
    expect(`the console says ${seen.console}`, seen.console.length === 0);
    if (shots) await seen.page.screenshot({ path: join(shots, 'host-700.png') });
    await seen.context.close();

    const none = await visit(`<div id="a" data-soundpost-url="${article}"></div>`, () => [404, { detail: 'No player.' }]);
    await until('without a player room stays', () => none.page.locator('#a').evaluate(e => e.getBoundingClientRect().height === 0 && e.childNodes.length === 0));
    expect(`without a player the console says ${none.console}`, none.console.some(line => line.startsWith('info Soundpost: ')));
    await none.context.close();

    const refused = await visit(`<div id="a" data-soundpost-url="${article}"></div>`, () => [403, { detail: 'This domain is not on the list.' }]);
    await until('where it is refused, the console does not say why', () => refused.console.some(line => line.includes('This domain is not on the list.')));
    expect('where it is refused, room stays', await refused.page.locator('#a').evaluate(e => e.getBoundingClientRect().height === 0));
    await refused.context.close();

    const secret = await visit(`<div id="a" data-soundpost-url="${article}"></div>`, answer, { with: 'sk_live_0123456789' });
    await until('a private key goes unnoticed', () => secret.console.some(line => line.startsWith('error Soundpost: a private key')));
    expect('a private key is sent', questions().length === 0);
    await secret.context.close();
    host.close();
  },
};

for (const [name, check] of Object.entries(checks)) {
  if (only && !name.includes(only)) continue;
  console.log(name);
  checking = name;
  await check().catch(error => find(String(error.message ?? error).split('\n').slice(0, 3).join(' ')));
}
await browser.close();
server.close();
console.log(found.length ? `${found.length} found` : `${Object.keys(checks).length} checks, nothing found`);
process.exit(found.length ? 1 : 0);
