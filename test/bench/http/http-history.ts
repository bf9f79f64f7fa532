import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { HttpRun } from './http-figures';

const file = join(process.cwd(), 'test', 'bench', 'http', 'history.json');

/** The runs that were recorded, oldest first. */
export function recordedRuns(): readonly HttpRun[] {
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as HttpRun[]) : [];
}

export function recordRun(run: HttpRun): void {
  writeFileSync(file, `${JSON.stringify([...recordedRuns(), run], shortened, 2)}\n`);
}

/** Figures of more than four digits say nothing. */
function shortened(_name: string, value: unknown): unknown {
  return typeof value === 'number' ? Number(value.toPrecision(4)) : value;
}
