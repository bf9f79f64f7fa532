import { rounded } from '../report';
import { unit } from './contestants';
import { figureIn, HttpFigure, HttpRun, WorkloadFigures } from './http-figures';

type Cell = (figure: HttpFigure, workload: WorkloadFigures) => string;

/** The tables of one run, in Markdown. */
export function httpTables({ workloads, rounds, roundMs, machine, at }: HttpRun): string {
  const loads = workloads.filter(({ name }) => name !== ownWrite);
  const own = workloads.filter(({ name }) => name === ownWrite);
  return [
    table('Requests a second', loads, rate),
    table('Processor time of one request, in ms: service / Postgres', loads, processor),
    table('Latency in ms: p50 / p99', loads, latency),
    ...(own.length > 0
      ? [table('Create a user, then read it: latency of the read in ms, p50 / p99', own, latency)]
      : []),
    `- Medians of ${rounds} interleaved rounds of ${roundMs} ms after two that do not count; in bold, the ratio to “${unit}”.\n` +
      `- ${at.slice(0, 10)}, ${machine}. The load, the service and Postgres share the processors.`,
  ].join('\n\n');
}

const ownWrite = 'read own write';

function table(title: string, workloads: readonly WorkloadFigures[], cell: Cell): string {
  const names = [...new Set(workloads.flatMap(({ figures }) => figures.map(({ name }) => name)))];
  const head = ['', ...workloads.map(({ name }) => headOf(name))];
  const lines = names.map((name) => [
    name,
    ...workloads.map((workload) => {
      const figure = figureIn(workload, name);
      return figure ? cell(figure, workload) : '';
    }),
  ]);
  const rows = [head, head.map(() => '---'), ...lines].map((cells) => `| ${cells.join(' | ')} |`);
  return [`### ${title}`, '', ...rows].join('\n');
}

function headOf(name: string): string {
  return name === ownWrite ? 'read' : `${name} in flight`;
}

function rate({ median, min, max }: HttpFigure, workload: WorkloadFigures): string {
  const ratio = (median / (figureIn(workload, unit)?.median ?? median)).toFixed(2);
  return `${rounded(median)} (**${ratio}**) ${rounded(min)}–${rounded(max)}`;
}

function processor({ service, postgres }: HttpFigure): string {
  return `${service.toFixed(2)} / ${postgres.toFixed(2)}`;
}

function latency({ p50, p99 }: HttpFigure): string {
  return `${p50.toFixed(1)} / ${p99.toFixed(1)}`;
}
