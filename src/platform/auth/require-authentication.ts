import { Environment } from '../config/environment';
import { ConfigurationError } from '../config/validate-environment';
import { parseApiKeys, problemOfRoles } from './api-key';
import { isMissing, readKeysFile } from './keys-file';
import type { DeclaredRoles } from './roles';
import { within } from './within';

const loopback = new Set(['127.0.0.1', '::1', 'localhost']);
/** How long the keys file may take at the start. */
const readTimeoutMs = 10_000;

const mend =
  'set AUTH_ISSUER and AUTH_AUDIENCE, or API_KEYS_FILE and make a key: ' +
  'API_KEYS_FILE=<file> node dist/cli.js keys create --role admin';

export function isAuthenticationConfigured({ API_KEYS, API_KEYS_FILE, AUTH_ISSUER }: Environment): boolean {
  return [API_KEYS, API_KEYS_FILE, AUTH_ISSUER].some((variable) => variable !== undefined);
}

/**
 * Whether a process with this configuration may serve HTTP. Commands of the operator and processes without HTTP need no
 * authentication.
 * @throws ConfigurationError
 */
export async function requireAuthentication(environment: Environment, roles: DeclaredRoles): Promise<void> {
  if (!environment.HTTP_ENABLED) return;
  const problems = isAuthenticationConfigured(environment)
    ? await problemsOfKeysFile(environment, roles)
    : problemsWithoutAuthentication(environment);
  if (problems.length > 0) throw new ConfigurationError(problems);
}

function problemsWithoutAuthentication({ NODE_ENV, HOST }: Environment): string[] {
  if (NODE_ENV === 'production')
    return [`Authentication is not configured, and production does not start without it: ${mend}`];
  if (!loopback.has(HOST))
    return [
      `HOST is ${HOST}, but without authentication it must be loopback: keep it on 127.0.0.1, or ${mend}`,
    ];
  return [];
}

async function problemsOfKeysFile(
  { API_KEYS, API_KEYS_FILE }: Environment,
  roles: DeclaredRoles,
): Promise<string[]> {
  if (API_KEYS_FILE === undefined) return [];
  try {
    const { entries, problems } = await within(readTimeoutMs, readKeysFile(API_KEYS_FILE));
    const ids = new Set(parseApiKeys(API_KEYS ?? '').map(({ id }) => id));
    const twice = entries.filter(({ id }) => ids.has(id));
    return [
      ...entries.flatMap((entry) => {
        const problem = problemOfRoles(entry, roles);
        return problem === undefined
          ? []
          : [`API_KEYS_FILE must have keys in it: ${API_KEYS_FILE}, the key "${entry.id}": ${problem}`];
      }),
      ...problems.map(({ message }) => `API_KEYS_FILE must have keys in it: ${API_KEYS_FILE}, ${message}`),
      ...twice.map(({ id }) => `API_KEYS and API_KEYS_FILE both have a key "${id}": take one of them out`),
    ];
  } catch (error) {
    return [
      isMissing(error)
        ? `API_KEYS_FILE is ${API_KEYS_FILE}, which does not exist: make it with "keys create --role admin"`
        : `API_KEYS_FILE must be a file that can be read: ${(error as Error).message}`,
    ];
  }
}
