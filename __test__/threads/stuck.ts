import { existsSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { isMainThread } from 'node:worker_threads';
import { Puppet } from './puppet.ts';

/** How the import of this module goes on a scheduler thread. */
const fate = isMainThread ? undefined : process.env['TERGO_TEST_STUCK'];
if (fate === 'exit') process.exit(0);
// What cannot be copied to the thread that started it.
if (fate === 'throw') throw new Error('on purpose', { cause: () => undefined });
if (fate === 'wait') await new Promise(() => undefined);
if (fate === 'outlive') await outlive(process.env['TERGO_TEST_STUCK_FILE']!);

export class Stuck extends Puppet {}

/** The first thread to come here ends soon after its start, the others come up when that is over. */
async function outlive(file: string): Promise<void> {
  try {
    writeFileSync(file, '', { flag: 'wx' });
  } catch {
    while (!existsSync(`${file} ended`)) await delay(20);
    return await delay(1000);
  }
  process.on('exit', () => writeFileSync(`${file} ended`, ''));
  setTimeout(() => process.exit(0), 300);
}
