import { parentPort } from 'node:worker_threads';
import { Puppet } from './puppet.ts';

/** What those post to `parentPort` who think that the thread is a worker of theirs, and what looks like a report of its start. */
const words = ['ready', null, undefined, { type: 'ready' }, { type: 'failed' }];

function talk(): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a port has no origin
  for (const word of words) parentPort?.postMessage(word);
}

talk();

export class Talkative extends Puppet {
  talk(): void {
    talk();
  }
}
