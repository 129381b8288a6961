import { TergoError } from '../error/tergo-error.ts';

/** Why something for another node was refused that has nothing to do with the mailbox it was for: so much is on its way already. */
export function fullWay(to: unknown, node: string): TergoError {
  const text = `${String(to)}: too much waits on the way to ${node}; try later, or send less at a time`;
  return new TergoError('process-mailbox-full', text);
}
