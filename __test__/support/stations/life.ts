import type { Origin } from './player.ts';

/** What somebody has begun that settles later. */
export interface Operation {
  readonly op: string;
  readonly words: readonly unknown[];
  /** How often all had come to rest before. */
  readonly epoch: number;
  outcome?: 'done' | 'failed';
  value?: unknown;
}

/** One player as the journal tells of it. */
export interface Life {
  readonly id: number;
  readonly pid: string;
  readonly node: string;
  readonly isAlive: boolean;
  readonly origin: Origin | null;
  reason?: string;
  readonly operations: Map<number, Operation>;
  /** By link or monitor and target. */
  readonly relations: Map<string, Relation>;
  /** By sender and order: the numbers that came. */
  readonly got: Map<string, number[]>;
  /** By event. */
  readonly events: Map<string, number[]>;
  readonly published: number[];
  readonly signals: string[];
  readonly timers: Map<number, Timing>;
}

/** A message that is to be sent later. */
export interface Timing {
  readonly of: number;
  readonly key: string;
  readonly epoch: number;
  isCancelled: boolean;
}

export interface Relation {
  readonly key: string;
  readonly of: number;
  made: number;
  refused: number;
  undone: number;
  /** So often it must have fired or been undone: a connection was ended on purpose. */
  due: number;
  /** Made with a spawn; whoever links by itself before it knows of that has one link. */
  isOfSpawn: boolean;
  readonly backlogs: (readonly number[])[];
  readonly notices: string[];
}

export function newLife(
  id: number,
  [pid, , node, origin]: readonly [string, boolean, string, Origin | null],
  isAlive: boolean,
): Life {
  return {
    ...{ id, pid, node, isAlive, origin, operations: new Map(), relations: new Map() },
    ...{ got: new Map(), events: new Map(), published: [], signals: [], timers: new Map() },
  };
}

export function relationOf({ relations }: Life, kind: string, key: string, of: number): Relation {
  const place = `${kind} ${key}`;
  const known = relations.get(place);
  // A notice may be written before the word that the relation is made.
  const relation = known ?? {
    ...{ key, of, made: 0, refused: 0, undone: 0, due: 0, isOfSpawn: false },
    ...{ backlogs: [], notices: [] },
  };
  if (known === undefined || (known.of === 0 && of > 0)) relations.set(place, { ...relation, of });
  return relations.get(place)!;
}

/** How many of a relation stand, as far as is written. */
export function balanceOf({ made, undone, notices }: Relation): number {
  return made - undone - notices.length;
}

/** Of several that it made at once by a spawn and by itself there is one. */
export function make(relation: Relation, backlog: readonly number[], isOfSpawn: boolean): void {
  const isSame = (isOfSpawn || relation.isOfSpawn) && balanceOf(relation) > 0;
  relation.isOfSpawn ||= isOfSpawn;
  if (isSame) return;
  relation.made += 1;
  relation.backlogs.push(backlog);
}

export function listIn(lists: Map<string, number[]>, key: string): number[] {
  const list = lists.get(key) ?? [];
  lists.set(key, list);
  return list;
}

export function isRising(numbers: readonly number[]): boolean {
  return numbers.every((n, at) => at === 0 || n > numbers[at - 1]!);
}
