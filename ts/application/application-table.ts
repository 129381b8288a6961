import { checkName } from '../error/check.ts';
import { incorrect, TergoError } from '../error/tergo-error.ts';
import type { Runtime } from '../node/runtime.ts';
import type { StopReport } from '../node/stop-report.ts';
import type { AnyPid } from '../process/pid.ts';
import { Application, ground } from './application.ts';
import { ApplicationRecord, type RunOptions } from './application-record.ts';
import { startError } from './application-run.ts';
import type { ApplicationState } from './application-info.ts';
import { checkApplicationSpec } from './application-spec.ts';
import { stoppedError } from './group-end.ts';
import { checkNoCycle, doesDependOn, startOrder } from './start-order.ts';
import { SYSTEM_NAME, SystemApplication } from './system-application.ts';

const AS_SPECIFIED: RunOptions = { mode: undefined, env: [] };

/** A start that was asked for and is not over; it may still wait for other applications. */
interface WantedStart {
  isCancelled: boolean;
  readonly over: PromiseWithResolvers<void>;
}

/** The applications of one node. */
export class ApplicationTable {
  readonly #runtime: Runtime;
  readonly #records = new Map<string, ApplicationRecord>();
  /** Those that were started and are not over, in the order of their starts. */
  readonly #started = new Set<ApplicationRecord>();
  readonly #wanted = new Map<ApplicationRecord, WantedStart>();

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
    const application = new SystemApplication();
    const system = new ApplicationRecord(
      runtime,
      application,
      checkApplicationSpec(application.load()),
    );
    this.#records.set(SYSTEM_NAME, system);
    system.begin(AS_SPECIFIED).phase = 'running';
  }

  /** Whether any but the system application runs, starts or stops. */
  get areRunning(): boolean {
    return this.#started.size > 0;
  }

  counts(): { readonly applications: number; readonly applicationsRunning: number } {
    let applicationsRunning = 0;
    // Asked whenever the thread rests: no list is made.
    for (const { state } of this.#records.values())
      if (state === 'running') applicationsRunning += 1;
    return { applications: this.#records.size, applicationsRunning };
  }

  /** In the order in which they were loaded. */
  all(): readonly ApplicationRecord[] {
    return [...this.#records.values()];
  }

  /** Throws `application-unknown`, `incorrect`. */
  get(name: unknown): ApplicationRecord {
    checkName('name', name);
    const record = this.#records.get(name);
    if (record !== undefined) return record;
    const known = [...this.#records.keys()].join(', ');
    const text = `there is no application '${name}' on ${this.#runtime.home.node} (loaded are ${known}); load it first`;
    throw new TergoError('application-unknown', text);
  }

  /** The same, but not the system application: throws `not-allowed`. */
  getOwn(name: unknown): ApplicationRecord {
    const record = this.get(name);
    if (name !== SYSTEM_NAME) return record;
    throw new TergoError('not-allowed', 'the system application runs as long as the node');
  }

  /** Rejects with what `load` throws, `incorrect`, `taken`, `application-depends`; then nothing is loaded. */
  async load(behaviour: unknown, args: readonly unknown[]): Promise<ApplicationRecord> {
    if (typeof behaviour !== 'function' || !(behaviour.prototype instanceof Application))
      throw incorrect('application', 'a class that extends Application', behaviour);
    const application = new (behaviour as new () => Application)();
    if (typeof application.load !== 'function')
      throw incorrect(
        `load of ${behaviour.name}`,
        'a method that returns the spec',
        application.load,
      );
    application[ground] = this.#runtime;
    const spec = checkApplicationSpec(await application.load(...(args as never[])));
    const { name } = spec;
    if (spec.group.length === 0)
      throw incorrect('spec.group', 'a list with at least one childSpec', spec.group);
    if (this.#records.has(name)) {
      const text = `spec.name: there is an application '${name}' already; unload it first`;
      throw new TergoError('taken', text);
    }
    checkNoCycle(name, (one) => (one === name ? spec.depends : this.#dependsOf(one)));
    const record = new ApplicationRecord(this.#runtime, application, spec);
    this.#records.set(name, record);
    this.#changed();
    return record;
  }

  /** Throws `application-running` unless it is loaded and nothing more. */
  unload(record: ApplicationRecord): void {
    this.#checkIdle(record);
    this.#records.delete(record.name);
    this.#changed();
  }

  /** Starts it, before it what it depends on. What fails is undone, also the starts of others. */
  async start(record: ApplicationRecord, options: RunOptions): Promise<void> {
    this.#checkIdle(record);
    const order = startOrder(record.name, (name) => this.#dependsOf(name));
    const own: ApplicationRecord[] = [];
    const wanted = { isCancelled: false, over: Promise.withResolvers<void>() };
    this.#wanted.set(record, wanted);
    try {
      for (const name of order) {
        if (wanted.isCancelled) throw startError(record.name, stoppedError('shutdown'));
        const one = this.get(name);
        if (one.state === 'running') continue;
        if (one.state === 'loaded') own.push(one);
        await this.#startOne(one, one === record ? options : AS_SPECIFIED);
      }
    } catch (error) {
      own.push(record);
      for (const one of own.toReversed()) if (!this.#isNeeded(one, own)) await one.stop();
      throw error;
    } finally {
      this.#wanted.delete(record);
      wanted.over.resolve();
    }
  }

  /** Resolves when it has ended, or when a start that still waits for others is given up and undone. */
  async stop(record: ApplicationRecord, timeoutMs: number | undefined): Promise<StopReport> {
    const wanted = this.#wanted.get(record);
    if (wanted === undefined || record.run !== undefined) return record.stop(timeoutMs);
    wanted.isCancelled = true;
    await wanted.over.promise;
    return { killed: [] };
  }

  /** All of a run is over. */
  ended(record: ApplicationRecord): void {
    this.#started.delete(record);
    this.#changed();
    this.#runtime.shutdown.onEnd();
  }

  /** For a node that starts: loads all, starts all. */
  async begin(behaviours: readonly unknown[]): Promise<void> {
    const records: ApplicationRecord[] = [];
    for (const behaviour of behaviours) records.push(await this.load(behaviour, []));
    for (const record of records) {
      if (record.state === 'loaded') await this.start(record, AS_SPECIFIED);
    }
  }

  /** The names of those that run, start or stop; without the system application. */
  names(): readonly string[] {
    return [...this.#started].map(({ name }) => name);
  }

  /** Last started first, each one wholly before the next; `killed` hears what had to be killed. */
  async stopAll(killed: (pids: readonly AnyPid[]) => void): Promise<void> {
    for (const record of [...this.#started].toReversed()) killed((await record.stop()).killed);
  }

  /** Kills what belongs to applications. */
  stopAllAtOnce(): void {
    for (const record of this.#started) void record.stop(0);
  }

  async #startOne(record: ApplicationRecord, options: RunOptions): Promise<void> {
    if (this.#runtime.shutdown.isStopping)
      throw new TergoError('node-terminated', `${this.#runtime.home.node} is stopping`);
    if (record.state === 'stopping') throw runningError(record.name, 'stopping');
    this.#checkDepends(record);
    this.#started.add(record);
    const run = record.run ?? record.begin(options);
    await run.start();
    this.#changed();
  }

  /** What other hosts know of them is out of date. */
  #changed(): void {
    this.#runtime.network?.registration.changed();
  }

  /** One that was up may have ended while others started. */
  #checkDepends({ name, spec }: ApplicationRecord): void {
    for (const other of spec.depends) {
      if (this.#records.get(other)?.state === 'running') continue;
      const text = `application '${name}' depends on '${other}', which has ended again`;
      throw new TergoError('application-depends', text);
    }
  }

  #checkIdle(record: ApplicationRecord): void {
    if (record.state !== 'loaded') throw runningError(record.name, record.state);
    if (this.#wanted.has(record)) throw runningError(record.name, 'starting');
  }

  /** Whether an application that is not among `others` runs or starts that depends on this one. */
  #isNeeded({ name }: ApplicationRecord, others: readonly ApplicationRecord[]): boolean {
    const users = [...this.#started, ...this.#wanted.keys()];
    return users
      .filter((user) => !others.includes(user))
      .some((user) => doesDependOn(user.name, name, (one) => this.#dependsOf(one)));
  }

  #dependsOf(name: string): readonly string[] | undefined {
    return this.#records.get(name)?.spec.depends;
  }
}

function runningError(name: string, state: ApplicationState): TergoError {
  if (state === 'stopping') {
    const text = `application '${name}' is stopping; wait until node.applications.stop has resolved`;
    return new TergoError('application-stopping', text);
  }
  return new TergoError('application-running', `application '${name}' is ${state}; stop it first`);
}
