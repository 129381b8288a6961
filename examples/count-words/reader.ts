import { readFile, stat } from 'node:fs/promises';
import { Actor, reply, unhandled, type Answer, type Pid } from 'tergo';
import type { FileTask, ReaderProtocol, ReaderRequest } from './protocols.ts';
import { MAX_BYTES, textOf } from './words.ts';

/**
 * Reads the files, one at a time and only when a worker asks for one: however large the folder, there
 * are never more texts in memory than there are workers.
 */
export class Reader extends Actor<ReaderProtocol> {
  #paths: string[] = [];
  /** Which worker has which file. */
  readonly #given = new Map<number, string>();
  #unluckyFrom = 0;

  override init(paths: readonly string[]): void {
    this.#paths = paths.toReversed(); // the next one is at the end
    this.#unluckyFrom = Math.ceil(paths.length / 2);
  }

  override async handleCall(request: ReaderRequest, from: Pid<unknown>): Promise<Answer> {
    switch (request.type) {
      case 'next':
        return reply(request, await this.#next(from.id));
      case 'give-back':
        return reply(request, this.#giveBack(request.workerId));
      default:
        return unhandled(request);
    }
  }

  async #next(workerId: number): Promise<FileTask | undefined> {
    const path = this.#paths.pop();
    if (path === undefined) {
      this.#given.delete(workerId);
      return undefined;
    }
    this.#given.set(workerId, path);
    const { bytes, text } = await this.#read(path);
    return { path, bytes, text, isUnlucky: this.#isUnlucky(text) };
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

  #giveBack(workerId: number): string | undefined {
    const path = this.#given.get(workerId);
    this.#given.delete(workerId);
    if (path !== undefined) this.#paths.push(path);
    return path;
  }

  /** The first text in the second half, once. */
  #isUnlucky(text: string | undefined): boolean {
    if (text === undefined || this.#paths.length >= this.#unluckyFrom) return false;
    this.#unluckyFrom = -1;
    return true;
  }
}
