import { Environment } from '../config/environment';
import { Database } from '../database/database';
import { JsonLogger } from '../logging/json-logger';
import { logFormat } from '../logging/log-format';

export interface Announced {
  readonly url: string;
  readonly database: Database;
  /** The admin key of this run, when one was made. */
  readonly apiKey: string | undefined;
  readonly title: string;
  readonly examples: ExampleRequests;
}

/** Requests to paste into a shell, as arguments of `curl`; `url` is where the service listens. */
export type ExampleRequests = (url: string) => readonly string[];

/**
 * Says that the process listens, whatever the log level: in words to a person, as a line of the log to a machine. The key
 * of the run stands on a line of its own, and in no line of the log.
 */
export function announce(announced: Announced, environment: Environment): void {
  const { url, database, apiKey, title } = announced;
  if (logFormat(environment) === 'text') {
    process.stdout.write(welcome(announced));
    return;
  }
  if (apiKey !== undefined) process.stdout.write(`${keyLine(apiKey)}\n`);
  new JsonLogger('log').log(`${title} listens on ${url} with the database ${whereIs(database)}`, 'Process');
}

function keyLine(apiKey: string): string {
  return `API key (admin, this run): ${apiKey}`;
}

function whereIs({ embedded, url }: Database): string {
  return embedded
    ? `embedded Postgres, port ${embedded.port}, data in ${embedded.dataDir}`
    : new URL(url).host;
}

/** Tells a newcomer where things are, and requests to paste. With a key, they carry it. */
function welcome({ url, database, apiKey, title, examples }: Announced): string {
  const credentials = `-H "Authorization: Bearer ${apiKey ?? '$ANNALS_API_KEY'}"`;
  return [
    '',
    `${title} listens on ${url}`,
    `Database: ${whereIs(database)}`,
    ...(apiKey === undefined ? [] : [keyLine(apiKey)]),
    '',
    apiKey === undefined ? 'Try it, with an API key or a token in $ANNALS_API_KEY:' : 'Try it:',
    ...examples(url).map((request) => `  curl ${request} ${credentials}`),
    '',
    'Stop it with Ctrl-C.',
    '',
  ].join('\n');
}
