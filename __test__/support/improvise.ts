import {
  Actor,
  noreply,
  type Behaviour,
  type Down,
  type EventMeta,
  type Exit,
  type ExitReason,
  type LogRecord,
  type Messenger,
  type Node,
  type Pid,
  type Response,
  type SpawnOptions,
} from 'tergo';
import { recordLog } from './log-records.ts';

/** An improvised process from within; it takes and may be told everything. */
export type Self = Actor<unknown>;

/** The callbacks of an improvised process; each gets the process first. What is left out it does not have. */
export interface Script<Message, Asked> {
  init?(self: Self): unknown;
  handleMessage?(self: Self, message: Message, from: Pid<unknown>): unknown;
  handleMessageName?(self: Self, message: Message, from: Pid<unknown>, name: string): unknown;
  handleMessageAlias?(self: Self, message: Message, from: Pid<unknown>, alias: object): unknown;
  handleCall?(self: Self, request: Asked, from: Pid<unknown>): unknown;
  handleEvent?(self: Self, message: unknown, event: EventMeta): unknown;
  handleExit?(self: Self, exit: Exit): unknown;
  handleDown?(self: Self, down: Down): unknown;
  handleEventStart?(self: Self, event: string): unknown;
  handleEventStop?(self: Self, event: string): unknown;
  handleResponse?(self: Self, response: Response): unknown;
  handleLog?(self: Self, record: LogRecord): unknown;
  handleInspect?(self: Self, items: readonly string[], from: Pid<unknown>): unknown;
  terminate?(self: Self, reason: ExitReason, exit?: Exit): unknown;
}

export type Options = SpawnOptions<unknown, []>;

/** A behaviour with these callbacks and no others; they may return junk, which the types would not let a class do. */
export function improvise<Message = unknown, Asked = unknown>(
  script: Script<Message, Asked>,
): Behaviour<unknown, []> {
  class Improvised extends Actor<unknown> {}
  for (const [name, callback] of Object.entries(script)) {
    Object.defineProperty(Improvised.prototype, name, {
      value(this: Self, ...args: unknown[]): unknown {
        return (callback as (...all: unknown[]) => unknown)(this, ...args);
      },
    });
  }
  return Improvised as unknown as Behaviour<unknown, []>;
}

/** Spawns a process with these callbacks. */
export function spawnScript<Message = unknown, Asked = unknown>(
  parent: Messenger,
  script: Script<Message, Asked>,
  options: Options = {},
): Promise<Pid<unknown>> {
  return parent.spawn(improvise(script), options);
}

/** A process that keeps what it is sent. */
export interface Collector {
  readonly pid: Pid<unknown>;
  /** Grows while the test runs. */
  readonly got: unknown[];
}

/** Spawns a process that keeps what it is sent. */
export async function spawnCollector(parent: Messenger, options: Options = {}): Promise<Collector> {
  const got: unknown[] = [];
  const handleMessage = (_self: Self, message: unknown): unknown => {
    got.push(message);
    return noreply;
  };
  return { pid: await spawnScript(parent, { handleMessage }, options), got };
}

/** A process that does what it is sent: functions over itself. */
export function spawnPuppet(parent: Messenger, options: Options = {}): Promise<Pid<unknown>> {
  return spawnScript(parent, { handleMessage: obey }, options);
}

/** For `handleMessage`: what it is sent is a task. */
export function obey(self: Self, task: (self: Self) => unknown): unknown {
  return task(self);
}

/** Does something inside a puppet; what it throws is the result's rejection, not the puppet's end. */
export function inside<T>(node: Node, puppet: Pid<unknown>, task: (self: Self) => T): Promise<T> {
  return new Promise((resolve, reject) => {
    const told = node.send(puppet, (self: Self) => {
      try {
        resolve(task(self));
      } catch (error) {
        reject(error);
      }
      return noreply;
    });
    if (told !== 'ok') reject(new Error(`${puppet} could not be told: ${told}`));
  });
}

/** A process that takes nothing until `open` is called, then answers and keeps everything. */
export interface Gated extends Collector {
  readonly open: () => void;
}

/** Spawns a process and keeps it inside its first callback, so that whatever follows waits in its mailbox. */
export async function spawnGated(node: Node, options: Options = {}): Promise<Gated> {
  const gate = Promise.withResolvers<void>();
  const entered = Promise.withResolvers<void>();
  const got: unknown[] = [];
  const pid = await spawnScript(
    node,
    {
      handleMessage: async (_self, message) => {
        if (message === 'enter') {
          entered.resolve();
          await gate.promise;
        } else got.push(message);
        return noreply;
      },
      handleCall: (_self, request) => {
        got.push(request);
        return request;
      },
    },
    options,
  );
  node.send(pid, 'enter');
  await entered.promise;
  return { pid, got, open: gate.resolve };
}

/** Every record that a node logs from now on, but the reports of blocked callbacks that a busy machine adds. */
export function logOf(node: Node): LogRecord[] {
  return recordLog(node, 'test');
}
