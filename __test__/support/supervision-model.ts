import type { ExitReason } from 'tergo';
import { textOf } from './supervision-desk.ts';

type Strategy = 'one-for-one' | 'all-for-one' | 'rest-for-one' | 'simple-one-for-one';
type Restart = 'permanent' | 'transient' | 'temporary';

/** What is said of a child. */
export interface KidSpec {
  readonly name: string;
  readonly restart: Restart | undefined;
  readonly isSignificant: boolean;
  readonly own: { readonly intensity: number; readonly disables: boolean } | undefined;
  readonly isKilledAtOnce: boolean;
}

export interface ModelSpec {
  readonly strategy: Strategy;
  readonly restart: Restart;
  readonly intensity: number;
  readonly periodMs: number;
  readonly keepOrder: boolean;
  readonly autoShutdown: boolean;
}

interface Kid {
  readonly label: string;
  readonly spec: KidSpec;
  state: 'gone' | 'up' | 'told';
  isDisabled: boolean;
  times: number[];
}

/**
 * The rules of supervision once more, written for clarity: every question is answered by looking at all
 * children anew. What it writes into its log must be what the state machine makes a desk write.
 */
export class SupervisionModel {
  readonly log: string[] = [];
  readonly failing: Set<string> = new Set();
  nowMs = 0;
  readonly #spec: ModelSpec;
  #kids: Kid[] = [];
  /** Templates, and whether they are disabled. */
  readonly #templates = new Map<string, boolean>();
  #times: number[] = [];
  /** Who stops and starts together: everybody from this place on. */
  #group: { from: number; readonly reason: ExitReason } | undefined;
  #over: ExitReason | undefined;

