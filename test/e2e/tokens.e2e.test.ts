import { randomUUID } from 'node:crypto';
import { type CryptoKey, exportSPKI, importJWK, SignJWT } from 'jose';
import { startService, type ServiceProcess } from '../support/service-process';
import { createTestDatabase, type TestDatabase } from '../support/test-database';
import { TestIssuer } from '../support/test-issuer';
import { Client, expectRefused } from './client';
import { eventually } from './command-line';
import { createUser, historyOf, type UserPage } from './users';

jest.setTimeout(180_000);

const issuer = new TestIssuer();
let database: TestDatabase;
let service: ServiceProcess;

beforeAll(async () => {
  database = await createTestDatabase();
  await issuer.start();
  for (const alg of ['ES256', 'RS256', 'PS256', 'EdDSA', 'RS384']) await issuer.addKey(alg, alg);
  service = await startWith({});
});
afterAll(async () => {
  expect(await service.end()).toBe(0);
  await issuer.stop();
  await database.drop();
});

function startWith(variables: Readonly<Record<string, string>>): Promise<ServiceProcess> {
  const auth = { AUTH_ISSUER: issuer.url, AUTH_AUDIENCE: 'annals', AUTH_JWKS_URL: `${issuer.url}/keys` };
  return startService({ DATABASE_URL: database.url, ...auth, ...variables });
}

const as = (token: string | null, at = service) => new Client(at.url, token);
const admin = (claims: object = {}) => issuer.token('ES256', { roles: ['admin'], ...claims });

async function expectUnauthenticated(token: string | null, at = service): Promise<void> {
  const refused = await as(token, at).get('/v1/users');
  expectRefused(refused, 401, 'unauthenticated');
  const challenge = token === null ? 'Bearer' : 'Bearer error="invalid_token"';
  expect(refused.headers.get('WWW-Authenticate')).toBe(challenge);
}

describe('a token of the issuer', () => {
  it.each(['ES256', 'RS256', 'PS256', 'EdDSA'])('signed by %s lets its roles in', async (alg) => {
    const reader = as(await issuer.token(alg, { roles: ['users:read'] }));
    expect((await reader.get<UserPage>('/v1/users')).status).toBe(200);
    expectRefused(await reader.post('/v1/users', { name: 'Ada' }), 403, 'forbidden');
  });

  it('names the actor of events by its subject, which cannot pass for a key', async () => {
    for (const sub of ['somebody', 'key:development', 'system']) {
      const client = as(await admin({ sub }));
      const { userId } = await createUser(client);
      expect((await historyOf(client, userId)).map(({ actor }) => actor)).toEqual([`user:${sub}`]);
    }
  });

  it('lets users who see only themselves change their address 30 times in 10 minutes: each answer tells of others', async () => {
    const [own, other] = [await createUser(as(await admin())), await createUser(as(await admin()))];
    const self = as(await issuer.token('ES256', { sub: own.userId, roles: 'users:self' }));
    const path = `/v1/users/${own.userId}/email`;
    for (let turn = 0; turn < 30; turn++)
      expectRefused(await self.put(path, { email: other.email }), 409, 'email-taken');
    expectRefused(await self.put(path, { email: other.email }), 429, 'too-many-requests');
    expect((await self.put(`/v1/users/${own.userId}/name`, { name: 'Still' })).status).toBe(200);
    const writer = as(await admin({ sub: own.userId }));
    for (let turn = 0; turn < 32; turn++)
      expectRefused(await writer.put(path, { email: other.email }), 409, 'email-taken');
  });

  it('that is new is not checked from an address over the limit, and one that was good before is', async () => {
    const limited = await startWith({ RATE_LIMIT: '20' });
    try {
      const known = await issuer.token('ES256', { sub: 'known', roles: ['users:read'] });
      expect((await as(known, limited).get('/v1/users')).status).toBe(200);
      const forged = `${known.slice(0, -4)}AAAA`;
      const statuses = await Promise.all(
        Array.from({ length: 40 }, async () => (await as(forged, limited).get('/v1/users')).status),
      );
      expect([statuses.filter((status) => status === 401).length, statuses.includes(429)]).toEqual([
        20,
        true,
      ]);
      const fresh = await issuer.token('ES256', { sub: 'fresh', roles: ['users:read'] });
      expectRefused(await as(fresh, limited).get('/v1/users'), 429, 'too-many-requests');
      expect((await as(known, limited).get('/v1/users')).status).toBe(200);
    } finally {
      expect(await limited.end()).toBe(0);
    }
  });

  it('lets users reach themselves, and nobody else', async () => {
    const own = await createUser(as(await admin()));
    const other = await createUser(as(await admin()));
    const self = as(await issuer.token('ES256', { sub: own.userId, roles: 'users:self' }));
    const fresh = { 'Min-Event-Position': own.position };
    expect((await self.get(`/v1/users/${own.userId}`, fresh)).status).toBe(200);
    expect((await self.put(`/v1/users/${own.userId}/name`, { name: 'Me' })).status).toBe(200);
    expectRefused(await self.get(`/v1/users/${other.userId}`), 403, 'forbidden');
    expectRefused(await self.get(`/v1/users/${randomUUID()}`), 403, 'forbidden');
    expectRefused(await self.put(`/v1/users/${other.userId}/name`, { name: 'Eve' }), 403, 'forbidden');
    expectRefused(await self.get('/v1/users'), 403, 'forbidden');
    expectRefused(await self.get(`/v1/users/${own.userId}/history`), 403, 'forbidden');
    expectRefused(await self.post(`/v1/users/${own.userId}/deactivate`), 403, 'forbidden');
  });

  it.each([
    ['none', undefined],
    ['unknown ones', ['root', 'users', 'ADMIN', 'users:write ', '__proto__']],
    ['none that is text', [{ admin: true }, 1, null, ['admin']]],
    ['an object', { admin: true }],
    ['true', true],
  ])('with roles that are %s may nothing', async (_what, roles) => {
    expectRefused(await as(await issuer.token('ES256', { roles })).get('/v1/users'), 403, 'forbidden');
  });

  it('that is meant for several audiences is meant for this one', async () => {
    expect((await as(await admin({ aud: ['other', 'annals'] })).get('/v1/users')).status).toBe(200);
  });
});

