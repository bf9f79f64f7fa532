import { readFileSync, writeFileSync } from 'node:fs';

export interface Marks {
  readonly begin: string;
  readonly end: string;
}

/** Puts the text into the page, between its marks. */
export function writeBetween({ begin, end }: Marks, path: string, text: string): void {
  const page = readFileSync(path, 'utf8');
  const from = page.indexOf(begin);
  const to = page.indexOf(end);
  if (from < 0 || to < 0) throw new Error(`${path} has lost its marks: ${begin} … ${end}`);
  writeFileSync(path, `${page.slice(0, from)}${begin}\n\n${text}\n\n${page.slice(to)}`);
}
