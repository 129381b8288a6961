import { incorrect } from '../error/tergo-error.ts';
import { QUEUE_MAIN, QUEUE_SYSTEM, QUEUE_URGENT } from '../native/layout.ts';

/**
 * Which queue a message waits in: `max` before `high` before `normal`, looked at anew before every
 * message. Source: Ergo `gen.MessagePriority`.
 */
export type Priority = 'normal' | 'high' | 'max';

/** All priorities, lowest first. */
export const PRIORITIES: readonly Priority[] = ['normal', 'high', 'max'];

/** The queue of a priority. Throws `incorrect` for anything else. @internal */
export function queueOf(priority: Priority): number {
  switch (priority) {
    case 'normal':
      return QUEUE_MAIN;
    case 'high':
      return QUEUE_SYSTEM;
    case 'max':
      return QUEUE_URGENT;
    default:
      throw incorrect('priority', "'normal', 'high' or 'max'", priority);
  }
}

/** The priority that waits in a queue. @internal */
export function priorityOf(queue: number): Priority {
  if (queue === QUEUE_URGENT) return 'max';
  return queue === QUEUE_SYSTEM ? 'high' : 'normal';
}
