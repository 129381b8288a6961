import { workerData } from 'node:worker_threads';
import { reasonOf } from '../error/exit-reason.ts';
import { TergoError } from '../error/tergo-error.ts';
import { loadNative } from '../native/load.ts';
import { Node } from '../node/node.ts';
import { Runtime } from '../node/runtime.ts';
import { SYSTEM_EPOCH_MS } from '../scheduler/clock.ts';
import { Validation } from '../network/validation.ts';
import { BehaviourRegistry } from './behaviour-registry.ts';
import { startGuard } from './start-guard.ts';
import type { WorkerData, WorkerFailure, WorkerReport, WorkerSetup } from './worker-setup.ts';

/** The entry of a scheduler thread: joins the fabric and waits for processes to be spawned. */
async function run(setup: WorkerSetup): Promise<void> {
  const modules = [...setup.behaviors, ...setup.validators];
  const [behaviours, validation] = await startGuard.during(modules, async (onImport) => {
    const told = (module: string): void => {
      onImport(module);
      report({ type: 'imports', module });
    };
    const registry = await BehaviourRegistry.load(setup.behaviors, told);
    return [registry, await Validation.load(setup.validators, told)] as const;
  });
  const { fabric, thread, threads, incarnation } = setup;
  const native = loadNative().BindingScheduler.join(fabric, thread);
  const { security, freezeMessages, logLevel, creation, hasNetwork, compression } = setup;
  // What it logs goes to the loggers of thread 0.
  const log = { level: logLevel, disableConsole: true };
  const options = { security, freezeMessages, log };
  const startedAt = setup.startedAtMs - SYSTEM_EPOCH_MS;
  const own = { thread, threads, incarnation, hasNetwork, compression };
  const place = { ...own, behaviours, validation, startedAt, creation };
  const runtime = new Runtime(setup.node, options, native, undefined, place);
  // The runtime holds it: whatever runs here asks for its node.
  void new Node(runtime);
  // What was sent and logged in the callback that ends the thread goes out before.
  process.on('exit', () => runtime.driver.outbox.handOver());
}

function failureOf(thrown: unknown): WorkerFailure {
  const code = thrown instanceof TergoError ? thrown.code : undefined;
  return { type: 'failed', code, error: reasonOf(thrown) };
}

const { setup, reports } = workerData as WorkerData;
// Modules of the user may hand their `workerData` on, which they could not with a port in it.
delete (workerData as WorkerData).reports;

function report(message: WorkerReport): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a port has no origin
  reports?.postMessage(message);
}

run(setup).then(
  () => report({ type: 'ready' }),
  (thrown: unknown) => {
    const failure = failureOf(thrown);
    try {
      report(failure);
    } catch {
      // Something in it cannot be copied.
      report({ ...failure, error: new Error(failure.error.message) });
    }
  },
);
