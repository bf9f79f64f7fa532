import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { createUser, getUser } from './users';
import { root } from './command-line';
import { isBalanced, labelsIn, metricsIn } from './prom-query';
import { type RunningService, startOnNewDatabase } from './running-service';
import { queryableNames, scrape, type Scrape } from './scrape';

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

interface Panel {
  readonly title: string;
  readonly type: string;
  readonly targets?: readonly { readonly expr: string }[];
}

interface Dashboard {
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly { readonly query: string; readonly type: string }[] };
}

const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const alerts = parse(read('deploy/prometheus/alerts.yaml')) as { groups: { rules: Rule[] }[] };
const rules = alerts.groups.flatMap((group) => group.rules);
const dashboard = JSON.parse(read('deploy/grafana/annals.json')) as Dashboard;
const panelQueries = dashboard.panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));
const queries = [...rules.map(({ expr }) => expr), ...panelQueries];

/** The table of the how-to: type and labels by name. */
const documented = new Map(
  [...read('docs/how-to/observe.md').matchAll(/^\| `(annals_\w+)` \| (\w+) \|([^|]*)\|/gm)].map(
    ([, name = '', type = '', labels = '']) => [
      name,
      { type, labels: [...labels.matchAll(/`(\w+)`/g)].map(([, label = '']) => label).sort() },
    ],
  ),
);

let running: RunningService;
let now: Scrape;
beforeAll(async () => {
  running = await startOnNewDatabase();
  const user = await createUser(running.client);
  await getUser(running.client, user);
  const again = await running.client.post('/v1/users', { name: 'Ada', email: user.email });
  expect(again.status).toBe(409);
  now = await scrape(running.service.url);
});
afterAll(() => running.end());

describe('the reader of queries', () => {
  const query =
    'sum by (job, le) (rate(annals_a_total{status=~"5..", b!="x(y)"}[5m])) / annals_c > 0 and on (d) annals_e';

  it('finds metrics and labels, and nothing else', () => {
    expect(metricsIn(query)).toEqual(['annals_a_total', 'annals_c', 'annals_e']);
    expect(labelsIn(query)).toEqual(['status', 'b', 'job', 'le', 'd']);
    expect(metricsIn('histogram_quantile(0.5, sum(rate(x_bucket[$__rate_interval]))) > 1e3')).toEqual([
      'x_bucket',
    ]);
  });

  it('sees a bracket that is not closed', () => {
    expect([isBalanced(query), isBalanced('sum(a'), isBalanced('sum(a))'), isBalanced('a{b="("}')]).toEqual([
      true,
      false,
      false,
      true,
    ]);
  });
});

describe('the dashboard and the alerts', () => {
  it('name only metrics that a running service has', () => {
    const names = queryableNames(now);
    expect(queries.length).toBeGreaterThan(30);
    for (const query of queries) {
      const used = metricsIn(query).filter((name) => name !== 'up');
      expect([query, used.filter((name) => !names.has(name))]).toEqual([query, []]);
      expect([query, used.length > 0 || query.includes('up{')]).toEqual([query, true]);
      expect([query, isBalanced(query)]).toEqual([query, true]);
    }
    for (const { query, type } of dashboard.templating.list) {
      if (type === 'query') expect(names).toContain(/^label_values\((\w+)/.exec(query)?.[1]);
    }
  });

  it('would not pass with a metric that is gone', () => {
    const names = queryableNames(now);
    expect(names).toContain('annals_http_request_duration_seconds_bucket');
    expect(names).not.toContain('annals_http_request_duration_seconds');
    expect(metricsIn('rate(annals_gone_total[5m])').filter((name) => !names.has(name))).toEqual([
      'annals_gone_total',
    ]);
  });

  it('use only labels that these metrics have', () => {
    const known = new Set([
      'job',
      'instance',
      'le',
      ...[...documented.values()].flatMap(({ labels }) => labels),
    ]);
    for (const query of queries)
      expect([query, labelsIn(query).filter((it) => !known.has(it))]).toEqual([query, []]);
  });

  it('show every metric of the service in a panel', () => {
    const shown = new Set(panelQueries.flatMap(metricsIn));
    const missing = [...now.types.keys()]
      .filter((name) => name.startsWith('annals_'))
      .filter((name) => ![name, `${name}_bucket`, `${name}_count`].some((it) => shown.has(it)));
    expect(missing).toEqual([]);
  });
});

describe('each alert', () => {
  it('has a name of its own, a severity, and says what to do', () => {
    expect(new Set(rules.map(({ alert }) => alert)).size).toBe(rules.length);
    for (const { alert, labels, annotations } of rules) {
      expect(['warning', 'critical']).toContain(labels.severity);
      expect([alert, Object.keys(annotations)]).toEqual([alert, ['summary', 'action', 'runbook_url']]);
    }
  });

  it('leads to a heading that is there', () => {
    for (const { alert, annotations } of rules) {
      const [path = '', anchor] = (annotations.runbook_url ?? '').split('#');
      expect([alert, existsSync(join(root, path))]).toEqual([alert, true]);
      const anchors = [...read(path).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
        heading
          .toLowerCase()
          .replaceAll(/[^\w -]/g, '')
          .replaceAll(' ', '-'),
      );
      if (anchor !== undefined) expect([alert, anchors.includes(anchor)]).toEqual([alert, true]);
    }
  });
});

describe('the how-to', () => {
  it('lists exactly the metrics of the service, with type', () => {
    const exported = [...now.types].filter(([name]) => name.startsWith('annals_')).sort();
    expect([...documented].map(([name, { type }]) => [name, type]).sort()).toEqual(exported);
  });

  it('lists the labels of each', () => {
    for (const { name, labels } of now.samples) {
      if (!name.startsWith('annals_')) continue;
      const metric = documented.get(name) ?? documented.get(name.replace(/_(bucket|sum|count)$/, ''));
      const given = Object.keys(labels).filter((label) => label !== 'le');
      expect([name, given.sort()]).toEqual([name, metric?.labels]);
    }
  });
});
