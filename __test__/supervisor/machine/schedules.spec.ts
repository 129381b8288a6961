import test from 'ava';
import type { ExitReason } from 'tergo';
import type { ChildPlan } from '../../../ts/supervisor/child.ts';
import { NamedSupervision } from '../../../ts/supervisor/named-supervision.ts';
import { SimpleSupervision } from '../../../ts/supervisor/simple-supervision.ts';
import { plan, SupervisionDesk, textOf } from '../../support/supervision-desk.ts';
import { SupervisionModel, type KidSpec, type ModelSpec } from '../../support/supervision-model.ts';

const strategies = ['one-for-one', 'all-for-one', 'rest-for-one', 'simple-one-for-one'] as const;
const restarts = ['permanent', 'transient', 'temporary'] as const;
const reasons: readonly ExitReason[] = ['normal', 'shutdown', 'kill', new Error('crash')];
const schedulesOfEach = 25_000;

/** Numbers that look random and are the same in every run. Source: mulberry32. */
class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  /** A whole number below `sides`. */
  roll(sides: number): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % sides;
  }

  isOneIn(chances: number): boolean {
    return this.roll(chances) === 0;
  }

  pick<T>(list: readonly T[]): T {
    return list[this.roll(list.length)]!;
  }
}

function randomSpec(dice: Dice, strategy: ModelSpec['strategy']): ModelSpec {
  return {
    ...{
      strategy,
      restart: dice.pick(restarts),
      intensity: dice.roll(5),
      periodMs: 1 + dice.roll(20),
    },
    ...{ keepOrder: dice.isOneIn(2), autoShutdown: !dice.isOneIn(3) },
  };
}

function randomKid(dice: Dice, name: string): KidSpec {
  return {
    ...{ name, restart: dice.isOneIn(3) ? dice.pick(restarts) : undefined },
    ...{ isSignificant: dice.isOneIn(8), isKilledAtOnce: dice.isOneIn(6) },
    own: dice.isOneIn(4) ? { intensity: dice.roll(4), disables: dice.isOneIn(2) } : undefined,
  };
}

function planOf(
  { name, restart, isSignificant, own, isKilledAtOnce }: KidSpec,
  label = name,
): ChildPlan<string> {
  const limit = own && {
    ...{ intensity: own.intensity, periodMs: undefined },
    onExceed: own.disables ? ('disable' as const) : ('terminate' as const),
  };
  const { rule } = plan(name, { restart, isSignificant, limit });
  return { rule: { ...rule, shutdownTimeoutMs: isKilledAtOnce ? 0 : 5000 }, start: label };
}

/** One supervisor, played by the machine and by the model at once. */
class Game {
  readonly desk: SupervisionDesk;
  readonly model: SupervisionModel;
  readonly #dice: Dice;
  readonly #isSimple: boolean;
  readonly #kids: KidSpec[];
  #serial = 0;

  constructor(dice: Dice, strategy: ModelSpec['strategy']) {
    this.#dice = dice;
    this.#isSimple = strategy === 'simple-one-for-one';
    const spec = randomSpec(dice, strategy);
    this.#kids = Array.from({ length: 1 + dice.roll(5) }, (_, at) => randomKid(dice, `k${at}`));
    const supervision =
      strategy === 'simple-one-for-one'
        ? new SimpleSupervision<string>(
            spec,
            this.#kids.map(({ name }) => name),
          )
        : new NamedSupervision<string>(
            { ...spec, strategy },
            this.#kids.map((kid) => planOf(kid)),
          );
    this.desk = new SupervisionDesk(supervision);
    this.model = new SupervisionModel(spec, this.#kids);
    if (dice.isOneIn(10)) this.#fail(dice.pick(this.#kids).name);
    this.desk.perform(supervision.begin());
    this.model.begin();
  }

  /** Something happens. */
  step(): void {
    const dice = this.#dice;
    this.desk.nowMs = this.model.nowMs += dice.isOneIn(3) ? dice.roll(25) : 0;
    const what = dice.roll(20);
    if (what < 9) this.#endSomebody();
    else if (what < 12) this.#endTold();
    else if (what < 13) this.#overdue();
    else if (what < 19) this.#change(what);
    else if (dice.isOneIn(4)) this.#stop();
    this.#check();
  }

  /** Whoever was told ends at last. */
  finish(): void {
    this.#stop();
    for (let steps = 0; !this.desk.isOver; steps++) {
      if (steps > 100) throw new Error('the supervisor does not end');
      this.#endTold();
      this.#check();
    }
  }

  /** An instance that has ended for good is forgotten. */
  #check(): void {
    const states = this.desk.supervision.children().map(({ state }) => state);
    if (this.#isSimple && states.includes('stopped'))
      throw new Error('an instance is not forgotten');
  }

  #endSomebody(): void {
    const { live } = this.desk;
    if (live.length > 0) this.#end(this.#dice.pick(live));
  }

