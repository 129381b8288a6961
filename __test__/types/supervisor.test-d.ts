import { Actor, childSpec, childTemplate, noreply, reply, Supervisor } from 'tergo';
import type {
  Answer,
  AnyPid,
  ChildInfo,
  ChildSpec,
  ChildTemplate,
  Next,
  Node,
  Pid,
  RestartInfo,
  Request,
  SupervisorSpec,
} from 'tergo';
import {
  counterName,
  type CounterMessage,
  type CounterProtocol,
} from '../../docs/samples/counter-contract.ts';
import { Counter } from '../../docs/samples/counter.ts';
import { type Equal, expect, fits } from './expect.ts';

declare const node: Node;

class Deaf extends Actor<CounterProtocol> {
  override handleMessage(_message: CounterMessage): Next {
    return noreply;
  }
}
class Free extends Actor {
  override init(_everyMs?: number): void {}
}
class Plain {}

// A child checks its name, its class and its arguments.
const counter = childSpec(counterName, Counter, { args: [1] });
expect<Equal<typeof counter, ChildSpec<CounterProtocol>>>();
childSpec('free', Free);
childSpec('free', Free, {});
childSpec('free', Free, { args: [500], restart: 'temporary', significant: true, mailboxSize: 10 });
childSpec('any name', Counter, { args: [1], intensity: 3, periodMs: 10, onExceed: 'disable' });
// @ts-expect-error TS2554 args missing
childSpec(counterName, Counter);
// @ts-expect-error TS2345 args missing
childSpec(counterName, Counter, { restart: 'permanent' });
// @ts-expect-error TS2322 wrong args
childSpec(counterName, Counter, { args: [true] });
// @ts-expect-error TS2322 too many
childSpec('free', Free, { args: [1, 2] });
// @ts-expect-error TS2345 the name promises another protocol
childSpec(counterName, Free);
// @ts-expect-error TS2345 Property 'handleCall' is optional in type 'Deaf' but required
childSpec('deaf', Deaf);
// @ts-expect-error TS2345 not a behaviour
childSpec('plain', Plain);
// @ts-expect-error TS2322 no such restart
childSpec('free', Free, { restart: 'always' });
// @ts-expect-error TS2353 its supervisor links it
childSpec('free', Free, { linkParent: false });
// @ts-expect-error TS2353 its name is the first argument
childSpec('free', Free, { name: 'other' });

// A template carries pid and arguments.
const worker: ChildTemplate<CounterProtocol, [start: number]> = childTemplate('worker', Counter);
expect<Equal<typeof worker, ChildTemplate<CounterProtocol, [start: number]>>>();
childTemplate('worker', Counter, { intensity: 3, shutdownTimeoutMs: 100, priority: 'high' });
// @ts-expect-error TS2353 the arguments come with startChild
childTemplate('worker', Counter, { args: [1] });
// @ts-expect-error TS2353 an instance is not significant
childTemplate('worker', Counter, { significant: true });
// @ts-expect-error TS2345 Property 'handleCall' is optional in type 'Deaf' but required
childTemplate('deaf', Deaf);

// Only what these functions made is a child, and the strategy says which.
const free = childSpec('free', Free);
fits<SupervisorSpec>({ strategy: 'one-for-one', children: [counter, free] });
fits<SupervisorSpec>({
  strategy: 'rest-for-one',
  children: [free],
  keepOrder: true,
  restart: 'permanent',
});
fits<SupervisorSpec>({
  strategy: 'simple-one-for-one',
  children: [worker],
  intensity: 0,
  periodMs: 1,
});
// @ts-expect-error TS2322 a literal was checked by nobody
fits<SupervisorSpec>({ strategy: 'one-for-one', children: [{ name: 'free' }] });
// @ts-expect-error TS2322 a template is no child
fits<SupervisorSpec>({ strategy: 'one-for-one', children: [worker] });
// @ts-expect-error TS2322 a child is no template
fits<SupervisorSpec>({ strategy: 'simple-one-for-one', children: [counter] });
// @ts-expect-error TS2353 nobody stops with anybody
fits<SupervisorSpec>({ strategy: 'one-for-one', children: [free], keepOrder: true });
// @ts-expect-error TS2353 it lives without children
fits<SupervisorSpec>({ strategy: 'simple-one-for-one', children: [worker], autoShutdown: false });
// @ts-expect-error TS2322 no such strategy
fits<SupervisorSpec>({ strategy: 'one-for-all', children: [free] });
// @ts-expect-error TS2322 no children
fits<SupervisorSpec>({ strategy: 'one-for-one' });

