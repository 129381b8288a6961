import * as fc from 'fast-check';
import type { Kind, Mode, Priority, Step } from './player.ts';

/** A step whose target is chosen when it is known who there is. */
export interface StepSpec {
  readonly op: Step['op'];
  readonly other: number;
  /** Who hands a call on. */
  readonly third: number;
  readonly kind: Kind;
  readonly priority: Priority;
  readonly mode: Mode;
  readonly isLink: boolean;
  readonly count: number;
}

/** What the test does: it has a player do something, or does something to one or to a station. */
export interface Act {
  readonly act: 'script' | 'kill' | 'kill crew' | 'end thread' | 'part' | 'stop node';
  readonly who: number;
  readonly steps: readonly StepSpec[];
  /** Whether the event loop turns before the next one. */
  readonly turns: boolean;
}

export interface SpawnSpec {
  readonly station: number;
  readonly trapExit: boolean;
  readonly isNamed: boolean;
  /** One in some is a supervisor of players. */
  readonly isCrew: boolean;
}

/** Who comes, and what is done then. Between two rounds there may be no rest. */
export interface Round {
  readonly spawns: readonly SpawnSpec[];
  readonly acts: readonly Act[];
  readonly settles: boolean;
}

const who = fc.nat({ max: 1000 });
const op = fc.oneof(
  { weight: 8, arbitrary: fc.constant('send' as const) },
  { weight: 4, arbitrary: fc.constant('important' as const) },
  { weight: 6, arbitrary: fc.constant('call' as const) },
  { weight: 4, arbitrary: fc.constant('forward call' as const) },
  { weight: 3, arbitrary: fc.constantFrom('timer' as const, 'timer' as const, 'cancel' as const) },
  { weight: 3, arbitrary: fc.constant('spawn' as const) },
  { weight: 10, arbitrary: fc.constant('relate' as const) },
  { weight: 5, arbitrary: fc.constant('unrelate' as const) },
  { weight: 3, arbitrary: fc.constant('publish' as const) },
  { weight: 2, arbitrary: fc.constant('pause' as const) },
  {
    weight: 4,
    arbitrary: fc.constantFrom(
      ...(['give up name', 'take name', 'give up alias', 'give up event'] as const),
    ),
  },
);
const end = fc.constantFrom('exit' as const, 'crash' as const, 'stop' as const);

function steps(ops: fc.Arbitrary<Step['op']>): fc.Arbitrary<readonly StepSpec[]> {
  const step = fc.record({
    op: ops,
    other: who,
    third: who,
    kind: fc.constantFrom<Kind>('pid', 'pid', 'name', 'alias', 'event', 'node'),
    priority: fc.constantFrom<Priority>('normal', 'normal', 'high', 'max'),
    mode: fc.constantFrom<Mode>('now', 'now', 'later', 'async', 'none', 'crash', 'stop'),
    isLink: fc.boolean(),
    count: fc.constantFrom(1, 1, 5, 60),
  });
  return fc.array(step, { minLength: 1, maxLength: 8, size: 'max' });
}

/** Programs in which such things happen beside what players do. */
export function programs(ends: readonly Act['act'][]): fc.Arbitrary<readonly Round[]> {
  const calm = steps(op);
  const deadly = steps(fc.oneof({ weight: 8, arbitrary: op }, { weight: 1, arbitrary: end }));
  const script = fc.record({
    act: fc.constant('script' as const),
    who,
    steps: fc.oneof({ weight: 3, arbitrary: calm }, { weight: 1, arbitrary: deadly }),
    turns: fc.boolean(),
  });
  const other = fc.record({
    act: fc.constantFrom(...ends),
    who,
    steps: fc.constant([]),
    turns: fc.boolean(),
  });
  const acts = fc.oneof({ weight: 14, arbitrary: script }, { weight: 1, arbitrary: other });
  const spawn = fc.record({
    ...{ station: who, trapExit: fc.boolean(), isNamed: fc.boolean() },
    isCrew: fc.constantFrom(false, false, false, false, true),
  });
  const round = fc.record({
    spawns: fc.array(spawn, { minLength: 1, maxLength: 6, size: 'max' }),
    acts: fc.array<Act>(acts, { minLength: 2, maxLength: 25, size: 'max' }),
    settles: fc.boolean(),
  });
  return fc.array(round, { minLength: 1, maxLength: 3, size: 'max' });
}
