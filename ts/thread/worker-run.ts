import {
  MessageChannel,
  type MessagePort,
  receiveMessageOnPort,
  type ResourceLimits,
  Worker,
} from 'node:worker_threads';
import { TergoError } from '../error/tergo-error.ts';
import { systemClock } from '../scheduler/clock.ts';
import type { WorkerData, WorkerFailure, WorkerReport, WorkerSetup } from './worker-setup.ts';

/** How long a thread may take to come up, ms. */
const START_MS = 60_000;

/** One worker, from its start to its end. */
export class WorkerRun {
  readonly #thread: number;
  readonly #worker: Worker;
  /** Of its own: what the user's code posts to `parentPort` is nobody's here. Closed when the worker is up. */
  readonly #reports: MessagePort;
  readonly #up: PromiseWithResolvers<void> = Promise.withResolvers();
  #hasJoined = false;
  #hasEnded = false;
  /** What it has begun to import; undefined when it is up. */
  #importing: string | undefined;
  /** What nobody caught there, or why it does not come up. */
  #cause: unknown;

  /** `onEnd` is called once, after `up` has settled. */
  constructor(
    setup: WorkerSetup,
    resourceLimits: ResourceLimits | undefined,
    onEnd: (error: TergoError) => void,
  ) {
    this.#thread = setup.thread;
    const { port1, port2 } = new MessageChannel();
    const workerData: WorkerData = { setup, reports: port2 };
    const { entry, isSource } = workerEntry();
    this.#worker = new Worker(entry, {
      ...{
        eval: isSource,
        workerData,
        transferList: [port2],
        name: `tergo ${setup.node} ${setup.thread}`,
      },
      ...(resourceLimits && { resourceLimits }),
    });
    this.#reports = port1.on('message', (report: WorkerReport) => this.#hear(report));
    const cancel = systemClock.alarm(START_MS, () => this.#giveUp());
    this.#up.promise.finally(cancel).catch(() => undefined);
    this.#worker.on('error', (error: unknown) => (this.#cause = error));
    this.#worker.on('exit', (code: number) => onEnd(this.#ended(code)));
  }

  /** Resolves when it has joined the fabric; rejects with why it has not. */
  get up(): Promise<void> {
    return this.#up.promise;
  }

  /** Whether it has joined, and not ended. */
  get isUp(): boolean {
    return this.#hasJoined && !this.#hasEnded;
  }

  /** Whether it has joined, though it may have ended since. */
  get hasJoined(): boolean {
    return this.#hasJoined;
  }

  /** Ends it, whatever it does. */
  async terminate(): Promise<void> {
    await this.#worker.terminate();
  }

  #hear(report: WorkerReport): void {
    if (report.type === 'failed') return this.#fail(report);
    if (report.type === 'imports') return void (this.#importing = report.module);
    this.#hasJoined = true;
    this.#importing = undefined;
    this.#reports.close();
    this.#up.resolve();
  }

  #fail(failure: WorkerFailure): void {
    const error = errorOf(failure);
    this.#up.reject(error);
    // Of a thread that is started anew only its end is told. The error says itself what was imported.
    this.#cause = error;
    this.#importing = undefined;
    // What its modules have begun may keep it alive.
    void this.#worker.terminate();
  }

  #giveUp(): void {
    const text = `thread ${this.#thread} did not come up in ${START_MS} ms`;
    this.#up.reject(new TergoError('timeout', text + this.#where()));
    void this.#worker.terminate();
  }

  #ended(code: number): TergoError {
    this.#hearTheRest();
    this.#hasEnded = true;
    const error = this.#endError(code);
    this.#up.reject(error);
    return error;
  }

  #endError(code: number): TergoError {
    const cause = this.#cause;
    const why = cause instanceof Error ? `: ${cause.message}` : ` (exit code ${code})`;
    const text = `thread ${this.#thread} has ended${why}${this.#where()}`;
    return new TergoError('thread-terminated', text, cause === undefined ? {} : { cause });
  }

  #where(): string {
    return this.#importing === undefined ? '' : `, while it imported ${this.#importing}`;
  }

  /** Its end may overtake what it has said before; that it was up is of no use any more. */
  #hearTheRest(): void {
    for (;;) {
      const last = receiveMessageOnPort(this.#reports);
      if (last === undefined) break;
      const report = last.message as WorkerReport;
      if (report.type !== 'ready') this.#hear(report);
    }
    this.#reports.close();
  }
}

/** A worker inherits the options of the program, and with `--input-type` among them Node.js takes its entry as source only. */
function workerEntry(): { readonly entry: string | URL; readonly isSource: boolean } {
  const entry = new URL('../thread/worker.js', import.meta.url);
  const options = [...process.execArgv, ...(process.env['NODE_OPTIONS'] ?? '').split(' ')];
  const isSource = options.some((option) => option.startsWith('--input-type'));
  return isSource
    ? { entry: `import(${JSON.stringify(entry.href)})`, isSource }
    : { entry, isSource };
}

/** Errors lose their class on their way through `postMessage`; the code is told beside. */
function errorOf({ code, error }: WorkerFailure): Error {
  if (code === undefined) return error;
  return new TergoError(code, error.message, { cause: error.cause ?? error });
}
