import { cpus } from 'node:os';
import { Figure } from './measure';
import { writeBetween } from './write-between';

const marks = {
  begin: '<!-- figures: written by `npm run bench` -->',
  end: '<!-- end of figures -->',
};

/** One workload at one concurrency, with the figures of all contestants. */
export interface Cell {
  readonly column: string;
  readonly figures: readonly Figure[];
}

/** A table: contestants by cells. The first contestant is the unit of the ratios. */
export interface Section {
  readonly title: string;
  readonly cells: readonly Cell[];
}

export function tableOf({ title, cells }: Section): string {
  const names = [...new Set(cells.flatMap(({ figures }) => figures.map(({ name }) => name)))];
  const lines = names.map((name) => [name, ...cells.map((cell) => cellOf(cell, name))]);
  const head = ['', ...cells.map(({ column }) => column)];
  const table = [head, head.map(() => '---'), ...lines].map((cells) => `| ${cells.join(' | ')} |`);
  return [`### ${title}`, '', ...table].join('\n');
}

/** `12,345 (**1.50**) 10,000–13,000 · 1.2 / 3.4`: median, ratio to the unit, extremes, p50 and p99 where there are any. */
function cellOf({ figures }: Cell, name: string): string {
  const figure = figures.find((one) => one.name === name);
  const unit = figures[0];
  if (!figure || !unit) return '';
  const ratio = (figure.median / unit.median).toFixed(2);
  const latency = figure.p99 > 0 ? ` · ${figure.p50.toFixed(1)} / ${figure.p99.toFixed(1)} ms` : '';
  return `${rounded(figure.median)} (**${ratio}**) ${rounded(figure.min)}–${rounded(figure.max)}${latency}`;
}

export function machine(server: string): string {
  return `${cpus().length} × ${cpus()[0]?.model ?? 'unknown processor'}, Node ${process.version}, ${server}`;
}

/** Puts the figures into the page. */
export function writePage(path: string, figures: string): void {
  writeBetween(marks, path, figures);
}

export function rounded(rate: number): string {
  return Math.round(rate).toLocaleString('en-US');
}
