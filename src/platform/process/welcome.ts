import { newId } from '../../event-sourcing';
import { Database } from '../database/database';

/** Tells a newcomer where things are, and three requests to paste. With `apiKey`, they carry it. */
export function welcome(url: string, database: Database, apiKey?: string): string {
  const userId = newId();
  const email = `ada.${userId.slice(0, 13)}@example.com`;
  const credentials = `-H "Authorization: Bearer ${apiKey ?? '$ANNALS_API_KEY'}"`;
  const where = database.embedded
    ? `embedded Postgres, port ${database.embedded.port}, data in ${database.embedded.dataDir}`
    : new URL(database.url).host;
  return [
    '',
    `Annals listens on ${url}`,
    `Database: ${where}`,
    ...(apiKey === undefined ? [] : [`API key (admin, this run): ${apiKey}`]),
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
