import test from 'ava';
import type { Pid } from 'tergo';
import { type Script, spawnScript } from '../support/improvise.ts';
import { puppet } from '../threads/stage.ts';
import { networkNode, showWay } from './cluster.ts';

/** Hands on what it is asked. */
function handOnTo(to: Pid<unknown>): Script<unknown, unknown> {
  return { handleCall: (self, request) => self.forward(to, request as never) };
}

for (const caller of [0, 1, 2])
  for (const target of [1, 2])
    test.serial(
      `a call of thread ${caller} that another node hands back is handed on to thread ${target}, and answered`,
      async (t) => {
        const a = await networkNode('a@localhost', {}, { threads: 3 });
        t.teardown(() => a.stopForce());
        const b = await networkNode('b@localhost');
        t.teardown(() => b.stopForce());
        showWay(a, b);
        await a.network.connect(b.name);
        const [who, last] = [await puppet(a, caller), await puppet(a, target)];
        const between = await spawnScript(a, handOnTo(last.pid as Pid<unknown>));
        const there = await puppet(b, 0);
        await who.do('sendImportant', there.pid, between);
        const [known] = (await there.messages(1)) as [Pid<unknown>];
        // The two nodes do not have the same number for it.
        for (let calls = 0; calls < 3; calls += 1) await there.do('callAndTell', who.pid, {}, 5000);
        const far = await spawnScript(b, handOnTo(known));
        const request = { type: 'who asks' };
        t.deepEqual(await who.do('callAndTell', far, request, 5000), [
          'answered',
          [who.pid, last.pid, request],
        ]);
      },
    );
