import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import test from 'ava';
import { Actor, type Next } from 'tergo';
import { waitFor } from '../support/wait-for.ts';
import { quietNode } from '../support/witness.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

const crashes: { readonly title: string; readonly reason: () => unknown }[] = [
  { title: 'an error', reason: () => new Error('broken') },
  { title: 'an error with a cause', reason: () => new Error('broken', { cause: new Error() }) },
  { title: 'what is no error', reason: () => 'broken' },
];

for (const { title, reason } of crashes) {
  test(`nothing keeps a process that was ended by ${title}, though nobody has looked at it`, async (t) => {
    const node = await quietNode(t, { threads: 2 }, 'crashes@localhost');
    const refs: WeakRef<object>[] = [];
    class Crasher extends Actor<{ message: string }> {
      override handleMessage(): Next {
        refs.push(new WeakRef(this));
        throw this.made();
      }

      /** Its stack has this process in two frames. */
      made(): unknown {
        return reason();
      }
    }
    const count = 10;
    for (let number = 0; number < count; number += 1) node.send(await node.spawn(Crasher), 'crash');
    await waitFor('the crashes', () => refs.length === count && node.processList().length === 0);
    // The last one may stand in a cache that the next takes over.
    await waitFor('the processes to be collected', () => {
      collect();
      return refs.slice(0, -1).every((ref) => ref.deref() === undefined);
    });
    t.pass();
  });
}
