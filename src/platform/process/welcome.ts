import { newId } from '../../event-sourcing';
import { Environment } from '../config/environment';
import { Database } from '../database/database';
import { JsonLogger } from '../observability/json-logger';
import { logFormat } from '../observability/log-format';

/** Says that the process listens, whatever the log level: in words to a person, as a line of the log to a machine. */
export function announce(url: string, database: Database, environment: Environment): void {
  if (logFormat(environment) === 'text') process.stdout.write(welcome(url, database));
  else
    new JsonLogger('log').log(`Annals listens on ${url} with the database ${whereIs(database)}`, 'Process');
}

function whereIs({ embedded, url }: Database): string {
  return embedded
    ? `embedded Postgres, port ${embedded.port}, data in ${embedded.dataDir}`
    : new URL(url).host;
}

/** Tells a newcomer where things are, and three requests to paste. */
function welcome(url: string, database: Database): string {
  const userId = newId();
  const email = `ada.${userId.slice(0, 13)}@example.com`;
  return [
    '',
    `Annals listens on ${url}`,
    `Database: ${whereIs(database)}`,
    '',
    'Try it:',
    `  curl -i ${url}/v1/users -H 'Content-Type: application/json' -d '{"userId":"${userId}","name":"Ada Lovelace","email":"${email}"}'`,
    `  curl -i ${url}/v1/users/${userId}/history`,
    `  curl -i '${url}/v1/users?email=${email.slice(0, 10)}'`,
    '',
    'Stop it with Ctrl-C.',
    '',
  ].join('\n');
}
