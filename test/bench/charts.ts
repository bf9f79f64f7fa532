import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Section } from './report';

type DrawChart = (spec: object) => Promise<string>;

interface Point {
  readonly name: string;
  readonly inFlight: number;
  readonly rate: number;
  readonly p50: number;
  readonly p99: number;
}

/** Writes `throughput.svg` and `latency.svg` of the appends, and gives the Markdown that shows them. */
export async function writeCharts(appends: Section, folder: string): Promise<string> {
  // A computed specifier: nothing of the drawing library is there when this is compiled.
  const url = pathToFileURL(join(process.cwd(), 'test', 'bench', 'peers', 'charts.mjs')).href;
  const { drawChart } = (await import(url)) as { drawChart: DrawChart };
  const points: Point[] = appends.cells.flatMap(({ column, figures }) =>
    figures.map(({ name, median, p50, p99 }) => ({
      name,
      inFlight: Number.parseInt(column, 10),
      rate: median,
      p50,
      p99,
    })),
  );
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'throughput.svg'), await drawChart(throughput(points)));
  writeFileSync(join(folder, 'latency.svg'), await drawChart(latency(points)));
  return [
    '![Appends a second over appends in flight](charts/throughput.svg)',
    '',
    '![Latency of an append, p50 and p99, over appends in flight](charts/latency.svg)',
  ].join('\n');
}

function throughput(points: readonly Point[]): object {
  return {
    width: 520,
    height: 320,
    background: 'white',
    title: 'Appends of one event to new streams, a second',
    data: { values: points },
    mark: { type: 'line', point: true },
    encoding: {
      x: { field: 'inFlight', type: 'quantitative', scale: { type: 'log', base: 2 }, title: 'in flight' },
      y: { field: 'rate', type: 'quantitative', title: 'events a second' },
      color: { field: 'name', type: 'nominal', title: null },
    },
  };
}

function latency(points: readonly Point[]): object {
  const values = points.flatMap(({ name, inFlight, p50, p99 }) => [
    { name, inFlight, ms: p50, share: 'p50' },
    { name, inFlight, ms: p99, share: 'p99' },
  ]);
  return {
    background: 'white',
    title: 'Latency of an append, milliseconds',
    data: { values },
    facet: { column: { field: 'share', type: 'nominal', title: null } },
    spec: {
      width: 260,
      height: 320,
      mark: { type: 'line', point: true },
      encoding: {
        x: { field: 'inFlight', type: 'quantitative', scale: { type: 'log', base: 2 }, title: 'in flight' },
        y: { field: 'ms', type: 'quantitative', scale: { type: 'log' }, title: 'ms' },
        color: { field: 'name', type: 'nominal', title: null },
      },
    },
  };
}
