import { Figure } from '../measure';
import { rounded } from '../report';
import { CatchUpReport } from './catch-up-process';
import { titleOfKeyRead } from './growth-measures';
import { TableState } from './table-states';
import { writeBetween } from '../write-between';

const marks = {
  begin: '<!-- growth: written by `npm run growth` -->',
  end: '<!-- end of growth -->',
};

/** What was measured when the log had so many events. */
export interface GrowthStage {
  readonly events: number;
  /** Events a second, by COPY. */
  readonly loadRate: number;
  readonly appends: readonly Figure[];
  readonly reads: readonly Figure[];
  readonly catchUp: CatchUpReport;
  readonly tables: readonly TableState[];
}

type Row = readonly [string, ...string[]];

export function growthTables(stages: readonly GrowthStage[]): string {
  const head: Row = ['Events in the log', ...stages.map(({ events }) => rounded(events))];
  const row = (title: string, cell: (stage: GrowthStage) => string): Row => [title, ...stages.map(cell)];
  const readNames = stages[0]?.reads.map(({ name }) => name) ?? [];
  const speed = [
    head,
    row('append of a new user, 32 in flight, a second (ratio to an empty log)', appendCell),
    ...readNames.map((name) => row(`a user ${name}: p50 / p99`, (stage) => readCell(stage, name))),
    row('catch-up of the users, events a second', ({ catchUp }) => rounded(catchUp.events / catchUp.seconds)),
    row('memory of the process: before / highest', memoryCell),
    row('loaded by COPY, events a second', ({ loadRate }) => rounded(loadRate)),
  ];
  const last = stages.at(-1);
  return [table(speed), ...(last ? [table(tableRows(last))] : [])].join('\n\n');
}

/** `8,000 (**0.97**) 7,500–8,200 · 3.9 / 9.1 ms`. */
function appendCell({ appends: [empty, grown] }: GrowthStage): string {
  if (!empty || !grown) return '';
  const ratio = (grown.median / empty.median).toFixed(2);
  const range = `${rounded(grown.min)}–${rounded(grown.max)}`;
  return `${rounded(grown.median)} (**${ratio}**) ${range} · ${grown.p50.toFixed(1)} / ${grown.p99.toFixed(1)} ms`;
}

/** With how many reads by id, at their median, the slowest of a hundred takes as long as. */
function readCell({ reads }: GrowthStage, name: string): string {
  const unit = reads.find((figure) => figure.name === titleOfKeyRead);
  const figure = reads.find((one) => one.name === name);
  if (!figure || !unit) return '';
  const times = (figure.p99 / unit.p50).toFixed(1);
  return `${figure.p50.toFixed(2)} / ${figure.p99.toFixed(2)} ms (**${times}**)`;
}

function memoryCell({ catchUp: { rssBefore, rssHighest } }: GrowthStage): string {
  return `${rounded(rssBefore)} / ${rounded(rssHighest)} MB (**+${rounded(rssHighest - rssBefore)}**)`;
}

function tableRows({ events, tables }: GrowthStage): Row[] {
  const megabytes = (bytes: number): string => rounded(bytes / 1_048_576);
  return [
    [`At ${rounded(events)} events`, 'rows, MB', 'indexes, MB', 'updates', 'HOT'],
    ...tables.map(({ name, heap, indexes, updates, hot }): Row => [
      `\`${name}\``,
      megabytes(heap),
      megabytes(indexes),
      rounded(updates),
      updates === 0 ? '' : `${Math.round((100 * hot) / updates)} %`,
    ]),
  ];
}

function table(rows: readonly Row[]): string {
  const rule = (rows[0] ?? []).map(() => '---');
  return [rows[0] ?? [], rule, ...rows.slice(1)].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

/** Puts the tables into the page. */
export function writeGrowth(path: string, text: string): void {
  writeBetween(marks, path, text);
}
