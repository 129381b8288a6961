import type { Behaviour } from '../actor/behaviour.ts';
import type { MaybePromise } from '../actor/outcome.ts';
import { checkSendOptions, type SendOptions } from '../call/call-options.ts';
import { type EnvKey, env, envKey } from '../env/env-key.ts';
import { checkFunction, checkName, checkOptions } from '../error/check.ts';
import type { SendResult } from '../error/send-result.ts';
import { incorrect } from '../error/tergo-error.ts';
import { failure, isRefusal } from '../node/messaging.ts';
import { checkAnyNode } from '../node/node-name.ts';
import type { SpawnName } from '../network/spawn-name.ts';
import type { Runtime } from '../node/runtime.ts';
import { queueOf } from '../process/priority.ts';
import {
  type AnySpawnOptions,
  checkSpawnOptions,
  keptOptions,
  type Optional,
  type SpawnOptions,
} from '../process/process-options.ts';
import { checkBehaviour } from '../process/process.ts';
import type { Target } from '../process/target.ts';
import type { MessageOf } from '../protocol/protocol.ts';
import type { CronRun } from './cron-run.ts';

declare const action: unique symbol;

/** What a job does: only `cronSend`, `cronSpawn` and `cronRun` make one. It may serve several jobs. */
export interface CronAction {
  /** For people. */
  readonly description: string;
  /** For the type checker only. */
  readonly [action]: never;
}

/** In the environment of what `cronSpawn` spawns: the name of the node whose job it was. */
export const cronNodeName: EnvKey<string> = envKey('CRON_NODE_NAME');
/** In the environment of what `cronSpawn` spawns: the name of the job. */
export const cronJobName: EnvKey<string> = envKey('CRON_JOB_NAME');
/** In the environment of what `cronSpawn` spawns: the time that the run was for, ms since 1970. */
export const cronActionTimeMs: EnvKey<number> = envKey('CRON_JOB_ACTION_TIME');

/**
 * Sends a message from the node, each time the same; one that depends on the run is sent by `cronRun`. A
 * send that does not give `'ok'` is a run that failed. Throws `incorrect`.
 *
 * @example
 * cronSend(counterName, { type: 'reset' }, { priority: 'high' })
 */
export function cronSend<P>(
  to: Target<P>,
  message: MessageOf<P>,
  options?: SendOptions,
): CronAction {
  return new SendAction(to, message, options);
}

/**
 * Spawns a process as `node.spawn` does, under a name if `options` have one. Its environment tells which
 * job it is for: `cronNodeName`, `cronJobName`, `cronActionTimeMs`. A run is over when `init` is. Throws
 * `incorrect`.
 *
 * @example
 * cronSpawn(Report, { args: ['daily'], name: reportName })
 */
export function cronSpawn<P, Args extends readonly unknown[]>(
  behaviour: Behaviour<P, Args>,
  ...options: Optional<SpawnOptions<NoInfer<P>, NoInfer<Args>>>
): CronAction {
  return new SpawnAction(behaviour, options[0]);
}

/**
 * Spawns a process on another node, which lends a behaviour under that name; connects first if need be. Otherwise like
 * `cronSpawn`. Throws `incorrect`.
 *
 * @example
 * cronRemoteSpawn('reports@localhost', reportSpawn, { args: ['daily'] })
 */
export function cronRemoteSpawn<P, Args extends readonly unknown[]>(
  node: string,
  name: SpawnName<P, Args>,
  ...options: Optional<SpawnOptions<NoInfer<P>, NoInfer<Args>>>
): CronAction {
  return new RemoteSpawnAction(node, name, options[0]);
}

/**
 * Calls a function, outside of any process. A run is over when its promise has settled. It fails with what
 * the function throws or rejects with; also when that gives the result of a send that is not `'ok'`.
 * Throws `incorrect`.
 *
 * @example
 * cronRun(async () => { await rotate(files); }, { description: 'rotate the files' })
 * cronRun(({ timeMs }) => node.send(reportName, { type: 'report', timeMs }))
 */
export function cronRun(
  run: (run: CronRun) => MaybePromise<SendResult | void>,
  options: { readonly description?: string } = {},
): CronAction {
  return new FunctionAction(run, options);
}

