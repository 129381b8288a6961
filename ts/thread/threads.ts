import type { ResourceLimits } from 'node:worker_threads';
import { withPath } from '../codec/unencodable.ts';
import { reasonText } from '../error/exit-reason.ts';
import { TergoError } from '../error/tergo-error.ts';
import { Control, type ControlOp } from '../far/control.ts';
import type { Far } from '../far/far.ts';
import type { Words } from '../far/node-wide.ts';
import type { BindingFabric } from '../native/load.ts';
import type { Runtime } from '../node/runtime.ts';
import type { AnyPid } from '../process/pid.ts';
import { MAX_ALARM_MS, systemClock } from '../scheduler/clock.ts';
import { HangWatch } from './hang-watch.ts';
import { WorkerRun } from './worker-run.ts';
import type { WorkerSetup } from './worker-setup.ts';

/** A thread that ends more often than that within the time, or without coming up in between, is left down. */
const MAX_RESTARTS = 5;
const RESTART_WINDOW_MS = 10_000;
/** What a thread gets beyond its time to say that its processes have ended, ms. */
const GRACE_MS = 1000;
/** What it gets in a forced stop, to kill them and to run what their `terminate` does at once, ms. */
const KILL_MS = 200;

/** What every worker of a node is given. */
export type CommonSetup = Omit<WorkerSetup, 'thread' | 'incarnation' | 'logLevel'>;

/** How the other threads of a node are run. */
export interface ThreadsOptions {
  readonly setup: CommonSetup;
  readonly resourceLimits: ResourceLimits | undefined;
}

/** One of the other threads. */
interface Member {
  readonly thread: number;
  run: WorkerRun | undefined;
  incarnation: number;
  /** When it was last started anew, ms; the oldest first. */
  readonly restartedAt: number[];
}

/** The other threads of a node, as thread 0 runs them: starts them, tells of their ends, starts them anew. */
export class Threads {
  readonly #runtime: Runtime;
  readonly #far: Far;
  readonly #fabric: BindingFabric;
  readonly #setup: CommonSetup;
  readonly #resourceLimits: ResourceLimits | undefined;
  readonly #members: readonly Member[];
  readonly #hangs: HangWatch;
  /** Whether all have come up once: before that none is started anew. */
  #isStarted = false;
  /** The end of one that had come up while others had not yet. */
  #earlyEnd: TergoError | undefined;
  #isStopping = false;
  readonly #givenUp: PromiseWithResolvers<void> = Promise.withResolvers();

