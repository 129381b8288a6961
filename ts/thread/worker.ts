import { parentPort, workerData } from 'node:worker_threads';
import { reasonOf } from '../error/exit-reason.ts';
import { loadNative } from '../native/load.ts';
import { Node } from '../node/node.ts';
import { Runtime } from '../node/runtime.ts';
import { BehaviourRegistry } from './behaviour-registry.ts';
import type { WorkerReport, WorkerSetup } from './worker-setup.ts';

/** The entry of a scheduler thread: joins the fabric and waits for processes to be spawned. */
async function run(setup: WorkerSetup): Promise<void> {
  const behaviours = await BehaviourRegistry.load(setup.behaviors);
  const { fabric, thread, threads, incarnation } = setup;
  const native = loadNative().BindingScheduler.join(fabric, thread);
  const { security, freezeMessages, logLevel, creation, hasNetwork } = setup;
  // What it logs goes to the loggers of thread 0.
  const log = { level: logLevel, disableConsole: true };
  const options = { security, freezeMessages, log };
  const startedAt = setup.startedAtMs - performance.timeOrigin;
  const own = { thread, threads, incarnation, hasNetwork };
  const place = { ...own, behaviours, startedAt, creation };
  // The runtime holds it: whatever runs here asks for its node.
  void new Node(new Runtime(setup.node, options, native, undefined, place));
}

function report(message: WorkerReport): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a port has no origin
  parentPort?.postMessage(message);
}

run(workerData as WorkerSetup).then(
  () => report({ type: 'ready' }),
  (error: unknown) => report({ type: 'failed', error: reasonOf(error) }),
);
