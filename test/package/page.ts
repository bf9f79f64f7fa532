import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { root } from './tarball';

export interface Page {
  /** The text of each block that has a title, by that title: the path of a file. */
  readonly files: ReadonlyMap<string, string>;
  /** The blocks of commands, in their order. */
  readonly commands: readonly string[];
}

const block = /^```(\w+)(?: title="([^"]+)")?\n([^]*?)^```$/gm;

/** What a reader who follows a page of the documentation writes and types. */
export function readPage(path: string): Page {
  const blocks = [...readFileSync(join(root, path), 'utf8').matchAll(block)];
  const files = new Map(blocks.flatMap(([, , title, text = '']) => (title ? [[title, text] as const] : [])));
  const commands = blocks.flatMap(([, language, , text = '']) => (language === 'sh' ? [text] : []));
  return { files, commands };
}

export function writeFiles(folder: string, files: ReadonlyMap<string, string>): void {
  for (const [path, text] of files) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
}
