import { plainToInstance } from 'class-transformer';
import { getMetadataStorage, validateSync } from 'class-validator';
import { Environment } from './environment';

/** One or more variables are wrong; the message lists them all. */
export class ConfigurationError extends Error {
  constructor(problems: readonly string[]) {
    super(
      `The configuration is wrong:\n${problems.map((problem) => `  - ${problem}`).join('\n')}\n` +
        'Correct these environment variables; .env.example describes each.',
    );
    this.name = 'ConfigurationError';
  }
}

/**
 * Reads the variables of `Environment` and checks them all. An empty one counts as missing.
 * @throws ConfigurationError listing every wrong variable.
 */
export function validateEnvironment(variables: Readonly<Record<string, unknown>>): Environment {
  const given = Object.entries(variables).filter(([name, value]) => isKnown(name) && value !== '');
  const environment = plainToInstance(Environment, Object.fromEntries(given), { exposeDefaultValues: true });
  const problems = validateSync(environment, { stopAtFirstError: true }).flatMap((error) =>
    Object.values(error.constraints ?? {}),
  );
  problems.push(
    ...databaseProblems(environment),
    ...shutdownProblems(environment),
    ...problemsOfIssuer(environment),
  );
  if (problems.length > 0) throw new ConfigurationError(problems);
  return environment;
}

function databaseProblems(environment: Environment): readonly string[] {
  if (environment.DATABASE_URL) return [];
  if (environment.NODE_ENV === 'production') {
    return ['DATABASE_URL is missing: in production there is no embedded Postgres'];
  }
  return environment.MIGRATION_DATABASE_URL === ''
    ? []
    : ['MIGRATION_DATABASE_URL is set without DATABASE_URL: set both, or neither'];
}

function shutdownProblems({ SHUTDOWN_GRACE_MS, SHUTDOWN_TIMEOUT_MS }: Environment): readonly string[] {
  if (!(SHUTDOWN_GRACE_MS >= SHUTDOWN_TIMEOUT_MS)) return [];
  return [
    `SHUTDOWN_GRACE_MS is ${SHUTDOWN_GRACE_MS}: keep it below SHUTDOWN_TIMEOUT_MS, which is ${SHUTDOWN_TIMEOUT_MS}`,
  ];
}

function problemsOfIssuer({ NODE_ENV, AUTH_ISSUER, AUTH_AUDIENCE, AUTH_JWKS_URL }: Environment): string[] {
  const problems: string[] = [];
  if (AUTH_ISSUER !== undefined && AUTH_AUDIENCE === undefined)
    problems.push('AUTH_AUDIENCE is missing: tokens that the issuer made for others must not be accepted');
  if (AUTH_ISSUER === undefined && (AUTH_AUDIENCE ?? AUTH_JWKS_URL) !== undefined)
    problems.push('AUTH_ISSUER is missing: AUTH_AUDIENCE and AUTH_JWKS_URL do nothing without it');
  const asked = Object.entries(NODE_ENV === 'production' ? { AUTH_ISSUER, AUTH_JWKS_URL } : {});
  const unsafe = asked.filter(([, url]) => url !== undefined && !isSafeToAsk(url));
  return [
    ...problems,
    ...unsafe.map(
      ([name]) => `${name} must begin with https:// in production: whoever is on the way could make tokens`,
    ),
  ];
}

/** What comes over plain HTTP is what the network made of it, unless it stays on this machine. */
function isSafeToAsk(url: string): boolean {
  return url.startsWith('https://') || /^http:\/\/(127\.0\.0\.1|localhost|\[::1\])[:/]/.test(`${url}/`);
}

const names = new Set(
  getMetadataStorage()
    .getTargetValidationMetadatas(Environment, '', false, false)
    .map(({ propertyName }) => propertyName),
);

function isKnown(name: string): boolean {
  return names.has(name);
}
