// The contract between the nodes of `--nodes`: what a pool of another node does, and the name it is lent under.
import { spawnName, type Request, type SpawnName } from 'tergo';
import type { Batch } from './batches.ts';
import type { CountedFile, WordCounts } from './protocols.ts';

/** What is in a batch. */
export interface Tally {
  readonly files: readonly CountedFile[];
  readonly counts: WordCounts;
}

export interface TallyProtocol {
  request: Request<{ type: 'tally'; batch: Batch }, Tally>;
}
export const tallySpawn: SpawnName<TallyProtocol, [workers: number]> = spawnName('tally');
