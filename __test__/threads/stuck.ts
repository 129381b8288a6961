import { isMainThread } from 'node:worker_threads';
import { Puppet } from './puppet.ts';

/** How the import of this module goes on a scheduler thread. */
const fate = isMainThread ? undefined : process.env['TERGO_TEST_STUCK'];
if (fate === 'exit') process.exit(0);
if (fate === 'wait') await new Promise(() => undefined);

export class Stuck extends Puppet {}
