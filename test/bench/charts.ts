import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Section } from './report';

type DrawChart = (spec: object) => Promise<string>;

/** Of one contestant at one concurrency. */
interface Point {
  readonly workload: string;
  readonly name: string;
  readonly inFlight: number;
  readonly rate: number;
  readonly p50: number;
  readonly p99: number;
}

/** Writes `throughput.svg` and `latency.svg` into the folder, and gives the Markdown that shows them. */
export async function writeCharts(appends: Section, commands: Section, folder: string): Promise<string> {
  // A computed specifier: nothing of the drawing library is there when this is compiled.
  const url = pathToFileURL(join(process.cwd(), 'test', 'bench', 'peers', 'charts.mjs')).href;
  const { drawChart } = (await import(url)) as { drawChart: DrawChart };
  const points = pointsOf(appends, 'append to a new stream');
  mkdirSync(folder, { recursive: true });
  const both = [...points, ...pointsOf(commands, 'command: load, decide, append')];
  writeFileSync(join(folder, 'throughput.svg'), await drawChart(throughput(both)));
  writeFileSync(join(folder, 'latency.svg'), await drawChart(latency(points)));
  return [
    '![Events a second over the number in flight: appends, and commands](charts/throughput.svg)',
    '',
    '![Latency of an append, p50 and p99, over the number in flight](charts/latency.svg)',
  ].join('\n');
}

function pointsOf({ cells }: Section, workload: string): readonly Point[] {
  return cells.flatMap(({ column, figures }) =>
    figures.map(({ name, median, p50, p99 }) => ({
      workload,
      name,
      inFlight: Number.parseInt(column, 10),
      rate: median,
      p50,
      p99,
    })),
  );
}

function throughput(points: readonly Point[]): object {
  return chart(points, {
    title: 'Events a second (median)',
    column: 'workload',
    y: { field: 'rate', type: 'quantitative', title: 'events a second' },
  });
}

function latency(points: readonly Point[]): object {
  const values = points.flatMap(({ name, inFlight, p50, p99 }) => [
    { name, inFlight, ms: p50, share: 'p50: half are faster' },
    { name, inFlight, ms: p99, share: 'p99: 99 of 100 are faster' },
  ]);
  const scale = { type: 'log', domain: [0.1, 1_000], clamp: true };
  const axis = { values: [0.1, 1, 10, 100, 1_000] };
  return chart(values, {
    title: 'Latency of an append to a new stream, milliseconds',
    column: 'share',
    y: { field: 'ms', type: 'quantitative', title: 'milliseconds', scale, axis },
  });
}

interface Layout {
  readonly title: string;
  /** The field that tells the two halves apart. */
  readonly column: string;
  readonly y: object;
}

/** Two halves side by side; the lines in the order of the tables, this project's own the thickest. */
function chart(
  values: readonly { readonly name: string; readonly inFlight: number }[],
  { title, column, y }: Layout,
): object {
  const names = [...new Set(values.map(({ name }) => name))];
  const axis = { values: [...new Set(values.map(({ inFlight }) => inFlight))], grid: true };
  const scale = { type: 'log', nice: false };
  const x = { field: 'inFlight', type: 'quantitative', title: 'in flight', scale, axis };
  const isOurs = "datum.name === 'Annals'";
  return {
    background: 'white',
    padding: 12,
    title: { text: title, anchor: 'start', offset: 16, fontSize: 16 },
    config: {
      font: 'sans-serif',
      axis: { labelFontSize: 12, titleFontSize: 12, titleFontWeight: 'normal', tickCount: 6 },
      legend: { labelFontSize: 12, labelLimit: 240, symbolType: 'stroke', symbolStrokeWidth: 3 },
      header: { labelFontSize: 13, labelFontWeight: 'bold' },
      range: {
        category: ['#7f7f7f', '#2ca02c', '#ff7f0e', '#9467bd', '#17becf', '#1f77b4', '#d62728'],
      },
    },
    data: { values },
    facet: { column: { field: column, type: 'nominal', title: null } },
    spec: {
      width: 300,
      height: 320,
      mark: { type: 'line', point: { size: 40 } },
      encoding: {
        x,
        y,
        color: { field: 'name', type: 'nominal', title: null, sort: names },
        strokeWidth: { condition: { test: isOurs, value: 4 }, value: 1.75 },
      },
    },
    resolve: { scale: { x: 'independent', y: column === 'workload' ? 'independent' : 'shared' } },
  };
}
