import type { ExitReason } from '../error/exit-reason.ts';
import { TergoError } from '../error/tergo-error.ts';
import { Child, type ChildDefaults, type ChildPlan } from './child.ts';
import { type Verdict, verdictOn } from './restart.ts';
import { RestartHistory } from './restart-history.ts';
import { RestartWindow } from './restart-window.ts';

/** What the performer is to do, in the order of the list. A `start` is always the last of its list. */
export type Action<Start> =
  | { readonly do: 'start'; readonly child: Child<Start> }
  | { readonly do: 'stop'; readonly child: Child<Start>; readonly reason: ExitReason }
  | { readonly do: 'kill'; readonly child: Child<Start> }
  | { readonly do: 'report'; readonly child: Child<Start>; readonly report: Report }
  | { readonly do: 'end'; readonly reason: ExitReason };

/** Something that somebody should read. */
export type Report = 'child killed' | 'child disabled';

export type Actions<Start> = readonly Action<Start>[];

/**
 * `new` – `begin` is to come; `running`; `stopping` – children end before others start (or are started
 * again); `starting` – children start one after the other; `ending` – the children end, then the
 * supervisor does; `ended`.
 */
export type Phase = 'new' | 'running' | 'stopping' | 'starting' | 'ending' | 'ended';

/** A start that is under way. */
interface PendingStart {
  /** What makes a start that somebody asked for undone when it fails; `undefined` for the supervisor's own. */
  readonly undo: (() => void) | undefined;
}

/**
 * Decides what a supervisor does: events in, actions out, without I/O and without a clock. The performer
 * does the actions of one event before it brings the next, and answers each `start` by `started`,
 * `startFailed` or `startLost` before anything else but `overdue`. It brings every end once, also of a child that it was
 * told to stop or kill. Source: Ergo `act.Supervisor`, OTP `supervisor`.
 */
export abstract class Supervision<Start> {
  readonly history: RestartHistory = new RestartHistory();
  protected readonly defaults: ChildDefaults;
  /** Whether the end of a significant child is the supervisor's. */
  readonly #heedsSignificance: boolean;
  /** Where it stands; only its own methods change it. */
  phase: Phase = 'new';
  /** Why the supervisor ends, once it does. */
  reason: ExitReason = 'normal';
  /** Children that are not `stopped`. */
  protected live = 0;
  readonly #window: RestartWindow;
  #pending: PendingStart | undefined;

  constructor(defaults: ChildDefaults, heedsSignificance: boolean) {
    this.defaults = defaults;
    this.#heedsSignificance = heedsSignificance;
    this.#window = new RestartWindow(defaults.intensity, defaults.periodMs);
  }

  /** Whether the supervisor is on its way to its end. */
  get isEnding(): boolean {
    return this.phase === 'ending' || this.phase === 'ended';
  }

  /** How many children are not stopped. */
  get liveCount(): number {
    return this.live;
  }

  /** Every child that there is, in the order of starts. */
  abstract children(): readonly Child<Start>[];

  /** The first event: starts what is to be started. */
  abstract begin(): Actions<Start>;

  /** Somebody asks for a child to be started. Throws what refuses it. */
  abstract start(plan: ChildPlan<Start>): Actions<Start>;

  /** Somebody adds a child. Throws what refuses it. */
  abstract add(plan: ChildPlan<Start>): Actions<Start>;

  /** Somebody takes a child into service again. Throws what refuses it. */
  abstract enable(name: string): Actions<Start>;

  /** Somebody takes a child out of service. Throws what refuses it. */
  abstract disable(name: string): Actions<Start>;

  /** A child is up. */
  started(child: Child<Start>): Actions<Start> {
    const wasAsked = this.#pending?.undo !== undefined;
    this.#pending = undefined;
    child.state = 'running';
    return wasAsked ? [] : this.afterStart(child);
  }

  /** A child did not come up. The supervisor ends by that, unless somebody asked for the start: then all is as before. */
  startFailed(child: Child<Start>, error: ExitReason): Actions<Start> {
    const undo = this.#pending?.undo;
    this.#pending = undefined;
    child.state = 'stopped';
    this.live -= 1;
    if (undo === undefined) return this.shutDown(error);
    undo();
    return [];
  }

