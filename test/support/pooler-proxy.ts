import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface PoolerProxy {
  /** The database URL, through the pooler. */
  readonly url: string;
  close(): Promise<void>;
}

/** Parameters of a connection that a pooler keeps apart for each client. It refuses all others. */
const known = new Set(['user', 'database', 'application_name', 'client_encoding', 'datestyle', 'timezone']);

/**
 * Does what poolers such as PgBouncer do to a client: refuses parameters of a connection that it does not know, and gives the client
 * another process number than that of the session behind it. It gives no session to another client.
 */
export async function startPooler(databaseUrl: string): Promise<PoolerProxy> {
  const target = new URL(databaseUrl);
  const open = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(Number(target.port), target.hostname);
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      open.add(one);
      one.on('error', () => undefined);
      one.on('close', () => {
        open.delete(one);
        other.destroy();
      });
    }
    client.once('data', (startup: Buffer) => {
      const unknown = parametersOf(startup).find((name) => !known.has(name.toLowerCase()));
      if (unknown) return void client.end(refusal(`unsupported startup parameter: ${unknown}`));
      upstream.write(startup);
      client.pipe(upstream);
    });
    upstream.on('data', (data: Buffer) => client.write(withAnotherNumber(data)));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = new URL(databaseUrl);
  url.host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url: url.href,
    close: async () => {
      open.forEach((socket) => socket.destroy());
      server.close();
      await once(server, 'close');
    },
  };
}

/** Names and values alternate behind the length and the version of the protocol. */
function parametersOf(startup: Buffer): readonly string[] {
  const words = startup.subarray(8).toString('utf8').split('\0');
  return words.filter((word, index) => index % 2 === 0 && word !== '');
}

function refusal(message: string): Buffer {
  const fields = Buffer.from(`SFATAL\0C08P01\0M${message}\0\0`);
  const head = Buffer.from('E\0\0\0\0');
  head.writeInt32BE(fields.length + 4, 1);
  return Buffer.concat([head, fields]);
}

/** BackendKeyData: `K`, its length, 12, and the process number. */
function withAnotherNumber(data: Buffer): Buffer {
  const at = data.indexOf(Buffer.from([0x4b, 0, 0, 0, 12]));
  if (at >= 0) data.writeInt32BE(data.readInt32BE(at + 5) + 1_000_000, at + 5);
  return data;
}
