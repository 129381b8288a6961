import type { ApplicationRun } from '../application/application-run.ts';
import type { Joining, LocalMembership } from '../application/membership.ts';
import { Environment } from '../env/environment.ts';
import type { ExitReason } from '../error/exit-reason.ts';
import type { LogLevel } from '../log/log-level.ts';
import type { LocalPid } from '../process/pid.ts';
import { membership } from '../process/process-context.ts';
import type { AnySpawnOptions } from '../process/process-options.ts';
import type { Parent } from '../node/spawner.ts';
import { valueOr } from './arrived-value.ts';
import { Control } from './control.ts';
import type { FarPid } from './far-pid.ts';
import type { Far } from './far.ts';
import type { ApplicationWords } from './far-spawns.ts';
import { HOME_THREAD } from './station.ts';

/** In place of what is told of a run that is no more. */
const OVER = 'over';

/** A run of an application as a thread sees it on which only processes of it live. */
class FarMembership implements LocalMembership {
  readonly name: string;
  readonly number: number;
  /** Of the application; else that of the node counts. */
  logLevel: LogLevel | undefined;
  /** As far as its own thread has told; what begins before that is asked to end there. */
  isStopping: boolean;
  /** What it has, its processes got with their spawn. */
  readonly env: Environment = new Environment();
  readonly #far: Far;

  constructor(far: Far, { name, run, logLevel, isStopping }: ApplicationWords) {
    this.#far = far;
    this.name = name;
    this.number = run;
    this.logLevel = logLevel;
    this.isStopping = isStopping;
  }

  get ownLogLevel(): LogLevel | undefined {
    return this.logLevel;
  }

  /** Its own thread has told what has changed. */
  follow({ logLevel, isStopping }: ApplicationWords): void {
    this.logLevel = logLevel;
    this.isStopping = isStopping;
  }

  joined({ pid, parent, name, behaviour }: Joining): void {
    const words: Joining = { pid, parent, name, behaviour };
    this.#far.controls.send(HOME_THREAD, Control.joined, this.number, words);
  }

  left(pid: LocalPid, reason: ExitReason, pending: Promise<void> | undefined): void {
    const { controls } = this.#far;
    const words = [pid, reason, pending !== undefined];
    controls.tellFrom(pid, HOME_THREAD, Control.left, this.number, words);
    void pending?.then(() => controls.send(HOME_THREAD, Control.leftBehind, this.number, pid));
  }
}

/** Applications across threads: they live on thread 0, their processes anywhere. */
export class FarApplications {
  readonly #far: Far;
  readonly #members = new Map<number, FarMembership>();
  /** Runs of this thread. */
  readonly #runs = new Map<number, ApplicationRun>();
  /** Processes that have left a run, and are not over. */
  readonly #pending = new Map<FarPid, () => void>();

  constructor(far: Far) {
    this.#far = far;
    far.controls.on(Control.joined, ({ number, value }) => {
      this.#runs.get(number)?.joinedFar(value as Joining);
    });
    far.controls.on(Control.left, (arrived) => {
      // Who it was stands in the head, too, for a reason that cannot be read.
      const standIn = (error: Error): unknown => [far.reader.from(arrived.frame), error, false];
      const left = valueOr(arrived, standIn) as [FarPid, ExitReason, boolean];
      this.#left(arrived.number, ...left);
    });
    far.controls.on(Control.leftBehind, ({ value }) => this.#over(value as FarPid));
    far.controls.on(Control.run, ({ number, value }) => {
      if (value === OVER) this.#members.delete(number);
      else this.#memberOf(value as ApplicationWords).follow(value as ApplicationWords);
    });
  }

  /** A run begins whose processes may live anywhere. */
  begun(run: ApplicationRun): void {
    this.#runs.set(run.number, run);
  }

  /** Its log level, or that nothing may be spawned in it any more: all threads hear of it. */
  changed(run: ApplicationRun): void {
    this.#tellOthers(run, wordsOf(run));
  }

  ended(run: ApplicationRun): void {
    this.#runs.delete(run.number);
    this.#tellOthers(run, OVER);
  }

  /** To which run a process will belong that is spawned elsewhere. */
  wordsOf(options: AnySpawnOptions, parent: Parent): ApplicationWords | undefined {
    const run = options[membership] ?? parent.application;
    return run && wordsOf(run);
  }

  memberOf(words: ApplicationWords | undefined): LocalMembership | undefined {
    if (words === undefined) return undefined;
    return this.#runs.get(words.run) ?? this.#memberOf(words);
  }

  /** A thread has ended, and with it what belonged to applications there. */
  threadEnded(thread: number, reason: Error): void {
    for (const run of this.#runs.values()) run.threadEnded(thread, reason);
    for (const pid of [...this.#pending.keys()]) if (pid.thread === thread) this.#over(pid);
  }

  #memberOf(words: ApplicationWords): FarMembership {
    const known = this.#members.get(words.run);
    if (known !== undefined) return known;
    const member = new FarMembership(this.#far, words);
    this.#members.set(words.run, member);
    return member;
  }

  #tellOthers(run: ApplicationRun, value: unknown): void {
    for (const thread of this.#far.others)
      if (this.#far.isUp(thread)) this.#far.controls.send(thread, Control.run, run.number, value);
  }

  #left(number: number, pid: FarPid, reason: ExitReason, isPending: boolean): void {
    const run = this.#runs.get(number);
    if (run === undefined) return;
    if (!isPending) return run.left(pid, reason, undefined);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#pending.set(pid, resolve);
    run.left(pid, reason, promise);
  }

  #over(pid: FarPid): void {
    this.#pending.get(pid)?.();
    this.#pending.delete(pid);
  }
}

function wordsOf({ name, number, ownLogLevel, isStopping }: LocalMembership): ApplicationWords {
  return { name, run: number, logLevel: ownLogLevel, isStopping };
}
