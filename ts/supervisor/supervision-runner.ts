import type { MaybePromise } from '../actor/outcome.ts';
import { type ExitReason, reasonOf } from '../error/exit-reason.ts';
import { TergoError } from '../error/tergo-error.ts';
import { KIND_RESPONSE, QUEUE_MAIN, QUEUE_URGENT } from '../native/layout.ts';
import { failure } from '../node/messaging.ts';
import { isStopRefusal } from '../node/spawner.ts';
import type { LocalPid } from '../process/pid.ts';
import type { NodeProcess } from '../process/peer.ts';
import { INIT, type ProcessRecord, RUNNING, WAITING } from '../process/process-record.ts';
import type { Exit } from '../relation/ended.ts';
import { kindAndQueue } from '../scheduler/outbox.ts';
import type { Child } from './child.ts';
import { ChildProcesses } from './child-processes.ts';
import type { ChildStart } from './child-spec.ts';
import { ChildGone, ChildStarted, ChildTerminated, type Note } from './note.ts';
import type { Actions, Report, Supervision } from './supervision.ts';

type SomeChild = Child<ChildStart>;

/** Which of the callbacks about children the supervisor has. */
export interface Listens {
  readonly toStarts: boolean;
  readonly toEnds: boolean;
}

const REPORTS: Readonly<Record<Report, string>> = {
  'child killed': 'a child did not end in time; it is killed',
  'child disabled': 'a child was to be restarted too often; it is disabled',
};

/** Brings the events of one supervisor to its state machine and does what that decides. */
export class SupervisionRunner {
  readonly supervision: Supervision<ChildStart>;
  readonly #record: ProcessRecord;
  readonly #listens: Listens;
  readonly #processes: ChildProcesses<SomeChild>;
  /** Done when the work that is under way is; nothing else reaches the state machine before. */
  #tail: Promise<void> | undefined;
  /** Who is in its `init`; the timer runs when the supervisor is dead. */
  #starting: { readonly child: SomeChild; readonly peer: NodeProcess } | undefined;
  #startTimer = -1;
  /** Callbacks about children that are still to be called. */
  #untold = 0;
  /** Why the last start failed. */
  #startError: unknown;
  /** The exit that brought the supervisor's end, if one did. */
  #cause: Exit | undefined;

  constructor(record: ProcessRecord, supervision: Supervision<ChildStart>, listens: Listens) {
    this.#record = record;
    this.supervision = supervision;
    this.#listens = listens;
    this.#processes = new ChildProcesses(record, (child) => this.#overdue(child));
  }

  /** Whether the supervisor can end at once: nobody to stop, nothing to tell, nothing under way. */
  get isBare(): boolean {
    return this.#tail === undefined && this.supervision.liveCount === 0 && this.#untold === 0;
  }

  /** Whether it has ended, or been killed inside a callback. */
  get isDead(): boolean {
    return !this.#record.isAlive;
  }

  /** Whether a process is a child that lives, as far as is known. */
  has(pid: LocalPid): boolean {
    return this.#processes.has(pid);
  }

  /** Starts the children, while `init` runs. Rejects with the error of one that did not come up, when those before it have ended. */
  async begin(): Promise<void> {
    await this.#perform(this.supervision.begin());
    if (!this.supervision.isEnding || this.isDead) return;
    // The mailbox is closed until `init` is over: the ends have to be watched for.
    for (const child of this.supervision.children().toReversed()) await this.#endInInit(child);
    throw this.#startError;
  }

