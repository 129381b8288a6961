import {
  Actor,
  childSpec,
  childTemplate,
  noreply,
  reply,
  startNode,
  type Answer,
  type ChildSpec,
  type ChildTemplate,
  type Next,
  type Node,
} from 'tergo';
import type { ExecutionContext } from 'ava';
import { FarTended, teller } from './far-tended.ts';
import { Tended, type Manners, type Story, type TendedProtocol } from './tended.ts';
import { behaviors, settled } from './places.ts';
import { turnstile } from './turnstile.ts';

/** Where the children of a supervisor or an application live, which is on thread 0 itself: the same test runs with each. */
export interface ChildPlace {
  /** Comes after the title of the test. */
  readonly title: string;
  readonly isThreaded: boolean;
  threadOf(name: string): number;
}

export const childPlaces: readonly ChildPlace[] = [
  { title: '', isThreaded: false, threadOf: () => 0 },
  { title: ', with children on another thread', isThreaded: true, threadOf: () => 1 },
  {
    title: ', with children on all threads',
    isThreaded: true,
    threadOf: (name) => (name.charCodeAt(0) + 1) % 3,
  },
];

/** The same for those that are numbered as they start, which on several threads would be in any order. */
export const workerPlaces: readonly ChildPlace[] = childPlaces.slice(0, 2);

/** A child that tells its story, in its place. */
export function tendedAt(
  place: ChildPlace,
  story: Story,
  name: string,
  significant = false,
): ChildSpec {
  if (!place.isThreaded) return childSpec(name, Tended, { args: [story, name], significant });
  const thread = place.threadOf(name);
  return childSpec(name, FarTended, { args: [name], significant, thread, logLevel: 'disabled' });
}

type TendedArgs = [story: Story, label: string, manners?: Manners];

/** A template of such children. */
export function templateAt(
  place: ChildPlace,
  name: string,
): ChildTemplate<TendedProtocol, TendedArgs> {
  if (!place.isThreaded) return childTemplate(name, Tended);
  const options = { thread: place.threadOf(name), logLevel: 'disabled' } as const;
  return childTemplate(name, FarTended, options) as object as ChildTemplate<
    TendedProtocol,
    TendedArgs
  >;
}

/** The arguments of an instance. */
export function argsAt(place: ChildPlace, story: Story, label: string): TendedArgs {
  return place.isThreaded ? ([label] as never) : [story, label];
}

/** Writes a story down, line by line, whoever tells it. */
class Teller extends Actor<{ message: string; request: { type: 'flush' } }> {
  #story: Story = [];

  override init(story: Story): void {
    this.#story = story;
  }

  override handleMessage(line: string): Next {
    this.#story.push(line);
    return noreply;
  }

  override handleCall(request: { type: 'flush' }): Answer {
    return reply(request, undefined as never);
  }
}

/** A node with threads, and the story that is told on them. */
export interface FarStage {
  readonly node: Node;
  readonly story: Story;
  /** What a process of thread 0 tells comes in its order among the others' lines. */
  readonly told: Story;
  /** Resolves when everybody is at rest. */
  settle(): Promise<void>;
}

export async function farStage(t: ExecutionContext): Promise<FarStage> {
  await turnstile(t);
  const log = { disableConsole: true };
  const node = await startNode('stage@localhost', { threads: 3, behaviors, log });
  t.teardown(() => node.stopForce());
  const story: Story = [];
  await node.spawn(Teller, { name: teller, args: [story] });
  const told = story.slice();
  told.push = (...lines) => {
    for (const line of lines) node.send(teller, line);
    return 0;
  };
  const settle = async (): Promise<void> => {
    if (!node.isAlive) return;
    let before = -1;
    // As long as there is more to tell.
    while (before !== story.length) {
      before = story.length;
      await settled(node);
      await node.call(teller, { type: 'flush' });
    }
  };
  return { node, story, told, settle };
}
