// OAuth 2.0 by oauth4webapi, as a program would do it: the server is found by its metadata, and only its address is given.
//
//   node oauth4webapi.mjs ADDRESS USERNAME CLIENT_ID CLIENT_SECRET
//
// It prints where the person is to be sent, and reads where the person came back to.
import assert from 'node:assert/strict';
import { createInterface } from 'node:readline';
import * as oauth from 'oauth4webapi';

const [address, username, id, secret] = process.argv.slice(2);
const BACK = 'https://podhost.example/back';
// The server of the test is on this machine, without TLS.
const plain = { [oauth.allowInsecureRequests]: true };
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const ask = async (decision, url) => { console.log(`${decision} ${url}`); return new URL((await lines.next()).value); };

const issuer = new URL(address);
const server = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, { algorithm: 'oauth2', ...plain }));
const client = { client_id: id };

const authorize = async (decision, state, challenge) => {
  const url = new URL(server.authorization_endpoint);
  const wish = { client_id: id, redirect_uri: BACK, response_type: 'code', scope: 'profile production.read', state, code_challenge: challenge, code_challenge_method: 'S256' };
  for (const [name, value] of Object.entries(wish)) url.searchParams.set(name, value);
  return ask(decision, url);
};
const trade = async (authentication, returned, verifier) => oauth.processAuthorizationCodeResponse(server, client,
  await oauth.authorizationCodeGrantRequest(server, client, authentication, returned, BACK, verifier, plain));
const me = token => oauth.protectedResourceRequest(token, 'GET', new URL('/me', address), undefined, undefined, plain);

// The library compares state and iss of what came back (RFC 9207), and the form of every reply.
for (const authentication of [oauth.ClientSecretBasic(secret), oauth.ClientSecretPost(secret)]) {
  const verifier = oauth.generateRandomCodeVerifier(), state = oauth.generateRandomState();
  const returned = oauth.validateAuthResponse(server, client, await authorize('allow', state, await oauth.calculatePKCECodeChallenge(verifier)), state);
  const token = await trade(authentication, returned, verifier);
  assert.equal(token.token_type, 'bearer');
  assert.equal(token.user_name, username);
  assert.equal((await (await me(token.access_token)).json()).username, username);

  const told = await oauth.processIntrospectionResponse(server, client, await oauth.introspectionRequest(server, client, authentication, token.access_token, plain));
  assert.equal(told.active, true);
  assert.equal(told.client_id, id);

  const next = await oauth.processRefreshTokenResponse(server, client, await oauth.refreshTokenGrantRequest(server, client, authentication, token.refresh_token, plain));
  assert.notEqual(next.access_token, token.access_token);
  assert.equal((await me(next.access_token)).status, 200);
  await oauth.processRevocationResponse(await oauth.revocationRequest(server, client, authentication, next.refresh_token, plain));
  await assert.rejects(me(next.access_token), error => error.code === oauth.WWW_AUTHENTICATE_CHALLENGE && error.status === 401);
}

// A code whose verifier is somebody else's is worth nothing.
const state = oauth.generateRandomState();
const returned = oauth.validateAuthResponse(server, client, await authorize('allow', state, await oauth.calculatePKCECodeChallenge(oauth.generateRandomCodeVerifier())), state);
await assert.rejects(trade(oauth.ClientSecretBasic(secret), returned, oauth.generateRandomCodeVerifier()), error => error.error === 'invalid_grant');

// A refusal is told in the words of the protocol.
const refused = await authorize('refuse', state, await oauth.calculatePKCECodeChallenge(oauth.generateRandomCodeVerifier()));
assert.throws(() => oauth.validateAuthResponse(server, client, refused, state), error => error.error === 'access_denied');
console.log('done');
process.exit(0);