  /** An exit that came to the mailbox: of a child, or of somebody else, and then it is the supervisor's turn. */
  exited(exit: Exit): MaybePromise<void> {
    return this.#alone(() => {
      const child = exit.kind === 'pid' ? this.#processes.find(exit.pid) : undefined;
      return child === undefined ? this.#stop(exit.reason, exit) : this.#childExited(child, exit);
    });
  }

  /** A child whose exit came before has now ended for good. */
  gone({ child, exit }: ChildGone): MaybePromise<void> {
    return this.#alone(() => this.#ended(child, exit));
  }

  /** A callback about a child has been called. */
  told(): void {
    this.#untold -= 1;
    if (this.#untold === 0 && this.supervision.phase === 'ended') this.#end();
  }

  /** The supervisor is to end: its children first. */
  stop(reason: ExitReason): MaybePromise<void> {
    return this.#alone(() => this.#stop(reason));
  }

  /**
   * For an end that was not the state machine's, by `kill`: resolves when the children that are left have
   * followed by their links, each within its time. `undefined` when there are none.
   */
  aftermath(): Promise<void> | undefined {
    if (this.supervision.phase === 'ended') return undefined;
    this.#limitStart();
    if (this.#tail === undefined && this.#processes.count === 0) return undefined;
    // Who starts just now follows, too.
    return Promise.resolve(this.#tail).then(() => this.#processes.endOfAll());
  }

  /**
   * Does what somebody asks for: `ask` tells the state machine. Resolves with the pid when a child was to
   * be started; rejects with what refused it or with what its `init` threw.
   */
  async ask(
    ask: (supervision: Supervision<ChildStart>) => Actions<ChildStart>,
  ): Promise<LocalPid | undefined> {
    // Nor in `init`: both flags are off then.
    if ((this.#record.flags & (RUNNING | WAITING)) === 0) {
      const text =
        'children can be changed only inside of the callbacks of their supervisor, and not in init';
      throw failure('not-allowed', text);
    }
    return await this.#alone(async () => {
      const child = this.#now(ask(this.supervision));
      return child === undefined ? undefined : this.#startAsked(child);
    });
  }

  /** One piece of work after the other; at once, if none is under way. */
  #alone<T>(work: () => MaybePromise<T>): MaybePromise<T> {
    const result = this.#tail === undefined ? work() : this.#tail.then(work);
    if (result instanceof Promise) this.#follow(result);
    return result;
  }

  #follow(result: Promise<unknown>): void {
    const done = (): void => {
      if (this.#tail === tail) this.#tail = undefined;
    };
    const tail = result.then(done, done);
    this.#tail = tail;
  }

  /** A promise as long as a child starts. */
  #perform(actions: Actions<ChildStart>): MaybePromise<void> {
    const child = this.#now(actions);
    return child === undefined ? undefined : this.#startAll(child);
  }

  /** Does everything but a start; gives the child that is to be started. */
  #now(actions: Actions<ChildStart>): SomeChild | undefined {
    for (const action of actions) {
      switch (action.do) {
        case 'start':
          return action.child;
        case 'stop':
          this.#processes.tellToEnd(action.child, action.reason);
          break;
        case 'kill':
          this.#processes.kill(action.child);
          break;
        case 'report':
          this.#processes.report(REPORTS[action.report], action.child);
          break;
        case 'end':
          this.#end();
      }
    }
    return undefined;
  }

  /** Starts a child and those whose turn it is then. */
  async #startAll(first: SomeChild): Promise<void> {
    for (let child: SomeChild | undefined = first; child !== undefined;) {
      let actions: Actions<ChildStart>;
      try {
        this.#cameUp(child, await this.#spawn(child));
        if (this.isDead) return;
        actions = this.supervision.started(child);
      } catch (error) {
        if (this.isDead) return;
        actions = this.#failed(child, error);
      }
      child = this.#now(actions);
    }
  }

  async #spawn(child: SomeChild): Promise<LocalPid> {
    try {
      return await this.#processes.spawn(child, (peer) => {
        this.#starting = { child, peer };
      });
    } finally {
      this.#starting = undefined;
      this.#record.runtime.timers.cancel(this.#startTimer);
    }
  }

  /** An exit does not reach a child in its `init`: once its time is over nobody waits for that any more. */
  #limitStart(): void {
    if (this.#starting === undefined) return;
    const { child, peer } = this.#starting;
    const { shutdownTimeoutMs } = child.rule;
    if (shutdownTimeoutMs === Infinity) return;
    const { timers, lifecycle } = this.#record.runtime;
    this.#startTimer = timers.start(shutdownTimeoutMs, () => {
      lifecycle.kill(peer);
      this.#processes.report(REPORTS['child killed'], { rule: child.rule, pid: peer.pid });
    });
  }

  #failed(child: SomeChild, error: unknown): Actions<ChildStart> {
    this.#startError = error;
    const { flags, runtime } = this.#record;
    const isLost = TergoError.is(error, 'thread-terminated') && (flags & INIT) === 0;
    if (isLost) return this.supervision.startLost(child, error, runtime.driver.readNow());
    const reason = isStopRefusal(error) ? 'shutdown' : reasonOf(error);
    return this.supervision.startFailed(child, reason);
  }

  async #startAsked(child: SomeChild): Promise<LocalPid> {
    try {
      const pid = await this.#spawn(child);
      this.#cameUp(child, pid);
      this.#now(this.supervision.started(child));
      return pid;
    } catch (error) {
      this.#now(this.supervision.startFailed(child, reasonOf(error)));
      throw error;
    }
  }

  #cameUp(child: SomeChild, pid: LocalPid): void {
    this.#processes.add(child, pid);
    if (this.#listens.toStarts) this.#tell(new ChildStarted(child.rule.name, pid));
  }

  #stop(reason: ExitReason, exit?: Exit): MaybePromise<void> {
    if (!this.supervision.isEnding) this.#cause = exit;
    return this.#perform(this.supervision.stop(reason));
  }

  #childExited(child: SomeChild, exit: Exit): MaybePromise<void> {
    const goOn = (): void => {
      if (!this.isDead) this.#post(QUEUE_URGENT, new ChildGone(child, exit));
    };
    if (this.#processes.hasEnded(child, goOn)) return this.#ended(child, exit);
    return this.#perform(
      this.#judge(exit, (now) => this.supervision.leaving(child, exit.reason, now)),
    );
  }

  #ended(child: SomeChild, exit: Exit): MaybePromise<void> {
    const { reason } = exit;
    if (this.#listens.toEnds) this.#tell(new ChildTerminated(child.rule.name, child.pid!, reason));
    const actions = this.#judge(exit, (now) => this.supervision.ended(child, reason, now));
    this.#processes.forget(child);
    return this.#perform(actions);
  }

  /** What the exit of a child comes to. */
  #judge(exit: Exit, decide: (nowMs: number) => Actions<ChildStart>): Actions<ChildStart> {
    const wasEnding = this.supervision.isEnding;
    const actions = decide(this.#record.runtime.driver.readNow());
    if (!wasEnding && this.supervision.isEnding && this.supervision.reason === exit.reason)
      this.#cause = exit;
    return actions;
  }

  /** In `init` a child that came up ends because another did not. */
  async #endInInit(child: SomeChild): Promise<void> {
    if (child.pid === undefined) return;
    await this.#processes.endOf(child);
    const now = this.#record.runtime.driver.readNow();
    if (!this.isDead) this.#now(this.supervision.ended(child, 'shutdown', now));
  }

  #overdue(child: SomeChild): void {
    if (!this.isDead) this.#now(this.supervision.overdue(child));
    else {
      // A killed supervisor has told nobody; its children were to follow by their links.
      this.#processes.kill(child);
      this.#processes.report(REPORTS['child killed'], child);
    }
  }

  /** All children have ended. In `init` it is the spawn that rejects. */
  #end(): void {
    if (this.#untold > 0 || (this.#record.flags & INIT) !== 0) return;
    this.#record.runtime.lifecycle.end(this.#record, this.supervision.reason, this.#cause);
  }

  /** For a callback, after the messages that wait. */
  #tell(note: Note): void {
    if (this.isDead) return;
    this.#untold += 1;
    this.#post(QUEUE_MAIN, note);
  }

  /** To the own mailbox. A response is not counted where the mailbox is bounded. */
  #post(queue: number, note: Note): void {
    const { runtime } = this.#record;
    runtime.messaging.post(this.#record, this.#record, kindAndQueue(KIND_RESPONSE, queue), note);
  }
}