describe('a token is refused', () => {
  const now = Math.floor(Date.now() / 1_000);
  it.each([
    ['of another issuer', { iss: 'https://elsewhere.example.com' }],
    ['of an issuer with a slash more', { iss: `http://127.0.0.1/` }],
    ['of no issuer', { iss: undefined }],
    ['for another audience', { aud: 'other' }],
    ['for an audience that begins alike', { aud: ['annals2', 'ann'] }],
    ['for no audience', { aud: undefined }],
    ['that is expired', { exp: now - 60 }],
    ['that never expires', { exp: undefined }],
    ['that expires at no time', { exp: 'tomorrow' }],
    ['that is not yet valid', { nbf: now + 600 }],
    ['without a subject', { sub: undefined }],
    ['with an empty subject', { sub: '' }],
    ['with a subject that is no text', { sub: 7 }],
    ['with a NUL in its subject', { sub: 'a\0b' }],
    ['with half a character as its subject', { sub: '\ud800' }],
    ['with a subject without end', { sub: 'x'.repeat(256) }],
  ])('%s', async (_what, claims) => expectUnauthenticated(await admin(claims)));

  it('signed by an algorithm that is not on the list, though its key is published', async () => {
    await expectUnauthenticated(await issuer.token('RS384', { roles: ['admin'] }));
    const strict = await startWith({ AUTH_ALGORITHMS: 'RS256' });
    expect(
      (await as(await issuer.token('RS256', { roles: ['admin'] }), strict).get('/v1/users')).status,
    ).toBe(200);
    await expectUnauthenticated(await admin(), strict);
    expect(await strict.end()).toBe(0);
  });

  it('signed by nothing', async () => {
    const [, payload = ''] = (await admin()).split('.');
    for (const alg of ['none', 'None', 'NONE', 'nOnE']) {
      const header = Buffer.from(JSON.stringify({ alg, kid: 'ES256' })).toString('base64url');
      await expectUnauthenticated(`${header}.${payload}.`);
    }
  });

  it('signed by HMAC with the public key as the secret', async () => {
    const jwk = issuer.publicJwk('RS256');
    const pem = await exportSPKI((await importJWK(jwk, 'RS256', { extractable: true })) as CryptoKey);
    for (const secret of [pem, pem.trim(), JSON.stringify(jwk), String(jwk.n)]) {
      const forged = new SignJWT({ roles: ['admin'] })
        .setProtectedHeader({ alg: 'HS256', kid: 'RS256' })
        .setIssuer(issuer.url)
        .setAudience('annals')
        .setSubject('eve')
        .setExpirationTime('5m');
      await expectUnauthenticated(await forged.sign(new TextEncoder().encode(secret)));
    }
  });

  it('signed by a key that the token brings along, or that is not the one it names', async () => {
    await issuer.addKey('eve', 'ES256', { isPublished: false });
    const roles = { roles: ['admin'] };
    await expectUnauthenticated(await issuer.token('eve', roles));
    await expectUnauthenticated(await issuer.token('eve', roles, { kid: 'ES256' }));
    await expectUnauthenticated(await issuer.token('eve', roles, { jwk: issuer.publicJwk('eve') }));
    await expectUnauthenticated(
      await issuer.token('eve', roles, { jku: `${issuer.url}/keys`, kid: undefined }),
    );
  });

  it('that was changed, cut or is no token', async () => {
    const [header = '', payload = '', signature = ''] = (await admin()).split('.');
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as object;
    const changed = Buffer.from(JSON.stringify({ ...claims, sub: 'eve' })).toString('base64url');
    const bad = [
      `${header}.${changed}.${signature}`,
      `${header}.${payload}`,
      `${header}.${payload}.`,
      'e30.e30.e30',
    ];
    for (const token of [...bad, `..${signature}`, 'a', '...', 'x'.repeat(5_000)])
      await expectUnauthenticated(token);
    await expectUnauthenticated(null);
  });

  it('and the answer and the output of the service do not repeat it', async () => {
    const token = await admin({ aud: 'other' });
    const refused = await as(token).get('/v1/users');
    expect(JSON.stringify(refused.problem)).not.toContain(token);
    expect(service.output()).not.toContain(token.split('.')[2]);
  });
});

