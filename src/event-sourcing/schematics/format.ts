import { createRequire } from 'node:module';
import { join } from 'node:path';

interface Prettier {
  resolveConfig(path: string): Promise<object | null>;
  format(text: string, options: object): Promise<string>;
}

/** The text as the Prettier of the project writes it; as it is where the project has none. */
export async function formatted(path: string, text: string): Promise<string> {
  const prettier = prettierOf(process.cwd());
  if (!prettier) return text;
  const filepath = join(process.cwd(), path);
  return prettier.format(text, { ...(await prettier.resolveConfig(filepath)), filepath });
}

function prettierOf(folder: string): Prettier | undefined {
  try {
    return createRequire(join(folder, 'package.json'))('prettier') as Prettier;
  } catch {
    return undefined;
  }
}