  /**
   * A child has ended with its thread before it was up. That is no fault of its `init`: it counts as an end, unless somebody
   * asked for the start.
   */
  startLost(child: Child<Start>, reason: ExitReason, nowMs: number): Actions<Start> {
    if (this.#pending?.undo !== undefined) return this.startFailed(child, reason);
    this.#pending = undefined;
    return this.ended(child, reason, nowMs);
  }

  /**
   * A child has ended, but its `terminate` is not over, or what was below it: `ended` comes when that is. Whoever stops
   * with it is told at once.
   */
  leaving(child: Child<Start>, reason: ExitReason, nowMs: number): Actions<Start> {
    if (this.phase === 'ending' || child.state === 'stopping') return [];
    return this.beforeEnd(child, reason, nowMs);
  }

  /** A child has ended. */
  ended(child: Child<Start>, reason: ExitReason, nowMs: number): Actions<Start> {
    const wasTold = child.state === 'stopping';
    child.state = 'stopped';
    this.live -= 1;
    if (this.phase === 'ending') return this.#proceed();
    return wasTold ? this.afterStop(child, reason) : this.afterEnd(child, reason, nowMs);
  }

  /** A child that was told to stop has not ended within its time. */
  overdue(child: Child<Start>): Actions<Start> {
    if (child.state !== 'stopping') return [];
    return [
      { do: 'kill', child },
      { do: 'report', child, report: 'child killed' },
    ];
  }

  /** The supervisor is to end: its children first. */
  stop(reason: ExitReason): Actions<Start> {
    return this.isEnding ? [] : this.shutDown(reason);
  }

  /** A child that the supervisor started of its own accord is up. */
  protected abstract afterStart(child: Child<Start>): Actions<Start>;
  /** A child is ending, and the supervisor had not told it to. What is done now counts as its end. */
  protected abstract beforeEnd(
    child: Child<Start>,
    reason: ExitReason,
    nowMs: number,
  ): Actions<Start>;
  /** A child has ended as it was told to. */
  protected abstract afterStop(child: Child<Start>, reason: ExitReason): Actions<Start>;
  /** A child has ended, and the supervisor had not told it to. */
  protected abstract afterEnd(
    child: Child<Start>,
    reason: ExitReason,
    nowMs: number,
  ): Actions<Start>;
  /** A child has ended and stays away. */
  protected abstract left(child: Child<Start>, reason: ExitReason): Actions<Start>;
  /** A child is to be started again, together with whoever its end concerns. */
  protected abstract again(child: Child<Start>, reason: ExitReason): Actions<Start>;
  /** Who is to be told next that the supervisor ends. */
  protected abstract stopNext(): Actions<Start>;

  /** What the end of a child comes to. */
  protected decide(child: Child<Start>, reason: ExitReason, nowMs: number): Actions<Start> {
    switch (this.verdictOn(child, reason)) {
      case 'leave':
        return this.left(child, reason);
      case 'shut-down':
        return this.shutDown(reason);
      case 'restart':
        return this.#restart(child, reason, nowMs);
    }
  }

  protected verdictOn({ restart, rule }: Child<Start>, reason: ExitReason): Verdict {
    return verdictOn(restart, this.#heedsSignificance && rule.isSignificant, reason);
  }

  protected shutDown(reason: ExitReason): Actions<Start> {
    this.phase = 'ending';
    this.reason = reason;
    return this.#proceed();
  }

  /** `undo` only for a start that somebody asked for. */
  protected startAction(child: Child<Start>, undo?: () => void): Action<Start> {
    child.state = 'starting';
    this.live += 1;
    this.#pending = { undo };
    return { do: 'start', child };
  }

  protected stopAction(child: Child<Start>, reason: ExitReason): Action<Start> {
    child.state = 'stopping';
    return child.rule.shutdownTimeoutMs === 0
      ? { do: 'kill', child }
      : { do: 'stop', child, reason };
  }

  /** Throws when children cannot be changed now. */
  protected refuseWhenBusy(): void {
    if (this.phase === 'running') return;
    const what = this.isEnding ? 'is ending' : 'stops and starts children';
    const text = `the supervisor ${what}; ask again later`;
    throw new TergoError('supervisor-strategy-active', text);
  }

  #restart(child: Child<Start>, reason: ExitReason, nowMs: number): Actions<Start> {
    const window = child.window ?? this.#window;
    if (!window.admit(nowMs)) return this.#exceeded(child, reason, window);
    child.restarts += 1;
    this.history.add({ name: child.rule.name, pid: child.pid, reason, atMs: nowMs });
    return this.again(child, reason);
  }

  #exceeded(child: Child<Start>, reason: ExitReason, window: RestartWindow): Actions<Start> {
    if (child.rule.limit?.onExceed === 'disable') {
      child.isDisabled = true;
      return [{ do: 'report', child, report: 'child disabled' }, ...this.left(child, reason)];
    }
    const text = `child '${child.rule.name}' was to be restarted, but more than ${window.intensity} restarts in ${window.periodMs} ms are too many`;
    return this.shutDown(new TergoError('supervisor-restarts-exceeded', text, { cause: reason }));
  }

  /** On the way to the end. */
  #proceed(): Actions<Start> {
    if (this.live > 0) return this.stopNext();
    this.phase = 'ended';
    return [{ do: 'end', reason: this.reason }];
  }
}

/** The error for a name that no child has. */
export function childUnknown(name: string): TergoError<'child-unknown'> {
  return new TergoError('child-unknown', `the supervisor has no child '${name}'; add it first`);
}
