import { plainToInstance } from 'class-transformer';
import { validateSync } from 'class-validator';
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

const loopback = new Set(['127.0.0.1', '::1', 'localhost']);

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
  problems.push(...databaseProblems(environment), ...shutdownProblems(environment));
  if (!loopback.has(environment.HOST) && !environment.ALLOW_ANONYMOUS) {
    problems.push(
      `HOST is ${environment.HOST}, but there is no authentication yet: keep it on 127.0.0.1, or set ALLOW_ANONYMOUS=true`,
    );
  }
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

function isKnown(name: string): boolean {
  return name === 'DATABASE_URL' || name in new Environment();
}
