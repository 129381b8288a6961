import { Actor, noreply, processId, processName } from 'tergo';
import type {
  Accepts,
  Alias,
  AnyPid,
  AnyTarget,
  Answer,
  ExitReason,
  Messenger,
  Next,
  Node,
  Pid,
} from 'tergo';
import type { Priority, ProcessId, ProcessName, Request, SendResult, Target, Timer } from 'tergo';
import {
  counterName,
  type CounterMessage,
  type CounterProtocol,
} from '../../docs/samples/counter-contract.ts';
import { type Equal, expect, fits } from './expect.ts';

declare const node: Node;
declare const counter: Pid<CounterProtocol>;
declare const alias: Alias<CounterProtocol>;
declare const raw: Pid<unknown>;
declare const some: AnyPid;

// Every form of address is checked.
const result = node.send(counter, { type: 'add', by: 1 });
expect<Equal<typeof result, SendResult>>();
node.send(counterName, { type: 'add', by: 1 });
node.send(processId(counterName, 'a@localhost'), { type: 'add', by: 1 });
node.send(alias, { type: 'reset' }, { priority: 'high' });
// @ts-expect-error TS2322 '"ad"' is not assignable to '"add" | "reset"'
node.send(counter, { type: 'ad', by: 1 });
// @ts-expect-error TS2353 'unit' does not exist
node.send(counter, { type: 'add', by: 1, unit: 'x' });
// @ts-expect-error TS2322 string is not a number
node.send(counter, { type: 'add', by: '1' });
// @ts-expect-error TS2322 a request is not a message
node.send(counter, { type: 'total' });
// @ts-expect-error TS2345 a bare string says nothing about what it accepts; make it a processName
node.send('counter', { type: 'add', by: 1 });
// @ts-expect-error TS2322 typed names check, too
node.send(counterName, { type: 'sub' });
// @ts-expect-error TS2322 and names on nodes
node.send(processId(counterName, 'a@localhost'), { type: 'sub' });
// @ts-expect-error TS2322 and aliases
node.send(alias, { type: 'sub' });
// @ts-expect-error TS2322 no such priority
node.send(counter, { type: 'reset' }, { priority: 'low' });
// @ts-expect-error TS2554 a message is needed
node.send(counter);
// @ts-expect-error TS2345 nothing is known about what AnyPid accepts
node.send(some, { type: 'reset' });

// Important, delayed, repeated, exits.
expect<Equal<ReturnType<typeof node.sendImportant>, Promise<void>>>();
// @ts-expect-error TS2322 checked like a send
await node.sendImportant(counter, { type: 'nope' });
const timer = node.sendAfter(counter, { type: 'reset' }, 10, { priority: 'max' });
expect<Equal<typeof timer, Timer>>();
fits<Disposable>(timer);
// @ts-expect-error TS2322 checked like a send
node.sendAfter(counter, { type: 'nope' }, 10);
// @ts-expect-error TS2345 milliseconds are a number
node.sendAfter(counter, { type: 'reset' }, '10');
node.sendExit(some, 'shutdown');
node.sendExit(counter, new Error('enough'));
// @ts-expect-error TS2345 no such reason
node.sendExit(counter, 'because');
// @ts-expect-error TS2345 an exit goes to a pid
node.sendExit(counterName, 'shutdown');
export class Sender extends Actor<{ message: 'tick' }> {
  override init(): void {
    const ticks = this.sendEvery(this.pid, 'tick', 1000);
    expect<Equal<typeof ticks, Timer>>();
    // @ts-expect-error TS2345 checked like a send
    this.sendEvery(this.pid, 'tock', 1000);
    // @ts-expect-error TS2554 how often?
    this.sendEvery(this.pid, 'tick');
    const exit = this.sendExitAfter(counter, 'shutdown', 1000);
    expect<Equal<typeof exit, Timer>>();
    // @ts-expect-error TS2345 no such reason
    this.sendExitAfter(counter, 'because', 1000);
    // @ts-expect-error TS2345 an exit goes to a pid
    this.sendExitAfter(counterName, 'shutdown', 1000);
    this.priority = 'high' satisfies Priority;
    // @ts-expect-error TS2322 no such priority
    this.priority = 1;
  }
  override handleMessage(_message: 'tick'): Next {
    return noreply;
  }
}

// Variance: a pid may be shown as less, never as more.
fits<Pid<{ message: { type: 'reset' } }>>(counter);
fits<Pid<{ request: Request<{ type: 'total' }, number | string> }>>(counter);
fits<AnyPid>(counter);
fits<Pid<{ message: { type: 'reset' } }>>(raw);
// @ts-expect-error TS2345 more messages than it has
fits<Pid<{ message: CounterMessage | { type: 'x' } }>>(counter);
// @ts-expect-error TS2345 another reply
fits<Pid<{ request: Request<{ type: 'total' }, string> }>>(counter);
// @ts-expect-error TS2345 a typed process is not a raw one
fits<Pid<unknown>>(counter);
// @ts-expect-error TS2345 a raw peer promises no replies
fits<Pid<CounterProtocol>>(raw);
// @ts-expect-error TS2345 nothing is known of it
fits<Pid<CounterProtocol>>(some);
// @ts-expect-error TS2345 a name is invariant: only this very protocol may register under it
fits<ProcessName<{ message: { type: 'reset' } }>>(counterName);
fits<Target<CounterProtocol>>(alias);
fits<AnyTarget>(counterName);
fits<AnyTarget>('bare');

// Raw peers take everything.
node.send(raw, ['ping', 1]);
node.send(raw, 7);
const shell: ProcessId<unknown> = processId(processName('shell'), 'erl@host');
node.send(shell, ['ping', 1]);
export class Sink extends Actor<{ message: unknown }> {
  override handleMessage(message: unknown, from: Pid<unknown>): Next {
    if (Array.isArray(message)) this.send(from, ['pong', message[1]]);
    return noreply;
  }
}
node.send(await node.spawn(Sink), 42);

// A helper that needs only what it uses; nodes and processes both fit.
export function resetLater(by: Messenger, to: Pid<{ message: { type: 'reset' } }>): Timer {
  return by.sendAfter(to, { type: 'reset' }, 10);
}
resetLater(node, counter);
export const printer: ProcessName<{ message: string }> = processName('printer');
export function show(to: Pid<{ message: string }>): Accepts<{ message: string }> {
  node.send(printer, 'x');
  node.send(to, 'y');
  return to;
}
export class Helped extends Actor<{ request: Request<{ type: 'x' }, void> }> {
  override handleCall(): Answer {
    resetLater(this, counter);
    return noreply;
  }
  override terminate(reason: ExitReason): void {
    fits(reason);
  }
}
