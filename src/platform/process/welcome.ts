import { newId } from '../../event-sourcing';
import { Database } from '../database/database';

/** Tells a newcomer where things are, and three requests to paste. */
export function welcome(url: string, database: Database): string {
  const userId = newId();
  const email = `ada.${userId.slice(0, 13)}@example.com`;
  const where = database.embedded
    ? `embedded Postgres, port ${database.embedded.port}, data in ${database.embedded.dataDir}`
    : new URL(database.url).host;
  return [
    '',
    `Annals listens on ${url}`,
    `Database: ${where}`,
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