  #endTold(): void {
    const { told } = this.desk;
    if (told.length > 0) this.#end(this.#dice.pick(told));
  }

  #end(child: SupervisionDesk['live'][number]): void {
    // Whether a start fails is decided anew each time.
    this.#mend();
    if (this.#dice.isOneIn(25)) this.#fail(child.start);
    const reason = this.#dice.pick(reasons);
    this.desk.end(child, reason);
    this.model.ended(child.start, reason);
  }

  #overdue(): void {
    const { live, supervision } = this.desk;
    if (live.length === 0) return;
    const child = this.#dice.pick(live);
    this.desk.perform(supervision.overdue(child));
    this.model.overdue(child.start);
  }

  #stop(): void {
    const reason = this.#dice.pick(reasons);
    this.desk.perform(this.desk.supervision.stop(reason));
    this.model.stop(reason);
  }

  #change(what: number): void {
    const { supervision } = this.desk;
    const kid = this.#dice.isOneIn(10) ? randomKid(this.#dice, 'x') : this.#dice.pick(this.#kids);
    const { name } = kid;
    const label = this.#isSimple ? `${name}.${this.#serial++}` : name;
    this.#mend();
    if (this.#dice.isOneIn(6)) this.#fail(label);
    if (what < 15)
      this.#both(
        () => supervision.start(planOf(kid, label)),
        () => this.model.start(name, label, kid),
      );
    else if (what < 16) {
      const added = randomKid(this.#dice, `n${this.#dice.roll(3)}`);
      this.#both(
        () => supervision.add(planOf(added)),
        () => this.model.add(added),
      );
      if (!this.#kids.some((one) => one.name === added.name)) this.#kids.push(added);
    } else if (what < 18)
      this.#both(
        () => supervision.enable(name),
        () => this.model.enable(name),
      );
    else
      this.#both(
        () => supervision.disable(name),
        () => this.model.disable(name),
      );
  }

  #both(
    ask: () => Parameters<SupervisionDesk['perform']>[0],
    inModel: () => string | undefined,
  ): void {
    let refusal: string | undefined;
    try {
      this.desk.perform(ask());
    } catch (error) {
      refusal = textOf(error as Error);
    }
    this.desk.log.push(`asked: ${refusal}`);
    this.model.log.push(`asked: ${inModel()}`);
    if (this.desk.log.length !== this.model.log.length) throw new Error('here the logs part');
  }

  #fail(label: string): void {
    this.desk.failing.add(label);
    this.model.failing.add(label);
  }

  #mend(): void {
    this.desk.failing.clear();
    this.model.failing.clear();
  }
}

for (const strategy of strategies) {
  test(`${strategy}: ${schedulesOfEach} random schedules of crashes, changes and stops go as the rules say`, (t) => {
    let lines = 0;
    const met = new Map<string, number>();
    for (let seed = 0; seed < schedulesOfEach; seed++) {
      const dice = new Dice(seed * 4 + strategies.indexOf(strategy));
      const game = new Game(dice, strategy);
      let failure: unknown;
      try {
        for (let left = dice.roll(40); left > 0 && !game.desk.isOver; left--) game.step();
        game.finish();
      } catch (error) {
        failure = error;
      }
      const { log } = game.desk;
      const isSame =
        log.length === game.model.log.length &&
        log.every((line, at) => line === game.model.log[at]);
      if (failure !== undefined || !isSame) {
        t.deepEqual(log, game.model.log, `seed ${seed}: ${String(failure)}`);
        t.fail(`seed ${seed}: ${String(failure)}`);
      }
      lines += log.length;
      for (const line of log) {
        const kind = line.replace(/ [kxn]\d[.\d]*/, '');
        met.set(kind, (met.get(kind) ?? 0) + 1);
      }
    }
    t.log(`${lines} lines`);
    for (const kind of [
      'start',
      'failed',
      'ended kill',
      'stop crash',
      'child killed',
      'child disabled',
    ])
      t.true((met.get(kind) ?? 0) > 100, `${kind}: ${met.get(kind)}`);
    for (const reason of ['normal', 'crash', 'supervisor-restarts-exceeded', 'no'])
      t.true((met.get(`end ${reason}`) ?? 0) > 100, `end ${reason}: ${met.get(`end ${reason}`)}`);
  });
}
