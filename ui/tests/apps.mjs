// An app is registered by the form and asks for something by both protocols; the person allows, refuses, and comes back to what was
// answered. Whoever is given to `look` sees every page on the way. Nothing of the product is in here.
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';

/* Walks, and gives the addresses of pages that can be looked at again. */
export const apps = async (context, base, { look, expect }) => {
  const page = await context.newPage();
  // The app itself, where people come back to.
  const podhost = createServer((_, response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><title>Podhost</title>'));
  await new Promise(resolve => podhost.listen(0, '127.0.0.1', resolve));
  const home = `http://127.0.0.1:${podhost.address().port}/`, BACK = `${home}back`;
  const press = button => Promise.all([page.waitForNavigation(), button.click()]);

  await page.goto(`${base}/developer/apps/new`);
  await page.fill('#name', 'Podhost');
  await page.fill('#about', 'Puts finished recordings into your podcast.');
  await page.fill('#homepage', 'https://podhost.example/');
  await page.fill('#redirect_uris', BACK);
  await page.fill('#oauth1_callback', home);
  await press(page.locator('main button.p'));
  await look('new-secret', page);
  const fact = name => page.locator(`dt:text-is("${name}") + dd code`).first().innerText();
  const id = await fact('client_id'), secret = await page.locator('.secret code').innerText();
  expect('the secret is shown once', /^spx_\w{49}$/.test(secret));
  const copy = page.locator('[data-copy]').first();
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await copy.click();
  expect('Copy copies the secret', await page.evaluate(() => navigator.clipboard.readText()) === secret);
  expect('Copy says so', /Copied/.test(await copy.innerText()));
  await page.goto(`${base}/developer/apps/${id}`);
  expect('the secret is not shown again', await page.locator('.secret').count() === 0);

  const ask = more => `/oauth2/authorize/?response_type=code&client_id=${id}&redirect_uri=${encodeURIComponent(BACK)}&state=s1&scope=${encodeURIComponent('production.read profile')}${more ?? ''}`;
  const answer = async (url, decision) => {
    await page.goto(base + url);
    await press(page.locator(`button[value=${decision}]`));
    return new URL(page.url());
  };
  const allowed = await answer(ask(), 'allow');
  expect(`allowing leads back with a code: ${allowed}`, allowed.href.startsWith(BACK) && allowed.searchParams.get('code') && allowed.searchParams.get('state') === 's1' && allowed.searchParams.get('iss') === base);
  const refused = await answer(ask(), 'refuse');
  expect(`refusing leads back with a word: ${refused}`, refused.href.startsWith(BACK) && refused.searchParams.get('error') === 'access_denied');

  // A code works once: what the app is told the second time.
  const trade = async place => {
    const form = new URLSearchParams({ grant_type: 'authorization_code', code: place.searchParams.get('code'), redirect_uri: BACK, client_id: id, client_secret: secret });
    return (await fetch(`${base}/oauth2/token/`, { method: 'POST', body: form })).json();
  };
  expect('a code is traded', (await trade(allowed)).token_type === 'bearer');
  expect('and not twice', (await trade(allowed)).error === 'invalid_grant');
  // That ended what the code gave, so the app is allowed something again, to be seen under connected apps.
  await trade(await answer(ask(), 'allow'));

  // OAuth 1.0a, PLAINTEXT: the server is on this machine.
  const request = async callback => {
    const authorization = `OAuth oauth_consumer_key="${id}", oauth_signature_method="PLAINTEXT", oauth_signature="${secret}%26", oauth_timestamp="${Math.floor(Date.now() / 1000)}", oauth_nonce="${randomUUID()}", oauth_callback="${encodeURIComponent(callback)}"`;
    const reply = await fetch(`${base}/oauth/request_token`, { method: 'POST', headers: { authorization } });
    return new URLSearchParams(await reply.text()).get('oauth_token');
  };
  const authorize = token => `/oauth/authorize?oauth_token=${token}`;
  const typed = authorize(await request('oob'));
  await answer(typed, 'allow');
  expect('there is something to type over', /^[0-9A-HJKMNP-TV-Z-]{7,9}$/.test(await page.locator('.verifier code').innerText()));
  await look('verifier', page);
  const no = authorize(await request('oob'));
  await answer(no, 'refuse');
  await look('refused', page);
  const returned = await answer(authorize(await request(BACK)), 'allow');
  expect(`OAuth 1.0a leads back: ${returned}`, returned.href.startsWith(BACK) && returned.searchParams.get('oauth_verifier'));
  const open = authorize(await request(BACK));
  await page.close();
  podhost.closeAllConnections();
  podhost.close();
  return {
    '/developer': '/developer', '/developer/apps/new': '/developer/apps/new',
    '/developer/app': `/developer/apps/${id}`, '/developer/app/deliveries': `/developer/apps/${id}/deliveries`, '/developer/app/replay': `/developer/apps/${id}/deliveries/replay?since=week&failed=1`, '/developer/app/edit': `/developer/apps/${id}/edit`, '/developer/app/delete': `/developer/apps/${id}/delete`,
    '/account/apps': '/account/apps', '/consent': ask(), '/consent-oauth1': open, '/consent-everything': ask().replace(/scope=.*/, 'scope=production.read+production.write+service.connect+profile+tracks.write'),
    '/consent-answered': typed, '/consent-expired': authorize('sp1r_0000000000000000000000000000'), '/consent-refused-before': no,
    '/consent-mistake': ask().replace('127.0.0.1', '127.0.0.2'),
  };
};
