import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { root } from './tarball';

/** A block of code on a page of the documentation. One with a title is a file, of `sh` are commands, of `json` their answers. */
export interface Block {
  readonly language: string;
  readonly title: string | undefined;
  readonly text: string;
}

const block = /^```(\w+)(?: title="([^"]+)")?\n([^]*?)^```$/gm;

export function blocksOf(page: string): readonly Block[] {
  const found = readFileSync(join(root, page), 'utf8').matchAll(block);
  return [...found].map(([, language = '', title, text = '']) => ({ language, title, text }));
}

/** The files of a page by their paths; of one that is shown twice, the last text. */
export function filesOf(page: string): ReadonlyMap<string, string> {
  return new Map(blocksOf(page).flatMap(({ title, text }) => (title ? [[title, text] as const] : [])));
}

export function commandsOf(page: string): readonly string[] {
  return blocksOf(page).flatMap(({ language, text }) => (language === 'sh' ? [text] : []));
}

export function writeFiles(folder: string, files: ReadonlyMap<string, string>): void {
  for (const [path, text] of files) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
}
