import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hostOf, isServerProven, withTls } from './tls';

const url = 'postgres://annals:s3cret@db.internal:5432/annals';
let folder: string;
let ca: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'annals-tls-'));
  ca = join(folder, 'the ca.pem');
  writeFileSync(ca, '-----BEGIN CERTIFICATE-----\n');
});

afterAll(() => rmSync(folder, { recursive: true }));

const variable = 'DATABASE_URL';

describe('TLS to the database', () => {
  it('is off without a word about it', () => {
    expect(withTls(url, variable, '')).toBe(url);
    expect(isServerProven(url)).toBe(false);
  });

  it.each(['allow', 'prefer', 'require', 'verify-ca', 'verify-full'])(
    'proves the server with sslmode=%s, and says so to the driver',
    (mode) => {
      const given = withTls(`${url}?sslmode=${mode}`, variable, '');
      expect(new URL(given).searchParams.getAll('sslmode').at(-1)).toBe('verify-full');
      expect(isServerProven(given)).toBe(true);
    },
  );

  it('proves the server with a CA file, whatever is in the path and the URL', () => {
    for (const start of [url, `${url}?application_name=a`, `${url}?sslmode=require`]) {
      const given = withTls(start, variable, ca);
      expect(new URL(given).searchParams.get('sslrootcert')).toBe(ca);
      expect(isServerProven(given)).toBe(true);
      expect(hostOf(given)).toBe('db.internal');
    }
  });

  it.each(['sslmode=disable', 'sslmode=no-verify', 'uselibpqcompat=true&sslmode=require'])(
    'stays what it is with %s, and counts as unproven',
    (query) => {
      expect(withTls(`${url}?${query}`, variable, '')).toBe(`${url}?${query}`);
      expect(isServerProven(`${url}?${query}`)).toBe(false);
      expect(() => withTls(`${url}?${query}`, variable, ca)).toThrow(/DATABASE_CA_FILE asks for verify-full/);
    },
  );

  it('counts as unproven while Node is told to check no certificate at all', () => {
    process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';
    expect(isServerProven(`${url}?sslmode=verify-full`)).toBe(false);
    delete process.env.NODE_TLS_REJECT_UNAUTHORIZED;
  });

  it('is refused with a mode that nobody knows, or a file that holds no certificate', () => {
    const empty = join(folder, 'empty.pem');
    writeFileSync(empty, '');
    const wrong = [
      () => withTls(`${url}?sslmode=on`, variable, ''),
      () => withTls(url, variable, join(folder, 'none.pem')),
      () => withTls(url, variable, empty),
      () => withTls(`${url}?sslrootcert=${join(folder, 'none.pem')}`, variable, ''),
    ];
    const messages = [/use verify-full, no-verify or disable/, /cannot be read: ENOENT/, /no certificate/];
    [...messages, /sslrootcert of DATABASE_URL cannot be read/].forEach((message, index) => {
      expect(wrong[index]).toThrow(message);
      expect(wrong[index]).not.toThrow(/s3cret/);
    });
  });
});
