import { readFile, stat } from 'node:fs/promises';
import { Actor, reply, type Answer } from 'tergo';
import { aggregatorName, type Count, type CountedFile, type CounterProtocol } from './protocols.ts';
import { countInto, MAX_BYTES, textOf } from './words.ts';

/**
 * Reads and counts one batch of files after the other. It lives on whichever thread the pool puts it: paths come in,
 * counts go out, and no text leaves its thread.
 */
export class Worker extends Actor<CounterProtocol> {
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
    const sent = this.send(aggregatorName, { type: 'counted', batch: batch.number, files, counts });
    // Then it must not pass for counted: the reader gives it to somebody else.
    if (sent !== 'ok') throw new Error(`the aggregator did not take the counts: ${sent}`);
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
