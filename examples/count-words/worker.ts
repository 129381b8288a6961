import { readFile, stat } from 'node:fs/promises';
import { Actor, reply, type Answer, type ProcessId } from 'tergo';
import type { AggregatorProtocol, Count, CountedFile, CounterProtocol } from './protocols.ts';
import { countInto, MAX_BYTES, textOf } from './words.ts';

/**
 * Reads and counts one batch of files after the other. It lives on whichever thread the pool puts it, of this node or
 * another one: paths come in, counts go out, and no text leaves its thread.
 */
export class Worker extends Actor<CounterProtocol> {
  #aggregator!: ProcessId<AggregatorProtocol>;

  override init(aggregator: ProcessId<AggregatorProtocol>): void {
    this.#aggregator = aggregator;
  }

  override async handleCall(request: Count): Promise<Answer> {
    const { batch, isUnlucky } = request;
    const counts = new Map<string, number>();
    const files: CountedFile[] = [];
    for (const path of batch.paths) {
      const { bytes, text } = await this.#read(path);
      if (text !== undefined && isUnlucky)
        throw new Error(`crashed on purpose with ${path} in hand`);
      if (text !== undefined) await countInto(counts, text);
      files.push({ bytes, isText: text !== undefined });
    }
    // Important: without the counts it must not pass for counted. Rejected, it is the reader's to give away again.
    const counted = { type: 'counted', batch: batch.number, files, counts } as const;
    await this.sendImportant(this.#aggregator, counted);
    return reply(request, counts.size > 0);
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
}
