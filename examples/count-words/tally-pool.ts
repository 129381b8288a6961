import { readFile, stat } from 'node:fs/promises';
import { Actor, Pool, poolSpec, reply, type Answer, type PoolSpec, type RequestOf } from 'tergo';
import type { CountedFile } from './protocols.ts';
import type { TallyProtocol } from './tally-protocol.ts';
import { countInto, MAX_BYTES, textOf } from './words.ts';

/** Counts one batch after the other, and answers with the counts: it knows nobody but its caller. */
class TallyWorker extends Actor<TallyProtocol> {
  override async handleCall(request: RequestOf<TallyProtocol>): Promise<Answer> {
    const counts = new Map<string, number>();
    const files: CountedFile[] = [];
    for (const path of request.batch.paths) {
      const { bytes, text } = await readText(path);
      if (text !== undefined) await countInto(counts, text);
      files.push({ bytes, isText: text !== undefined });
    }
    return reply(request, { files, counts });
  }
}

/** What a node lends to the others. */
export class TallyPool extends Pool<TallyProtocol> {
  override init(workers: number): PoolSpec<TallyProtocol> {
    return poolSpec(TallyWorker, { size: workers });
  }
}

async function readText(path: string): Promise<{ bytes: number; text: string | undefined }> {
  try {
    const { size } = await stat(path);
    if (size > MAX_BYTES) return { bytes: size, text: undefined };
    const bytes = await readFile(path);
    return { bytes: bytes.length, text: textOf(bytes) };
  } catch {
    return { bytes: 0, text: undefined };
  }
}
