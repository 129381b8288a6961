import { availableParallelism } from 'node:os';
import { MAX_THREADS } from '../native/layout.ts';
import { type BindingFabric, loadNative, type Native } from '../native/load.ts';
import { BehaviourRegistry } from '../thread/behaviour-registry.ts';
import { SYSTEM_EPOCH_MS, systemClock } from '../scheduler/clock.ts';
import { startGuard } from '../thread/start-guard.ts';
import { Threads } from '../thread/threads.ts';
import { compressionOver, NO_COMPRESSION } from '../process/compression.ts';
import { Node } from './node.ts';
import { checkNodeName } from './node-name.ts';
import type { NetworkOptions } from '../network/network-options.ts';
import { Validation } from '../network/validation.ts';
import { startNetwork } from '../network/start-network.ts';
import { checkNodeOptions, hasNetwork, type NodeOptions } from './node-options.ts';
import { nextCreation, Runtime } from './runtime.ts';
import { stopOnSignals } from './signals.ts';

/** Chunks of 256 KiB that may be on their way from one thread to another: 16 MiB. */
const QUOTA_CHUNKS = 64;

let native: Native | undefined;

/**
 * Starts a node. `name` is `name@host`, at most 255 bytes. Rejects with `incorrect` (naming the key),
 * `name-too-long`, `binary-missing`, with what a thread says that does not come up, and with what the load or the
 * start of one of its applications rejects with; then everything that was started has been stopped. Several nodes may
 * live in one OS process, even of one name: each is an incarnation of its own, which refuses the pids of the others
 * with `process-incarnation`. The node keeps the OS process alive until it is stopped. A module of `behaviors` must not start one
 * while a scheduler thread imports it, nor later one there whose threads import it: `incorrect`.
 *
 * @example
 * await using node = await startNode('hello@localhost', { log: { level: 'warning' } });
 */
export async function startNode(name: string, options: NodeOptions = {}): Promise<Node> {
  checkNodeName(name);
  checkNodeOptions(options);
  const threads = threadsOf(options);
  startGuard.check(threads, [...(options.behaviors ?? []), ...validatorsOf(options)].map(String));
  native ??= loadNative();
  const runtime =
    threads === 1 && !hasNetwork(options.network)
      ? new Runtime(name, options, new native.BindingScheduler(), options.clock)
      : await runtimeWith(threads, name, options, native);
  if (options.handleSignals === true) stopOnSignals(runtime);
  const node = new Node(runtime);
  try {
    await runtime.workers?.start();
    await runtime.network?.start();
    await runtime.applications.begin(options.applications ?? []);
  } catch (error) {
    await node.stop();
    throw error;
  }
  return node;
}

function threadsOf({ threads = 1 }: NodeOptions): number {
  return threads === 'auto' ? Math.min(availableParallelism(), MAX_THREADS) : threads;
}

/** The runtime of thread 0, with what it takes to start the others. */
async function runtimeWith(
  threads: number,
  name: string,
  options: NodeOptions,
  native: Native,
): Promise<Runtime> {
  const { BindingFabric, BindingScheduler } = native;
  const { behaviors = [], resourceLimits } = options;
  const behaviours = await BehaviourRegistry.load(behaviors);
  const validators = validatorsOf(options);
  const validation = await Validation.load(validators);
  const fabric: BindingFabric = new BindingFabric(threads, QUOTA_CHUNKS);
  const creation = nextCreation();
  const startedAt = (options.clock ?? systemClock).now();
  const isNetworked = hasNetwork(options.network);
  const compression = compressionOver(NO_COMPRESSION, networkOf(options).compression ?? {});
  const own = { thread: 0, threads, incarnation: 0, hasNetwork: isNetworked, compression };
  const place = { ...own, behaviours, validation, startedAt, creation };
  const runtime = new Runtime(
    name,
    options,
    BindingScheduler.join(fabric.id, 0),
    options.clock,
    place,
  );
  if (isNetworked) {
    try {
      runtime.network = startNetwork(runtime, native, fabric, networkOf(options));
    } catch (error) {
      runtime.shutdown.abandon();
      fabric.close();
      throw error;
    }
  }
  if (threads === 1) return runtime;
  const setup = {
    ...{ fabric: fabric.id, threads, node: name, creation },
    ...{ hasNetwork: isNetworked, compression },
    startedAtMs: SYSTEM_EPOCH_MS + startedAt,
    behaviors: behaviors.map(String),
    validators: validators.map(String),
    security: runtime.security,
    freezeMessages: options.freezeMessages === true,
  };
  runtime.workers = new Threads(runtime, fabric, { setup, resourceLimits });
  return runtime;
}

function validatorsOf(options: NodeOptions): NonNullable<NetworkOptions['validators']> {
  return hasNetwork(options.network) ? (networkOf(options).validators ?? []) : [];
}

function networkOf({ network }: NodeOptions): NetworkOptions {
  return typeof network === 'object' ? network : {};
}
