import type { ExitReason } from 'tergo';
import type { Child, ChildPlan, ChildRule } from '../../ts/supervisor/child.ts';
import type { Action, Actions, Supervision } from '../../ts/supervisor/supervision.ts';

/** What a child is started with in these tests: its label. */
export type Label = string;
export type AnyChild = Child<Label>;

export function rule(name: string, rest: Partial<ChildRule> = {}): ChildRule {
  const defaults = { restart: undefined, isSignificant: false, limit: undefined };
  return { name, ...defaults, shutdownTimeoutMs: 5000, ...rest };
}

export function plan(name: string, rest: Partial<ChildRule> = {}): ChildPlan<Label> {
  return { rule: rule(name, rest), start: name };
}

/**
 * Performs what a supervision decides, without processes: children start at once, and end when the test
 * says so. Keeps the log, and throws when the supervision asks for what cannot be.
 */
export class SupervisionDesk {
  readonly supervision: Supervision<Label>;
  /** `start a`, `stop b kill`, `ended b kill`, `end kill`, … */
  readonly log: string[] = [];
  /** Who was told to stop or is killed, and has not ended yet, in that order. */
  readonly told: AnyChild[] = [];
  /** Which starts are to fail. */
  readonly failing: Set<Label> = new Set();
  /** Whose threads end while they start, once. */
  readonly losing: Set<Label> = new Set();
  readonly #live = new Set<AnyChild>();
  readonly #reasons = new Map<AnyChild, ExitReason>();
  isOver = false;
  nowMs = 0;

  constructor(supervision: Supervision<Label>) {
    this.supervision = supervision;
  }

  /** Who lives, in the order of starts. */
  get live(): readonly AnyChild[] {
    return this.supervision.children().filter((child) => this.#live.has(child));
  }

  /** Does what an event brought, and what follows from the starts among it. Throws the error of a failed start that somebody asked for. */
  perform(actions: Actions<Label>): void {
    for (let rest = actions; rest.length > 0;) {
      let next: Actions<Label> = [];
      for (const [at, action] of rest.entries()) {
        if (action.do === 'start' && at < rest.length - 1)
          throw new Error('a start is not the last');
        next = this.#do(action);
      }
      rest = next;
    }
  }

  /** A child has ended, but for its last words: `end` is to come. */
  leave(child: AnyChild, reason: ExitReason): void {
    this.log.push(`leaving ${child.start} ${textOf(reason)}`);
    this.perform(this.supervision.leaving(child, reason, this.nowMs));
  }

  /** A child ends by itself, or at last. */
  end(child: AnyChild, reason: ExitReason): void {
    if (!this.#live.delete(child)) throw new Error(`${child.start} does not live`);
    const at = this.told.indexOf(child);
    if (at >= 0) this.told.splice(at, 1);
    this.log.push(`ended ${child.start} ${textOf(reason)}`);
    this.perform(this.supervision.ended(child, reason, this.nowMs));
  }

  /** Those who were told end as told, one after the other, until nobody is left to tell. */
  settle(): void {
    for (let child = this.told[0]; child !== undefined; child = this.told[0])
      this.end(child, this.#reasons.get(child)!);
  }

  #do(action: Action<Label>): Actions<Label> {
    if (this.isOver) throw new Error(`${action.do} after the end`);
    switch (action.do) {
      case 'start':
        return this.#start(action.child);
      case 'stop':
        this.#tell(action.child, action.reason);
        return [];
      case 'kill':
        this.#reasons.set(action.child, 'kill');
        if (!this.told.includes(action.child)) this.#tell(action.child, 'kill');
        return [];
      case 'report':
        this.log.push(`${action.report} ${action.child.start}`);
        return [];
      case 'end':
        if (this.#live.size > 0) throw new Error('an end while children live');
        this.log.push(`end ${textOf(action.reason)}`);
        this.isOver = true;
        return [];
    }
  }

  #start(child: AnyChild): Actions<Label> {
    if (this.#live.has(child)) throw new Error(`${child.start} is started while it lives`);
    if (this.failing.has(child.start)) {
      this.log.push(`failed ${child.start}`);
      return this.supervision.startFailed(child, new Error(`no ${child.start}`));
    }
    if (this.losing.delete(child.start)) {
      this.log.push(`lost ${child.start}`);
      return this.supervision.startLost(child, new Error(`no thread`), this.nowMs);
    }
    this.#live.add(child);
    this.log.push(`start ${child.start}`);
    return this.supervision.started(child);
  }

  #tell(child: AnyChild, reason: ExitReason): void {
    if (!this.#live.has(child)) throw new Error(`${child.start} is told, but does not live`);
    if (this.told.includes(child)) throw new Error(`${child.start} is told twice`);
    this.told.push(child);
    this.#reasons.set(child, reason);
    this.log.push(`stop ${child.start} ${textOf(reason)}`);
  }
}

/** How a reason reads in the log. */
export function textOf(reason: ExitReason): string {
  if (!(reason instanceof Error)) return reason;
  return 'code' in reason ? String(reason.code) : reason.message;
}
