import { setTimeout } from 'node:timers/promises';
import {
  Actor,
  noreply,
  reply,
  stop,
  type Answer,
  type AnyPid,
  type Caller,
  type Down,
  type EventMeta,
  type EventName,
  type Exit,
  type LogLevel,
  type LogRecord,
  type MaybePromise,
  type Next,
  type NodeInfo,
  type Pid,
  type ProcessName,
  type Publisher,
  type Response,
  type SendOptions,
  type SpawnOptions,
} from 'tergo';

/** What reached a puppet, in the order in which it came. */
export type Notice =
  | {
      readonly on: 'message';
      readonly message: unknown;
      readonly from: AnyPid;
      readonly by?: unknown;
    }
  | { readonly on: 'exit'; readonly ended: Exit }
  | { readonly on: 'down'; readonly ended: Down }
  | {
      readonly on: 'event';
      readonly message: unknown;
      readonly event: string;
      readonly node: string;
    }
  | { readonly on: 'event-start' | 'event-stop'; readonly event: string }
  | { readonly on: 'response'; readonly response: Response }
  | { readonly on: 'log'; readonly record: LogRecord };

/** What is odd about an error. */
export type Oddity =
  | 'function'
  | 'getter'
  | 'ring'
  /** A part of it is none for who reads it elsewhere. */
  | 'broken part'
  /** All that it has throws when it is read. */
  | 'unreadable'
  /** Only its message does. */
  | 'no message'
  | 'proxy'
  | 'revoked'
  | 'revoked cause'
  /** It is none, and has no text. */
  | 'no error';

/** What a puppet is told to do: one of its own methods, or one of `Tricks`. */
export interface Order {
  readonly type: 'do';
  readonly op: string;
  readonly args: readonly unknown[];
}

/** Messages that it obeys; every other one it keeps. */
export type Command =
  | { readonly type: 'crash'; readonly text: string }
  /** With an error that cannot travel. */
  | { readonly type: 'crash oddly'; readonly how: Oddity }
  | { readonly type: 'stop'; readonly reason?: 'normal' | 'shutdown' }
  | { readonly type: 'exit process'; readonly code: number }
  | { readonly type: 'throw later' }
  | Hang
  /** Takes nothing before that one has answered what it was asked by `keep`. */
  | { readonly type: 'wait for'; readonly whom: Pid<PuppetProtocol> }
  | { readonly type: 'eat memory' };

/** In the callback itself by default. */
export interface Hang {
  readonly type: 'hang';
  readonly ms: number;
  readonly when?: 'after an await' | 'in a timer';
}

export interface PuppetProtocol {
  message: unknown;
  request: unknown;
  event: unknown;
}

interface PassOn {
  readonly type: 'pass on';
  readonly to: Pid<unknown>;
  /** To whom that one passes it on. */
  readonly next?: Pid<unknown>;
  /** Who has passed it on first keeps its thread until somebody has this name. */
  readonly until?: ProcessName<unknown>;
  /** So many further messages of 16 KB to `to`. */
  readonly followers?: number;
  /** Whether who passes it on knows its `Caller` by then. */
  readonly isKnown?: boolean;
  /** Whether it is kept there, and not answered. */
  readonly isKept?: boolean;
  /** Whether who has passed it on crashes then. */
  readonly isLast?: boolean;
}

/** A request that does the same as `keep`. */
export const KEPT_NUMBER = -1;

export interface PuppetOptions {
  readonly trapExit?: boolean;
  readonly splitHandle?: boolean;
  /** Throws this in `init`. */
  readonly fails?: string;
  /** Crashes as soon as it is up. */
  readonly diesAtOnce?: boolean;
  /** Hangs in `init` for so long. */
  readonly hangsMs?: number;
}

type Property =
  'parent' | 'leader' | 'name' | 'application' | 'aliases' | 'pid' | 'keepNetworkOrder';

