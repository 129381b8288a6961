import { incorrect, TergoError } from '../error/tergo-error.ts';
import { failure } from '../node/messaging.ts';
import type { LocalPid } from '../process/pid.ts';
import type { NodeProcess } from '../process/peer.ts';
import { DEAD, type ProcessRecord } from '../process/process-record.ts';
import type { Exit } from '../relation/ended.ts';
import { ChildProcesses } from '../supervisor/child-processes.ts';
import { Failures } from './failures.ts';
import { RouteEntry, type RouteProcess } from './route-entry.ts';
import { discard, type RouteFailureCode } from './routed.ts';
import { type CheckedRouterSpec, type LocalRoute, OwnedRoute, takenName } from './router-spec.ts';

/** The routes of one router: hands on, keeps the processes of owned routes alive, ends them. */
export class Routes {
  forwarded = 0;
  discarded = 0;
  readonly #router: ProcessRecord;
  readonly #spec: CheckedRouterSpec;
  readonly #byName = new Map<string, RouteEntry>();
  readonly #processes: ChildProcesses<RouteProcess>;
  readonly #failures: Failures;

  constructor(router: ProcessRecord, spec: CheckedRouterSpec) {
    this.#router = router;
    this.#spec = spec;
    this.#failures = new Failures(router);
    this.#processes = new ChildProcesses(router, (process) => this.#overdue(process));
  }

  /** What could not be handed on. */
  get failed(): number {
    return this.#failures.count;
  }

  /** In the order in which they were added. */
  entries(): RouteEntry[] {
    return [...this.#byName.values()];
  }

  /** Starts the routes of the spec, all at once. */
  async begin(): Promise<void> {
    const entries = this.#spec.routes.map((plan) => this.#entryOf(plan));
    await this.#startAll(entries);
    for (const entry of entries) this.#byName.set(entry.name, entry);
  }

  /** An entry of the router's mailbox goes where `routed` says. */
  handOn(routed: unknown, kind: number, payload: number): void {
    if (routed === discard) return this.#discard(kind, payload);
    if (routed !== undefined && typeof routed !== 'string')
      throw incorrect('the result of a route callback', 'a name, discard or undefined', routed);
    const name = routed ?? this.#spec.fallback;
    const entry = name === undefined ? undefined : this.#byName.get(name);
    if (entry === undefined) this.#failures.tell(name, 'route-unknown', kind, payload);
    else this.#forward(entry, kind, payload);
  }

  async add(plan: LocalRoute): Promise<void> {
    this.#refuseEnded();
    if (this.#byName.has(plan.name)) throw takenName('route.name', plan.name);
    const entry = this.#entryOf(plan);
    // Known from now on, so that no second one of this name starts meanwhile.
    this.#byName.set(plan.name, entry);
    try {
      await this.#startAll([entry]);
    } catch (error) {
      if (this.#byName.get(plan.name) === entry) this.#byName.delete(plan.name);
      throw error;
    }
  }

  remove(name: string): void {
    const entry = this.#find(name);
    this.#byName.delete(name);
    entry.isRemoved = true;
    this.#dismiss(entry.process);
  }

  disable(name: string): void {
    this.#find(name).isDisabled = true;
  }

  async enable(name: string): Promise<void> {
    const entry = this.#find(name);
    entry.window.clear();
    if (entry.plan instanceof OwnedRoute && entry.record?.isAlive !== true)
      await this.#startAll([entry]);
    this.#refuseRemoved(entry);
    entry.isDisabled = false;
    this.#keepAlive(entry);
  }

  /** Puts another process, or another plan, at the end of a route; what was there does before what waits for it. */
  async replace(name: string, plan?: LocalRoute): Promise<void> {
    const entry = this.#find(name);
    if (plan === undefined && !(entry.plan instanceof OwnedRoute))
      throw failure('not-allowed', `the process of the route '${name}' is not the router's`);
    const next = this.#entryOf(plan ?? entry.plan);
    await this.#startAll([next]);
    if (entry.isRemoved) this.#dismiss(next.process);
    this.#refuseRemoved(entry);
    const before = entry.process;
    entry.plan = next.plan;
    entry.record = next.record;
    entry.process = next.process;
    entry.coming = undefined;
    if (entry.process !== undefined) entry.process.entry = entry;
    entry.window.clear();
    this.#dismiss(before);
    this.#keepAlive(entry);
    this.#deliver(entry);
  }

  /** An exit that came to the router: true when it is that of a process of its own. */
  exited(exit: Exit): boolean {
    const process = exit.kind === 'pid' ? this.#processes.find(exit.pid) : undefined;
    if (process === undefined) return false;
    const { entry } = process;
    process.isHeard = true;
    this.#prune();
    // One that was removed, replaced or disabled was not to live on.
    if (entry.process !== process || this.#byName.get(entry.name) !== entry) return true;
    if (!entry.isDisabled) this.#respawn(entry, exit.reason);
    return true;
  }

  has(pid: LocalPid): boolean {
    return this.#processes.has(pid);
  }

  /** The router has ended: resolves when the processes of its own have followed by their links, each within its time. */
  aftermath(): Promise<void> | undefined {
    return this.#processes.count === 0 ? undefined : this.#processes.endOfAll();
  }

  #forward(entry: RouteEntry, kind: number, payload: number): void {
    this.#settle(entry, this.#refusalOf(entry, kind, payload), kind, payload);
  }

  /** Why it cannot go there; `undefined`: it has gone, or waits. */
  #refusalOf(entry: RouteEntry, kind: number, payload: number): RouteFailureCode | undefined {
    if (entry.isDisabled) return 'route-disabled';
    this.#keepAlive(entry);
    if (entry.coming === undefined) return this.#pass(entry, kind, payload);
    if (!entry.hasRoom) return 'process-mailbox-full';
    entry.waiting.push({ kind, payload });
    return undefined;
  }

  #pass(entry: RouteEntry, kind: number, payload: number): RouteFailureCode | undefined {
    const target = entry.resolve();
    if (typeof target === 'string') return target;
    // It would come back for ever.
    if (target === this.#router) return 'not-allowed';
    if (!this.#router.runtime.forwarding.forward(target, kind, payload))
      return 'process-mailbox-full';
    entry.forwarded += 1;
    this.forwarded += 1;
    return undefined;
  }

  #discard(kind: number, payload: number): void {
    this.discarded += 1;
    const text = `${this.#router.pid} discards this`;
    this.#router.runtime.forwarding.refuse(kind, payload, () => new TergoError('discarded', text));
  }

  #entryOf(plan: LocalRoute): RouteEntry {
    return new RouteEntry(plan, this.#spec, this.#router.runtime.messaging);
  }

  /** Those that are owned. */
  async #startAll(entries: readonly RouteEntry[]): Promise<void> {
    const processes = entries.flatMap((entry) => this.#processFor(entry) ?? []);
    for (const process of processes) {
      process.entry.isStarting = true;
      process.entry.coming = process;
    }
    try {
      await this.#processes.spawnAll(processes, (process, peer) => this.#opened(process, peer));
    } finally {
      for (const process of processes) this.#hasStarted(process);
    }
    this.#refuseEnded();
  }

  /** It takes messages: before its `init`, or when it is up, if it lives on another thread. */
  #opened(process: RouteProcess, peer: NodeProcess): void {
    const { entry } = process;
    const isWanted = entry.coming === process;
    if (isWanted) {
      entry.coming = undefined;
      entry.process = process;
      entry.record = peer;
      this.#deliver(entry);
    }
    // Meanwhile another one was put in its place, or nobody.
    if (!isWanted || entry.isRemoved) this.#processes.dismiss(process);
  }

  /** It is up, or has failed to come up. */
  #hasStarted(process: RouteProcess): void {
    const { entry } = process;
    entry.isStarting = false;
    if (entry.coming !== process) return;
    entry.coming = undefined;
    this.#deliver(entry);
  }

