import { spawn } from 'node:child_process';
import { once } from 'node:events';

export interface HostProcess {
  readonly url: string;
  /** Sends SIGTERM. Resolves with the signal: Nest ends the process by it once everything is closed. Else with the exit code. */
  end(): Promise<NodeJS.Signals | number | null>;
}

export interface HostStart {
  /** The program of Node. */
  readonly node: string;
  /** The folder of the application. */
  readonly folder: string;
  readonly databaseUrl: string;
}

/** Starts the compiled application of a stranger on a free port, and waits until it says where it listens. */
export async function startHost({ node, folder, databaseUrl }: HostStart): Promise<HostProcess> {
  const { PATH = '', HOME = '' } = process.env;
  const env = { PATH, HOME, NO_COLOR: '1', PORT: '0', DATABASE_URL: databaseUrl };
  const child = spawn(node, ['dist/main.js'], { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const exited = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
  let output = '';
  const listening = new Promise<string>((resolve) => {
    const read = (chunk: Buffer): void => {
      output += chunk.toString();
      const [, url] = / listens on (\S+)/.exec(output) ?? [];
      if (url) resolve(url);
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
  });
  const ended = exited.then(([code]) => {
    throw new Error(`The application ended with ${code} before it listened:\n${output}`);
  });
  const url = await Promise.race([listening, ended]);
  ended.catch(() => undefined);
  return {
    url,
    end: async () => {
      child.kill('SIGTERM');
      const [code, signal] = await exited;
      return signal ?? code;
    },
  };
}
