import type { ExitReason } from '../error/exit-reason.ts';
import { TergoError } from '../error/tergo-error.ts';
import { Child, type ChildDefaults, type ChildPlan } from './child.ts';
import { type Actions, childUnknown, Supervision } from './supervision.ts';

/** A kind of child. */
interface Template {
  isDisabled: boolean;
}

/**
 * Simple-one-for-one: instances of templates, started on demand. They have no names and no order; each
 * keeps what it was started with over its restarts.
 */
export class SimpleSupervision<Start> extends Supervision<Start> {
  readonly #templates = new Map<string, Template>();
  /** Oldest first. */
  readonly #instances = new Set<Child<Start>>();
  #serial = 0;
  /** Whether all instances were told that the supervisor ends. */
  #isTold = false;

  constructor(defaults: ChildDefaults, templates: readonly string[]) {
    super(defaults, false);
    for (const name of templates) this.#templates.set(name, { isDisabled: false });
  }

  override children(): readonly Child<Start>[] {
    return [...this.#instances];
  }

  /** Nothing is started before somebody asks. */
  override begin(): Actions<Start> {
    this.phase = 'running';
    return [];
  }

  /** Starts an instance. */
  override start(plan: ChildPlan<Start>): Actions<Start> {
    this.refuseWhenBusy();
    const { name } = plan.rule;
    if (this.#find(name).isDisabled)
      throw new TergoError('child-disabled', `template '${name}' is disabled; enable it first`);
    const child = new Child(plan, this.#serial, this.defaults);
    this.#serial += 1;
    this.#instances.add(child);
    // `startFailed` forgets it.
    return [this.startAction(child, () => undefined)];
  }

  /** Adds a template; starts nothing. */
  override add({ rule: { name } }: ChildPlan<Start>): Actions<Start> {
    this.refuseWhenBusy();
    if (this.#templates.has(name))
      throw new TergoError('child-duplicate', `there is a template '${name}' already`);
    this.#templates.set(name, { isDisabled: false });
    return [];
  }

  override enable(name: string): Actions<Start> {
    this.refuseWhenBusy();
    this.#find(name).isDisabled = false;
    return [];
  }

  /** Stops all instances of a template and keeps it from being started. */
  override disable(name: string): Actions<Start> {
    this.refuseWhenBusy();
    this.#find(name).isDisabled = true;
    return this.#stopAll((child) => child.rule.name === name, 'shutdown');
  }

  override ended(child: Child<Start>, reason: ExitReason, nowMs: number): Actions<Start> {
    const actions = super.ended(child, reason, nowMs);
    if (child.state === 'stopped') this.#instances.delete(child);
    return actions;
  }

  override startFailed(child: Child<Start>, error: ExitReason): Actions<Start> {
    this.#instances.delete(child);
    return super.startFailed(child, error);
  }

  protected override afterStart(): Actions<Start> {
    return [];
  }

  protected override afterStop(): Actions<Start> {
    return [];
  }

  /** Its end concerns nobody else. */
  protected override beforeEnd(): Actions<Start> {
    return [];
  }

  protected override afterEnd(
    child: Child<Start>,
    reason: ExitReason,
    nowMs: number,
  ): Actions<Start> {
    return this.decide(child, reason, nowMs);
  }

  /** Nothing depends on it; `ended` forgets it. */
  protected override left(): Actions<Start> {
    return [];
  }

  protected override again(child: Child<Start>): Actions<Start> {
    return [this.startAction(child)];
  }

  /** All at once: no instance was started because of another. */
  protected override stopNext(): Actions<Start> {
    if (this.#isTold) return [];
    this.#isTold = true;
    return this.#stopAll(() => true, this.reason);
  }

  #stopAll(concerns: (child: Child<Start>) => boolean, reason: ExitReason): Actions<Start> {
    const stops = [];
    for (const child of [...this.#instances].toReversed()) {
      if (child.state === 'running' && concerns(child)) stops.push(this.stopAction(child, reason));
    }
    return stops;
  }

  #find(name: string): Template {
    const template = this.#templates.get(name);
    if (template === undefined) throw childUnknown(name);
    return template;
  }
}
