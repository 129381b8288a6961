import { Actor, env, envKey, noreply, processName, startNode, stop } from 'tergo';
import type {
  Alias,
  Answer,
  AnyPid,
  EnvKey,
  FallbackMessage,
  Next,
  Node,
  NodeOptions,
  Pid,
} from 'tergo';
import type { ProcessName, ProcessOptions } from 'tergo';
import {
  counterName,
  type CounterMessage,
  type CounterProtocol,
  type CounterRequest,
} from '../../docs/samples/counter-contract.ts';
import { Counter } from '../../docs/samples/counter.ts';
import { type Equal, expect, fits } from './expect.ts';

declare const node: Node;
declare const counter: Pid<CounterProtocol>;

// Methods are compared loosely inside of a class; what is missing shows where it is spawned.
class Half extends Actor<CounterProtocol> {
  override handleMessage(_message: { type: 'add'; by: number }): Next {
    return noreply;
  }
  override handleCall(_request: CounterRequest): Answer {
    return stop();
  }
}
class Deaf extends Actor<CounterProtocol> {
  override handleMessage(_message: CounterMessage): Next {
    return noreply;
  }
}
class Blind extends Actor<{ event: 'tick' }> {}
class Free extends Actor {
  override init(start?: number): void {
    fits(start);
  }
}
class Plain {}

// @ts-expect-error TS2345 'reset' is not handled
await node.spawn(Half);
// @ts-expect-error TS2345 Property 'handleCall' is optional in type 'Deaf' but required
await node.spawn(Deaf);
// @ts-expect-error TS2345 Property 'handleEvent' is optional
await node.spawn(Blind);
// @ts-expect-error TS2345 not a behaviour
await node.spawn(Plain);
// @ts-expect-error TS2345 not a class
await node.spawn(new Free());
// @ts-expect-error TS2511 an abstract class has no instances
await node.spawn(Actor);

// Arguments of `init`.
// @ts-expect-error TS2554 Expected 2 arguments, but got 1
await node.spawn(Counter);
// @ts-expect-error TS2345 Property 'args' is missing
await node.spawn(Counter, {});
// @ts-expect-error TS2322 string is not a number
await node.spawn(Counter, { args: ['1'] });
// @ts-expect-error TS2322 too many
await node.spawn(Counter, { args: [1, 2] });
await node.spawn(Free);
await node.spawn(Free, { args: [] });
await node.spawn(Free, { args: [1] });
// @ts-expect-error TS2322 an optional argument has its type, too
await node.spawn(Free, { args: ['1'] });

// Names and what comes of it.
// @ts-expect-error TS2322 the name promises another protocol
await node.spawn(Free, { name: counterName });
const spawned = await node.spawn(Counter, { args: [1], name: counterName });
expect<Equal<typeof spawned, Pid<CounterProtocol>>>();
const bare = await node.spawn(Counter, { args: [1], name: 'bare' });
expect<Equal<typeof bare, Pid<CounterProtocol>>>();

// From within a process it is the same.
export class Parent extends Actor {
  override async init(): Promise<void> {
    const child = await this.spawn(Counter, { args: [1], linkParent: true, linkChild: true });
    expect<Equal<typeof child, Pid<CounterProtocol>>>();
    // @ts-expect-error TS2554 Expected 2 arguments
    await this.spawn(Counter);
    // @ts-expect-error TS2345 Property 'handleCall' is optional
    await this.spawn(Deaf);
    // @ts-expect-error TS2540 who it is is not for it to change
    this.parent = child;
    fits<AnyPid>(this.leader);
  }
}

// Options of a process.
const quality: EnvKey<number> = envKey('quality');
const overflow: ProcessName<{ message: FallbackMessage }> = processName('overflow');
const options: ProcessOptions = {
  mailboxSize: 10,
  fallback: { to: overflow, tag: 'full' },
  leader: counter,
  env: [env(quality, 90)],
  linkParent: true,
  linkChild: false,
  priority: 'high',
  initTimeoutMs: 0,
  logLevel: 'debug',
};
await node.spawn(Counter, { ...options, args: [1] });
// @ts-expect-error TS2353 there is no such option
await node.spawn(Free, { mailbox: 10 });
// @ts-expect-error TS2322 no such priority
await node.spawn(Free, { priority: 'urgent' });
// @ts-expect-error TS2322 no such level
await node.spawn(Free, { logLevel: 'trace' });
// @ts-expect-error TS2322 exactOptionalPropertyTypes: left out or a number
await node.spawn(Free, { mailboxSize: undefined });
// @ts-expect-error TS2322 a counter takes no fallback messages
await node.spawn(Free, { mailboxSize: 1, fallback: { to: counterName, tag: 'full' } });
// @ts-expect-error TS2345 the value of this key is a number
env(quality, 'high');
// @ts-expect-error TS2741 a key without its value
await node.spawn(Free, { env: [{ key: 'quality' }] });

// The environment knows its types.
const found = node.env(quality);
expect<Equal<typeof found, number | undefined>>();
const orElse = node.env(quality, 80);
expect<Equal<typeof orElse, number>>();
// @ts-expect-error TS2769 a fallback of another type
node.env(quality, 'low');
// @ts-expect-error TS2345 a value of another type
node.setEnv(quality, 'low');
node.setEnv(quality, undefined);

// Options of a node.
const settings: NodeOptions = {
  env: [env(quality, 70)],
  log: { level: 'warning', format: 'json', disableConsole: false, output: (line) => fits(line) },
  security: { exposeEnvInfo: true },
  shutdownTimeoutMs: 1000,
  freezeMessages: true,
  handleSignals: true,
};
const started = await startNode('types@localhost', settings);
expect<Equal<typeof started, Node>>();
fits<AsyncDisposable>(started);
// @ts-expect-error TS2353 there is no such option
await startNode('types@localhost', { cookie: 'x' });
// @ts-expect-error TS2820 no such level
await startNode('types@localhost', { log: { level: 'warn' } });
// @ts-expect-error TS2322 milliseconds are a number
await startNode('types@localhost', { shutdownTimeoutMs: '1s' });
// @ts-expect-error TS2554 a node has a name
await startNode();

// Names and aliases.
const byName = node.whereis(counterName);
expect<Equal<typeof byName, Pid<CounterProtocol> | undefined>>();
const former = node.unregisterName(counterName);
expect<Equal<typeof former, Pid<CounterProtocol>>>();
node.registerName(counterName, counter);
// @ts-expect-error TS2345 Free does not speak the counter's protocol
node.registerName(counterName, await node.spawn(Free));
export class Aliased extends Actor<CounterProtocol> {
  override handleMessage(_message: CounterMessage): Next {
    const alias = this.createAlias();
    expect<Equal<typeof alias, Alias<CounterProtocol>>>();
    this.deleteAlias(alias);
    this.registerName(counterName);
    // @ts-expect-error TS2345 a name of another protocol
    this.registerName(overflow);
    return noreply;
  }
}