/** Does by order what processes do, on whichever thread it lives, and writes down what it hears. */
export class Puppet extends Actor<PuppetProtocol> {
  readonly #seen: Notice[] = [];
  readonly #publishers = new Map<string, Publisher<unknown>>();
  readonly #callers: Caller<unknown>[] = [];
  readonly #numbers: number[] = [];

  override init({ trapExit = false, splitHandle = false, ...fate }: PuppetOptions = {}): void {
    if (fate.fails !== undefined) throw new RangeError(fate.fails);
    if (fate.hangsMs !== undefined) hang(fate.hangsMs);
    if (fate.diesAtOnce === true) this.send(this.pid, { type: 'crash', text: 'at once' });
    this.trapExit = trapExit;
    this.splitHandle = splitHandle;
  }

  override handleMessage(message: unknown, from: Pid<unknown>): MaybePromise<Next> {
    return isCommand(message) ? this.#obey(message) : this.#keep(message, from);
  }

  override handleMessageName(message: unknown, from: Pid<unknown>, name: string): Next {
    return this.#keep(message, from, name);
  }

  override handleMessageAlias(message: unknown, from: Pid<unknown>, alias: unknown): Next {
    return this.#keep(message, from, alias);
  }

  override handleCall(request: unknown, from: Pid<unknown>): MaybePromise<Answer> {
    if (isOrder(request)) return this.#do(request);
    const { type, number } = request as { readonly type?: string; readonly number?: number };
    if (type === 'who asks') return reply(request, [from, this.pid, request] as never);
    if (type === 'fail') throw new RangeError('it failed');
    if (type === 'silence') return noreply;
    if (type === 'keep' && number !== undefined) this.#numbers.push(number);
    if (typeof request === 'number') this.#numbers.push(request);
    if (type === 'keep' || request === KEPT_NUMBER)
      this.#callers.push(this.callerOf(request) as Caller<unknown>);
    if (type === 'keep' || request === KEPT_NUMBER) return noreply;
    if (type === 'pass on') return this.#passOn(request as PassOn, from);
    if (type === 'stop') return stop('normal', reply(request, 'last word' as never));
    return reply(request, request as never);
  }

  override handleEvent(message: unknown, { name: event, node }: EventMeta): Next {
    this.#seen.push({ on: 'event', message, event, node });
    return noreply;
  }

  override handleExit(ended: Exit): Next {
    this.#seen.push({ on: 'exit', ended });
    return noreply;
  }

  override handleDown(ended: Down): Next {
    this.#seen.push({ on: 'down', ended });
    return noreply;
  }

  override handleEventStart(event: string): Next {
    this.#seen.push({ on: 'event-start', event });
    return noreply;
  }

  override handleEventStop(event: string): Next {
    this.#seen.push({ on: 'event-stop', event });
    return noreply;
  }

  override handleResponse(response: Response): Next {
    this.#seen.push({ on: 'response', response });
    return noreply;
  }

  override handleLog(record: LogRecord): Next {
    this.#seen.push({ on: 'log', record });
    return noreply;
  }

