import { join } from 'node:path';
import type { ServiceProcess } from '../support/service-process';
import { waitUntil } from '../support/wait-until';

/** Start the service with these variables, and `askProbe` can ask it. */
export const probeEnvironment = {
  NODE_OPTIONS: `--require ${JSON.stringify(join(__dirname, 'probe-in-service.cjs'))}`,
};

export interface ProbeAnswer {
  /** Members of the prototypes that all code shares, which came, went or changed since the start. */
  readonly changed: readonly string[];
  /** Bytes, after a garbage collection. */
  readonly rss: number;
  readonly heapUsed: number;
}

export async function askProbe(service: ServiceProcess): Promise<ProbeAnswer> {
  const answers = () => [...service.output().matchAll(/^PROBE (.*)$/gm)];
  const before = answers().length;
  process.kill(service.pid, 'SIGUSR2');
  await waitUntil(() => Promise.resolve(answers().length > before));
  return JSON.parse(answers().at(-1)?.[1] ?? '') as ProbeAnswer;
}
