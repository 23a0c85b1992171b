// A store is added by its form, wrongly and then rightly; a recording is sent to it from the page and does not arrive, since nobody may
// go there; and what somebody was told of a production is looked at. Nothing of the product is in here.

/* Walks, and gives the addresses of pages that can be looked at again. */
export const services = async (context, base, [name, password], file, { look, expect }) => {
  const page = await context.newPage();
  const press = button => Promise.all([page.waitForNavigation({ timeout: 40_000 }), button.click()]);
  const text = () => page.locator('main').innerText();

  await page.goto(`${base}/account/services`);
  await press(page.getByRole('link', { name: 'Add WebDAV' }));
  await page.fill('#display_name', 'Our web server');
  await page.fill('#password', 'no word of anybody');
  await press(page.locator('main button.p'));
  await look('store-mistakes', page);
  expect('an address is wanted', await page.locator('#url-error').count() === 1);
  expect('the name is still there', await page.inputValue('#display_name') === 'Our web server');
  expect('the password is not', await page.inputValue('#password') === '');
  await page.fill('#url', 'http://10.0.0.1/dav');
  await page.fill('#user', 'ada');
  await page.fill('#password', 'no word of anybody');
  await press(page.locator('main button.p'));
  expect(`it was tested: ${await text()}`, /Did not work on/.test(await text()) && /10\.0\.0\.1/.test(await text()));
  await press(page.getByRole('button', { name: 'Test Our web server' }));
  expect('it is tested again', new URL(page.url()).pathname === '/account/services');
  const store = await page.getByRole('link', { name: 'Our web server' }).getAttribute('href');

  // Sent to the store from the page, it is made, and says that it did not arrive.
  await page.goto(`${base}/productions`);
  await page.setInputFiles('#input_file', file);
  await page.getByLabel('Our web server').check();
  await page.click('form[data-upload] button.p');
  await page.waitForURL(/\/productions\/[0-9A-Za-z]{22}$/);
  await page.locator('[data-player]').waitFor({ timeout: 120_000 });
  const missing = new URL(page.url()).pathname;
  expect(`it says where it went: ${await text()}`, /Did not arrive/.test(await text()));
  expect('it can be sent again', await page.getByRole('button', { name: 'Send again' }).count() === 1);

  // A webhook that nobody may be told at.
  const fields = { webhook: 'http://10.0.0.1/hook', title: 'A talk', action: 'start', input_file: { name: 'talk.wav', mimeType: 'audio/wav', buffer: hum() } };
  const authorization = `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`;
  const made = await context.request.post(`${base}/api/simple/productions.json`, { multipart: fields, headers: { authorization } });
  expect('the webhook is taken', made.ok());
  let delivery = null;
  for (let tries = 0; tries < 120 && !delivery; tries += 1) {
    await page.goto(`${base}/account/deliveries`);
    delivery = await page.locator('ul.rows a').first().getAttribute('href', { timeout: 250 }).catch(() => null);
    if (!delivery) await page.waitForTimeout(250);
  }
  expect('the delivery is listed', delivery);
  await page.close();
  return {
    '/account/services': '/account/services', '/account/services/new-sftp': '/account/services/new?type=sftp', '/account/services/new-s3': '/account/services/new?type=amazons3',
    '/account/services/store': store, '/productions/missing': missing, '/account/deliveries/delivery': delivery ?? '/account/deliveries',
    '/account/deliveries/replay': '/account/deliveries/replay?since=day',
  };
};

/* A second of a low hum, as a WAV file. */
const hum = () => {
  const frames = 8000, wav = Buffer.alloc(44 + frames, 128);
  wav.write('RIFF', 0); wav.writeUInt32LE(36 + frames, 4); wav.write('WAVEfmt ', 8); wav.writeUInt32LE(16, 16); wav.writeUInt16LE(1, 20); wav.writeUInt16LE(1, 22);
  wav.writeUInt32LE(8000, 24); wav.writeUInt32LE(8000, 28); wav.writeUInt16LE(1, 32); wav.writeUInt16LE(8, 34); wav.write('data', 36); wav.writeUInt32LE(frames, 40);
  for (let at = 0; at < frames; at += 1) wav[44 + at] = 128 + Math.round(20 * Math.sin(at / 9));
  return wav;
};