  constructor(runtime: Runtime, fabric: BindingFabric, { setup, resourceLimits }: ThreadsOptions) {
    this.#runtime = runtime;
    this.#far = runtime.far!;
    this.#fabric = fabric;
    this.#setup = setup;
    this.#resourceLimits = resourceLimits;
    this.#members = this.#far.others.map((thread) => {
      return { thread, run: undefined, incarnation: 0, restartedAt: [] };
    });
    this.#hangs = new HangWatch(runtime, this.#far);
  }

  /** Rejects with what the first thread that does not come up says. */
  async start(): Promise<void> {
    await Promise.all(this.#members.map((member) => this.#start(member)));
    if (this.#earlyEnd !== undefined) throw this.#earlyEnd;
    this.#isStarted = true;
    this.#hangs.start();
  }

  /** Asks the processes of all other threads to end; resolves with those that had to be killed. */
  async stop(timeoutMs: number, isForced: boolean): Promise<readonly AnyPid[]> {
    this.#isStopping = true;
    const up = this.#members.filter(({ run }) => run?.isUp === true);
    const drained = up.map(({ thread }) => this.#drain(thread, timeoutMs, isForced));
    return (await Promise.all(drained)).flat();
  }

  /** Nobody wants to wait any more for what `stop` waits for. */
  giveUp(): void {
    this.#isStopping = true;
    this.#givenUp.resolve();
  }

  /** Ends all workers, whatever they do. */
  async close(): Promise<void> {
    this.#isStopping = true;
    this.#hangs.close();
    await Promise.all(this.#members.flatMap(({ run }) => run?.terminate() ?? []));
    this.#fabric.close();
  }

  /** A thread that hangs does not answer: then all that it has is killed with it. */
  async #drain(thread: number, timeoutMs: number, isForced: boolean): Promise<readonly AnyPid[]> {
    const late = Promise.withResolvers<undefined>();
    const limitMs = isForced ? KILL_MS : Math.min(timeoutMs + GRACE_MS, MAX_ALARM_MS);
    const cancel = systemClock.alarm(limitMs, () => late.resolve(undefined));
    const asked = this.#far.questions.ask(thread, 'drain', timeoutMs, isForced).catch(() => []);
    // A forced stop waits for nobody but for who is killed at once.
    const givenUp = isForced ? [] : [this.#givenUp.promise.then(() => undefined)];
    const killed = await Promise.race([asked, late.promise, ...givenUp]);
    cancel();
    return (killed as readonly AnyPid[] | undefined) ?? [...this.#far.pids.living(thread)];
  }

  /** Resolves when the worker has joined the fabric. */
  async #start(member: Member): Promise<void> {
    await this.#cameUp(member, this.#begin(member));
  }

  /** Throws when the system has no thread left. */
  #begin(member: Member): WorkerRun {
    const { thread, incarnation } = member;
    const { logLevel } = this.#runtime;
    const place = { thread, incarnation, logLevel };
    const setup: WorkerSetup = { ...this.#setup, ...place };
    const run = new WorkerRun(setup, this.#resourceLimits, (error) => {
      this.#ended(member, run, error);
    });
    member.run = run;
    return run;
  }

  async #cameUp({ thread }: Member, run: WorkerRun): Promise<void> {
    await run.up;
    this.#tellPast(thread);
    this.#giveSettings(thread);
  }

  /** What has become of the others before it could be told: one may have ended while it came up. */
  #tellPast(newcomer: number): void {
    const { absences } = this.#far;
    for (const member of this.#members) {
      const { thread } = member;
      const end = absences.endOf(thread);
      if (thread === newcomer || end === undefined) continue;
      const loss = absences.lossOf(thread);
      this.#tell(newcomer, Control.gone, member, end);
      if (absences.isUp(thread)) this.#tell(newcomer, Control.cameUp, member);
      else if (loss !== undefined) this.#tell(newcomer, Control.lost, member, loss);
    }
  }

  /** Before anything else that it is told. */
  #giveSettings(thread: number): void {
    const { questions, nodeWide } = this.#far;
    // One that ends meanwhile is given them anew.
    const give = (words: Words): void =>
      void questions.ask(thread, ...words).catch(() => undefined);
    give(nodeWide.logLevelWords());
    for (const [key] of this.#runtime.env.list()) {
      try {
        give(nodeWide.envWords(key));
      } catch (thrown) {
        const cause = withPath(thrown, /^message\[2\]/, 'value');
        const why = cause instanceof Error ? cause.message : String(cause);
        const text = `the value of '${key}' in the node's env cannot be given to other threads: ${why}`;
        throw new TergoError('unencodable', text, { cause });
      }
    }
  }

  #ended(member: Member, run: WorkerRun, error: TergoError): void {
    if (member.run !== run) return;
    member.run = undefined;
    const { thread, incarnation } = member;
    if (this.#runtime.isStopped) return;
    if (!this.#isStarted) this.#earlyEnd ??= error;
    if (this.#isStopping || !this.#isStarted) return this.#far.ended(thread, error, incarnation);
    this.#runtime.log.error('a scheduler thread has ended; its processes with it', {
      thread,
      error,
    });
    this.#hangs.forget(thread);
    this.#tellOthers(member, Control.gone, error);
    this.#far.ended(thread, error, incarnation);
    void this.#restart(member, run.hasJoined);
  }

  async #restart(member: Member, hadJoined: boolean): Promise<void> {
    const now = systemClock.now();
    const isRecent = (at: number): boolean => now - at < RESTART_WINDOW_MS;
    // One that does not come up may take long for it each time.
    const recent = hadJoined ? member.restartedAt.filter(isRecent) : [...member.restartedAt];
    member.restartedAt.splice(0, Infinity, ...recent, now);
    const { thread } = member;
    if (recent.length >= MAX_RESTARTS) {
      const withinMs = Math.max(RESTART_WINDOW_MS, Math.ceil(now - recent[0]!));
      const fields = { thread, restarts: recent.length, withinMs };
      this.#runtime.log.error('a scheduler thread ends too often; it is left down', fields);
      const text = `thread ${thread} has ended ${recent.length + 1} times in ${withinMs} ms and is left down`;
      return this.#leaveDown(member, new TergoError('thread-terminated', text));
    }
    member.incarnation += 1;
    let run: WorkerRun;
    try {
      run = this.#begin(member);
    } catch (error) {
      this.#runtime.log.error('a scheduler thread cannot be started anew; it is left down', {
        thread,
        error,
      });
      const text = `thread ${thread} could not be started anew (${reasonText(error)}) and is left down`;
      return this.#leaveDown(member, new TergoError('thread-terminated', text, { cause: error }));
    }
    try {
      await this.#cameUp(member, run);
    } catch (error) {
      // Otherwise it has ended, or will: that is told there, and brings the next attempt.
      if (!TergoError.is(error, 'unencodable')) return;
      this.#runtime.log.error('a scheduler thread cannot be used again; it is left down', {
        thread,
        error,
      });
      return this.#leaveDown(member, error);
    }
    this.#tellOthers(member, Control.cameUp);
    this.#far.absences.cameUp(thread, member.incarnation);
  }

  #leaveDown(member: Member, reason: Error): void {
    this.#tellOthers(member, Control.lost, reason);
    this.#far.absences.lost(member.thread, reason);
  }

  #tellOthers(member: Member, op: ControlOp, reason?: Error): void {
    for (const { thread } of this.#members)
      if (thread !== member.thread && this.#far.isUp(thread))
        this.#tell(thread, op, member, reason);
  }

  #tell(to: number, op: ControlOp, { thread, incarnation }: Member, reason?: Error): void {
    this.#far.controls.tell(to, op, thread, [reason, incarnation]);
  }
}
