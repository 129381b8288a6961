import {
  Actor,
  type AnyPid,
  type Answer,
  type Down,
  noreply,
  type Next,
  type Pid,
  processId,
  processName,
  reply,
  type ErrorCode,
  type TergoError,
} from 'tergo';

/** Where a stream ends, on each node. */
export const sinkName = processName<SinkProtocol>('sink');

/** One message of a stream: `epoch` begins anew after each notice of a loss. */
export interface Numbered {
  readonly epoch: number;
  readonly number: number;
  readonly padding?: Uint8Array;
}

interface SinkProtocol {
  message: Numbered;
  request: { readonly type: 'reached' | 'who'; readonly epoch: number };
}

/** What the processes of a thread have seen since it began. */
export interface Counts {
  received: number;
  asked: number;
  answered: number;
  rejected: number;
  downs: number;
  epochs: number;
  /** What must never be. */
  readonly faults: string[];
}

const tally: Counts = {
  ...{ received: 0, asked: 0, answered: 0, rejected: 0, downs: 0, epochs: 0 },
  faults: [],
};

export interface RecorderProtocol {
  message: never;
  request: { readonly type: 'counts' };
}

/** Tells what its thread has counted. */
export class Recorder extends Actor<RecorderProtocol> {
  override handleMessage(): Next {
    return noreply;
  }

  override handleCall(request: RecorderProtocol['request']): Answer {
    return reply(request, tally as never);
  }
}

function fault(text: string): void {
  if (tally.faults.length < 20) tally.faults.push(text);
}

interface Track {
  epoch: number;
  next: number;
}

/** Counts what comes, by sender; whatever is not the next one is a fault. */
export class Sink extends Actor<SinkProtocol> {
  readonly #tracks = new Map<AnyPid, Track>();

  override handleMessage({ epoch, number }: Numbered, from: AnyPid): Next {
    tally.received += 1;
    const track = this.#track(from);
    if (epoch > track.epoch) Object.assign(track, { epoch, next: 0 });
    if (epoch < track.epoch)
      fault(`${from}: epoch ${epoch} has come after ${track.epoch} had begun`);
    else if (number !== track.next)
      fault(`${from}: ${number} has come in place of ${track.next} in epoch ${epoch}`);
    track.next = number + 1;
    return noreply;
  }

  /** How many of the epoch have come. */
  override handleCall(request: SinkProtocol['request'], from: AnyPid): Answer {
    if (request.type === 'who') return reply(request, this.pid as never);
    const { epoch, next } = this.#track(from);
    return reply(request, (epoch === request.epoch ? next : 0) as never);
  }

  #track(from: AnyPid): Track {
    const known = this.#tracks.get(from);
    if (known !== undefined) return known;
    const track = { epoch: -1, next: 0 };
    this.#tracks.set(from, track);
    return track;
  }
}

export interface StreamOptions {
  readonly to: string;
  /** Every so many messages it asks how many have come. */
  readonly burst: number;
}

interface IsIdle {
  readonly type: 'is idle';
}

type StreamMessage = 'begin' | 'go on' | 'stop';

/** How a call may end whose target was killed; above all not by its deadline. */
const LOSSES: ReadonlySet<ErrorCode> = new Set([
  'no-connection',
  'no-route',
  'process-unknown',
  'process-incarnation',
]);
const RETRY_MS = 20;
const PATIENCE_MS = 60_000;
/** Each so many messages one has so many bytes more: such as go in fragments, and such as do not fit into a small window. */
const PADDINGS = [
  { every: 9973, bytes: 2_000_000 },
  { every: 997, bytes: 40_000 },
];

/** Sends numbers to the sink of another node, and begins anew when it hears that it is gone. */
export class Stream extends Actor<{ message: StreamMessage; request: IsIdle }> {
  #options: StreamOptions = { to: '', burst: 0 };
  #epoch = -1;
  #number = 0;
  #sink: Pid<SinkProtocol> | undefined;
  #isStopped = false;
  #isIdle = false;

  override init(options: StreamOptions): void {
    this.#options = options;
    this.send(this.pid, 'begin');
  }

  override async handleMessage(message: StreamMessage): Promise<Next> {
    if (message === 'stop') this.#isStopped = true;
    else if (message === 'begin') await this.#begin();
    else await this.#goOn();
    return noreply;
  }

  override handleCall(request: IsIdle): Answer {
    return reply(request, this.#isIdle as never);
  }

  override handleDown({ kind }: Down): Next {
    tally.downs += 1;
    if (kind !== 'pid') fault(`a notice of ${kind} has come to who watches a pid`);
    if (this.#sink === undefined) fault('a monitor has fired twice');
    this.#sink = undefined;
    this.send(this.pid, 'begin');
    return noreply;
  }

  /** Looks for the sink, and watches it before it sends the first. */
  async #begin(): Promise<void> {
    if (this.#isStopped) return this.#rest();
    const id = processId(sinkName, this.#options.to);
    try {
      const sink = await this.#find(id);
      await this.monitor(sink);
      this.#sink = sink;
    } catch {
      // The node is not there, or not any more; the next attempt will tell.
      this.sendAfter(this.pid, 'begin', RETRY_MS);
      return;
    }
    this.#epoch += 1;
    tally.epochs += 1;
    this.#number = 0;
    this.send(this.pid, 'go on');
  }

  async #find(id: ReturnType<typeof processId<SinkProtocol>>): Promise<Pid<SinkProtocol>> {
    const asked = this.call(id, { type: 'who', epoch: 0 }, { timeoutMs: PATIENCE_MS });
    return (await this.#settled(asked)) as Pid<SinkProtocol>;
  }

  /** A burst, and the question what of it has come: all of it, or the sink is gone. */
  async #goOn(): Promise<void> {
    const sink = this.#sink;
    if (sink === undefined) return;
    for (let left = this.#options.burst; left > 0; left -= 1) if (!this.#say(sink)) break;
    const [epoch, sent] = [this.#epoch, this.#number];
    try {
      const asked = this.call(sink, { type: 'reached', epoch }, { timeoutMs: PATIENCE_MS });
      const reached = (await this.#settled(asked)) as number;
      if (reached !== sent)
        fault(`${sink}: ${reached} of ${sent} have come in epoch ${epoch}, without a notice`);
    } catch {
      // Not answered: a notice is there, or on its way.
      return;
    }
    if (this.#isStopped) return this.#rest();
    this.send(this.pid, 'go on');
  }

  #say(sink: Pid<SinkProtocol>): boolean {
    const [epoch, number] = [this.#epoch, this.#number];
    const padded = PADDINGS.find(({ every }) => number % every === every - 1);
    const padding = padded && new Uint8Array(padded.bytes);
    const message = padding ? { epoch, number, padding } : { epoch, number };
    if (this.send(sink, message) !== 'ok') return false;
    this.#number += 1;
    return true;
  }

  async #settled(asked: Promise<unknown>): Promise<unknown> {
    tally.asked += 1;
    try {
      const answer = await asked;
      tally.answered += 1;
      return answer;
    } catch (error) {
      tally.rejected += 1;
      const { code } = error as TergoError;
      if (!LOSSES.has(code)) fault(`a call was rejected with ${code}: ${String(error)}`);
      throw error;
    }
  }

  #rest(): void {
    this.#isIdle = true;
  }
}
