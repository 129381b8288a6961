import {
  Actor,
  childSpec,
  childTemplate,
  noreply,
  reply,
  startNode,
  type Answer,
  type ChildOptions,
  type ChildSpec,
  type ChildTemplate,
  type Next,
  type Node,
} from 'tergo';
import type { ExecutionContext } from 'ava';
import { FarTended, teller } from './far-tended.ts';
import { Tended, type Manners, type Story, type TendedProtocol } from './tended.ts';
import { behaviors, emptiedPlace, settled } from './places.ts';
import { turnstile } from './turnstile.ts';

/** Where the children of a supervisor or an application live, which is on thread 0 itself: the same test runs with each. */
export interface ChildPlace {
  /** Comes after the title of the test. */
  readonly title: string;
  readonly isThreaded: boolean;
  /** Whether one node serves one test after the other, each of them `test.serial`. */
  readonly isSerial?: boolean;
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

/** The same on one other thread: those that are numbered as they start would be so in any order on several. */
export const workerPlaces: readonly ChildPlace[] = childPlaces
  .slice(0, 2)
  .map((place) => ({ ...place, isSerial: place.isThreaded }));

/** A child that tells its story, in its place. */
export function tendedAt(
  place: ChildPlace,
  story: Story,
  name: string,
  significant = false,
  rest: ChildRest = {},
): ChildSpec {
  const options = { ...rest, significant };
  if (!place.isThreaded) return childSpec(name, Tended, { ...options, args: [story, name] });
  const far = { thread: place.threadOf(name), logLevel: 'disabled' } as const;
  return childSpec(name, FarTended, { ...options, ...far, args: [name] });
}

/** A child whose `init` throws an error with that text. */
export function failingAt(place: ChildPlace, name: string, failure: string): ChildSpec {
  const onInit = (): never => {
    throw new Error(failure);
  };
  if (!place.isThreaded) return childSpec(name, Tended, { args: [[], name, { onInit }] });
  const far = { thread: place.threadOf(name), logLevel: 'disabled' } as const;
  return childSpec(name, FarTended, { ...far, args: [name, failure] });
}

/** What else a child may have. */
export type ChildRest = Pick<ChildOptions<[]>, 'restart' | 'intensity' | 'periodMs' | 'onExceed'>;

type TendedArgs = [story: Story, label: string, manners?: Manners];

/** A template of such children. */
export function templateAt(
  place: ChildPlace,
  name: string,
  rest: ChildRest = {},
): ChildTemplate<TendedProtocol, TendedArgs> {
  if (!place.isThreaded) return childTemplate(name, Tended, rest);
  const options = { ...rest, thread: place.threadOf(name), logLevel: 'disabled' } as const;
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

export async function farStage(t: ExecutionContext, place?: ChildPlace): Promise<FarStage> {
  const node = place?.isSerial === true ? await emptiedPlace(t, place) : await ownNode(t);
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

async function ownNode(t: ExecutionContext): Promise<Node> {
  await turnstile(t);
  const log = { disableConsole: true };
  const node = await startNode('stage@localhost', { threads: 3, behaviors, log });
  t.teardown(() => node.stopForce());
  return node;
}