  /** What has waited goes to whoever is there now; it has failed if nobody is. */
  #deliver(entry: RouteEntry): void {
    for (const { kind, payload } of entry.waiting.splice(0)) {
      if (!this.#router.runtime.forwarding.isWanted(kind, payload)) continue;
      this.#settle(entry, this.#pass(entry, kind, payload), kind, payload);
    }
  }

  #settle(
    entry: RouteEntry,
    code: RouteFailureCode | undefined,
    kind: number,
    payload: number,
  ): void {
    if (code === undefined) return;
    entry.failed += 1;
    this.#failures.tell(entry.name, code, kind, payload);
  }

  #processFor(entry: RouteEntry): RouteProcess | undefined {
    if (!(entry.plan instanceof OwnedRoute)) return undefined;
    const { rule, start } = entry.plan;
    return { rule, start, pid: undefined, entry, isHeard: false };
  }

  /** Its process may have ended just now, and nobody has heard of it. */
  #keepAlive(entry: RouteEntry): void {
    if (!(entry.plan instanceof OwnedRoute) || entry.isDisabled) return;
    if (entry.record?.isAlive !== true && !entry.isStarting)
      this.#respawn(entry, entry.record?.reason);
  }

  /** Anew, until it comes up or has been tried too often. */
  #respawn(entry: RouteEntry, reason: unknown): void {
    const { isAlive, application, runtime } = this.#router;
    if (!isAlive || application?.isStopping === true || runtime.shutdown.isStopping) return;
    if (!entry.window.admit(runtime.driver.readNow())) return this.#giveUp(entry, reason);
    entry.restarts += 1;
    this.#startAll([entry]).catch((error: unknown) => {
      const isWanted = this.#byName.get(entry.name) === entry && !entry.isDisabled;
      if (isWanted && entry.record?.isAlive !== true) this.#respawn(entry, error);
    });
  }

  #giveUp(entry: RouteEntry, error: unknown): void {
    entry.isDisabled = true;
    const fields = { route: entry.name, error };
    const log = this.#router.runtime.logOf(this.#router);
    log.error('the process of a route was to be respawned too often; it is disabled', fields);
  }

  #dismiss(process: RouteProcess | undefined): void {
    if (process !== undefined) this.#processes.dismiss(process);
    this.#prune();
  }

  /** An exit that is still to come must find its process: that of a stranger would end the router. */
  #prune(): void {
    this.#processes.prune(({ isHeard }) => isHeard);
  }

  #find(name: string): RouteEntry {
    this.#refuseEnded();
    const entry = this.#byName.get(name);
    if (entry === undefined) throw unknownRoute(name);
    return entry;
  }

  /** It may have been taken away while something was started for it. */
  #refuseRemoved({ name, isRemoved }: RouteEntry): void {
    this.#refuseEnded();
    if (isRemoved) throw unknownRoute(name);
  }

  #overdue(process: RouteProcess): void {
    this.#processes.kill(process);
    this.#processes.report('the process of a route did not end in time; it is killed', process);
  }

  #refuseEnded(): void {
    if ((this.#router.flags & DEAD) !== 0)
      throw failure('not-allowed', `${this.#router.pid} has ended, so its routes stay as they are`);
  }
}

function unknownRoute(name: string): TergoError {
  return new TergoError('route-unknown', `there is no route '${name}'`);
}
