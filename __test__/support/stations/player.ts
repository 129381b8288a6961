import { setTimeout as sleep } from 'node:timers/promises';
import {
  Actor,
  eventName,
  noreply,
  processName,
  reply,
  spawnName,
  stop,
  TergoError,
  type Alias,
  type Answer,
  type AnyPid,
  type Down,
  type EventMeta,
  type EventName,
  type Exit,
  type ExitReason,
  type MaybePromise,
  type Next,
  type Pid,
  type Publisher,
  type Request,
  type SpawnName,
  type Timer,
} from 'tergo';
import { nextNumber, write } from './journal.ts';
import { aliasText, keyOf, reasonText, textOf } from './words.ts';

export type Kind = 'pid' | 'name' | 'alias' | 'event' | 'node';
export type Priority = 'normal' | 'high' | 'max';
/** Among which messages of its sender one has its place; `none`: it may overtake and be overtaken. */
export type Order = Priority | 'none';
/** How a call is answered. */
export type Mode = 'now' | 'later' | 'async' | 'none' | 'crash' | 'stop';

/** Somebody or something by the way in which it is spoken of. */
export interface Target {
  readonly kind: Kind;
  /** The player whose it is; 0 for a node. */
  readonly of: number;
  readonly key: string;
  readonly ref: unknown;
}

/** Where a child of a player is to live. */
export interface Place {
  readonly node: string;
  readonly thread: number;
  readonly isHere: boolean;
}

/** Who has spawned a player, unless the test has. */
export type Origin =
  | { readonly of: 'player'; readonly id: number; readonly key: string; readonly isLinked: boolean }
  | { readonly of: 'crew'; readonly id: number; readonly child: number };

/** What a player does. */
export interface Step {
  readonly op:
    | ('send' | 'important' | 'call' | 'forward call')
    | ('timer' | 'cancel' | 'spawn')
    | ('relate' | 'unrelate')
    | ('exit' | 'crash' | 'stop' | 'exit thread')
    | ('give up name' | 'take name' | 'give up alias' | 'give up event')
    | ('publish' | 'pause');
  readonly target: Target;
  /** Who is asked to hand a call on to the target. */
  readonly via: Target;
  readonly place?: Place;
  readonly priority: Priority;
  readonly mode: Mode;
  readonly isLink: boolean;
  readonly count: number;
}

interface Letter {
  readonly from: number;
  readonly n: number;
  readonly order: Order;
}
/** To whom a call is handed on. */
interface Onward {
  readonly of: number;
  readonly to: Pid<PlayerProtocol>;
}

type Message =
  | { readonly type: 'play'; readonly number: number; readonly steps: readonly Step[] }
  | ({ readonly type: 'letter' } & Letter);
type Ask = Request<{ type: 'ask'; mode: Mode; onward?: Onward } & Letter, readonly number[]>;
type GetAlias = Request<{ type: 'get alias' }, Alias<PlayerProtocol>>;
export interface PlayerProtocol {
  message: Message;
  request: Ask | GetAlias;
  event: number;
}

/** Under which name nodes lend players to each other. */
export const playerSpawn: SpawnName<
  PlayerProtocol,
  [id: number, trapExit: boolean, origin?: Origin]
> = spawnName('player');

/** How long a call waits, ms; and one whose process may end before it answers. */
const PATIENCE_MS = 30_000;
const SHORT_PATIENCE_MS = 500;

/** Does by order what processes do to each other, and writes into the journal what it did and what it heard. */
export class Player extends Actor<PlayerProtocol> {
  #id = 0;
  #alias!: Alias<PlayerProtocol>;
  #publisher!: Publisher<number>;
  #published = 0;
  #operations = 0;
  readonly #counts = new Map<string, number>();
  readonly #timers: { readonly n: number; readonly timer: Timer }[] = [];

  override init(given: number, trapExit: boolean, origin?: Origin): void {
    // A supervisor starts its children with the same arguments again.
    const id = given === 0 ? nextNumber() : given;
    this.#id = id;
    this.trapExit = trapExit;
    write(id, 'up', textOf(this.pid), trapExit, this.pid.node, origin ?? null);
    this.#alias = this.createAlias();
    this.#publisher = this.registerEvent(eventName<number>(`event ${id}`), { buffer: id % 3 });
    write(id, 'has', `alias:${aliasText(this.#alias)}`);
    write(id, 'has', `event:event ${id}@${this.pid.node}`);
  }

