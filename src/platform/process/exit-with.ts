import { visible } from '../cli/visible';
import { withoutSecrets } from '../logging/without-secrets';

/** A start that failed: the message says what to mend, and the stack only helps whom the message does not. */
export function exitWith(error: unknown): never {
  const { name, message, stack } = error instanceof Error ? error : new Error(String(error));
  process.stderr.write(
    visible(withoutSecrets(process.env.LOG_LEVEL === 'debug' ? `${stack}\n` : `${name}: ${message}\n`)),
  );
  process.exit(1);
}
