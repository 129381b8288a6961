import type { LocalPid } from '../process/pid.ts';
import type { RelationTarget } from '../relation/relation.ts';
import type { Station } from './station.ts';

/** What can be watched on another thread or node: where it stands there, and what users call it. */
export interface FarTarget {
  /** Tells it apart from all others that this thread has ever known. */
  readonly key: string;
  /** Who is asked first: what it names may be on another thread of that node. */
  readonly station: Station;
  /** Of the event, for which `PUBLISH` works. */
  readonly isEvent: boolean;
  /** What the other side is told: a pid, an alias, or the kind and the name. */
  readonly words: unknown;
  readonly about: RelationTarget;
}

/** An address of this thread that stands for something on another one: relations are made onto it. */
export class Proxy {
  readonly number: number;
  readonly target: FarTarget;
  readonly index: number;
  readonly generation: number;
  /** Who watches it. */
  station: Station;
  /** Whose the target is, as far as is known. */
  owner: LocalPid | undefined;
  /** Relations that stand or are about to. */
  uses = 0;
  /** By which it is watched, too, since it was spawned from here. */
  spawnNumber: number | undefined;
  /** Whether the other side watches, as far as is known. */
  isStanding = false;
  /** Of an event of another node: by what that calls the publications. */
  feed: number | undefined;
  /** Whether another event has the name by now, as far as is known, and is watched by the same number. */
  isOutdated = false;
  /** Who waits for the end of what it stands for. */
  readonly ended: (() => void)[] = [];
  /** Those that wait for its answer, in the order in which they asked. */
  readonly waiting: Wish[] = [];

  constructor(number: number, target: FarTarget, index: number, generation: number) {
    this.number = number;
    this.target = target;
    this.station = target.station;
    this.index = index;
    this.generation = generation;
    const { about } = target;
    this.owner = 'alias' in about ? about.alias.owner : this.pid;
  }

  /** By which the other side knows it. */
  get numbers(): readonly number[] {
    return this.spawnNumber === undefined ? [this.number] : [this.number, this.spawnNumber];
  }

  /** The process that it stands for, if it is one. */
  get pid(): LocalPid | undefined {
    const { about } = this.target;
    return 'pid' in about ? about.pid : undefined;
  }
}

/** Somebody who waits for the answer to a wish to watch. */
export interface Wish {
  /** For what. */
  of: Proxy;
  /** Nobody waits any more, and its use is not counted; the answer comes all the same. */
  isGivenUp: boolean;
  ready(answer: WatchAnswer): void;
}

/** What the other side says to a wish to watch: why not, or the backlog of an event. */
export type WatchAnswer = { readonly error: Error } | { readonly backlog: readonly unknown[] };
