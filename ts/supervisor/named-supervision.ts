import type { ExitReason } from '../error/exit-reason.ts';
import { TergoError } from '../error/tergo-error.ts';
import { Child, type ChildDefaults, type ChildPlan } from './child.ts';
import { type Actions, childUnknown, Supervision } from './supervision.ts';

/** Whom the end of one child concerns. */
export type NamedStrategy = 'one-for-one' | 'all-for-one' | 'rest-for-one';

export interface NamedRules extends ChildDefaults {
  readonly strategy: NamedStrategy;
  /** Siblings stop one by one, in reverse order, instead of all at once. */
  readonly keepOrder: boolean;
  /** The supervisor ends with its last child. */
  readonly autoShutdown: boolean;
}

/** One-for-one, all-for-one and rest-for-one: each child has a name and a place in the order. */
export class NamedSupervision<Start> extends Supervision<Start> {
  readonly #rules: NamedRules;
  readonly #children: Child<Start>[] = [];
  readonly #byName = new Map<string, Child<Start>>();
  /** Where the children begin that stop and start together. */
  #from = 0;
  /** Why they do. */
  #reason: ExitReason = 'normal';
  /** How many of them have not stopped yet. */
  #awaited = 0;
  /** Nobody behind this place is still to be told to stop. */
  #cursor = -1;
  /** Whether all have been started once. */
  #hasBegun = false;

  constructor(rules: NamedRules, plans: readonly ChildPlan<Start>[]) {
    super(rules, true);
    this.#rules = rules;
    for (const plan of plans) this.#append(plan);
  }

  override children(): readonly Child<Start>[] {
    return this.#children;
  }

  override begin(): Actions<Start> {
    this.phase = 'starting';
    return this.#startNext(0);
  }

  /** Starts a stopped child anew, as `plan` says from now on. */
  override start({ rule: { name }, start }: ChildPlan<Start>): Actions<Start> {
    this.refuseWhenBusy();
    const child = this.#find(name);
    if (child.isDisabled)
      throw new TergoError('child-disabled', `child '${name}' is disabled; enable it first`);
    if (child.state !== 'stopped')
      throw new TergoError('child-running', `child '${name}' runs already`);
    const before = child.start;
    child.start = start;
    const undo = (): void => {
      child.start = before;
    };
    return [this.startAction(child, undo)];
  }

