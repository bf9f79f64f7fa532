import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The folder of package.json, from wherever the compiled code lies below it. */
export function packageRoot(from = __dirname): string {
  if (existsSync(join(from, 'package.json')) && existsSync(join(from, 'migrations'))) return from;
  const parent = dirname(from);
  if (parent === from)
    throw new Error('The folder "migrations" was not found next to package.json. Deploy it, too.');
  return packageRoot(parent);
}
