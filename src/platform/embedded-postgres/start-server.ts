import { setTimeout as sleep } from 'node:timers/promises';
import { EmbeddedPostgresError, useAnotherServer } from './embedded-postgres-error';
import { readPostmasterFile } from './postmaster-file';
import { attemptServer, type RunningServer, type ServerPlan } from './server-attempt';

/** A server whose node was killed a moment ago still looks alive until its watchdog has noticed. */
const graceMs = 2_000;
/** The watchdog gives a fast shutdown 10 s and Postgres then ends what is left within 5 s. */
const stoppingMs = 20_000;
const portAttempts = 5;

/**
 * Starts the server on the cluster. Postgres itself decides whether another one holds it: only Postgres
 * tells a live lock from a stale one whose pid now belongs to some other process.
 */
export async function startServer(plan: ServerPlan): Promise<RunningServer> {
  const since = Date.now();
  for (let portsTaken = 0; ;) {
    const attempt = await attemptServer(plan);
    if ('server' in attempt) return attempt.server;
    const { failure } = attempt;
    if (isHeld(failure)) await waitForHolder(plan, failure, since);
    else if (!isPortTaken(failure) || ++portsTaken === portAttempts) throw failed(plan, failure);
  }
}

function isPortTaken(failure: string): boolean {
  return failure.includes('could not create any TCP/IP sockets');
}

function isHeld(failure: string): boolean {
  return /lock file "postmaster\.pid"|pre-existing shared memory block/.test(failure);
}

/** Returns when the holder has let go, so that another attempt is worth its while. */
async function waitForHolder(
  { cluster, dataDir }: ServerPlan,
  failure: string,
  since: number,
): Promise<void> {
  const holder = Number(/\(PID (\d+)\)/.exec(failure)?.[1]);
  for (let holds = true; holds;) {
    await sleep(100);
    const file = await readPostmasterFile(cluster);
    holds = file?.pid === holder;
    const patience = holds && file?.status !== 'stopping' ? graceMs : stoppingMs;
    if (Date.now() - since > patience) throw held(dataDir, holder);
  }
}

function held(dataDir: string, holder: number): EmbeddedPostgresError {
  const [pid, command] = holder ? [`pid ${holder}`, ` (or: kill -INT ${holder})`] : ['pid unknown', ''];
  return new EmbeddedPostgresError(
    `Another Postgres (${pid}) is using the database in ${dataDir}.`,
    `Stop the application that started it${command}, or set DATA_DIR to another folder.`,
  );
}

function failed({ dataDir }: ServerPlan, failure: string): EmbeddedPostgresError {
  const lines = failure.trim().split('\n').slice(-15).join('\n');
  return new EmbeddedPostgresError(
    `Postgres did not start. The last lines of ${dataDir}/postgres.log:\n${lines}`,
    `Mend what it names. ${useAnotherServer}`,
  );
}