type Start = Request<{ type: 'start'; from: number }, Pid<CounterProtocol>>;
export class Workers extends Supervisor<{ request: Start }> {
  override init(size: number): SupervisorSpec {
    fits(size);
    return { strategy: 'simple-one-for-one', restart: 'transient', children: [worker] };
  }
  override async handleCall(request: Start): Promise<Answer> {
    const pid = await this.startChild(worker, { args: [request.from] });
    expect<Equal<typeof pid, Pid<CounterProtocol>>>();
    this.send(pid, { type: 'add', by: 1 });
    // @ts-expect-error TS2322 it takes no such message
    this.send(pid, { type: 'sub' });
    return reply(request, pid);
  }
  override handleChildTerminate(name: string, pid: Pid<never>, reason: unknown): Next {
    this.log.warning('child gone', { name, pid, reason });
    return noreply;
  }
  async changes(): Promise<void> {
    // @ts-expect-error TS2769 args missing
    await this.startChild(worker);
    // @ts-expect-error TS2769 wrong args
    await this.startChild(worker, { args: ['1'] });
    // @ts-expect-error TS2769 a name is no child
    await this.startChild('worker');
    // @ts-expect-error TS2769 a child has its arguments already
    await this.startChild(counter, { args: [1] });
    const started = await this.startChild(counter);
    expect<Equal<typeof started, Pid<CounterProtocol>>>();
    const added = await this.addChild(counter);
    expect<Equal<typeof added, Pid<CounterProtocol>>>();
    const template = await this.addChild(worker);
    expect<Equal<typeof template, void>>();
    await this.enableChild('worker');
    await this.disableChild('worker');
    // @ts-expect-error TS2345 a pid is no name
    await this.disableChild(started);
    expect<Equal<ReturnType<Workers['children']>, readonly ChildInfo[]>>();
    expect<Equal<ReturnType<Workers['restarts']>, readonly RestartInfo[]>>();
    const [{ pid } = { pid: undefined }] = this.children();
    fits<AnyPid | undefined>(pid);
  }
}

export class Silent extends Supervisor {
  override init(): Promise<SupervisorSpec> {
    return Promise.resolve({ strategy: 'one-for-one', children: [free] });
  }
  // @ts-expect-error TS2416 what happens next must be said
  override handleChildStart(): void {}
}
// @ts-expect-error TS2515 a supervisor has an init
export class Empty extends Supervisor {}
export class Wrong extends Supervisor {
  // @ts-expect-error TS2416 which gives the spec
  override init(): void {}
}

// A supervisor is an actor: spawned, named, called and supervised like any other.
const workers = await node.spawn(Workers, { args: [3] });
expect<Equal<typeof workers, Pid<{ request: Start }>>>();
const one = await node.call(workers, { type: 'start', from: 1 });
expect<Equal<typeof one, Pid<CounterProtocol>>>();
// @ts-expect-error TS2554 args missing
await node.spawn(Workers);
// @ts-expect-error TS2820 no such request
await node.call(workers, { type: 'stat', from: 1 });
childSpec('workers', Workers, { args: [3], shutdownTimeoutMs: Infinity });
// @ts-expect-error TS2511 an abstract class has no instances
await node.spawn(Supervisor);
