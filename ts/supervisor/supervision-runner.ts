import type { MaybePromise } from '../actor/outcome.ts';
import { type ExitReason, reasonOf } from '../error/exit-reason.ts';
import { TergoError } from '../error/tergo-error.ts';
import { KIND_RESPONSE, QUEUE_MAIN, QUEUE_URGENT } from '../native/layout.ts';
import { failure } from '../node/messaging.ts';
import { LocalPid } from '../process/pid.ts';
import { INIT, type ProcessRecord, RUNNING, WAITING } from '../process/process-record.ts';
import type { Exit } from '../relation/ended.ts';
import { kindAndQueue } from '../scheduler/outbox.ts';
import type { Child } from './child.ts';
import type { ChildStart } from './child-spec.ts';
import { Deadlines } from './deadlines.ts';
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
  /** The children that live, as far as is known. */
  readonly #children = new Map<LocalPid, SomeChild>();
  readonly #deadlines: Deadlines;
  /** Done when the work that is under way is; nothing else reaches the state machine before. */
  #tail: Promise<void> | undefined;
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
    this.#deadlines = new Deadlines(record.runtime.timers, (child, goOn) =>
      this.#missed(child, goOn),
    );
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
    return this.#children.has(pid);
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
      const { pid } = exit.kind === 'pid' ? exit : { pid: undefined };
      const child = pid instanceof LocalPid ? this.#children.get(pid) : undefined;
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
   * Does what somebody asks for: `ask` tells the state machine. Resolves with the pid when a child was to
   * be started; rejects with what refused it or with what its `init` threw.
   */
  async ask(
    ask: (supervision: Supervision<ChildStart>) => Actions<ChildStart>,
  ): Promise<LocalPid | undefined> {
    if ((this.#record.flags & (RUNNING | WAITING)) === 0 || (this.#record.flags & INIT) !== 0) {
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
          this.#tellToEnd(action.child, action.reason);
          break;
        case 'kill':
          this.#kill(action.child);
          break;
        case 'report':
          this.#report(REPORTS[action.report], action.child);
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

  #failed(child: SomeChild, error: unknown): Actions<ChildStart> {
    this.#startError = error;
    // A node that stops is no fault of the child.
    const reason = TergoError.is(error, 'node-terminated') ? 'shutdown' : reasonOf(error);
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

  #spawn({ start: { behaviour, options } }: SomeChild): Promise<LocalPid> {
    return this.#record.runtime.spawner.spawn(this.#record, behaviour, options);
  }

  #cameUp(child: SomeChild, pid: LocalPid): void {
    this.#children.set(pid, child);
    child.pid = pid;
    if (this.#listens.toStarts) this.#tell(new ChildStarted(child.rule.name, pid));
  }

  #stop(reason: ExitReason, exit?: Exit): MaybePromise<void> {
    if (!this.supervision.isEnding) this.#cause = exit;
    return this.#perform(this.supervision.stop(reason));
  }

  /** Its `terminate` may still run: the next one is not started beside it. */
  #childExited(child: SomeChild, exit: Exit): MaybePromise<void> {
    const pid = child.pid as LocalPid;
    this.#children.delete(pid);
    const termination = this.#record.runtime.lifecycle.terminationOf(pid);
    if (termination === undefined || child.rule.shutdownTimeoutMs === 0)
      return this.#ended(child, exit);
    this.#awaitTermination(child, termination, () => {
      if (!this.isDead) this.#post(QUEUE_URGENT, new ChildGone(child, exit));
    });
  }

  #ended(child: SomeChild, exit: Exit): MaybePromise<void> {
    const { name } = child.rule;
    const { reason } = exit;
    this.#deadlines.cancel(child);
    if (this.#listens.toEnds) this.#tell(new ChildTerminated(name, child.pid!, reason));
    const wasEnding = this.supervision.isEnding;
    const now = this.#record.runtime.driver.readNow();
    const actions = this.supervision.ended(child, reason, now);
    child.pid = undefined;
    if (!wasEnding && this.supervision.isEnding && this.supervision.reason === reason)
      this.#cause = exit;
    return this.#perform(actions);
  }

  #awaitTermination(child: SomeChild, termination: Promise<void>, goOn: () => void): void {
    this.#deadlines.start(child, goOn);
    void termination.then(() => this.#deadlines.meet(child, goOn));
  }

  /** Its time is over: for its end, or for its `terminate`. */
  #missed(child: SomeChild, goOn: (() => void) | undefined): void {
    if (goOn === undefined) {
      this.#now(this.supervision.overdue(child));
      return;
    }
    this.#report('the terminate of a child is not over in time; it is left behind', child);
    goOn();
  }

  /** In `init` a child that came up ends because another did not. */
  async #endInInit(child: SomeChild): Promise<void> {
    const pid = child.pid as LocalPid | undefined;
    if (pid === undefined) return;
    const { runtime } = this.#record;
    const record = runtime.recordOf(pid);
    if (record !== undefined) await endOf(record);
    this.#children.delete(pid);
    const termination = runtime.lifecycle.terminationOf(pid);
    if (termination !== undefined)
      await new Promise<void>((goOn) => this.#awaitTermination(child, termination, goOn));
    this.#deadlines.cancel(child);
    if (!this.isDead)
      this.#now(this.supervision.ended(child, 'shutdown', runtime.driver.readNow()));
  }

  #tellToEnd(child: SomeChild, reason: ExitReason): void {
    const { runtime, pid } = this.#record;
    this.#deadlines.start(child);
    const record = runtime.recordOf(child.pid as LocalPid);
    if (record !== undefined) runtime.messaging.signal(record, { from: pid, reason });
  }

  #kill(child: SomeChild): void {
    const { runtime } = this.#record;
    const record = runtime.recordOf(child.pid as LocalPid);
    if (record !== undefined) runtime.lifecycle.kill(record);
  }

  #report(text: string, { rule, pid }: SomeChild): void {
    const { runtime } = this.#record;
    const { name, shutdownTimeoutMs } = rule;
    runtime.logOf(this.#record).error(text, { child: name, pid, shutdownTimeoutMs });
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

/** Resolves when a process has ended. */
function endOf({ more, reason }: ProcessRecord): Promise<void> {
  more.ended ??= new AbortController();
  const { signal } = more.ended;
  if (reason !== undefined) return Promise.resolve();
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
