import { FRAME_UNORDERED } from '../native/layout.ts';
import type { ProcessExtra } from '../process/process-record.ts';

/** As sent by a process that has set nothing: not compressed, in order. */
export const PLAIN_WAY = 0;

/** How what a process sends travels to another node: the number of the profile by which it is compressed, and whether order matters. */
export function wayOf(extra: ProcessExtra | undefined): number {
  if (extra === undefined) return PLAIN_WAY;
  return extra.compressionProfile | (extra.keepsNetworkOrder ? 0 : FRAME_UNORDERED);
}
