import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { rounded } from '../report';
import { unit } from './contestants';
import { HttpFigure, HttpRun, WorkloadFigures } from './http-figures';
import { recordedRuns } from './http-history';

const width = 760;
const barHeight = 18;
const barGap = 4;
const groupGap = 26;
const labels = 170;
const bars = 400;

/** A style sheet of its own, so that it can be read on a light page and on a dark one. */
const style = `
  text { font: 13px system-ui, sans-serif; fill: #24292f; }
  .title { font-size: 16px; font-weight: 600; }
  .group { font-weight: 600; }
  .ours { fill: #0969da; }
  .unit { fill: #8c959f; }
  .other { fill: #d0d7de; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3; }
    .ours { fill: #4493f8; }
    .unit { fill: #9198a1; }
    .other { fill: #545d68; }
  }`;

/** Writes `docs/charts/http.svg`: a group of bars for each workload, as long as the rate is high. */
export function drawHttpChart({ workloads, machine }: HttpRun): void {
  const groups = workloads.filter(({ name }) => /^(GET|POST)/.test(name)).map(withoutNoOp);
  const parts: string[] = [];
  let top = 58;
  for (const group of groups) {
    parts.push(text(16, top, `${group.name} in flight`, 'group'));
    top += 8;
    const longest = Math.max(...group.figures.map(({ median }) => median));
    for (const figure of group.figures) {
      parts.push(bar(top, figure, longest, group));
      top += barHeight + barGap;
    }
    top += groupGap;
  }
  const title = text(16, 26, 'Requests a second over HTTP, and the ratio to CRUD with an outbox', 'title');
  const size = `viewBox="0 0 ${width} ${top}" width="${width}" height="${top}"`;
  const note = text(16, top - 12, `${machine}. Medians.`);
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" ${size} role="img" aria-label="Requests a second over HTTP"><style>${style}</style>
${[title, ...parts, note].join('\n')}
</svg>
`;
  const folder = join(process.cwd(), 'docs', 'charts');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'http.svg'), svg);
}

function withoutNoOp(workload: WorkloadFigures): WorkloadFigures {
  const isRead = workload.isRead;
  const figures = workload.figures.filter(
    ({ name }) => name !== 'no-op' && (!isRead || !/insert|save/.test(name)),
  );
  return { ...workload, figures };
}

function bar(
  top: number,
  { name, median }: HttpFigure,
  longest: number,
  { figures, isRead }: WorkloadFigures,
): string {
  const of = figures.find((figure) => figure.name === unit)?.median ?? median;
  const kind = name === 'Annals' ? 'ours' : name === unit ? 'unit' : 'other';
  const length = Math.max(1, Math.round((bars * median) / longest));
  const label = isRead && name === unit ? 'CRUD' : name;
  return [
    text(24, top + 14, label),
    `<rect class="${kind}" x="${labels}" y="${top}" width="${length}" height="${barHeight}" rx="2"/>`,
    text(labels + length + 8, top + 14, `${rounded(median)} (${(median / of).toFixed(2)})`),
  ].join('\n');
}

function text(x: number, y: number, content: string, kind?: string): string {
  const escaped = content.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  return `<text x="${x}" y="${y}"${kind === undefined ? '' : ` class="${kind}"`}>${escaped}</text>`;
}

if (require.main === module) {
  const run = recordedRuns().at(-1);
  if (!run) throw new Error('No run is recorded: npm run bench:http');
  drawHttpChart(run);
}
