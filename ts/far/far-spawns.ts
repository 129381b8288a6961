import type { LocalMembership } from '../application/membership.ts';
import { withPath } from '../codec/unencodable.ts';
import { type EnvWords, envWords } from '../env/env-words.ts';
import { Environment } from '../env/environment.ts';
import { reasonOf } from '../error/exit-reason.ts';
import { TergoError } from '../error/tergo-error.ts';
import type { LogLevel } from '../log/log-level.ts';
import { failure } from '../node/messaging.ts';
import type { Runtime } from '../node/runtime.ts';
import type { Parent } from '../node/spawner.ts';
import { LocalPid } from '../process/pid.ts';
import type { NodeProcess } from '../process/peer.ts';
import { membership } from '../process/process-context.ts';
import { farLink, type AnySpawnOptions } from '../process/process-options.ts';
import { isMute, ProcessRecord } from '../process/process-record.ts';
import { valueOrError } from './arrived-value.ts';
import { Control } from './control.ts';
import type { Arrived } from './controls.ts';
import type { Far } from './far.ts';
import { FarPid } from './far-pid.ts';
import { Numbers } from './numbers.ts';
import { spawnLimitMs } from './request-patience.ts';
import { seatOf, type Station } from './station.ts';

/** What another thread is told to spawn. */
interface SpawnWords {
  readonly behaviour: string;
  readonly options: Omit<AnySpawnOptions, 'env' | 'leader' | 'thread' | 'linkChild'>;
  readonly parent: LocalPid;
  readonly leader: LocalPid;
  /** What it sees of its parent's, leader's and application's environment. */
  readonly inherited: ReadonlyMap<string, unknown>;
  /** Its own values over them. */
  readonly env: EnvWords;
  readonly logLevel: LogLevel | undefined;
  readonly application: ApplicationWords | undefined;
  /** Whether its parent is a supervisor or the like, which ends it in its order. */
  readonly isSupervised: boolean;
  /** The proxy by which the parent is linked to it; 0: none. */
  readonly proxy: number;
  /** Where the parent is, if that is not the thread that tells this. */
  readonly watcher: Station | undefined;
}

/** What a run of an application looks like from another thread. */
export interface ApplicationWords {
  readonly name: string;
  readonly run: number;
  /** Its own. */
  readonly logLevel: LogLevel | undefined;
  readonly isStopping: boolean;
}

/** A spawn on another thread. */
export interface FarSpawn {
  readonly parent: Parent;
  readonly thread: number;
  readonly behaviour: { readonly name: string };
  readonly options: AnySpawnOptions;
  /** Called with the process when it is up, before anything else that it does is heard of. */
  readonly opened: ((peer: NodeProcess) => void) | undefined;
}

interface Asked {
  readonly thread: number;
  resolve(pid: FarPid): void;
  reject(error: Error): void;
}

/** Processes that are spawned on other threads, and those that others spawn here. */
export class FarSpawns {
  readonly #runtime: Runtime;
  readonly #far: Far;
  readonly #asked = new Map<number, Asked>();
  /** By thread: spawns under way. */
  readonly underWay: number[] = [];
  readonly #numbers: Numbers;

