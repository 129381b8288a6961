import { existsSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';
import { Puppet } from './puppet.ts';

const sign = process.env['TERGO_TEST_RELAPSE'] ?? '';
if (!isMainThread && existsSync(sign)) {
  // What it has begun keeps its thread alive.
  setInterval(() => undefined, 1000);
  throw new Error('cannot be imported any more');
}

export class Relapsing extends Puppet {}