  override handleInspect(items: readonly string[], from: Pid<unknown>): Record<string, string> {
    return { items: items.join(' '), from: from.toString(), seen: String(this.#seen.length) };
  }

  // What is left are tricks: orders beyond the methods of every process.

  seen(): readonly Notice[] {
    return this.#seen;
  }

  get(property: Property): unknown {
    return this[property];
  }

  set(property: 'keepNetworkOrder', value: boolean): void {
    this[property] = value;
  }

  setLogLevel(level: LogLevel): void {
    this.log.level = level;
  }

  callAll(to: Pid<unknown>, requests: readonly never[]): Promise<unknown> {
    return Promise.all(
      requests.map((request) => this.call(to as Pid<PuppetProtocol>, request) as Promise<unknown>),
    );
  }

  /** A puppet of its own. */
  spawnPuppet(
    options: SpawnOptions<PuppetProtocol, [PuppetOptions?]>,
  ): Promise<Pid<PuppetProtocol>> {
    return this.spawn(Puppet, options);
  }

  /** What its thread knows of all threads. */
  threads(): unknown {
    return this.node.info().threads.map(({ isUp, restarts }) => [isUp, restarts]);
  }

  nodeInfo(): NodeInfo {
    return this.node.info();
  }

  loggers(): unknown {
    return this.node.loggers();
  }

  whereis(name: ProcessName<unknown>): unknown {
    return this.node.whereis(name);
  }

  /** Gives names to processes and takes them away; what came of each. */
  rename(changes: readonly (readonly [name: ProcessName<unknown>, to?: Pid<unknown>])[]): unknown {
    return changes.map(([name, to]) => {
      try {
        if (to === undefined) this.node.unregisterName(name);
        else this.node.registerName(name, to);
        return 'ok';
      } catch (error) {
        return (error as { code?: string }).code;
      }
    });
  }

  flood(to: Pid<unknown>, count: number): number {
    let sent = 0;
    while (sent < count && this.send(to, sent) === 'ok') sent += 1;
    return sent;
  }

  sendAll(
    to: Pid<unknown>,
    messages: readonly [message: unknown, options?: SendOptions][],
  ): unknown {
    return messages.map(([message, options]) => this.send(to, message, options));
  }

  announce(event: EventName<unknown>, options: object): void {
    this.#publishers.set(event, this.registerEvent(event, options));
  }

  publish(event: EventName<unknown>, ...messages: readonly unknown[]): unknown {
    const publisher = this.#publishers.get(event);
    return messages.map((message) => this.sendEvent(publisher ?? event, message));
  }

  later(to: Pid<unknown>, message: unknown, ms: number): void {
    this.sendAfter(to, message, ms);
  }

  publishUnreadable(event: EventName<unknown>): unknown {
    return this.publish(event, brokenRegExp());
  }

  publishFunction(event: EventName<unknown>): unknown {
    return this.publish(event, () => 1);
  }

  giveUnreadable(): unknown {
    return brokenRegExp();
  }

  /** Answers what it was asked by `keep`. */
  answerKept(value: unknown): unknown {
    return this.#callers.splice(0).map((caller) => this.sendResponse(caller, value));
  }

  /** Which requests it was asked by `keep` that say a number, and which that are one. */
  keptNumbers(): readonly unknown[] {
    return this.#numbers;
  }

  forgetCallers(): void {
    this.#callers.length = 0;
  }

  answerCaller(caller: Caller<unknown>, value: unknown): unknown {
    return this.sendResponse(caller, value);
  }

  /** Answers with an error that cannot travel. */
  failCaller(caller: Caller<unknown>): unknown {
    return this.sendResponseError(caller, oddError('function'));
  }

  /** The same with a value that cannot travel, and wants it confirmed. */
  answerOddly(caller: Caller<unknown> = this.#callers.at(-1)!): Promise<void> {
    return this.sendResponseImportant(caller, () => 1);
  }

  keptCaller(): unknown {
    return this.#callers.at(-1);
  }

  callAndTell(to: Pid<unknown>, request: unknown, timeoutMs: number): Promise<unknown> {
    const asked = this.call(to as Pid<PuppetProtocol>, request as never, { timeoutMs });
    return asked.then(
      (value: unknown) => ['answered', value],
      (error: Error) => ['rejected', error],
    );
  }

  lastWords(to: Pid<unknown>, text: string): never {
    this.log.error(text);
    this.send(to, text);
    return process.exit(1);
  }

  exitThread(): never {
    return process.exit(1);
  }

  stopNode(): void {
    void this.node.stop();
  }

  write(text: string, fields: Record<string, unknown>): void {
    this.log.warning(text, fields);
  }

  #passOn(request: PassOn, from: AnyPid): Answer {
    const { to, next, until, followers = 0 } = request;
    if (to === this.pid && next !== undefined) return this.forward(next, request as never);
    if (to === this.pid && request.isKept === true) {
      this.#callers.push(this.callerOf(request) as Caller<unknown>);
      return noreply;
    }
    if (to === this.pid) return reply(request, [from, this.pid, request] as never);
    if (request.isKnown === true) this.callerOf(request);
    const passed = this.forward(to, request as never);
    for (let sent = 0; sent < followers; sent++) this.send(to, 'f'.repeat(16_000));
    if (request.isLast === true) throw new RangeError('it was the last');
    if (until === undefined) return passed;
    // Seen at once by all threads, though this one tells them nothing yet.
    this.registerName('handed on');
    while (this.node.whereis(until) === undefined);
    return passed;
  }

  #keep(message: unknown, from: AnyPid, by?: unknown): Next {
    this.#seen.push({ on: 'message', message, from, ...(by === undefined ? {} : { by }) });
    return noreply;
  }

