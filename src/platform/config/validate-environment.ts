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
  if (environment.NODE_ENV === 'production' && !environment.DATABASE_URL) {
    problems.push('DATABASE_URL is missing: in production there is no embedded Postgres');
  }
  if (!loopback.has(environment.HOST) && !environment.ALLOW_ANONYMOUS) {
    problems.push(
      `HOST is ${environment.HOST}, but there is no authentication yet: keep it on 127.0.0.1, or set ALLOW_ANONYMOUS=true`,
    );
  }
  if (problems.length > 0) throw new ConfigurationError(problems);
  return environment;
}

function isKnown(name: string): boolean {
  return name === 'DATABASE_URL' || name in new Environment();
}
