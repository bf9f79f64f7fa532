import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';

interface Manifest {
  readonly engines: { readonly node: string };
  readonly scripts: Readonly<Record<string, string>>;
  readonly allowScripts: Readonly<Record<string, boolean>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
  readonly optionalDependencies: Readonly<Record<string, string>>;
}

interface LockEntry {
  readonly hasInstallScript?: boolean;
  readonly integrity?: string;
  readonly dev?: boolean;
}

interface Step {
  readonly run?: string;
  readonly uses?: string;
  readonly with?: Readonly<Record<string, unknown>>;
}

interface Job {
  readonly 'timeout-minutes'?: number;
  readonly steps: readonly Step[];
}

/** A job that tests, once for each member of its matrix. */
interface TestJob extends Job {
  readonly strategy: { readonly matrix: Readonly<Record<string, number[]>> };
}

interface PostgresJob extends TestJob {
  readonly services: { readonly postgres: { readonly image: string; readonly options: string } };
  readonly env: { readonly TEST_DATABASE_URL: string };
}

interface Workflow {
  readonly on: Readonly<Record<string, unknown>>;
  readonly permissions: Readonly<Record<string, string>>;
  readonly jobs: {
    readonly lint: Job;
    readonly node: TestJob;
    readonly postgres: PostgresJob;
    readonly 'supply-chain': Job;
  };
}

interface Renovate {
  readonly extends: readonly string[];
  readonly packageRules: readonly {
    readonly description: string;
    readonly matchPackageNames: readonly string[];
    readonly allowedVersions?: string;
  }[];
}

interface Component {
  readonly group?: string;
  readonly name: string;
  readonly version: string;
}

const root = join(__dirname, '../..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const manifest = JSON.parse(read('package.json')) as Manifest;
const lock = JSON.parse(read('package-lock.json')) as { packages: Record<string, LockEntry> };
const nameOf = (path: string): string => path.slice(path.lastIndexOf('node_modules/') + 13);
const direct = { ...manifest.dependencies, ...manifest.devDependencies, ...manifest.optionalDependencies };

function fullName({ group, name, version }: Component): string {
  return `${group ? `${group}/` : ''}${name}@${version}`;
}

function listLicences(folder: string) {
  const script = join(root, 'test/architecture/list-licences.mjs');
  return spawnSync(process.execPath, [script, folder], { encoding: 'utf8' });
}

describe('the packages', () => {
  it('that are asked for have exact versions', () => {
    const loose = Object.entries(direct).filter(([, version]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version));
    expect(loose).toEqual([]);
  });

  it('that have an install script are allowed or denied one by one, and telemetry is denied', () => {
    const withScript = Object.entries(lock.packages).filter(([, { hasInstallScript }]) => hasInstallScript);
    const names = [...new Set(withScript.map(([path]) => nameOf(path)))].sort();
    expect(Object.keys(manifest.allowScripts).sort()).toEqual(names);
    expect(manifest.allowScripts['@scarf/scarf']).toBe(false);
  });
});

describe('licences', () => {
  it('are all allowed, and docs/licences.md is what `npm run licences` makes of package-lock.json', () => {
    const { status, stdout, stderr } = listLicences(root);
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout).toBe(read('docs/licences.md'));
    expect(manifest.scripts.licences).toMatch(/list-licences\.mjs > docs\/licences\.md$/);
  });

  it.each([
    ['GPL-3.0-only', 1],
    ['MIT AND AGPL-3.0-only', 1],
    ['UNLICENSED', 1],
    ['(MIT OR GPL-3.0-only)', 0],
    ['ISC', 0],
  ])('%s gives exit code %i', (license, code) => {
    const folder = mkdtempSync(join(tmpdir(), 'annals-licences-'));
    const packages = {
      '': {},
      'node_modules/planted': { version: '1.0.0', license },
      'node_modules/tool': { version: '1.0.0', license: 'GPL-3.0-only', dev: true },
    };
    writeFileSync(join(folder, 'package-lock.json'), JSON.stringify({ packages }));
    const { status, stderr } = listLicences(folder);
    rmSync(folder, { recursive: true });
    expect([status, stderr.includes(`planted@1.0.0 has the licence ${license}`)]).toEqual([code, code === 1]);
  });
});

