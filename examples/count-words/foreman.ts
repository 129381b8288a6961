import { Actor, noreply, reply, stop, type Answer, type Caller, type Down, type Next } from 'tergo';
import { Aggregator } from './aggregator.ts';
import { aggregatorName, readerName, type ForemanProtocol } from './protocols.ts';
import { Reader } from './reader.ts';
import { Worker } from './worker.ts';

/** More crashes than this are no accident any more. */
const MAX_CRASHES = 10;

/**
 * Starts everybody and replaces the workers that crash. Without its reader or its aggregator there is
 * nothing to do: it is linked to them and ends with them; they and the workers end with it.
 */
export class Foreman extends Actor<ForemanProtocol> {
  readonly #crashes: string[] = [];
  readonly #waiting: Caller<readonly string[]>[] = [];
  #workers = 0;

  override async init(paths: readonly string[], workers: number): Promise<void> {
    const together = { linkParent: true, linkChild: true };
    await this.spawn(Aggregator, { name: aggregatorName, args: [paths.length], ...together });
    await this.spawn(Reader, { name: readerName, args: [paths], ...together });
    for (let i = 0; i < workers; i++) await this.#hire();
  }

  override async handleDown(down: Down): Promise<Next> {
    if (down.kind !== 'pid') return noreply;
    this.#workers -= 1;
    if (down.reason !== 'normal') {
      // First the file, then the worker: so the new one cannot be told that there is no file left.
      const workerId = down.pid.id;
      const path = await this.call(readerName, { type: 'give-back', workerId });
      this.#crashes.push(path ?? 'between two files');
      if (this.#crashes.length > MAX_CRASHES)
        return stop(new Error('too many workers crashed', { cause: down.reason }));
      await this.#hire();
    }
    if (this.#workers === 0)
      for (const caller of this.#waiting.splice(0)) this.sendResponse(caller, this.#crashes);
    return noreply;
  }

  override handleCall(request: ForemanProtocol['request']): Answer {
    if (this.#workers === 0) return reply(request, this.#crashes);
    this.#waiting.push(this.callerOf(request));
    return noreply;
  }

  async #hire(): Promise<void> {
    const worker = await this.spawn(Worker, { linkParent: true });
    await this.monitor(worker);
    this.#workers += 1;
  }
}
