import type { AnyPid } from '../process/pid.ts';
import type { ChildState, OnExceed } from './child-info.ts';
import type { Restart } from './restart.ts';
import { RestartWindow } from './restart-window.ts';

/** How one child is supervised, apart from how it is started. */
export interface ChildRule {
  readonly name: string;
  /** `undefined`: as the supervisor says. */
  readonly restart: Restart | undefined;
  readonly isSignificant: boolean;
  /** Limits of its own; `undefined`: its restarts count among those of the supervisor. */
  readonly limit: ChildLimit | undefined;
  /** How long it may take to end, ms; 0: it is killed at once; `Infinity`: as long as it likes. */
  readonly shutdownTimeoutMs: number;
}

/** Limits of one child's own restarts; what is left out is as the supervisor says. */
export interface ChildLimit {
  readonly intensity: number | undefined;
  readonly periodMs: number | undefined;
  readonly onExceed: OnExceed;
}

/** A rule together with whatever the performer needs to start such a child. */
export interface ChildPlan<Start> {
  readonly rule: ChildRule;
  readonly start: Start;
}

/** What a supervisor says for all children that do not say otherwise. */
export interface ChildDefaults {
  readonly restart: Restart;
  readonly intensity: number;
  readonly periodMs: number;
}

/** One child of a supervisor, across its restarts: a named one, or one instance of a template. */
export class Child<Start = unknown> {
  readonly rule: ChildRule;
  readonly restart: Restart;
  /** Its place in the order of starts. */
  readonly position: number;
  /** Its own window of restarts, if it has limits of its own. */
  readonly window: RestartWindow | undefined;
  start: Start;
  state: ChildState = 'stopped';
  isDisabled = false;
  /** How often it was restarted. */
  restarts = 0;
  /** Whose pid it has while it is not stopped; kept by the performer, of no meaning to the decisions. */
  pid: AnyPid | undefined = undefined;

  constructor({ rule, start }: ChildPlan<Start>, position: number, defaults: ChildDefaults) {
    this.rule = rule;
    this.start = start;
    this.position = position;
    this.restart = rule.restart ?? defaults.restart;
    const { limit } = rule;
    if (limit === undefined) return;
    const { intensity = defaults.intensity, periodMs = defaults.periodMs } = limit;
    this.window = new RestartWindow(intensity, periodMs);
  }
}
