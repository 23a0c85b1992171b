// Signed requests by jsonwebtoken, signed as the published description of the encoding API shows.
//
//   node jsonwebtoken.cjs ADDRESS APP_ID APP_SECRET
const assert = require('node:assert/strict');
const jwt = require('jsonwebtoken');

const [address, APP_ID, APP_SECRET] = process.argv.slice(2);
const payload = more => ({ iss: APP_ID, iat: Math.floor(Date.now() / 1000), mtd: 'POST', url: '/v3/sl/echo', arg: { src: 'https://example.com/song.mp3' }, ...more });
const send = async token => {
  const answer = await fetch(`${address}/v3/sl/echo`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ data: token }) });
  return { status: answer.status, ...await answer.json() };
};
const refused = async (token, status, code) => {
  const answer = await send(token);
  assert.deepEqual([answer.status, answer.error?.code], [status, code]);
};

(async () => {
  const token = jwt.sign(payload(), APP_SECRET);
  assert.deepEqual(await send(token), { status: 200, iss: APP_ID, app: 'Podhost', arg: { src: 'https://example.com/song.mp3' } });
  await refused(token, 401, 'token_replayed');
  await refused(jwt.sign(payload(), `${APP_SECRET}x`), 401, 'signature_invalid');
  await refused(jwt.sign(payload(), APP_SECRET, { algorithm: 'HS384' }), 401, 'algorithm_rejected');
  await refused(jwt.sign(payload(), '', { algorithm: 'none' }), 401, 'algorithm_rejected');
  await refused(jwt.sign(payload({ url: '/v3/sl/encoding' }), APP_SECRET), 403, 'path_mismatch');
  // The library writes iat by itself where it is left out.
  const { iat, ...rest } = payload({ arg: { src: 'https://example.com/another.mp3' } });
  assert.equal((await send(jwt.sign(rest, APP_SECRET))).status, 200);
  console.log('done');
})().catch(error => { console.error(error); process.exit(1); });
