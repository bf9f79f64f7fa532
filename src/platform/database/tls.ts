import { readFileSync } from 'node:fs';
import type { ConnectionOptions } from 'node:tls';
import { Client } from 'pg';
import { ConfigurationError } from '../config/validate-environment';

/** Modes that `pg` takes for verify-full today, and libpq for less. Here they mean verify-full, whatever `pg` does next. */
const encrypted = ['allow', 'prefer', 'require', 'verify-ca', 'verify-full'];
const unproven = ['disable', 'no-verify'];

/** What a URL says about TLS. */
interface TlsParameters {
  readonly sslmode?: string;
  readonly sslrootcert?: string;
  readonly uselibpqcompat?: string;
}

/**
 * The URL with TLS spelled out, so that every pool reads the same from it. With a CA file, or any `sslmode` that encrypts,
 * the server must have a certificate of a trusted CA for the host of the URL (verify-full); `no-verify` and `disable`
 * stay what they are, and so does `uselibpqcompat=true`.
 * @throws ConfigurationError when the file cannot be read, or says another thing than the URL.
 */
export function withTls(url: string, variable: string, caFile: string): string {
  const given = parametersOf(url);
  checkMode(given, variable);
  if (isWeak(given)) {
    if (caFile !== '') throw contradiction(given, variable);
    return url;
  }
  const file = certificatesOf(given, variable, caFile);
  if (file !== undefined) return appended(url, { sslmode: 'verify-full', sslrootcert: file });
  return given.sslmode === undefined ? url : appended(url, { sslmode: 'verify-full' });
}

/** The file of the CA, which holds certificates; undefined when the machine's own CAs are to be trusted. */
function certificatesOf(
  { sslrootcert }: TlsParameters,
  variable: string,
  caFile: string,
): string | undefined {
  const file = caFile || sslrootcert;
  if (file !== undefined) checkCertificates(file, caFile ? 'DATABASE_CA_FILE' : `sslrootcert of ${variable}`);
  return file;
}

/** As in `pg`, the last of several parameters wins. */
function parametersOf(url: string): TlsParameters {
  return Object.fromEntries(new URLSearchParams(url.split('?').slice(1).join('?')));
}

function isWeak({ sslmode, uselibpqcompat }: TlsParameters): boolean {
  return uselibpqcompat === 'true' || unproven.includes(sslmode ?? '');
}

function checkMode({ sslmode }: TlsParameters, variable: string): void {
  if (sslmode === undefined || [...encrypted, ...unproven].includes(sslmode)) return;
  throw new ConfigurationError([`${variable} has sslmode=${sslmode}: use verify-full, no-verify or disable`]);
}

function contradiction({ sslmode }: TlsParameters, variable: string): ConfigurationError {
  const weak = sslmode === undefined ? 'uselibpqcompat=true' : `sslmode=${sslmode}`;
  return new ConfigurationError([
    `${variable} has ${weak}, but DATABASE_CA_FILE asks for verify-full: take one of them away`,
  ]);
}

/** True when whoever answers at the host of the URL must prove to be it. */
export function isServerProven(url: string): boolean {
  if (process.env.NODE_TLS_REJECT_UNAUTHORIZED === '0') return false;
  const ssl = clientOf(url).ssl;
  if (typeof ssl === 'boolean') return ssl;
  return ssl.rejectUnauthorized !== false && ssl.checkServerIdentity === undefined;
}

/** The host that `pg` connects to: a name, an address, or the folder of a socket. */
export function hostOf(url: string): string {
  return clientOf(url).host;
}

/** `pg` itself says what it makes of a URL and of PGSSLMODE. It does not connect yet. */
function clientOf(url: string): { readonly host: string; readonly ssl: boolean | ConnectionOptions } {
  const { host, ssl } = new Client({ connectionString: url });
  return { host, ssl: ssl };
}

function appended(url: string, parameters: Readonly<Record<string, string>>): string {
  return `${url}${url.includes('?') ? '&' : '?'}${new URLSearchParams(parameters).toString()}`;
}

function checkCertificates(file: string, variable: string): void {
  try {
    if (readFileSync(file, 'utf8').includes('-----BEGIN CERTIFICATE-----')) return;
  } catch (error) {
    throw new ConfigurationError([`${variable} cannot be read: ${(error as Error).message}`]);
  }
  throw new ConfigurationError([`${variable} is ${file}, which holds no certificate in PEM`]);
}