  /** Adds a child behind all others and starts it. */
  override add(plan: ChildPlan<Start>): Actions<Start> {
    this.refuseWhenBusy();
    const { name } = plan.rule;
    if (this.#byName.has(name))
      throw new TergoError('child-duplicate', `there is a child '${name}' already`);
    const child = this.#append(plan);
    return [this.startAction(child, () => this.#remove(child))];
  }

  /** Starts a disabled child; one that is not disabled is left as it is. */
  override enable(name: string): Actions<Start> {
    this.refuseWhenBusy();
    const child = this.#find(name);
    if (!child.isDisabled) return [];
    if (child.state !== 'stopped') {
      const text = `child '${name}' has not ended yet; enable it later`;
      throw new TergoError('supervisor-strategy-active', text);
    }
    child.isDisabled = false;
    child.window?.clear();
    const undo = (): void => {
      child.isDisabled = true;
    };
    return [this.startAction(child, undo)];
  }

  /** Stops a child and keeps it from being started. */
  override disable(name: string): Actions<Start> {
    this.refuseWhenBusy();
    const child = this.#find(name);
    if (child.isDisabled) return [];
    child.isDisabled = true;
    return child.state === 'running' ? [this.stopAction(child, 'shutdown')] : [];
  }

  protected override afterStart(child: Child<Start>): Actions<Start> {
    return this.phase === 'starting' ? this.#startNext(child.position + 1) : [];
  }

  /** Its siblings do not go on without it while it ends. */
  protected override beforeEnd(
    child: Child<Start>,
    reason: ExitReason,
    nowMs: number,
  ): Actions<Start> {
    if (this.#rules.strategy === 'one-for-one') return [];
    const isInGroup = this.phase === 'stopping' && child.position >= this.#from;
    if (!isInGroup && this.verdictOn(child, reason) !== 'restart') return [];
    // Its group waits for it as for those that were told to stop.
    child.state = 'stopping';
    return isInGroup ? [] : this.decide(child, reason, nowMs);
  }

  protected override afterStop(child: Child<Start>, reason: ExitReason): Actions<Start> {
    if (this.phase !== 'stopping') return this.left(child, reason);
    return child.position < this.#from ? [] : this.#oneLess();
  }

  protected override afterEnd(
    child: Child<Start>,
    reason: ExitReason,
    nowMs: number,
  ): Actions<Start> {
    // Its turn to stop would have come.
    if (this.phase === 'stopping' && child.position >= this.#from) return this.#oneLess();
    return this.decide(child, reason, nowMs);
  }

  protected override left(child: Child<Start>, reason: ExitReason): Actions<Start> {
    const isLast = this.live === 0 && this.phase === 'running';
    const endsByIt = this.#rules.autoShutdown && child.restart !== 'permanent';
    return isLast && endsByIt ? this.shutDown(reason) : [];
  }

  protected override again(child: Child<Start>, reason: ExitReason): Actions<Start> {
    if (this.#rules.strategy === 'one-for-one') return [this.startAction(child)];
    if (this.phase !== 'stopping') this.#reason = reason;
    this.phase = 'stopping';
    this.#from = this.#rules.strategy === 'all-for-one' ? 0 : child.position;
    this.#cursor = this.#children.length - 1;
    this.#awaited = this.#countLive();
    return this.#stopGroup();
  }

  /** One by one, last started first: what was started later may need what was started before. */
  protected override stopNext(): Actions<Start> {
    const child = this.#lastLive();
    return child?.state === 'running' ? [this.stopAction(child, this.reason)] : [];
  }

  protected override shutDown(reason: ExitReason): Actions<Start> {
    this.#from = 0;
    this.#cursor = this.#children.length - 1;
    return super.shutDown(reason);
  }

  /** One of those that stop together has stopped. */
  #oneLess(): Actions<Start> {
    this.#awaited -= 1;
    return this.#stopGroup();
  }

  #stopGroup(): Actions<Start> {
    if (this.#awaited === 0) {
      this.phase = 'starting';
      return this.#startNext(this.#from);
    }
    if (this.#rules.keepOrder) {
      const child = this.#lastLive();
      return child?.state === 'running' ? [this.stopAction(child, this.#reason)] : [];
    }
    return this.#stopAll();
  }

  /** Tells all at once, last started first; nobody twice. */
  #stopAll(): Actions<Start> {
    const stops = [];
    for (; this.#cursor >= this.#from; this.#cursor -= 1) {
      const child = this.#children[this.#cursor]!;
      if (child.state === 'running') stops.push(this.stopAction(child, this.#reason));
    }
    return stops;
  }

  /** The last of those that stop together that has not stopped yet. */
  #lastLive(): Child<Start> | undefined {
    for (; this.#cursor >= this.#from; this.#cursor -= 1) {
      const child = this.#children[this.#cursor]!;
      if (child.state !== 'stopped') return child;
    }
    return undefined;
  }

  #countLive(): number {
    let count = 0;
    for (let at = this.#from; at < this.#children.length; at += 1) {
      if (this.#children[at]!.state !== 'stopped') count += 1;
    }
    return count;
  }

  /** Starts the next in order, from a place on; with none left the supervisor runs. */
  #startNext(from: number): Actions<Start> {
    for (let at = from; at < this.#children.length; at += 1) {
      const child = this.#children[at]!;
      if (this.#isToStart(child)) return [this.startAction(child)];
    }
    this.phase = 'running';
    this.#hasBegun = true;
    return [];
  }

  /** A temporary child is started with the supervisor only, not with its siblings. */
  #isToStart(child: Child<Start>): boolean {
    if (child.isDisabled || child.state !== 'stopped') return false;
    return child.restart !== 'temporary' || !this.#hasBegun;
  }

  #find(name: string): Child<Start> {
    const child = this.#byName.get(name);
    if (child === undefined) throw childUnknown(name);
    return child;
  }

  #append(plan: ChildPlan<Start>): Child<Start> {
    const child = new Child(plan, this.#children.length, this.#rules);
    this.#children.push(child);
    this.#byName.set(plan.rule.name, child);
    return child;
  }

  /** Takes back the last one that was added. */
  #remove(child: Child<Start>): void {
    this.#children.pop();
    this.#byName.delete(child.rule.name);
  }
}
