import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import type { ExecutionContext } from 'ava';

const LOOPBACK = '127.0.0.1';
/** So many bytes are on their way at most: who sends more has to wait. */
const ON_THE_WAY = 128 * 1024;

/** One direction of a link. */
class Lane {
  readonly #from: Socket;
  readonly #to: Socket;
  readonly #delayMs: number;
  readonly #pieces: { readonly bytes: Buffer; readonly at: number }[] = [];
  #queued = 0;
  #timer: NodeJS.Timeout | undefined;
  #isFrozen = false;

  constructor(from: Socket, to: Socket, delayMs: number) {
    this.#from = from.setNoDelay();
    this.#to = to;
    this.#delayMs = delayMs;
    from.on('data', (bytes) => this.#take(bytes));
    from.on('error', () => to.destroy());
    from.on('close', () => to.destroy());
    to.on('drain', () => this.#go());
  }

  set isFrozen(isFrozen: boolean) {
    this.#isFrozen = isFrozen;
    this.#go();
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#from.destroy();
  }

  #take(bytes: Buffer): void {
    this.#pieces.push({ bytes, at: performance.now() + this.#delayMs });
    this.#queued += bytes.length;
    if (this.#queued > ON_THE_WAY) this.#from.pause();
    this.#go();
  }

  #go(): void {
    clearTimeout(this.#timer);
    for (;;) {
      const first = this.#pieces[0];
      if (first === undefined || this.#isFrozen || this.#to.writableNeedDrain) return;
      const leftMs = first.at - performance.now();
      if (leftMs > 0) {
        this.#timer = setTimeout(() => this.#go(), leftMs);
        return;
      }
      this.#pieces.shift();
      this.#queued -= first.bytes.length;
      this.#to.write(first.bytes);
      if (this.#queued <= ON_THE_WAY) this.#from.resume();
    }
  }
}

/** Stands between a node that dials and one that listens: what it carries takes its time, on each link another one, or stands still. */
export class SlowWay {
  readonly #server: Server;
  readonly #to: number;
  readonly #delayMs: () => number;
  readonly #links: (readonly [Lane, Lane])[] = [];

  private constructor(to: number, delayMs: () => number) {
    this.#to = to;
    this.#delayMs = delayMs;
    this.#server = createServer((dialler) => this.#carry(dialler));
  }

  /** One that leads to a port of this host; `delayMs` is asked for each direction of each link. */
  static async before(t: ExecutionContext, to: number, delayMs: () => number): Promise<SlowWay> {
    const way = new SlowWay(to, delayMs);
    way.#server.listen(0, LOOPBACK);
    await once(way.#server, 'listening');
    t.teardown(() => way.close());
    return way;
  }

  get port(): number {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('the way is closed');
    return address.port;
  }

  /** Nothing of these links gets on any more; all others go on. */
  freeze(isFrozen: (link: number) => boolean): void {
    for (const [link, lanes] of this.#links.entries())
      for (const lane of lanes) lane.isFrozen = isFrozen(link);
  }

  close(): void {
    for (const lane of this.#links.flat()) lane.close();
    this.#server.close();
  }

  #carry(dialler: Socket): void {
    const dialled = connect(this.#to, LOOPBACK);
    const there = new Lane(dialler, dialled, this.#delayMs());
    this.#links.push([there, new Lane(dialled, dialler, this.#delayMs())]);
  }
}
