import type { ExecutionContext } from 'ava';
import {
  noreply,
  reply,
  Supervisor,
  type Answer,
  type AnyPid,
  type ChildInfo,
  type Exit,
  type ExitReason,
  type LogRecord,
  type MaybePromise,
  type Next,
  type Node,
  type Pid,
  type Request,
  type SpawnOptions,
  type SupervisorSpec,
} from 'tergo';
import { virtualClock, type VirtualClock } from 'tergo/testing';
import { recordLog } from './log-records.ts';
import { type ChildPlace, farStage } from './child-places.ts';
import { freshName } from './places.ts';
import { textOf, type Story, type TendedProtocol } from './tended.ts';
import { hasEnded, quietNode } from './witness.ts';

export { Tended, textOf } from './tended.ts';
export type { Manners, Story, TendedProtocol, TendedTask } from './tended.ts';

export type KeeperTask = (self: Keeper) => MaybePromise<Next | void>;
export type KeeperRequest = Request<{ type: 'ask'; ask: (self: Keeper) => unknown }, unknown>;
export interface KeeperProtocol {
  message: KeeperTask;
  request: KeeperRequest;
}

/** A supervisor that does what tests tell it to. */
export class Keeper extends Supervisor<KeeperProtocol> {
  #story: Story = [];

  override init(
    spec: SupervisorSpec | ((self: Keeper) => MaybePromise<SupervisorSpec>),
    story: Story = [],
  ): MaybePromise<SupervisorSpec> {
    this.#story = story;
    return typeof spec === 'function' ? spec(this) : spec;
  }

  override handleMessage(task: KeeperTask): MaybePromise<Next> {
    const result = task(this);
    return result instanceof Promise ? result.then(nextOf) : nextOf(result);
  }

  override handleCall(request: KeeperRequest): MaybePromise<Answer> {
    const result = request.ask(this);
    return result instanceof Promise
      ? result.then((value: unknown) => reply(request, value))
      : reply(request, result);
  }

  override terminate(reason: ExitReason, exit?: Exit): void {
    this.#story.push(`end ${textOf(reason)}${exit === undefined ? '' : ' by exit'}`);
  }
}

/** A keeper that hears of its children, too. */
export class Listener extends Keeper {
  #heard: Story = [];

  override init(
    spec: SupervisorSpec | ((self: Keeper) => MaybePromise<SupervisorSpec>),
    story: Story = [],
    heard: Story = story,
  ): MaybePromise<SupervisorSpec> {
    this.#heard = heard;
    return super.init(spec, story);
  }

  override handleChildStart(name: string, pid: Pid<never>): Next {
    this.#heard.push(`started ${name} ${pid.id}`);
    return noreply;
  }

  override handleChildTerminate(name: string, pid: Pid<never>, reason: ExitReason): Next {
    this.#heard.push(`terminated ${name} ${pid.id} ${textOf(reason)}`);
    return noreply;
  }
}

/** A supervisor from the test's side. */
export interface Kept {
  readonly node: Node;
  readonly clock: VirtualClock;
  readonly pid: Pid<KeeperProtocol>;
  readonly story: Story;
  /** What `Listener` heard. */
  readonly heard: Story;
  readonly log: readonly LogRecord[];
  /** What a callback of the supervisor gives for `ask`; rejects with what it throws, which is no crash. */
  ask<T>(ask: (self: Keeper) => MaybePromise<T>): Promise<T>;
  children(): Promise<readonly ChildInfo[]>;
  /** The pid of a child that runs. */
  child(name: string): Promise<Pid<TendedProtocol>>;
  /** Ends a child that runs, from outside, and waits until everybody is at rest. */
  end(child: string | AnyPid, reason: ExitReason): Promise<void>;
  /** The story since the last time, once everybody is at rest. */
  told(): Promise<Story>;
  isAlive(): boolean;
}

/** A node with a clock that stands still. */
export async function stillNode(
  t: ExecutionContext,
): Promise<{ readonly node: Node; readonly clock: VirtualClock; readonly log: LogRecord[] }> {
  const clock = virtualClock();
  const node = await quietNode(t, { clock });
  return { node, clock, log: recordLog(node) };
}

/** Starts a supervisor on a node of its own. `specOf` gets the story for the arguments of the children. */
export async function keep(
  t: ExecutionContext,
  specOf: (story: Story) => SupervisorSpec | ((self: Keeper) => MaybePromise<SupervisorSpec>),
  { as = Keeper, place, ...options }: KeepOptions = {},
): Promise<Kept> {
  const { node, clock, log, story, own, settle } = await stageOf(t, place);
  const heard: Story = [];
  const args: never = [specOf(story), own, heard] as never;
  const pid: Pid<KeeperProtocol> = await node.spawn(as, { ...options, args });
  let told = 0;
  const ask = <T>(question: (self: Keeper) => MaybePromise<T>): Promise<T> =>
    askOf(node, pid, question);
  const children = (): Promise<readonly ChildInfo[]> => ask((self) => self.children());
  const child = async (name: string): Promise<Pid<TendedProtocol>> => {
    const found = (await children()).find((info) => info.name === name)?.pid;
    if (found === undefined) throw new Error(`no child ${name} runs`);
    return found as Pid<TendedProtocol>;
  };
  return {
    ...{ node, clock, pid, story, heard, log, ask, children, child },
    end: async (whom, reason) => {
      const target = typeof whom === 'string' ? await child(whom) : whom;
      if (reason === 'kill') node.kill(target);
      else node.sendExit(target, reason);
      await settle();
    },
    told: async () => {
      await settle();
      const news = story.slice(told);
      told = story.length;
      return news;
    },
    isAlive: () => !hasEnded(node, pid),
  };
}

type KeepOptions = Omit<SpawnOptions<KeeperProtocol, []>, 'args'> & {
  readonly as?: typeof Keeper;
  /** Where its children live, if not on its own thread. */
  readonly place?: ChildPlace;
};

/** Where a story is played, and who tells what in it. */
interface Stage {
  readonly node: Node;
  readonly clock: VirtualClock;
  readonly log: LogRecord[];
  readonly story: Story;
  /** For those of thread 0 who tell in it. */
  readonly own: Story;
  settle(): Promise<void>;
}

/** A node with a clock that stands still; or one with threads, whose clocks go. */
export async function stageOf(t: ExecutionContext, place: ChildPlace | undefined): Promise<Stage> {
  if (place?.isThreaded !== true) {
    const { node, clock, log } = await stillNode(t);
    const story: Story = [];
    return { node, clock, log, story, own: story, settle: () => clock.settle() };
  }
  const { node, story, told: own, settle } = await farStage(t, place);
  const name = freshName('records');
  t.teardown(() => node.isAlive && node.removeLogger(name));
  return { node, clock: virtualClock(), log: recordLog(node, name), story, own, settle };
}

async function askOf<T>(
  node: Node,
  pid: Pid<KeeperProtocol>,
  question: (self: Keeper) => MaybePromise<T>,
): Promise<T> {
  const settled = Promise.withResolvers<T>();
  const ask = async (self: Keeper): Promise<void> => {
    try {
      settled.resolve(await question(self));
    } catch (error) {
      settled.reject(error);
    }
  };
  await node.call(pid, { type: 'ask', ask });
  return settled.promise;
}

function nextOf(result: Next | void): Next {
  return result ?? noreply;
}
