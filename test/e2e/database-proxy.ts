import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** A way to a database server that can be cut, as when the server or the network is gone, and mended. */
export interface DatabaseProxy {
  readonly url: string;
  cut(): Promise<void>;
  mend(): Promise<void>;
  /**
   * What is sent on the connections that are open now gets nowhere from now on, and they are not closed either: as when the machine behind them is gone.
   * New ones work.
   */
  forsake(): void;
  /** From now on the server's answers do not arrive, old connections and new: as when the network swallows them. */
  hold(): void;
  /** Lets all of them through, those that were held too. */
  release(): void;
}

export async function proxyTo(databaseUrl: string): Promise<DatabaseProxy> {
  const target = new URL(databaseUrl);
  const open = new Set<Socket>();
  const answers = new Map<Socket, Socket>();
  let isHeld = false;
  const pass = (incoming: Socket): void => {
    const outgoing = connect(Number(target.port), target.hostname);
    answers.set(outgoing, incoming);
    outgoing.on('close', () => answers.delete(outgoing));
    if (!isHeld) outgoing.pipe(incoming);
    incoming.pipe(outgoing);
    for (const [one, other] of [
      [incoming, outgoing],
      [outgoing, incoming],
    ] as const) {
      open.add(one);
      one.on('error', () => undefined);
      one.on('close', () => {
        open.delete(one);
        other.destroy();
      });
    }
  };
  let server = await listen(pass, 0);
  const { port } = server.address() as AddressInfo;
  const url = new URL(databaseUrl);
  url.hostname = '127.0.0.1';
  url.port = String(port);
  return {
    url: url.href,
    cut: async () => {
      const closed = once(server, 'close');
      server.close();
      for (const socket of open) socket.destroy();
      await closed;
    },
    forsake: () => {
      for (const [outgoing, incoming] of answers) {
        outgoing.unpipe(incoming).resume();
        incoming.unpipe(outgoing).resume();
      }
      answers.clear();
    },
    hold: () => {
      isHeld = true;
      for (const [outgoing, incoming] of answers) outgoing.unpipe(incoming).pause();
    },
    release: () => {
      isHeld = false;
      for (const [outgoing, incoming] of answers) outgoing.pipe(incoming);
    },
    mend: async () => {
      server = await listen(pass, port);
    },
  };
}

async function listen(pass: (incoming: Socket) => void, port: number): Promise<Server> {
  const server = createServer(pass).listen(port, '127.0.0.1');
  await once(server, 'listening');
  return server;
}
