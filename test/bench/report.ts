import { cpus } from 'node:os';
import { readFileSync, writeFileSync } from 'node:fs';
import { Figure } from './measure';

const begin = '<!-- figures: written by `npm run bench` -->';
const end = '<!-- end of figures -->';

export interface Row {
  readonly title: string;
  readonly ours: Figure;
  readonly unit: Figure;
}

export interface Report {
  readonly rows: readonly Row[];
  readonly notes: readonly string[];
  readonly server: string;
}

/** The figures as a Markdown table: rates a second, and the ratio that is worth comparing. */
export function tableOf({ rows, notes, server }: Report): string {
  const head = ['what', 'in the same run', 'Annals', 'ratio', 'p50 / p99 ms', 'min–max'];
  const lines = rows.map(({ title, ours, unit }) => [
    title,
    `${unit.name}: ${rounded(unit.median)}`,
    rounded(ours.median),
    `**${(ours.median / unit.median).toFixed(2)}**`,
    `${ours.p50.toFixed(2)} / ${ours.p99.toFixed(2)}`,
    `${rounded(ours.min)}–${rounded(ours.max)}`,
  ]);
  const table = [head, head.map(() => '---'), ...lines].map((cells) => `| ${cells.join(' | ')} |`);
  const machine = `${cpus().length} × ${cpus()[0]?.model ?? 'unknown processor'}, Node ${process.version}, ${server}`;
  return [...table, '', ...notes.map((note) => `- ${note}`), `- Machine: ${machine}.`].join('\n');
}

/** Puts the figures into the page, between its marks. */
export function writePage(path: string, figures: string): void {
  const page = readFileSync(path, 'utf8');
  const from = page.indexOf(begin);
  const to = page.indexOf(end);
  if (from < 0 || to < 0) throw new Error(`${path} has lost its marks: ${begin} … ${end}`);
  writeFileSync(path, `${page.slice(0, from)}${begin}\n\n${figures}\n\n${page.slice(to)}`);
}

export function rounded(rate: number): string {
  return Math.round(rate).toLocaleString('en-US');
}
