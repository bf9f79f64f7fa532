import { Agent, request as sendRequest } from 'node:http';
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { adminKey } from '../support/admin-key';
import { until } from './until';

/** Where the next request goes; undefined while there is nowhere to send it. */
export type Target = () => string | undefined;

export interface StrictClientsOptions {
  readonly clients: number;
  /** Each client keeps its connection, or opens one for every request. */
  readonly keepAlive: boolean;
}

/** Clients that create users and forgive one thing only: a connection that is refused, which they try again. */
export class StrictClients {
  /** What was neither acknowledged nor refused before it was sent: lost connections, and answers other than 201. */
  readonly dropped: string[] = [];
  acknowledged = 0;
  refused = 0;
  private isStopping = false;
  private working: Promise<unknown> = Promise.resolve();

  constructor(private readonly options: StrictClientsOptions) {}

  start(target: Target): void {
    const { clients, keepAlive } = this.options;
    const agents = Array.from({ length: clients }, () => new Agent({ keepAlive, maxSockets: 1 }));
    this.working = Promise.all(agents.map((agent) => this.work(agent, target)));
  }

  async stop(): Promise<void> {
    this.isStopping = true;
    await this.working;
  }

  /** Waits for so many more acknowledgements. */
  async acknowledges(more: number): Promise<void> {
    const wanted = this.acknowledged + more;
    await until(`${more} acknowledgements`, () => this.acknowledged >= wanted);
  }

  private async work(agent: Agent, target: Target): Promise<void> {
    while (!this.isStopping) {
      const url = target();
      const outcome = url === undefined ? 'ECONNREFUSED' : await createUser(url, agent);
      if (outcome === '201') this.acknowledged++;
      else if (outcome !== 'ECONNREFUSED') this.dropped.push(outcome);
      else {
        this.refused++;
        await delay(20);
      }
    }
    agent.destroy();
  }
}

/** The status of the answer, or the code of the error in its place. Never rejects. */
function createUser(url: string, agent: Agent): Promise<string> {
  const body = JSON.stringify({ name: 'Ada', email: `${randomUUID()}@example.com` });
  const headers = {
    Authorization: `Bearer ${adminKey.apiKey}`,
    'Content-Type': 'application/json',
    'Content-Length': Buffer.byteLength(body),
  };
  return new Promise((resolve) => {
    const fail = (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message);
    const sent = sendRequest(`${url}/v1/users`, { method: 'POST', agent, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.on('error', fail);
      response.on('end', () =>
        resolve(response.statusCode === 201 ? '201' : `${response.statusCode}: ${text}`),
      );
    });
    sent.on('error', fail);
    sent.end(body);
  });
}