describe('the issuer', () => {
  it('may rotate its keys: a new one works as soon as it is published', async () => {
    await issuer.addKey('rotated');
    const client = as(await issuer.token('rotated', { roles: ['admin'] }));
    await eventually('the new key is known', async () => (await client.get('/v1/users')).status === 200);
    expect((await as(await admin()).get('/v1/users')).status).toBe(200);
  });

  it('may go away once its keys are known: their tokens stay good, others are neither good nor bad', async () => {
    await issuer.addKey('late');
    await issuer.stop();
    expect((await as(await admin()).get('/v1/users')).status).toBe(200);
    const late = as(await issuer.token('late', { roles: ['admin'] }));
    await eventually(
      'the service asks the issuer again',
      async () => (await late.get('/v1/users')).status === 503,
    );
    expect((await as(await admin()).get('/v1/users')).status).toBe(200);
    await issuer.start();
    await eventually('the late key is known', async () => (await late.get('/v1/users')).status === 200);
  });

  it('may be away at the start: 503 with Retry-After until it is there, and health does not ask it', async () => {
    await issuer.stop();
    const early = await startWith({});
    const refused = await as(await admin(), early).get('/v1/users');
    expectRefused(refused, 503, 'unavailable');
    expect(refused.headers.get('Retry-After')).toMatch(/^\d+$/);
    await expectUnauthenticated(null, early);
    expect((await as(await admin(), early).get('/health/live')).status).toBe(200);
    await issuer.start();
    const client = as(await admin(), early);
    await eventually('tokens are good', async () => (await client.get('/v1/users')).status === 200);
    expect(await early.end()).toBe(0);
  });

  it('may keep roles elsewhere in its tokens', async () => {
    const other = await startWith({ AUTH_ROLES_CLAIM: 'realm_access.roles', AUTH_JWKS_URL: '' });
    const token = await issuer.token('ES256', { realm_access: { roles: ['users:read'] }, roles: ['admin'] });
    expect((await as(token, other).get('/v1/users')).status).toBe(200);
    expectRefused(await as(token, other).get('/v1/admin/events'), 403, 'forbidden');
    expect(await other.end()).toBe(0);
  });
});
