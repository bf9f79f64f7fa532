import { newId } from '../../event-sourcing';
import { Environment } from '../config/environment';
import { Database } from '../database/database';
import { JsonLogger } from '../logging/json-logger';
import { logFormat } from '../logging/log-format';

export interface Announced {
  readonly url: string;
  readonly database: Database;
  /** The admin key of this run, when one was made. */
  readonly apiKey: string | undefined;
}

/**
 * Says that the process listens, whatever the log level: in words to a person, as a line of the log to a machine. The key
 * of the run stands on a line of its own, and in no line of the log.
 */
export function announce(announced: Announced, environment: Environment): void {
  const { url, database, apiKey } = announced;
  if (logFormat(environment) === 'text') {
    process.stdout.write(welcome(announced));
    return;
  }
  if (apiKey !== undefined) process.stdout.write(`${keyLine(apiKey)}\n`);
  new JsonLogger('log').log(`Annals listens on ${url} with the database ${whereIs(database)}`, 'Process');
}

function keyLine(apiKey: string): string {
  return `API key (admin, this run): ${apiKey}`;
}

function whereIs({ embedded, url }: Database): string {
  return embedded
    ? `embedded Postgres, port ${embedded.port}, data in ${embedded.dataDir}`
    : new URL(url).host;
}

/** Tells a newcomer where things are, and three requests to paste. With a key, they carry it. */
function welcome({ url, database, apiKey }: Announced): string {
  const userId = newId();
  const email = `ada.${userId.slice(0, 13)}@example.com`;
  const credentials = `-H "Authorization: Bearer ${apiKey ?? '$ANNALS_API_KEY'}"`;
  return [
    '',
    `Annals listens on ${url}`,
    `Database: ${whereIs(database)}`,
    ...(apiKey === undefined ? [] : [keyLine(apiKey)]),
    '',
    apiKey === undefined ? 'Try it, with an API key or a token in $ANNALS_API_KEY:' : 'Try it:',
    `  curl -i ${url}/v1/users ${credentials} -H 'Content-Type: application/json' -d '{"userId":"${userId}","name":"Ada Lovelace","email":"${email}"}'`,
    `  curl -i ${url}/v1/users/${userId}/history ${credentials}`,
    `  curl -i '${url}/v1/users?email=${email.slice(0, 10)}' ${credentials}`,
    '',
    'Stop it with Ctrl-C.',
    '',
  ].join('\n');
}
