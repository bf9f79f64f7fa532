import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { getMetadataStorage } from 'class-validator';
import { Environment } from './environment';
import { ConfigurationError, validateEnvironment } from './validate-environment';

/** The lines of the refusal, one a problem; none when nothing is refused. */
function problemsOf(variables: Readonly<Record<string, unknown>>): readonly string[] {
  try {
    validateEnvironment(variables);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    return error.message.split('\n').filter((line) => line.startsWith('  - '));
  }
}

const withoutDefault = [
  'API_KEYS',
  'API_KEYS_FILE',
  'AUTH_AUDIENCE',
  'AUTH_ISSUER',
  'AUTH_JWKS_URL',
  'DATABASE_URL',
];

/** A variable without a default has no member until it is set, but it has its checks. */
function namesOfVariables(): string[] {
  const checks = getMetadataStorage().getTargetValidationMetadatas(Environment, '', false, false);
  return [...new Set(checks.map((check) => check.propertyName))].sort();
}

describe('the environment', () => {
  it('has a default for every variable but those that name something outside', () => {
    const environment = validateEnvironment({});
    expect(environment).toBeInstanceOf(Environment);
    expect({ ...environment }).toEqual({ ...new Environment() });
    expect(namesOfVariables()).toEqual([...Object.keys(new Environment()), ...withoutDefault].sort());
  });

  it('listens on loopback, and migrates, unless told otherwise', () => {
    expect(validateEnvironment({})).toMatchObject({
      NODE_ENV: 'development',
      HOST: '127.0.0.1',
      PORT: 3_000,
      MIGRATE_ON_START: true,
      HTTP_ENABLED: true,
      SUBSCRIPTIONS_ENABLED: true,
    });
  });

  it('reads numbers and truth from text', () => {
    const given = { PORT: '0', DATABASE_POOL_SIZE: '1000', MIGRATE_ON_START: 'false', HTTP_ENABLED: 'true' };
    expect(validateEnvironment(given)).toMatchObject({
      PORT: 0,
      DATABASE_POOL_SIZE: 1_000,
      MIGRATE_ON_START: false,
      HTTP_ENABLED: true,
    });
  });

  it('counts an empty variable as missing', () => {
    const empty = Object.fromEntries(namesOfVariables().map((name) => [name, '']));
    expect({ ...validateEnvironment(empty) }).toEqual({ ...new Environment() });
  });

  it('lists every wrong variable in one error, each with what it must be', () => {
    const wrong = {
      NODE_ENV: 'staging',
      PORT: '65536',
      DATABASE_URL: 'mysql://localhost/annals',
      MIGRATE_ON_START: 'yes',
      API_KEYS: 'admin',
      AUTH_ISSUER: 'login.example.com',
      AUTH_JWKS_URL: 'ftp://example.com/keys',
      AUTH_ALGORITHMS: 'RS256,HS256',
      RATE_LIMIT: '0',
      DATABASE_POOL_SIZE: '1',
      EVENT_STORE_POOL_SIZE: 'ten',
      HTTP_ENABLED: 'TRUE',
      SUBSCRIPTIONS_ENABLED: 'off',
      LOG_LEVEL: 'loud',
      LOG_FORMAT: 'xml',
      LOG_REQUESTS: 'no',
      OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4318',
    };
    const problems = problemsOf({ ...wrong, AUTH_AUDIENCE: 'annals' });
    for (const name of Object.keys(wrong)) {
      expect(problems.filter((problem) => problem.startsWith(`  - ${name} must be `))).toHaveLength(1);
    }
    expect(problems).toHaveLength(Object.keys(wrong).length);
    expect(problems).toContain('  - PORT must be a whole number from 0 to 65535');
    expect(problems).toContain('  - HTTP_ENABLED must be true or false');
  });

  it('says where the variables are described', () => {
    expect(() => validateEnvironment({ PORT: 'x' })).toThrow(
      /^The configuration is wrong:\n {2}- PORT .*\nCorrect these environment variables; \.env\.example describes each\.$/,
    );
  });

  it.each(['-1', '1.5', '1e3', '0x10', ' 80', '80 ', '١'])('takes no port like %j', (PORT) => {
    expect(problemsOf({ PORT })).toEqual(['  - PORT must be a whole number from 0 to 65535']);
  });

  it.each([
    'postgres://u:p@localhost:5432/annals',
    'postgresql://localhost/annals',
    'postgres:///annals?host=/tmp',
  ])('takes the database URL %s', (DATABASE_URL) => {
    expect(validateEnvironment({ DATABASE_URL })).toMatchObject({ DATABASE_URL });
  });

  it('does not repeat a wrong database URL, which may hold a password', () => {
    const problems = problemsOf({ DATABASE_URL: 'postgres://u:s3cret@local host/annals' });
    expect(problems).toHaveLength(1);
    expect(problems[0]).not.toContain('s3cret');
  });

  it.each([{}, { DATABASE_URL: '' }])('needs DATABASE_URL in production (%j)', (given) => {
    expect(problemsOf({ NODE_ENV: 'production', ...given })).toEqual([
      '  - DATABASE_URL is missing: in production there is no embedded Postgres',
    ]);
    expect(problemsOf({ NODE_ENV: 'development', ...given })).toEqual([]);
  });

  it('takes a role for migrations only next to one for the service', () => {
    const MIGRATION_DATABASE_URL = 'postgres://owner@localhost/annals';
    expect(problemsOf({ MIGRATION_DATABASE_URL })).toEqual([
      '  - MIGRATION_DATABASE_URL is set without DATABASE_URL: set both, or neither',
    ]);
    expect(problemsOf({ MIGRATION_DATABASE_URL, DATABASE_URL: 'postgres://app@localhost/annals' })).toEqual(
      [],
    );
    expect(problemsOf({ MIGRATION_DATABASE_URL: 'owner', DATABASE_URL: 'postgres://localhost/a' })).toEqual([
      '  - MIGRATION_DATABASE_URL must be a URL: postgres://user:password@host:5432/database',
    ]);
  });

  it('needs more time to stop than the grace takes', () => {
    const times = { SHUTDOWN_GRACE_MS: '5000', SHUTDOWN_TIMEOUT_MS: '5000' };
    expect(problemsOf(times)).toEqual([
      '  - SHUTDOWN_GRACE_MS is 5000: keep it below SHUTDOWN_TIMEOUT_MS, which is 5000',
    ]);
    expect(problemsOf({ ...times, SHUTDOWN_TIMEOUT_MS: '5001' })).toEqual([]);
  });

  it('is enough for production with DATABASE_URL', () => {
    expect(problemsOf({ NODE_ENV: 'production', DATABASE_URL: 'postgres://localhost/annals' })).toEqual([]);
  });

  it.each(['', 'none', 'HS256', 'RS256,none', 'RS256,HS256', 'rs256', 'RS256, ES256', 'RS256,'])(
    'takes no algorithms like %j, except that empty is the default',
    (AUTH_ALGORITHMS) => {
      expect(problemsOf({ AUTH_ALGORITHMS })).toEqual(
        AUTH_ALGORITHMS === ''
          ? []
          : [expect.stringMatching(/^ {2}- AUTH_ALGORITHMS must be a list with commas, of RS256, /)],
      );
    },
  );

  it('needs an issuer and an audience together', () => {
    const issuer = 'https://login.example.com/';
    expect(problemsOf({ AUTH_ISSUER: issuer })).toEqual([expect.stringMatching(/AUTH_AUDIENCE is missing/)]);
    expect(problemsOf({ AUTH_AUDIENCE: 'annals' })).toEqual([
      expect.stringMatching(/AUTH_ISSUER is missing/),
    ]);
    expect(problemsOf({ AUTH_JWKS_URL: issuer })).toEqual([expect.stringMatching(/AUTH_ISSUER is missing/)]);
    expect(problemsOf({ AUTH_ISSUER: issuer, AUTH_AUDIENCE: 'annals' })).toEqual([]);
  });

  it.each(['http://login.example.com', 'http://127.0.0.1.example.com', 'http://localhost.example.com/'])(
    'asks no issuer like %s for keys in production',
    (url) => {
      const given = { AUTH_ISSUER: url, AUTH_AUDIENCE: 'annals', AUTH_JWKS_URL: url };
      expect(problemsOf(given)).toEqual([]);
      const production = { NODE_ENV: 'production', DATABASE_URL: 'postgres://localhost/annals' };
      expect(problemsOf({ ...production, ...given })).toEqual([
        expect.stringMatching(/AUTH_ISSUER must begin with https/),
        expect.stringMatching(/AUTH_JWKS_URL must begin with https/),
      ]);
      const near = {
        ...given,
        AUTH_ISSUER: 'http://127.0.0.1:8080/',
        AUTH_JWKS_URL: 'http://localhost/keys',
      };
      expect(problemsOf({ ...production, ...near })).toEqual([]);
    },
  );

  it('does not repeat API keys that cannot be read', () => {
    const problems = problemsOf({ API_KEYS: 'me/admin/ann_s3cret' });
    expect(problems).toEqual([expect.stringMatching(/^ {2}- API_KEYS must be keys: key 1: it must be </)]);
    expect(problems[0]).not.toContain('s3cret');
  });

  it('ignores variables that it does not know', () => {
    const environment = validateEnvironment({ PATH: '/bin', port: 'x', toString: 'x', constructor: 'x' });
    expect({ ...environment }).toEqual({ ...new Environment() });
  });
});

