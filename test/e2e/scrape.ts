/** One value of a scrape. */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface Scrape {
  readonly status: number;
  readonly contentType: string;
  readonly text: string;
  /** Type by name of the metric, as `# TYPE` lines give it. */
  readonly types: ReadonlyMap<string, string>;
  readonly samples: readonly Sample[];
}

/** What Prometheus gets from the service, in the text format 0.0.4. */
export async function scrape(url: string): Promise<Scrape> {
  const response = await fetch(`${url}/metrics`);
  const text = await response.text();
  const lines = text.split('\n');
  return {
    status: response.status,
    contentType: response.headers.get('Content-Type') ?? '',
    text,
    types: new Map(
      lines.flatMap((line) => {
        const [, name, type] = /^# TYPE (\S+) (\S+)$/.exec(line) ?? [];
        return name && type ? [[name, type] as const] : [];
      }),
    ),
    samples: lines.filter((line) => line !== '' && !line.startsWith('#')).map(sample),
  };
}

/** The sum of the samples with this name and, where given, these labels; undefined when there is none. */
export function valueOf(
  { samples }: Scrape,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): number | undefined {
  const found = samples.filter(
    (it) => it.name === name && Object.entries(labels).every(([label, value]) => it.labels[label] === value),
  );
  return found.length === 0 ? undefined : found.reduce((sum, { value }) => sum + value, 0);
}

/** Every name that a query may use: those of a histogram end in `_bucket`, `_sum` and `_count`. */
export function queryableNames({ types }: Scrape): ReadonlySet<string> {
  return new Set(
    [...types].flatMap(([name, type]) =>
      type === 'histogram' ? ['_bucket', '_sum', '_count'].map((end) => `${name}${end}`) : [name],
    ),
  );
}

function sample(line: string): Sample {
  const [, name = '', labels = '', value = ''] = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
  if (name === '') throw new Error(`No sample: ${line}`);
  const pairs = [...labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)];
  return {
    name,
    labels: Object.fromEntries(pairs.map(([, label = '', text = '']) => [label, text])),
    value: Number(value),
  };
}
