import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

const LOOPBACK = '127.0.0.1';

/** Carries the bytes between a node that dials and one that listens, until it is told not to. */
export class SeverableWay implements Disposable {
  readonly #server: Server;
  readonly #to: number;
  readonly #sockets = new Set<Socket>();

  private constructor(to: number) {
    this.#to = to;
    this.#server = createServer((dialler) => this.#carry(dialler));
  }

  /** One that leads to a port of this host. */
  static async to(port: number): Promise<SeverableWay> {
    const way = new SeverableWay(port);
    way.#server.listen(0, LOOPBACK);
    await once(way.#server, 'listening');
    return way;
  }

  get port(): number {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('the way is closed');
    return address.port;
  }

  /** Both sides find their sockets reset. */
  reset(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  /** Neither hears from the other any more, and no socket ends. */
  silence(): void {
    for (const socket of this.#sockets) socket.unpipe().pause();
  }

  [Symbol.dispose](): void {
    this.reset();
    this.#server.close();
  }

  #carry(dialler: Socket): void {
    const dialled = connect(this.#to, LOOPBACK);
    for (const socket of [dialler, dialled]) {
      this.#sockets.add(socket.setNoDelay());
      socket.on('error', () => undefined);
      socket.on('close', () => this.#sockets.delete(socket));
    }
    dialler.pipe(dialled).pipe(dialler);
  }
}
