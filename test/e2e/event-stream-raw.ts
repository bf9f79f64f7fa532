import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { Client } from './client';

/** A client that asks for a stream of events behind a position, and never reads a byte of it. */
export async function connectRaw({ url, credentials }: Client, path: string, after: string): Promise<Socket> {
  const { hostname, port, host } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port) });
  socket.on('error', () => socket.destroy());
  await once(socket, 'connect');
  socket.pause();
  const head = [
    `GET ${path} HTTP/1.1`,
    `Host: ${host}`,
    `Authorization: Bearer ${credentials ?? ''}`,
    `Last-Event-ID: ${after}`,
  ];
  socket.write(`${head.join('\r\n')}\r\n\r\n`);
  return socket;
}