/** Whether one of these functions has made it. @internal */
export function isAction(value: unknown): value is LocalAction {
  return value instanceof LocalAction;
}

/** An action as the runtime sees it. @internal */
export abstract class LocalAction implements CronAction {
  declare readonly [action]: never;
  abstract readonly description: string;

  /** Throws `incorrect` for what can be seen to be wrong before the first run. */
  check(_runtime: Runtime): void {}

  /** Throws or rejects when it fails. */
  abstract perform(runtime: Runtime, run: CronRun): unknown;
}

class SendAction extends LocalAction {
  readonly #to: unknown;
  readonly #message: unknown;
  readonly #options: SendOptions | undefined;

  constructor(to: unknown, message: unknown, options: SendOptions | undefined) {
    super();
    if (options !== undefined) checkSendOptions(options);
    if (options?.priority !== undefined) queueOf(options.priority);
    this.#to = to;
    this.#message = message;
    this.#options = options && { ...options };
  }

  get description(): string {
    return `send to ${String(this.#to)}`;
  }

  override check({ messaging, freeze }: Runtime): void {
    messaging.resolve(this.#to);
    freeze?.(this.#message);
  }

  override perform({ messaging, core }: Runtime): void {
    const result = messaging.send(core, this.#to, this.#message, this.#options);
    if (result !== 'ok') throw failure(result, this.#to);
  }
}

class SpawnAction extends LocalAction {
  readonly description: string;
  readonly #behaviour: new () => object;
  readonly #options: AnySpawnOptions;

  constructor(behaviour: unknown, options: AnySpawnOptions = {}) {
    super();
    checkBehaviour(behaviour);
    checkSpawnOptions(options);
    const { name } = options;
    this.description = `spawn ${behaviour.name}${name === undefined ? '' : ` as '${name}'`}`;
    this.#behaviour = behaviour;
    this.#options = keptOptions(options);
  }

  override perform({ spawner, core }: Runtime, run: CronRun): Promise<unknown> {
    return spawner.spawn(core, this.#behaviour, withJob(this.#options, run));
  }
}

class RemoteSpawnAction extends LocalAction {
  readonly description: string;
  readonly #node: string;
  readonly #name: string;
  readonly #options: AnySpawnOptions;

  constructor(node: string, name: string, options: AnySpawnOptions = {}) {
    super();
    checkAnyNode('node', node);
    checkName('name', name);
    checkSpawnOptions(options);
    this.description = `spawn '${name}' on ${node}`;
    this.#node = node;
    this.#name = name;
    this.#options = keptOptions(options);
  }

  override check({ home }: Runtime): void {
    if (this.#node === home.node)
      throw incorrect('action.node', 'another node; use cronSpawn for this one', this.#node);
  }

  override perform(runtime: Runtime, run: CronRun): Promise<unknown> {
    const options = withJob(this.#options, run);
    return runtime.remoteSpawn(runtime.core, this.#node, this.#name, options);
  }
}

/** With values in the environment that tell which job it is for. */
function withJob(options: AnySpawnOptions, { node, job, timeMs }: CronRun): AnySpawnOptions {
  const about = [env(cronNodeName, node), env(cronJobName, job), env(cronActionTimeMs, timeMs)];
  return { ...options, env: [...(options.env ?? []), ...about] };
}

class FunctionAction extends LocalAction {
  readonly description: string;
  readonly #run: (run: CronRun) => MaybePromise<SendResult | void>;

  constructor(
    run: (run: CronRun) => MaybePromise<SendResult | void>,
    options: { readonly description?: string },
  ) {
    super();
    checkFunction('run', run);
    checkOptions('options', options, ['description']);
    const { description = `run ${run.name === '' ? 'a function' : run.name}` } = options;
    if (typeof description !== 'string')
      throw incorrect('options.description', 'a string', description);
    this.description = description;
    this.#run = run;
  }

  override async perform(_runtime: Runtime, run: CronRun): Promise<void> {
    const call = this.#run;
    const result = await call(run);
    if (isRefusal(result)) throw failure(result, `a message of the job '${run.job}'`);
  }
}