  override handleMessage(message: Message): MaybePromise<Next> {
    if (message.type === 'play') return this.#play(message.number, message.steps);
    this.#got(message);
    return noreply;
  }

  override handleCall(request: Ask | GetAlias): MaybePromise<Answer> {
    if (request.type === 'get alias') return reply(request, this.#alias);
    const { onward } = request;
    if (onward !== undefined && onward.of !== this.#id) return this.forward(onward.to, request);
    this.#got(request);
    const answer = [this.#id, request.from, request.n];
    switch (request.mode) {
      case 'now':
        return reply(request, answer);
      case 'async':
        return sleep(1).then(() => reply(request, answer));
      case 'later': {
        const caller = this.callerOf(request);
        void sleep(1).then(() => this.sendResponse(caller, answer));
        return noreply;
      }
      case 'none':
        return noreply;
      case 'crash':
        throw new Error(`crash of ${this.#id}`);
      case 'stop':
        return stop('normal', reply(request, answer));
    }
  }

  override handleEvent(n: number, { name, node }: EventMeta): Next {
    write(this.#id, 'event', `event:${name}@${node}`, n);
    return noreply;
  }

  override handleExit(ended: Exit): Next {
    write(this.#id, 'exit', keyOf(ended), reasonText(ended.reason));
    return noreply;
  }

  override handleDown(ended: Down): Next {
    write(this.#id, 'down', keyOf(ended), reasonText(ended.reason));
    return noreply;
  }

  override terminate(reason: ExitReason): void {
    write(this.#id, 'ended', reasonText(reason));
  }

  async #play(number: number, steps: readonly Step[]): Promise<Next> {
    let next: Next = noreply;
    for (const step of steps) {
      next = await this.#do(step);
      if (next !== noreply) break;
    }
    write(this.#id, 'played', number);
    return next;
  }

  #do(step: Step): MaybePromise<Next> {
    const { op, target, isLink, count } = step;
    switch (op) {
      case 'send':
      case 'important':
      case 'call':
        this.#tell(op, step);
        return noreply;
      case 'forward call':
        this.#callBy(step);
        return noreply;
      case 'timer':
        this.#sendLater(step);
        return noreply;
      case 'cancel':
        this.#cancel();
        return noreply;
      case 'spawn':
        this.#spawnChild(step);
        return noreply;
      case 'relate':
      case 'unrelate':
        this.#watch(op, [isLink ? 'exit' : 'down', target.key, target.of], () =>
          this.#relation(op, isLink, target),
        );
        return noreply;
      case 'exit':
        return this.#exit(target);
      case 'crash':
        throw new Error(`crash of ${this.#id}`);
      case 'stop':
        return stop('normal');
      case 'exit thread':
        write(this.#id, 'exits its thread');
        return process.exit(1);
      case 'publish':
        for (let left = count; left > 0; left -= 1) this.#publish();
        return noreply;
      case 'pause':
        return sleep(1).then(() => noreply);
      default:
        return this.#own(op);
    }
  }

  /** What a player does to what it has itself. */
  #own(op: 'give up name' | 'take name' | 'give up alias' | 'give up event'): Next {
    const { node } = this.pid;
    const [name, event] = [`name ${this.#id}`, `event ${this.#id}`];
    const change = (what: string, key: string, action: () => void): void => {
      // Whoever hears of it must find it written.
      if (what === 'gives up') write(this.#id, what, key);
      try {
        action();
        if (what === 'has') write(this.#id, what, key);
      } catch (error) {
        if (!(error instanceof TergoError)) throw error;
      }
    };
    if (op === 'take name')
      change('has', `name:${name}@${node}`, () => this.registerName(processName(name)));
    else if (op === 'give up name')
      change('gives up', `name:${name}@${node}`, () => this.unregisterName());
    else if (op === 'give up alias')
      change('gives up', `alias:${aliasText(this.#alias)}`, () => this.deleteAlias(this.#alias));
    else change('gives up', `event:${event}@${node}`, () => this.unregisterEvent(event));
    return noreply;
  }

  #tell(op: 'send' | 'important' | 'call', { target, priority, mode, count }: Step): void {
    const { of, key } = target;
    const to = target.ref as Pid<PlayerProtocol>;
    const options = { priority };
    const timeoutMs = patienceFor(mode);
    for (let left = op === 'send' ? count : 1; left > 0; left -= 1) {
      const n = this.#count(of, priority);
      const letter = { from: this.#id, n, order: priority };
      const words = [of, n, priority, key];
      if (op === 'send') {
        const result = this.send(to, { type: 'letter', ...letter }, options);
        write(this.#id, 'sent', ...words, result);
      } else if (op === 'important')
        this.#watch(op, words, () =>
          this.sendImportant(to, { type: 'letter', ...letter }, options),
        );
      else
        this.#watch(op, [...words, mode], () =>
          this.call(to, { type: 'ask', mode, ...letter }, { ...options, timeoutMs }),
        );
    }
  }

  #callBy({ target, via, mode, isLink }: Step): void {
    const letter = { from: this.#id, n: nextNumber(), order: 'none' } as const;
    const { of, key } = target;
    const onward = { of, to: target.ref as Pid<PlayerProtocol> };
    // Who hands on what nobody answers is out of the play.
    const timeoutMs = mode === 'none' ? SHORT_PATIENCE_MS : patienceFor(mode);
    const options = { timeoutMs, important: isLink };
    this.#watch('forward call', [of, letter.n, 'none', key, mode, via.of, via.key], () =>
      this.call(via.ref as Pid<PlayerProtocol>, { type: 'ask', mode, onward, ...letter }, options),
    );
  }

  #sendLater({ target: { of, key, ref }, priority, count }: Step): void {
    const n = nextNumber();
    const letter = { type: 'letter', from: this.#id, n, order: 'none' } as const;
    write(this.#id, 'timer', of, n, key);
    const timer = this.sendAfter(ref as Pid<PlayerProtocol>, letter, count % 7, { priority });
    this.#timers.push({ n, timer });
  }

  #cancel(): void {
    const last = this.#timers.pop();
    if (last !== undefined) write(this.#id, 'cancelled', last.n, last.timer.cancel());
  }

  #spawnChild({ place, mode, isLink: linkChild, count }: Step): void {
    if (place === undefined) return;
    const id = nextNumber();
    const linkParent = mode === 'now';
    const key = `pid:${textOf(this.pid)}`;
    const origin: Origin = { of: 'player', id: this.#id, key, isLinked: linkParent };
    const args: [number, boolean, Origin] = [id, count > 1, origin];
    const options = { args, linkChild, linkParent, thread: place.thread };
    this.#watch('spawn', [id, linkChild, place.node], () =>
      place.isHere
        ? this.spawn(Player, options)
        : this.remoteSpawn(place.node, playerSpawn, options),
    );
  }

  #relation(op: 'relate' | 'unrelate', isLink: boolean, { kind, ref }: Target): Promise<unknown> {
    const methods = isLink ? (['link', 'unlink'] as const) : (['monitor', 'demonitor'] as const);
    const method = methods[op === 'relate' ? 0 : 1];
    if (kind === 'node') return this[`${method}Node`](ref as string);
    if (kind !== 'event') return this[method](ref as AnyPid);
    return this[`${method}Event`](ref as EventName<number>);
  }

  #exit({ of, ref }: Target): Next {
    const n = nextNumber();
    write(this.#id, 'signals', of, n);
    const result = this.sendExit(ref as AnyPid, new Error(`signal ${n}`));
    write(this.#id, 'signalled', of, n, result);
    return noreply;
  }

  #publish(): void {
    const n = ++this.#published;
    if (this.sendEvent(this.#publisher, n) === 'ok') write(this.#id, 'published', n);
    else this.#published -= 1;
  }

  #watch(op: string, words: readonly unknown[], action: () => Promise<unknown>): void {
    const number = ++this.#operations;
    write(this.#id, 'begins', number, op, ...words);
    action().then(
      (value) => write(this.#id, 'done', number, valueOf(value)),
      (error: unknown) => write(this.#id, 'failed', number, reasonText(error)),
    );
  }

  #got({ from, n, order }: Letter): void {
    write(this.#id, 'got', from, n, order);
  }

  #count(of: number, priority: Priority): number {
    const key = `${of} ${priority}`;
    const count = (this.#counts.get(key) ?? 0) + 1;
    this.#counts.set(key, count);
    return count;
  }
}

function patienceFor(mode: Mode): number {
  return mode === 'later' ? SHORT_PATIENCE_MS : PATIENCE_MS;
}

/** Of a subscription the numbers that stood in the buffer, of a call the answer, of a spawn the pid. */
function valueOf(value: unknown): unknown {
  if (typeof value === 'object' && value !== null && 'creation' in value)
    return textOf(value as AnyPid);
  if (!Array.isArray(value)) return null;
  return value.map((one: unknown) =>
    typeof one === 'number' ? one : (one as { message: unknown }).message,
  );
}