  constructor(spec: ModelSpec, kids: readonly KidSpec[]) {
    this.#spec = spec;
    if (this.#isSimple) for (const { name } of kids) this.#templates.set(name, false);
    else this.#kids = kids.map((kid) => newKid(kid.name, kid));
  }

  get isOver(): boolean {
    return this.#over !== undefined;
  }

  begin(): void {
    if (this.#isSimple) return;
    for (const kid of this.#kids) {
      if (!this.#up(kid)) {
        this.#end(new Error(`no ${kid.label}`));
        return;
      }
    }
  }

  ended(label: string, reason: ExitReason): void {
    const kid = this.#kids.find((one) => one.label === label)!;
    const wasTold = kid.state === 'told';
    kid.state = 'gone';
    this.log.push(`ended ${label} ${textOf(reason)}`);
    if (this.#over !== undefined) this.#wind();
    else if (this.#group !== undefined && this.#kids.indexOf(kid) >= this.#group.from)
      this.#regroup();
    else if (wasTold) this.#away(kid, reason);
    else this.#judge(kid, reason);
  }

  overdue(label: string): void {
    if (this.#kids.find((one) => one.label === label)?.state === 'told')
      this.log.push(`child killed ${label}`);
  }

  stop(reason: ExitReason): void {
    if (this.#over === undefined) this.#end(reason);
  }

  start(name: string, label: string, spec: KidSpec): string | undefined {
    if (this.#isBusy) return 'supervisor-strategy-active';
    if (this.#isSimple) {
      if (!this.#templates.has(name)) return 'child-unknown';
      if (this.#templates.get(name)) return 'child-disabled';
      const kid = newKid(label, spec);
      this.#kids.push(kid);
      if (!this.#up(kid)) this.#kids.pop();
      return undefined;
    }
    const kid = this.#kids.find((one) => one.label === name);
    if (kid === undefined) return 'child-unknown';
    if (kid.isDisabled) return 'child-disabled';
    if (kid.state !== 'gone') return 'child-running';
    this.#up(kid);
    return undefined;
  }

  add(spec: KidSpec): string | undefined {
    if (this.#isBusy) return 'supervisor-strategy-active';
    if (this.#isSimple) {
      if (this.#templates.has(spec.name)) return 'child-duplicate';
      this.#templates.set(spec.name, false);
      return undefined;
    }
    if (this.#kids.some(({ label }) => label === spec.name)) return 'child-duplicate';
    const kid = newKid(spec.name, spec);
    this.#kids.push(kid);
    if (!this.#up(kid)) this.#kids.pop();
    return undefined;
  }

  enable(name: string): string | undefined {
    if (this.#isBusy) return 'supervisor-strategy-active';
    if (this.#isSimple) {
      if (!this.#templates.has(name)) return 'child-unknown';
      this.#templates.set(name, false);
      return undefined;
    }
    const kid = this.#kids.find((one) => one.label === name);
    if (kid === undefined) return 'child-unknown';
    if (!kid.isDisabled) return undefined;
    if (kid.state !== 'gone') return 'supervisor-strategy-active';
    kid.times = [];
    kid.isDisabled = !this.#up(kid);
    return undefined;
  }

  disable(name: string): string | undefined {
    if (this.#isBusy) return 'supervisor-strategy-active';
    if (this.#isSimple) {
      if (!this.#templates.has(name)) return 'child-unknown';
      this.#templates.set(name, true);
      const instances = this.#alive().filter((kid) => kid.spec.name === name);
      for (const kid of instances.toReversed()) this.#tell(kid, 'shutdown');
      return undefined;
    }
    const kid = this.#kids.find((one) => one.label === name);
    if (kid === undefined) return 'child-unknown';
    if (kid.isDisabled) return undefined;
    kid.isDisabled = true;
    this.#tell(kid, 'shutdown');
    return undefined;
  }

  get #isSimple(): boolean {
    return this.#spec.strategy === 'simple-one-for-one';
  }

  get #isBusy(): boolean {
    return this.#over !== undefined || this.#group !== undefined;
  }

  #restartOf(kid: Kid): Restart {
    return kid.spec.restart ?? this.#spec.restart;
  }

  #alive(from = 0): Kid[] {
    return this.#kids.slice(from).filter(({ state }) => state !== 'gone');
  }

  #up(kid: Kid): boolean {
    const isUp = !this.failing.has(kid.label);
    this.log.push(`${isUp ? 'start' : 'failed'} ${kid.label}`);
    if (isUp) kid.state = 'up';
    return isUp;
  }

  #tell(kid: Kid, reason: ExitReason): void {
    if (kid.state !== 'up') return;
    kid.state = 'told';
    this.log.push(`stop ${kid.label} ${kid.spec.isKilledAtOnce ? 'kill' : textOf(reason)}`);
  }

  #judge(kid: Kid, reason: ExitReason): void {
    const restart = this.#restartOf(kid);
    const isCrash = reason !== 'normal' && reason !== 'shutdown';
    const comesBack = restart === 'permanent' || (restart === 'transient' && isCrash);
    if (!comesBack && kid.spec.isSignificant && !this.#isSimple) this.#end(reason);
    else if (!comesBack) this.#away(kid, reason);
    else if (this.#isTooMuch(kid)) this.#tooMuch(kid, reason);
    else this.#again(kid, reason);
  }

  #isTooMuch(kid: Kid): boolean {
    const { own } = kid.spec;
    const times = own === undefined ? this.#times : kid.times;
    times.push(this.nowMs);
    const recent = times.filter((time) => this.nowMs - time <= this.#spec.periodMs);
    return recent.length > (own ?? this.#spec).intensity;
  }

  #tooMuch(kid: Kid, reason: ExitReason): void {
    if (kid.spec.own?.disables !== true) {
      const error = Object.assign(new Error(), { code: 'supervisor-restarts-exceeded' });
      this.#end(error);
      return;
    }
    kid.isDisabled = true;
    this.log.push(`child disabled ${kid.label}`);
    this.#away(kid, reason);
  }

  #again(kid: Kid, reason: ExitReason): void {
    if (this.#spec.strategy === 'all-for-one' || this.#spec.strategy === 'rest-for-one') {
      const from = this.#spec.strategy === 'all-for-one' ? 0 : this.#kids.indexOf(kid);
      this.#group = { from, reason: this.#group?.reason ?? reason };
      this.#regroup();
    } else if (!this.#up(kid)) {
      if (this.#isSimple) this.#kids = this.#kids.filter((one) => one !== kid);
      this.#end(new Error(`no ${kid.label}`));
    }
  }

  /** The group stops; when nobody of it lives, it starts. */
  #regroup(): void {
    const { from, reason } = this.#group!;
    const alive = this.#alive(from);
    if (alive.length > 0) {
      const next = this.#spec.keepOrder ? alive.slice(-1) : alive.toReversed();
      for (const kid of next) this.#tell(kid, reason);
      return;
    }
    this.#group = undefined;
    for (const kid of this.#kids.slice(from)) {
      if (kid.isDisabled || this.#restartOf(kid) === 'temporary') continue;
      if (!this.#up(kid)) {
        this.#end(new Error(`no ${kid.label}`));
        return;
      }
    }
  }

  /** A child is gone and stays so. */
  #away(kid: Kid, reason: ExitReason): void {
    if (this.#isSimple) {
      this.#kids = this.#kids.filter((one) => one !== kid);
      return;
    }
    const isLast = this.#group === undefined && this.#alive().length === 0;
    if (isLast && this.#spec.autoShutdown && this.#restartOf(kid) !== 'permanent')
      this.#end(reason);
  }

  #end(reason: ExitReason): void {
    this.#group = undefined;
    this.#over = reason;
    this.#wind();
  }

  #wind(): void {
    const alive = this.#alive();
    if (alive.length === 0) this.log.push(`end ${textOf(this.#over!)}`);
    const next = this.#isSimple ? alive.toReversed() : alive.slice(-1);
    for (const kid of next) this.#tell(kid, this.#over!);
  }
}

function newKid(label: string, spec: KidSpec): Kid {
  return { label, spec, state: 'gone', isDisabled: false, times: [] };
}
