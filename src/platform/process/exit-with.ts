import { visible } from '../cli/visible';
import { withoutSecrets } from '../logging/without-secrets';

/** Ends the process for a start or a command that failed. The stack is for debugging; `mend` says what to do, in words of this program. */
export function exitWith(error: unknown, mend?: string): never {
  const { name, message, stack } = error instanceof Error ? error : new Error(String(error));
  const said = process.env.LOG_LEVEL === 'debug' ? String(stack) : `${name}: ${message}`;
  process.stderr.write(visible(withoutSecrets(`${mend ? `${said}\n${mend}` : said}\n`)));
  process.exit(1);
}
