import {
  Actor,
  noreply,
  reply,
  type Answer,
  type AnyPid,
  type Down,
  type Exit,
  type Next,
  type Pid,
} from 'tergo';

/** What a runner sends to another: the number of the pair's message, and something of changing size beside it. */
export type Stamped = readonly [sequence: number, cargo: unknown];

/** What a runner is told. */
export interface Burst {
  readonly type: 'burst';
  /** Who gets how many; a burst goes to them in turns. */
  readonly to: readonly Pid<RunnerProtocol>[];
  readonly each: number;
}

/** Watches another one, by a link and a monitor. */
export interface Watch {
  readonly type: 'watch';
  readonly whom: AnyPid;
}

/** What a runner has seen. */
export interface Report {
  /** By the pid's text: messages that came from it, in order. */
  readonly received: ReadonlyMap<string, number>;
  /** By the pid's text: messages that were accepted for it. */
  readonly accepted: ReadonlyMap<string, number>;
  readonly refused: number;
  /** By the pid's text: exits and down messages about it. */
  readonly exits: ReadonlyMap<string, number>;
  readonly downs: ReadonlyMap<string, number>;
  /** What was wrong: the first few. */
  readonly faults: readonly string[];
}

export interface RunnerProtocol {
  message: Stamped;
  request: Burst | Watch | { readonly type: 'report' };
}

/** Sends bursts of numbered messages to others, and checks what comes: the next of its pair, none twice, none missing. */
export class Runner extends Actor<RunnerProtocol> {
  readonly #received = new Map<string, number>();
  readonly #accepted = new Map<string, number>();
  readonly #exits = new Map<string, number>();
  readonly #downs = new Map<string, number>();
  readonly #faults: string[] = [];
  readonly #texts = new Map<AnyPid, string>();
  #refused = 0;

  override init(): void {
    this.trapExit = true;
  }

  override handleMessage([sequence, cargo]: Stamped, from: AnyPid): Next {
    const key = this.#textOf(from);
    const expected = this.#received.get(key) ?? 0;
    if (sequence !== expected) this.#fault(`${key}: ${sequence} came in place of ${expected}`);
    if (!isCargoOf(sequence, cargo)) this.#fault(`${key}: the cargo of ${sequence} is another`);
    this.#received.set(key, sequence + 1);
    return noreply;
  }

  override async handleCall(request: Burst | Watch | { type: 'report' }): Promise<Answer> {
    switch (request.type) {
      case 'burst':
        return reply(request, this.#burst(request) as never);
      case 'watch':
        await Promise.all([this.link(request.whom), this.monitor(request.whom)]);
        return reply(request, undefined as never);
      case 'report':
        return reply(request, this.#report() as never);
    }
  }

  override handleExit(ended: Exit): Next {
    return count(this.#exits, ended.kind === 'pid' ? this.#textOf(ended.pid) : ended.kind);
  }

  override handleDown(ended: Down): Next {
    return count(this.#downs, ended.kind === 'pid' ? this.#textOf(ended.pid) : ended.kind);
  }

  #burst({ to, each }: Burst): number {
    let sent = 0;
    for (let round = 0; round < each; round++) for (const pid of to) sent += this.#sendNext(pid);
    return sent;
  }

  #sendNext(pid: Pid<RunnerProtocol>): number {
    const key = this.#textOf(pid);
    const sequence = this.#accepted.get(key) ?? 0;
    const result = this.send(pid, [sequence, cargoOf(sequence)]);
    if (result === 'ok') this.#accepted.set(key, sequence + 1);
    else if (result === 'process-mailbox-full') this.#refused += 1;
    else if (result !== 'process-unknown') this.#fault(`a send gave ${result}`);
    return result === 'ok' ? 1 : 0;
  }

  #report(): Report {
    const [received, accepted, exits, downs] = [
      ...[this.#received, this.#accepted, this.#exits, this.#downs],
    ];
    return {
      ...{ received: received!, accepted: accepted!, exits: exits!, downs: downs! },
      ...{ refused: this.#refused, faults: this.#faults },
    };
  }

  #textOf(pid: AnyPid): string {
    let text = this.#texts.get(pid);
    if (text === undefined) this.#texts.set(pid, (text = pid.toString()));
    return text;
  }

  #fault(text: string): void {
    if (this.#faults.length < 10) this.#faults.push(text);
  }
}

function count(counts: Map<string, number>, key: string): Next {
  counts.set(key, (counts.get(key) ?? 0) + 1);
  return noreply;
}

const TEXT = 'x'.repeat(300);
const LARGE_EVERY = 5000;

/** Mostly small; now and then of a size that travels beside its frame. */
function cargoOf(sequence: number): unknown {
  if (sequence % LARGE_EVERY === LARGE_EVERY - 1) return new Uint8Array(20_000).fill(sequence);
  switch (sequence % 4) {
    case 0:
      return sequence;
    case 1:
      return { type: 'small', id: sequence, name: 'runner' };
    case 2:
      return TEXT.slice(0, sequence % 300);
    default:
      return [sequence, [null, true]];
  }
}

function isCargoOf(sequence: number, cargo: unknown): boolean {
  if (sequence % LARGE_EVERY === LARGE_EVERY - 1)
    return cargo instanceof Uint8Array && cargo.length === 20_000 && cargo[9] === sequence % 256;
  switch (sequence % 4) {
    case 0:
      return cargo === sequence;
    case 1:
      return (cargo as { id: number }).id === sequence;
    case 2:
      return (cargo as string).length === sequence % 300;
    default:
      return (cargo as [number])[0] === sequence;
  }
}
