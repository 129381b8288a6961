import { readFile, stat } from 'node:fs/promises';
import { Actor, noreply, stop, type Next, type Response } from 'tergo';
import { aggregatorName, countersName, readerName, type ReaderProtocol } from './protocols.ts';
import { MAX_BYTES, textOf } from './words.ts';

/** More crashes than this are no accident any more. */
const MAX_CRASHES = 10;

/**
 * Reads the files that are not counted yet, and gives them to the pool, two for each worker: however large
 * the folder, there are never more texts in memory. Ends when all are counted.
 */
export class Reader extends Actor<ReaderProtocol> {
  #paths: string[] = [];
  /** What is with the pool, by the ref of its request. */
  readonly #given = new Map<string, string>();
  #crashes = 0;
  /** In its first life: with so few files left the next text is unlucky, and after that, with so few, it crashes itself. */
  #unluckyFrom = -1;
  #crashFrom = -1;

  override async init(workers: number): Promise<void> {
    const { paths, isFirst } = await this.call(aggregatorName, { type: 'missing' });
    this.#paths = paths.toReversed(); // the next one is at the end
    if (isFirst) {
      this.#unluckyFrom = Math.ceil(paths.length / 2);
      this.#crashFrom = Math.floor(paths.length / 4);
    }
    for (let i = 0; i < 2 * workers; i++) this.send(this.pid, 'go');
  }

  override async handleMessage(): Promise<Next> {
    const path = this.#paths.pop();
    if (path === undefined) return this.#given.size === 0 ? stop('normal') : noreply;
    if (this.#crashes > 0 && this.#paths.length < this.#crashFrom)
      throw new Error('crashed on purpose');
    const { bytes, text } = await this.#read(path);
    const task = { type: 'count', path, bytes, text, isUnlucky: this.#isUnlucky(text) } as const;
    this.#given.set(this.sendRequest(countersName, task, { timeoutMs: 60_000 }), path);
    return noreply;
  }

  override handleResponse(response: Response): Next {
    const path = this.#given.get(response.ref);
    this.#given.delete(response.ref);
    if (!response.ok && path !== undefined) {
      // Somebody else gets it.
      this.#paths.push(path);
      this.#crashes += 1;
      this.send(aggregatorName, { type: 'crashed', path });
      if (this.#crashes > MAX_CRASHES)
        return stop(new Error('too many workers crashed', { cause: response.error }));
    }
    this.send(readerName, 'go');
    return noreply;
  }

  async #read(path: string): Promise<{ bytes: number; text: string | undefined }> {
    try {
      const { size } = await stat(path);
      if (size > MAX_BYTES) return { bytes: size, text: undefined };
      const bytes = await readFile(path, { signal: this.signal });
      return { bytes: bytes.length, text: textOf(bytes) };
    } catch (error) {
      this.log.warning('cannot read a file', { path, error: (error as Error).message });
      return { bytes: 0, text: undefined };
    }
  }

  /** The first text in the second half, once. */
  #isUnlucky(text: string | undefined): boolean {
    if (text === undefined || this.#paths.length >= this.#unluckyFrom) return false;
    this.#unluckyFrom = -1;
    return true;
  }
}
