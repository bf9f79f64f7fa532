import { createServer, type Server, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import {
  type CryptoKey,
  exportJWK,
  generateKeyPair,
  type JWK,
  type JWTHeaderParameters,
  type JWTPayload,
  SignJWT,
} from 'jose';

interface IssuedKey {
  readonly alg: string;
  readonly privateKey: CryptoKey;
  readonly publicJwk: JWK;
}

/** An issuer of tokens on loopback: real keys, real HTTP, its OpenID configuration and its JWKS. */
export class TestIssuer {
  private readonly keys = new Map<string, IssuedKey>();
  private readonly published = new Set<string>();
  private server: Server | undefined;
  private port = 0;
  /** How often each path was asked for. */
  readonly asked = new Map<string, number>();
  /** What the issuer says of itself, where that is not the truth. */
  configuration: Readonly<Record<string, unknown>> = {};
  /** The status of all answers. */
  status = 200;
  /** Takes requests, and does not answer them. */
  isSilent = false;

  /** Listens, on the same port as before. */
  async start(): Promise<this> {
    this.server = createServer(({ url = '' }, response) => this.answer(url, response));
    await once(this.server.listen(this.port, '127.0.0.1'), 'listening');
    this.port = (this.server.address() as AddressInfo).port;
    return this;
  }

  /** The outage: connections are refused from now on. */
  async stop(): Promise<void> {
    const { server } = this;
    this.server = undefined;
    server?.closeAllConnections();
    if (server) await once(server.close(), 'close');
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Makes a key, and publishes it unless told not to. */
  async addKey(kid: string, alg = 'ES256', { isPublished = true } = {}): Promise<void> {
    const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
    this.keys.set(kid, { alg, privateKey, publicJwk: { ...(await exportJWK(publicKey)), kid, alg } });
    if (isPublished) this.published.add(kid);
  }

  /** Its tokens stay well signed; nobody can check that any more. */
  withdrawKey(kid: string): void {
    this.published.delete(kid);
  }

  publicJwk(kid: string): JWK {
    return this.key(kid).publicJwk;
  }

  /** A token that is good for five minutes, unless the claims or the header say otherwise; undefined leaves a claim out. */
  async token(
    kid: string,
    claims: Readonly<Record<string, unknown>> = {},
    header: Partial<JWTHeaderParameters> = {},
  ): Promise<string> {
    const { alg, privateKey } = this.key(kid);
    const now = Math.floor(Date.now() / 1_000);
    const standard = { iss: this.url, aud: 'annals', sub: 'somebody', iat: now, exp: now + 300 };
    const payload = JSON.parse(JSON.stringify({ ...standard, ...claims })) as JWTPayload;
    return new SignJWT(payload).setProtectedHeader({ alg, kid, ...header }).sign(privateKey);
  }

  private key(kid: string): IssuedKey {
    const key = this.keys.get(kid);
    if (!key) throw new Error(`There is no key ${kid}.`);
    return key;
  }

  private answer(url: string, response: ServerResponse): void {
    this.asked.set(url, (this.asked.get(url) ?? 0) + 1);
    if (this.isSilent) return;
    const documents: Readonly<Record<string, object>> = {
      '/.well-known/openid-configuration': {
        issuer: this.url,
        jwks_uri: `${this.url}/keys`,
        ...this.configuration,
      },
      '/keys': { keys: [...this.published].map((kid) => this.publicJwk(kid)) },
    };
    const document = documents[url];
    response.writeHead(document ? this.status : 404, { 'Content-Type': 'application/json' });
    response.end(JSON.stringify(document ?? {}));
  }
}