  constructor(runtime: Runtime, far: Far) {
    this.#runtime = runtime;
    this.#far = far;
    this.#numbers = new Numbers(far.firstNumber, (number) => this.#asked.has(number));
    far.controls.on(Control.spawn, (arrived) => this.#spawn(arrived));
    far.controls.on(Control.spawned, (arrived) => this.#spawned(arrived));
  }

  /**
   * Spawns a child of a process of this thread elsewhere. Rejects like a spawn here; with `unencodable`, too, and with `timeout` when
   * the thread does not answer in time.
   */
  async spawn(wish: FarSpawn): Promise<FarPid> {
    const { thread, behaviour } = wish;
    const name = this.#far.behaviours.checkedNameOf(behaviour);
    // At once: where the next one is best may be asked before this one is on its way.
    this.underWay[thread] = (this.underWay[thread] ?? 0) + 1;
    try {
      return await this.#ask(wish, name);
    } finally {
      this.underWay[thread] -= 1;
    }
  }

  async #ask({ parent, thread, options, opened }: FarSpawn, name: string): Promise<FarPid> {
    const isBack = this.#far.absences.whenUp(thread);
    await isBack;
    if (isBack !== undefined) refuseEnded(parent);
    const linked = this.#linkedOf(parent, options);
    const proxy = linked === undefined ? 0 : this.#far.proxies.prepare();
    const number = this.#numbers.next();
    try {
      const words = this.#words(parent, name, options, proxy);
      this.#far.controls.send(thread, Control.spawn, number, words);
    } catch (error) {
      this.#far.proxies.unprepare(proxy);
      throw withOptionPath(error);
    }
    return await new Promise<FarPid>((resolve, reject) => {
      const timer = this.#startTimeout(number, options);
      const settle = (): void => {
        this.#runtime.timers.cancel(timer);
        this.#runtime.driver.letPromisesRun();
      };
      this.#asked.set(number, {
        thread,
        resolve: (found) => {
          settle();
          opened?.(found);
          if (linked !== undefined) this.#far.links.adopt(linked, found, proxy);
          resolve(found);
        },
        reject: (error) => {
          settle();
          this.#far.proxies.unprepare(proxy);
          reject(error);
        },
      });
    });
  }

  /** A thread that hangs answers nothing. What comes up after all is ended: nobody knows of it. */
  #startTimeout(number: number, options: AnySpawnOptions): number {
    const ms = spawnLimitMs(options);
    if (ms === 0) return -1;
    return this.#runtime.timers.start(ms, () => {
      const asked = this.#asked.get(number);
      this.#asked.delete(number);
      const text = `thread ${asked?.thread} did not answer the spawn within ${ms} ms: it hangs, or has too much to do; raise initTimeoutMs, or keep what takes long off it`;
      asked?.reject(new TergoError('timeout', text));
    });
  }

  threadEnded(thread: number, reason: Error): void {
    for (const [number, asked] of [...this.#asked]) {
      if (asked.thread !== thread) continue;
      this.#asked.delete(number);
      asked.reject(reason);
    }
  }

  /** The parent, if it lives here and is to be linked to its child. */
  #linkedOf(parent: Parent, { linkChild }: AnySpawnOptions): ProcessRecord | undefined {
    const isLinked = linkChild === true && parent !== this.#runtime.core;
    return isLinked && parent instanceof ProcessRecord ? parent : undefined;
  }

  #words(parent: Parent, behaviour: string, options: AnySpawnOptions, proxy: number): SpawnWords {
    const { env = [], leader, thread: _thread, linkChild: _linkChild, ...rest } = options;
    const { extra } = parent;
    // It was asked for by another node, whose process is linked to it.
    const { [farLink]: link, ...plain } = rest;
    return {
      behaviour,
      options: plain,
      parent: parent.pid,
      leader: (leader as LocalPid | undefined) ?? parent.leader,
      inherited: this.#runtime.inheritedEnv(parent, options[membership]),
      env: envWords(env),
      logLevel: extra?.logLevel,
      application: this.#far.applications.wordsOf(options, parent),
      isSupervised: parent instanceof ProcessRecord && this.#runtime.isSupervisor(parent),
      proxy: link?.proxy ?? proxy,
      watcher: link?.station,
    };
  }

  #spawned(arrived: Arrived): void {
    const { number } = arrived;
    const value = valueOrError(arrived);
    const asked = this.#asked.get(number);
    // It was rejected: its thread came up anew before this one had heard of the end, or its time was over.
    if (asked === undefined)
      return value instanceof FarPid ? this.#far.messages.kill(value) : undefined;
    this.#asked.delete(number);
    if (value instanceof FarPid) asked.resolve(value);
    else asked.reject(reasonOf(value));
  }

  #spawn(arrived: Arrived): void {
    const { controls } = this.#far;
    const { station, number } = arrived;
    this.#begin(arrived).then(
      (pid) => controls.send(station, Control.spawned, number, pid),
      (error: unknown) => controls.tell(station, Control.spawned, number, reasonOf(error)),
    );
  }

  async #begin(arrived: Arrived): Promise<LocalPid> {
    const { station } = arrived;
    const words = arrived.value as SpawnWords;
    const { spawner } = this.#runtime;
    const { isSupervised, watcher = station } = words;
    const proxy = this.#hasLeft(watcher, words.parent) ? 0 : words.proxy;
    const link = { station: watcher, proxy, isSupervised };
    const env = words.env.map(([key, value]) => ({ key, value }));
    const application = this.#far.applications.memberOf(words.application);
    const options = { ...words.options, env, leader: words.leader, [farLink]: link };
    const behaviour = this.#far.behaviours.at(words.behaviour);
    const parent = parentOf(words, words.inherited, application);
    return spawner.spawn(parent, behaviour, options);
  }

  /** The node of the parent is gone, as this thread has heard already; who told this thread ends the process. */
  #hasLeft(watcher: Station, parent: LocalPid): boolean {
    const { peers } = this.#far;
    // It may have come back meanwhile, to another seat.
    return peers.isOf(watcher, parent) && !peers.isUp(seatOf(watcher));
  }
}

/** Who has waited for a thread with its spawn may have ended meanwhile. */
function refuseEnded(parent: Parent): void {
  if (isMute(parent)) throw failure('not-allowed', `${parent.pid} has ended and cannot spawn`);
}

/** What cannot travel, as it is called by who spawns: `args[0].callback`. */
export function withOptionPath(error: unknown): unknown {
  const ofOption = withPath(error, /^message(\[1\])?\.options\./, '');
  const ofEnv = withPath(ofOption, /^message\.env\[(\d+)\]\[1\]/, 'env[$1]');
  return withPath(ofEnv, /^message\.inherited/, 'env');
}

/** The parent as the spawner of another thread or node sees it. */
export function parentOf(
  { parent: pid, leader, logLevel }: Pick<SpawnWords, 'parent' | 'leader' | 'logLevel'>,
  inherited: Iterable<readonly [string, unknown]>,
  application: LocalMembership | undefined,
): Parent {
  const env = new Environment();
  for (const [key, value] of inherited) env.set(key, value);
  return { pid, leader, application, flags: 0, extra: { env, logLevel } };
}
