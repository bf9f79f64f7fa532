import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { Client, ClientConfig } from 'pg';
import { EventSourcingError } from '../../domain';
import { AppendSignal } from '../progress-signal';
import { RunStatement } from '../../postgres/bounded-pool';
import { limitsApart, prepareSession, sessionSettings } from '../../postgres/session-settings';

/** Milliseconds between two notices of one process: under load, one stands for many appends. */
const betweenNotices = 50;

/** Milliseconds until a connection that was lost is opened again. */
const untilReconnect = 1_000;

/** Milliseconds until it is said again, and for the answer: a server that is gone without a word is found out by that. */
const untilSaidAgain = 10_000;
const patience = 3_000;

/** The connection that hears of the appends of other processes has ended. */
class ConnectionLostError extends EventSourcingError {
  readonly code = 'connection.lost';
  readonly kind = 'unavailable';
}

/**
 * Tells the processes on the same database that this one has appended, and lets it hear of their appends: a NOTIFY after the
 * commit. A hint: it may be lost, and does not pass every pooler. Who misses one finds out by polling.
 */
export class AppendNotices {
  private readonly logger = new Logger(AppendNotices.name);
  /** Tells its own notices from those of others. */
  private readonly sender = randomUUID();
  private readonly closing = new AbortController();
  private isTelling = false;
  private isDue = false;
  private listening: Promise<void> | undefined;

  constructor(
    private readonly run: RunStatement,
    private readonly connection: ClientConfig,
    /** `channel`: of NOTIFY; each log of a database has its own. */
    private readonly to: { readonly channel: string; readonly signal: AppendSignal },
  ) {}

  /** Never waits, and never fails. */
  tell(): void {
    this.isDue = true;
    if (!this.isTelling) void this.tellWhileDue();
  }

  /** From now on, and until it is closed, the signal moves with the appends of others. */
  listen(): void {
    this.listening ??= this.keepListening();
  }

  async close(): Promise<void> {
    this.closing.abort();
    await this.listening;
  }

  private async tellWhileDue(): Promise<void> {
    this.isTelling = true;
    while (this.isDue && !this.closing.signal.aborted) {
      this.isDue = false;
      const text = 'SELECT pg_notify($1, $2)';
      await this.run({ name: 'tell-appended', text, values: [this.to.channel, this.sender] }).catch(
        () => undefined,
      );
      await this.pause(betweenNotices);
    }
    this.isTelling = false;
  }

  private async keepListening(): Promise<void> {
    while (!this.closing.signal.aborted) {
      await this.hear().catch((error: Error) => {
        if (this.closing.signal.aborted) return;
        this.logger.warn(`Appends of other processes are found by polling only: ${error.message}`);
      });
      await this.pause(untilReconnect);
    }
  }

  /** Hears of others as long as the connection lasts. */
  private async hear(): Promise<void> {
    const { settings, rest } = limitsApart(this.connection);
    const client = new Client({ ...rest, keepAlive: true, keepAliveInitialDelayMillis: untilSaidAgain });
    // Besides the one who waits for it: it may come when nobody does.
    client.on('error', () => undefined);
    client.on('notification', ({ payload }) => {
      if (payload !== this.sender) this.to.signal.notify();
    });
    try {
      await client.connect();
      const lost = once(client, 'end', { signal: this.closing.signal }).then(() => {
        throw new ConnectionLostError('the connection was lost');
      });
      lost.catch(() => undefined);
      await prepareSession(client, { ...sessionSettings, ...settings }, patience);
      const listen = { text: `LISTEN ${this.to.channel}`, query_timeout: patience };
      await client.query(listen);
      // For those that were missed meanwhile.
      this.to.signal.notify();
      while (!this.closing.signal.aborted) {
        await Promise.race([lost, this.pause(untilSaidAgain)]);
        await client.query(listen);
      }
    } finally {
      await client.end();
    }
  }

  private async pause(ms: number): Promise<void> {
    await delay(ms, undefined, { signal: this.closing.signal, ref: false }).catch(() => undefined);
  }
}
