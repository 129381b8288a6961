import type { ExecutionContext } from 'ava';
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';

/** Somebody who listens on loopback and is no node, for as long as the test runs; its port. */
export async function listeningStranger(
  t: ExecutionContext,
  welcome: (socket: Socket) => void,
): Promise<number> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    t.teardown(() => socket.destroy());
    welcome(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  return (server.address() as { port: number }).port;
}
