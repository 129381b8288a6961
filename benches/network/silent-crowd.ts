import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** How soon who was hung up on comes back, ms. */
const BACK_MS = 100;

/** Sockets that were connected and say nothing. Who is hung up on comes back. */
export class SilentCrowd implements Disposable {
  readonly #port: number;
  readonly #sockets = new Set<Socket>();
  /** How many were connected. */
  arrivals = 0;
  #isOver = false;

  private constructor(port: number) {
    this.#port = port;
  }

  /** So many before a port of this host, all connected. */
  static async before(port: number, size: number): Promise<SilentCrowd> {
    const crowd = new SilentCrowd(port);
    await Promise.all(Array.from({ length: size }, () => once(crowd.#come(), 'connect')));
    return crowd;
  }

  [Symbol.dispose](): void {
    this.#isOver = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  #come(): Socket {
    const socket = connect(this.#port, '127.0.0.1');
    this.#sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('connect', () => (this.arrivals += 1));
    socket.on('close', () => {
      this.#sockets.delete(socket);
      if (!this.#isOver) setTimeout(() => this.#isOver || this.#come(), BACK_MS);
    });
    return socket;
  }
}
