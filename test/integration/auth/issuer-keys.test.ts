import { jwtVerify, SignJWT } from 'jose';
import { IssuerUnavailableError } from '../../../src/platform/auth/auth-errors';
import { IssuerKeys, type IssuerKeysOptions } from '../../../src/platform/auth/issuer-keys';
import { TestIssuer } from '../../support/test-issuer';
import { waitUntil } from '../../support/wait-until';

let issuer: TestIssuer;
beforeEach(async () => {
  issuer = await new TestIssuer().start();
  await issuer.addKey('first');
});
afterEach(() => issuer.stop());

const atOnce = { refreshAfter: 0, betweenFetches: 0, afterFailure: 0 };
const never = { refreshAfter: 1e9, betweenFetches: 1e9, afterFailure: 1e9 };
const keysOf = (pauses: IssuerKeysOptions['pauses']) => new IssuerKeys({ issuer: issuer.url, pauses });
const check = async (keys: IssuerKeys, kid: string) => jwtVerify(await issuer.token(kid), keys.find);

describe('the keys of an issuer', () => {
  it('are found by its OpenID configuration and fetched once', async () => {
    const keys = keysOf(never);
    await Promise.all(Array.from({ length: 20 }, () => check(keys, 'first')));
    expect(Object.fromEntries(issuer.asked)).toEqual({ '/.well-known/openid-configuration': 1, '/keys': 1 });
  });

  it('are fetched from the URL that is given, and the configuration is not asked for', async () => {
    const keys = new IssuerKeys({ issuer: issuer.url, jwksUrl: `${issuer.url}/keys` });
    await check(keys, 'first');
    expect(Object.fromEntries(issuer.asked)).toEqual({ '/keys': 1 });
  });

  it('serve on through an outage, even when they are due to be fetched again', async () => {
    const keys = keysOf(atOnce);
    await check(keys, 'first');
    await issuer.stop();
    await check(keys, 'first');
    await check(keys, 'first');
    await issuer.start();
    issuer.status = 500;
    await check(keys, 'first');
  });

  it('that came during an outage cannot be told from wrong ones: the issuer is unavailable', async () => {
    const keys = keysOf(atOnce);
    await check(keys, 'first');
    await issuer.addKey('second');
    await issuer.stop();
    await expect(check(keys, 'second')).rejects.toThrow(IssuerUnavailableError);
    await issuer.start();
    await check(keys, 'second');
  });

  it('are unavailable while the issuer is down from the start, and there once it is up', async () => {
    const keys = keysOf(atOnce);
    await issuer.stop();
    await keys.prepare();
    await expect(check(keys, 'first')).rejects.toThrow(IssuerUnavailableError);
    await issuer.start();
    await check(keys, 'first');
  });

  it('that are new are fetched when a token first names one', async () => {
    const keys = keysOf({ ...never, betweenFetches: 0 });
    await check(keys, 'first');
    await issuer.addKey('second');
    await check(keys, 'second');
    await check(keys, 'first');
    expect(issuer.asked.get('/keys')).toBe(2);
  });

  it('that were withdrawn are refused after the next fetch', async () => {
    const keys = keysOf(atOnce);
    await check(keys, 'first');
    await issuer.addKey('second');
    issuer.withdrawKey('first');
    await waitUntil(() =>
      check(keys, 'first').then(
        () => false,
        (error: Error) => /no applicable key/.test(error.message),
      ),
    );
    await check(keys, 'second');
  });

  it('that are known and old are used at once while an issuer takes connections and is silent', async () => {
    const keys = keysOf({ ...never, refreshAfter: 0, timeout: 600_000 });
    await check(keys, 'first');
    issuer.isSilent = true;
    // A check that waited for the issuer would outlast the test.
    for (let turn = 0; turn < 20; turn++) await check(keys, 'first');
    issuer.isSilent = false;
  });

  it('that do not exist make the issuer be asked no more often than the pause allows', async () => {
    const keys = keysOf(never);
    await check(keys, 'first');
    await issuer.addKey('secret', 'ES256', { isPublished: false });
    for (let turn = 0; turn < 20; turn++)
      await expect(check(keys, 'secret')).rejects.toThrow(/no applicable key/);
    expect(issuer.asked.get('/keys')).toBe(1);
  });

  it('are not asked for again at once after a failure', async () => {
    const keys = keysOf({ ...never, betweenFetches: 0 });
    issuer.status = 503;
    for (let turn = 0; turn < 20; turn++)
      await expect(check(keys, 'first')).rejects.toThrow(IssuerUnavailableError);
    expect(issuer.asked.get('/.well-known/openid-configuration')).toBe(1);
  });

  it.each([
    ['names another issuer', { issuer: 'https://elsewhere.example.com' }],
    ['has no place for keys', { jwks_uri: undefined }],
    ['has them at another scheme', { jwks_uri: 'file:///etc/passwd' }],
    ['has them where nothing is', { jwks_uri: 'http://127.0.0.1:1/keys' }],
  ])('are not taken when the configuration %s', async (_what, configuration) => {
    issuer.configuration = configuration;
    await expect(check(keysOf(atOnce), 'first')).rejects.toThrow(IssuerUnavailableError);
  });

  it('without a key id are used where there is only one', async () => {
    const token = await issuer.token('first', {}, { kid: undefined });
    await jwtVerify(token, keysOf(never).find);
  });

  it('do not check a signature that was made with a public key as a secret', async () => {
    const secret = new TextEncoder().encode(JSON.stringify(issuer.publicJwk('first')));
    const token = await new SignJWT({}).setProtectedHeader({ alg: 'HS256', kid: 'first' }).sign(secret);
    await expect(jwtVerify(token, keysOf(never).find)).rejects.toThrow();
  });
});