  async #do({ op, args }: Order): Promise<Answer> {
    const method = (this as unknown as Record<string, (...all: unknown[]) => unknown>)[op]!;
    try {
      return ['done', await method.call(this, ...args)] as never;
    } catch (error) {
      return ['failed', error] as never;
    }
  }

  #obey(command: Command): MaybePromise<Next> {
    switch (command.type) {
      case 'crash':
        throw new RangeError(command.text);
      case 'crash oddly':
        throw oddError(command.how);
      case 'stop':
        return stop(command.reason ?? 'normal');
      case 'exit process':
        return process.exit(command.code);
      case 'throw later':
        setImmediate(() => {
          throw new Error('nobody catches this');
        });
        return noreply;
      case 'hang':
        return hangAs(command);
      case 'wait for':
        return this.call(command.whom, { type: 'keep' } as never, { timeoutMs: 60_000 }).then(
          () => noreply,
        );
      case 'eat memory': {
        const hoard: unknown[] = [];
        for (;;) hoard.push(Array.from({ length: 1000 }, () => ({ hoard })));
      }
    }
  }
}

function hangAs({ ms, when }: Hang): MaybePromise<Next> {
  if (when === 'after an await') return setTimeout(5).then(() => hang(ms));
  if (when === 'in a timer') void setTimeout(5).then(() => hang(ms));
  else hang(ms);
  return noreply;
}

function hang(ms: number): Next {
  const until = performance.now() + ms;
  while (performance.now() < until);
  return noreply;
}

const COMMANDS = [
  'crash',
  'crash oddly',
  'stop',
  'exit process',
  'throw later',
  'hang',
  'wait for',
  'eat memory',
];

/** What is taken for a regular expression, and is none for who reads it. */
export function brokenRegExp(): RegExp {
  return Object.defineProperty(/odd/, 'source', { value: '(' });
}

/** An error that cannot travel, each for another reason. */
function oddError(how: Oddity): Error {
  const error: Error & { part?: unknown } = new RangeError('odd');
  if (how === 'unreadable') return unreadable(error);
  if (how === 'proxy') return new Proxy(error, { get: nobody });
  if (how === 'no error') return Object.create(null) as Error;
  if (how === 'no message') return Object.defineProperty(error, 'message', { get: nobody });
  if (how === 'revoked') return revoked(error);
  if (how === 'revoked cause') return new RangeError('odd', { cause: revoked(error) });
  if (how === 'function') error.part = () => 1;
  else if (how === 'ring') error.cause = { error };
  else if (how === 'broken part') error.part = brokenRegExp();
  else Object.defineProperty(error, 'part', { enumerable: true, get: nobody });
  return error;
}

function unreadable(error: Error): Error {
  const [name, message, stack, cause] = Array.from({ length: 4 }, () => ({ get: nobody }));
  return Object.defineProperties(error, { name, message, stack, cause } as PropertyDescriptorMap);
}

function revoked(error: Error): Error {
  const { proxy, revoke } = Proxy.revocable(error, {});
  revoke();
  return proxy;
}

function nobody(): never {
  throw new Error('nobody may read this');
}

function isCommand(message: unknown): message is Command {
  const { type } = (message ?? {}) as { readonly type?: string };
  return COMMANDS.includes(type ?? '');
}

function isOrder(request: unknown): request is Order {
  return (request as Order).type === 'do';
}
