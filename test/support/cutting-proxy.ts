import { createServer, Socket } from 'node:net';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';

export interface CuttingProxy {
  /** The database URL, through the proxy. */
  readonly url: string;
  /** Lets the next statement reach the server, waits for its answer, and cuts the connection instead of passing it on. */
  cutNextAnswer(): void;
  /** How many connections were cut. */
  cuts(): number;
  close(): Promise<void>;
}

/** A TCP proxy in front of Postgres that loses an answer on request: the work is done, but nobody hears of it. */
export async function startCuttingProxy(databaseUrl: string): Promise<CuttingProxy> {
  const target = new URL(databaseUrl);
  const open = new Set<Socket>();
  let isToCut = false;
  let cuts = 0;
  const server = createServer((client) => {
    const upstream = new Socket().connect(Number(target.port), target.hostname);
    for (const socket of [client, upstream]) {
      open.add(socket);
      socket.on('error', () => undefined).on('close', () => open.delete(socket));
    }
    client.on('data', (data) => upstream.write(data));
    upstream.on('data', (data) => {
      if (!isToCut) return void client.write(data);
      isToCut = false;
      cuts++;
      client.destroy();
      upstream.destroy();
    });
    client.on('close', () => upstream.destroy());
    upstream.on('close', () => client.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = new URL(databaseUrl);
  url.host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url: url.href,
    cutNextAnswer: () => (isToCut = true),
    cuts: () => cuts,
    close: async () => {
      open.forEach((socket) => socket.destroy());
      server.close();
      await once(server, 'close');
    },
  };
}
