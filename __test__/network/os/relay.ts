import { connect, createServer, type Server, type Socket } from 'node:net';
import { once } from 'node:events';
import type { ExecutionContext } from 'ava';

const LOOPBACK = '127.0.0.1';

/** One link that went through a relay. */
export interface Passage {
  /** Of who dialled, and of who was dialled. */
  readonly dialler: Socket;
  readonly dialled: Socket;
  /** All that each has said. */
  readonly fromDialler: Buffer[];
  readonly fromDialled: Buffer[];
}

/** Stands between a node that dials and one that listens, writes down what they say, and says more than they do if a test wants it. */
export class Relay {
  readonly #server: Server;
  readonly #to: number;
  readonly passages: Passage[] = [];

  private constructor(to: number) {
    this.#to = to;
    this.#server = createServer((dialler) => this.#pass(dialler));
  }

  /** One before a port of this host. */
  static async before(t: ExecutionContext, to: number): Promise<Relay> {
    const relay = new Relay(to);
    relay.#server.listen(0, LOOPBACK);
    await once(relay.#server, 'listening');
    t.teardown(() => relay.close());
    return relay;
  }

  get port(): number {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('the relay is closed');
    return address.port;
  }

  /** Ends all links. */
  cut(): void {
    for (const { dialler, dialled } of this.passages) {
      dialler.destroy();
      dialled.destroy();
    }
  }

  close(): void {
    this.cut();
    this.#server.close();
  }

  #pass(dialler: Socket): void {
    const dialled = connect(this.#to, LOOPBACK);
    const passage: Passage = { dialler, dialled, fromDialler: [], fromDialled: [] };
    this.passages.push(passage);
    carry(dialler, dialled, passage.fromDialler);
    carry(dialled, dialler, passage.fromDialled);
  }
}

function carry(from: Socket, to: Socket, said: Buffer[]): void {
  from.on('data', (bytes) => {
    said.push(bytes);
    to.write(bytes);
  });
  // Whatever ends one of them ends the other.
  from.on('error', () => to.destroy());
  from.on('close', () => to.destroy());
}

/** Says this to whoever listens on a port, and gives what comes back until the other hangs up. */
export async function say(port: number, ...bytes: readonly Uint8Array[]): Promise<Buffer> {
  const socket = connect(port, LOOPBACK);
  const answer: Buffer[] = [];
  socket.on('data', (piece) => answer.push(piece));
  for (const piece of bytes) socket.write(piece);
  await hungUp(socket);
  return Buffer.concat(answer);
}

/** Resolves when the other has hung up, politely or not. */
export function hungUp(socket: Socket): Promise<void> {
  socket.on('error', () => undefined);
  return new Promise((resolve) => socket.once('close', () => resolve()));
}
