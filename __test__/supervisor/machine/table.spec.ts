import test from 'ava';
import type { ExitReason } from 'tergo';
import { NamedSupervision } from '../../../ts/supervisor/named-supervision.ts';
import type { Restart } from '../../../ts/supervisor/restart.ts';
import { SimpleSupervision } from '../../../ts/supervisor/simple-supervision.ts';
import { plan, SupervisionDesk, textOf } from '../../support/supervision-desk.ts';

const strategies = ['one-for-one', 'all-for-one', 'rest-for-one', 'simple-one-for-one'] as const;
type Strategy = (typeof strategies)[number];
const restarts: readonly Restart[] = ['permanent', 'transient', 'temporary'];
const reasons: readonly ExitReason[] = ['normal', 'shutdown', 'kill', new Error('crash')];
const names = ['a', 'b', 'c', 'd'];

interface Row {
  readonly strategy: Strategy;
  /** Said by the supervisor, or by the child itself, over a supervisor that says otherwise. */
  readonly restart: Restart;
  readonly saidBy: 'supervisor' | 'child';
  readonly reason: ExitReason;
  readonly isSignificant: boolean;
  readonly position: number;
  readonly keepOrder: boolean;
}

/** What must happen, told from the rules and not from the machine. */
function expected({
  strategy,
  restart,
  reason,
  isSignificant,
  position,
  keepOrder,
}: Row): string[] {
  const hit = names[position]!;
  const text = textOf(reason);
  const isAbnormal = reason === 'kill' || reason instanceof Error;
  const comesBack = restart === 'permanent' || (restart === 'transient' && isAbnormal);
  const lines = [`ended ${hit} ${text}`];
  if (!comesBack) {
    if (!isSignificant || strategy === 'simple-one-for-one') return lines;
    for (const name of names.toReversed().filter((name) => name !== hit))
      lines.push(`stop ${name} ${text}`, `ended ${name} ${text}`);
    return [...lines, `end ${text}`];
  }
  if (strategy === 'one-for-one' || strategy === 'simple-one-for-one')
    return [...lines, `start ${hit}`];
  const group = strategy === 'all-for-one' ? names : names.slice(position);
  const others = group.filter((name) => name !== hit).toReversed();
  if (keepOrder)
    for (const name of others) lines.push(`stop ${name} ${text}`, `ended ${name} ${text}`);
  else {
    lines.push(...others.map((name) => `stop ${name} ${text}`));
    lines.push(...others.map((name) => `ended ${name} ${text}`));
  }
  return [...lines, ...group.map((name) => `start ${name}`)];
}

function played(row: Row): string[] {
  const { strategy, restart, saidBy, reason, isSignificant, position, keepOrder } = row;
  // Says the supervisor something else, the others go by that: it must make no difference to this end.
  const other: Restart = restart === 'permanent' ? 'transient' : 'permanent';
  const rules = {
    ...{ restart: saidBy === 'supervisor' ? restart : other, intensity: 5, periodMs: 5000 },
    ...{ keepOrder, autoShutdown: true },
  };
  const own = saidBy === 'child' ? { restart } : {};
  const plans = names.map((name, at) =>
    plan(name, at === position ? { isSignificant, ...own } : {}),
  );
  const isSimple = strategy === 'simple-one-for-one';
  const supervision = isSimple
    ? new SimpleSupervision<string>(rules, names)
    : new NamedSupervision<string>({ ...rules, strategy }, plans);
  const desk = new SupervisionDesk(supervision);
  desk.perform(supervision.begin());
  if (isSimple) {
    for (const child of plans) desk.perform(supervision.start(child));
  }
  desk.log.length = 0;
  desk.end(supervision.children()[position]!, reason);
  desk.settle();
  return desk.log;
}

/** Every row of one strategy and restart type. */
function* rowsOf(strategy: Strategy, restart: Restart): Generator<Row> {
  // The digits of a number, one for each column.
  for (let number = 0; number < 2 * reasons.length * 2 * names.length * 2; number++) {
    let rest = number;
    const digit = (base: number): number => {
      const value = rest % base;
      rest = (rest - value) / base;
      return value;
    };
    yield {
      ...{ strategy, restart },
      saidBy: digit(2) === 0 ? 'supervisor' : 'child',
      reason: reasons[digit(reasons.length)]!,
      isSignificant: digit(2) === 0,
      position: digit(names.length),
      keepOrder: digit(2) === 0,
    };
  }
}

for (const strategy of strategies) {
  for (const restart of restarts) {
    test(`${strategy}, ${restart}: every reason, significant or not, at every place, does what the rules say`, (t) => {
      const rows = [...rowsOf(strategy, restart)];
      t.is(
        new Set(rows.map((row) => JSON.stringify({ ...row, reason: textOf(row.reason) }))).size,
        128,
      );
      for (const row of rows) t.deepEqual(played(row), expected(row), JSON.stringify(row));
    });
  }
}
