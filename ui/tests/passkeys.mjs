// Makes a passkey with Chromium's virtual authenticator, signs in by it without a name, proves with it who sits there, and takes it for the second
// step. Nothing of the product is in here.
//
//   node passkeys.mjs http://localhost:8080 NAME:PASSWORD [--shots DIR]
//
// The server has to be reached as localhost or by https, with that address as its public_url, and the account must have no second step yet.
// Ends with 1 when something was found, and says what. Needs Chromium (CHROMIUM, or one on the path).
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

const args = process.argv.slice(2);
const at = args.indexOf('--shots'), shots = at < 0 ? null : args.splice(at, 2)[1];
const [base, account] = args;
if (!base || !account) { console.error('say where the server is, and an account: http://localhost:8080 NAME:PASSWORD'); process.exit(2); }
if (shots) mkdirSync(shots, { recursive: true });
const [name, ...rest] = account.split(':'), password = rest.join(':');
const where = ['chromium', 'chromium-browser', 'google-chrome'].flatMap(program => (process.env.PATH ?? '').split(':').map(folder => join(folder, program))).find(existsSync);
const executablePath = process.env.CHROMIUM ?? where;
if (!executablePath) { console.error('Chromium is missing: run tools/setup browser'); process.exit(2); }

const found = [];
const expect = (what, fine) => { console.log(`  ${fine ? '✓' : '✗'} ${what}`); if (!fine) found.push(what); };
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
const page = await context.newPage();
page.on('console', message => { if (message.type() === 'error' && !/status of 4\d\d/.test(message.text())) found.push(`console: ${message.text()}`); });
page.on('pageerror', error => found.push(`script: ${error.message}`));
const devices = await context.newCDPSession(page);
await devices.send('WebAuthn.enable');
const device = async verified => (await devices.send('WebAuthn.addVirtualAuthenticator', { options: { protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true, isUserVerified: verified, automaticPresenceSimulation: true } })).authenticatorId;
const shoot = async label => { if (shots) await page.screenshot({ path: join(shots, `${label}.png`), fullPage: true }); };
const path = () => new URL(page.url()).pathname;
const signIn = async () => {
  await page.goto(`${base}/signin`);
  await page.fill('#username', name);
  await page.fill('#password', password);
  await Promise.all([page.waitForNavigation(), page.click('main button.p')]);
};
const signOut = () => Promise.all([page.waitForNavigation(), page.click('.me button')]);
const press = async form => { await Promise.all([page.waitForNavigation({ timeout: 10000 }).catch(() => null), page.click(`${form} button`)]); };
const answered = () => page.waitForFunction(() => { const said = document.querySelector('[data-passkey-said]'); return said && !said.hidden; }, null, { timeout: 10000 }).then(() => true, () => false);

let id = await device(true);
await signIn();
expect('a password is enough before', path() === '/productions');
await page.goto(`${base}/account/factors`);
await page.fill('#name', 'virtual');
await press('form[data-passkey=make]');
expect('recovery codes are shown with the first passkey', await page.locator('.codes li').count() === 10);
await shoot('made');
const code = await page.locator('.codes li').first().innerText();
await page.goto(`${base}/account/factors`);
expect('the passkey is listed', await page.locator('input[value=virtual]').count() === 1);
await page.fill('#name', 'again');
await page.click('form[data-passkey=make] button');
expect('the same device is not asked twice', await answered() && /already/.test(await page.locator('[data-passkey-said]').innerText()));

await signOut();
await page.goto(`${base}/signin?next=%2Faccount`);
await press('form[data-passkey=use]');
expect('a passkey signs in without a name, and leads where one was going', path() === '/account');

await signOut();
await signIn();
expect('a password leads to the second step', path() === '/signin/second');
await shoot('second');
await press('form[data-passkey=use]');
expect('a passkey is one', path() === '/productions');

await signOut();
await signIn();
await page.fill('#code', code);
await Promise.all([page.waitForNavigation(), page.click('main button.p')]);
expect('a recovery code is another', path() === '/productions');

await page.goto(`${base}/account/prove?next=%2Faccount%2Fkeys`);
await press('form[data-passkey=use]');
expect('a passkey proves who sits there', path() === '/account/keys');

await devices.send('WebAuthn.removeVirtualAuthenticator', { authenticatorId: id });
id = await device(false);
await signOut();
await page.goto(`${base}/signin`);
await page.click('form[data-passkey=use] button');
expect('a device without that passkey says so in a sentence', await answered() && path() === '/signin');
await shoot('refused');

await signIn();
await page.goto(`${base}/signin/second`);
const plain = await browser.newContext({ javaScriptEnabled: false, storageState: await context.storageState() });
const still = await plain.newPage();
await still.goto(`${base}/signin/second`);
expect('without scripts the page says that passkeys need them', /Passkeys need scripts/.test(await still.locator('main').innerText()) && !await still.locator('form[data-passkey]').isVisible());
await plain.close();
await browser.close();
console.log(found.length ? `${found.length} found: ${found.join('; ')}` : 'nothing found');
process.exit(found.length ? 1 : 0);