describe('the SBOM', () => {
  it('is CycloneDX, and names every package that the service asks for', () => {
    const [program = '', ...args] = (manifest.scripts.sbom ?? '').split(' ');
    expect(args.splice(-2)).toEqual(['--output-file', 'sbom.json']);
    const run = spawnSync(join(root, 'node_modules/.bin', program), [...args, '--output-file', '-'], {
      cwd: root,
      encoding: 'utf8',
      maxBuffer: 64 * 1_048_576,
    });
    const sbom = JSON.parse(run.stdout) as { bomFormat: string; components: Component[] };
    expect([run.status, sbom.bomFormat]).toEqual([0, 'CycloneDX']);
    const found = new Set(sbom.components.map(fullName));
    const asked = Object.entries(manifest.dependencies).map(([name, version]) => `${name}@${version}`);
    expect(asked.filter((name) => !found.has(name))).toEqual([]);
    expect(found.has(`jest@${manifest.devDependencies.jest}`)).toBe(false);
  });
});

describe('the workflow', () => {
  const text = read('.github/workflows/ci.yml');
  const workflow = parse(text) as Workflow;
  const jobs = Object.values<Job>(workflow.jobs);
  const steps = jobs.flatMap((job) => job.steps);
  const commands = steps.flatMap(({ run }) => run ?? []);

  it('lints, and tests on every Node and every Postgres that are supported', () => {
    expect(commands).toContain('npm run lint');
    const { node, postgres } = workflow.jobs;
    expect(node.strategy.matrix).toEqual({ node: [20, 22, 24] });
    expect(manifest.engines.node).toMatch(/^>=20\./);
    expect(postgres.strategy.matrix).toEqual({ postgres: [14, 15, 16, 17, 18] });
    expect(postgres.services.postgres.image).toBe('postgres:${{ matrix.postgres }}');
    expect(postgres.services.postgres.options).toMatch(/pg_isready/);
    expect(postgres.env.TEST_DATABASE_URL).toMatch(/^postgres:\/\/postgres:annals@127\.0\.0\.1:5432\//);
    for (const job of [node, postgres]) expect(job.steps.at(-1)?.run).toBe('npm test');
  });

  it('audits what is shipped, and keeps the SBOM', () => {
    const supply = workflow.jobs['supply-chain'].steps;
    expect(supply.map(({ run }) => run)).toEqual(
      expect.arrayContaining(['npm audit --omit=dev', 'npm run sbom']),
    );
    expect(supply.at(-1)?.uses).toMatch(/^actions\/upload-artifact@/);
    expect(supply.at(-1)?.with).toMatchObject({ path: 'sbom.json', 'if-no-files-found': 'error' });
  });

  it('runs only scripts that package.json has', () => {
    const scripts = commands.flatMap((run) => /^npm run ([\w:-]+)/.exec(run)?.[1] ?? []);
    expect(scripts).not.toEqual([]);
    expect(scripts.filter((name) => !(name in manifest.scripts))).toEqual([]);
  });

  it('may read and do nothing else, keeps no credentials, ends in time, and takes no text of a stranger into a shell', () => {
    expect(workflow.permissions).toEqual({ contents: 'read' });
    expect(Object.keys(workflow.on)).not.toContain('pull_request_target');
    expect(jobs.filter((job) => !job['timeout-minutes'])).toEqual([]);
    expect(commands.filter((run) => run.includes('${{'))).toEqual([]);
    const checkouts = steps.filter(({ uses }) => uses?.startsWith('actions/checkout@'));
    expect(checkouts).toHaveLength(jobs.length);
    expect(checkouts.filter((step) => step.with?.['persist-credentials'] !== false)).toEqual([]);
    expect(steps.filter(({ uses }) => uses && !/^actions\/[\w-]+@v\d+$/.test(uses))).toEqual([]);
  });
});

describe('the Renovate file', () => {
  const renovate = JSON.parse(read('renovate.json')) as Renovate;

  it('has rules for packages that are there, each with its reason', () => {
    const names = [...Object.keys(direct), 'node'];
    const matches = (pattern: string): boolean =>
      names.some((name) =>
        pattern.endsWith('/**') ? name.startsWith(pattern.slice(0, -2)) : name === pattern,
      );
    const rules = renovate.packageRules;
    expect(rules.flatMap((rule) => rule.matchPackageNames).filter((name) => !matches(name))).toEqual([]);
    expect(rules.filter(({ description }) => !description.endsWith('.'))).toEqual([]);
  });

  it('keeps TypeScript and Node where the stack needs them, and pins what the workflow uses', () => {
    const limits = Object.fromEntries(
      renovate.packageRules.flatMap(({ matchPackageNames, allowedVersions }) =>
        matchPackageNames.map((name) => [name, allowedVersions]),
      ),
    );
    expect(limits).toMatchObject({ typescript: '<7', '@types/node': '<21', node: '<21' });
    expect(renovate.extends).toContain('helpers:pinGitHubActionDigests');
  });
});