describe('.env.example', () => {
  const lines = readFileSync(join(__dirname, '../../../.env.example'), 'utf8').split('\n');
  const variables = lines.flatMap((line, index) => {
    const [, name, value] = /^([A-Z_]+)=(.*)$/.exec(line) ?? [];
    return name === undefined || value === undefined ? [] : [{ name, value, before: lines[index - 1] ?? '' }];
  });

  it('lists exactly the variables of the environment, each once', () => {
    expect(variables.map(({ name }) => name).sort()).toEqual(namesOfVariables());
  });

  it('gives each its default', () => {
    const defaults: Readonly<Record<string, string | number | boolean | undefined>> = {
      ...new Environment(),
    };
    for (const { name, value } of variables) {
      expect(`${name}=${value}`).toBe(`${name}=${String(defaults[name] ?? '')}`);
    }
  });

  it('can be copied as it is', () => {
    const given = Object.fromEntries(variables.map(({ name, value }) => [name, value]));
    expect({ ...validateEnvironment(given) }).toEqual({ ...new Environment() });
  });

  it('says why each is there', () => {
    for (const { name, before } of variables)
      expect([name, before]).toEqual([name, expect.stringMatching(/^# ./)]);
  });

  it('has nothing but variables, comments and blank lines', () => {
    for (const line of lines) expect(line).toMatch(/^(|# .+|[A-Z_]+=.*)$/);
  });
});
