import type { MaybePromise } from '../actor/outcome.ts';
import type { EnvKey } from '../env/env-key.ts';
import { checkName } from '../error/check.ts';
import type { ExitReason } from '../error/exit-reason.ts';
import { TergoError } from '../error/tergo-error.ts';
import type { Log } from '../log/log.ts';
import type { Node } from '../node/node.ts';
import type { Runtime } from '../node/runtime.ts';
import type { ApplicationState } from './application-info.ts';
import type { ApplicationRecord } from './application-record.ts';
import type { ApplicationMode, ApplicationSpec } from './application-spec.ts';

/** The key under which an instance holds its record; not exported from the package. @internal */
export const home: unique symbol = Symbol('tergo.application');

/** The key under which an instance holds what it is loaded on, from before its `load` on. @internal */
export const ground: unique symbol = Symbol('tergo.ground');

/**
 * A group of processes that are started and stopped together. Write `load`, give the class to `startNode` or
 * to `node.applications.load`. All other callbacks are optional and may be asynchronous. They run outside of
 * processes; one instance lives as long as the application is loaded, over all its runs. Source: Ergo 3.3
 * `app.Application`, OTP `application`.
 *
 * @example
 * class Images extends Application {
 *   override load(): ApplicationSpec {
 *     return { name: 'images', mode: 'permanent', group: [childSpec(resizers, Resizers, { args: [4] })] };
 *   }
 * }
 * await using node = await startNode('images@localhost', { applications: [Images] });
 */
export abstract class Application {
  /** @internal */
  [home]: ApplicationRecord | undefined = undefined;

  /** @internal */
  [ground]: Runtime | undefined = undefined;

  /**
   * Gives the spec; gets the `args` of `node.applications.load`. `node` and `env`, which then is that of the node, are there
   * already. What it throws makes the load reject.
   */
  abstract load(...args: never[]): MaybePromise<ApplicationSpec>;

  /** Runs before the first member is started. What it throws makes the start reject. */
  init?(mode: ApplicationMode): MaybePromise<void>;

  /** Runs when all members are up. What it throws makes the start reject, when all members have ended. */
  start?(mode: ApplicationMode): MaybePromise<void>;

  /**
   * Runs before the members are asked to end, if the start was completed. It may take half of the time of the stop;
   * then it is left behind, and the members are asked. What it throws is logged.
   */
  stop?(reason: ExitReason): MaybePromise<void>;

  /**
   * Runs last, when every process of the run is over, also after a start that failed, unless `init` had not
   * come to its end. It may take `stopTimeoutMs`; a stop with `timeoutMs: 0` meanwhile, and a node that has stopped,
   * do not wait for it. What it throws is logged.
   */
  terminate?(reason: ExitReason): MaybePromise<void>;

  /** Its name. Throws `not-allowed` before `load` has returned the spec, like `state`, `mode` and `log`. */
  get name(): string {
    return this.#record.name;
  }

  /** The node that it is loaded on. */
  get node(): Node {
    return this.#runtime.node;
  }

  /** What it is doing. */
  get state(): ApplicationState {
    return this.#record.state;
  }

  /** The mode of the run; that of the spec while it does not run. */
  get mode(): ApplicationMode {
    return this.#record.mode;
  }

  /** Its log. Its level is that of all its processes without one of their own; setting it changes them, too. */
  get log(): Log {
    return this.#record.log;
  }

  /** A value of its environment, else of the node's, else `fallback`. Case does not matter. */
  env<T>(key: EnvKey<T>): T | undefined;
  env<T>(key: EnvKey<T>, fallback: NoInfer<T>): T;
  env(key: string, fallback?: unknown): unknown {
    checkName('key', key);
    const { env } = this.#runtime;
    const value = this[home] === undefined ? env.at(key) : this.#record.envAt(key);
    return value === undefined ? fallback : value;
  }

  get #record(): ApplicationRecord {
    const record = this[home];
    if (record !== undefined) return record;
    const { node } = this.#runtime;
    const text = `${this.constructor.name} is just being loaded on ${node.name}: before load has returned the spec there are only node and env`;
    throw new TergoError('not-allowed', text);
  }

  get #runtime(): Runtime {
    const runtime = this[ground];
    if (runtime !== undefined) return runtime;
    const text = `${this.constructor.name} is not loaded; load it by node.applications.load(${this.constructor.name})`;
    throw new TergoError('not-allowed', text);
  }
}

/** A class whose `load` takes `Args`. */
export interface ApplicationClass<Args extends readonly unknown[] = []> {
  new (): Application & Loads<Args>;
}

/** Asked of a class that is to be loaded with `Args`. */
export interface Loads<Args extends readonly unknown[]> {
  /** Gives the spec. */
  load(...args: Args): MaybePromise<ApplicationSpec>;
}
