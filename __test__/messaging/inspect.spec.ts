import test from 'ava';
import { processId, processName, type Alias, type Pid } from 'tergo';
import { clerkOn, gatedOn } from '../support/clerk-places.ts';
import {
  closeShared,
  freshName,
  infoOf,
  places,
  settled,
  sharedPlace,
  witnessOn,
} from '../support/places.ts';
import { gone } from '../support/witness.ts';

test.after.always(closeShared);

for (const place of places) {
  test(`the node and a process inspect by pid, name, process id and alias; handleInspect hears what is asked and who asks${place.title}`, async (t) => {
    const node = await sharedPlace(t, place);
    const name = processName<unknown>(freshName('described'));
    const target = await clerkOn(node, place.other, { name: name as never });
    const alias = await target.do<Alias<unknown>>('createAlias');
    const asker = await witnessOn(node, place.self);
    for (const to of [target.pid, name, processId(name, node.name), alias] as Pid<unknown>[]) {
      const wanted = { name, items: 'a,b' };
      t.deepEqual(await node.inspect(to, 'a', 'b'), { ...wanted, from: String(node.pid) });
      t.deepEqual(await asker.run((self) => self.inspect(to, 'a', 'b')), {
        ...wanted,
        from: String(asker.pid),
      });
    }
  });

  test(`a process without handleInspect describes itself by nothing${place.title}`, async (t) => {
    const node = await sharedPlace(t, place);
    const target = await witnessOn(node, place.other);
    const asker = await witnessOn(node, place.self);
    t.deepEqual(await asker.run((self) => self.inspect(target.pid)), {});
  });

  test(`an inspection of what is not there, of oneself and with items that are no text is refused${place.title}`, async (t) => {
    const node = await sharedPlace(t, place);
    const dead = await clerkOn(node, place.other);
    node.kill(dead.pid);
    await gone(node, dead);
    await settled(node);
    const [asker, other] = [await witnessOn(node, place.self), await witnessOn(node, place.other)];
    const nobody = processName<unknown>(freshName('nobody'));
    const inspect = (to: unknown, ...items: readonly unknown[]): Promise<unknown> =>
      asker.run((self) => self.inspect(to as Pid<unknown>, ...(items as string[])));
    await t.throwsAsync(inspect(dead.pid), { code: 'process-unknown' });
    await t.throwsAsync(inspect(nobody), { code: 'name-unknown' });
    await t.throwsAsync(inspect(processId(nobody, 'other@localhost')), { code: 'no-connection' });
    await t.throwsAsync(inspect(7), { code: 'incorrect', message: /^to / });
    await t.throwsAsync(inspect(other.pid, 7), { code: 'incorrect', message: /^items / });
    await t.throwsAsync(inspect(asker.pid), { code: 'not-allowed' });
    t.is((await infoOf(node, asker.pid)).pendingCalls, 0);
  });

  test(`an inspection rejects when its target ends before it answers${place.title}`, async (t) => {
    const node = await sharedPlace(t, place);
    const { pid, open } = await gatedOn(node, place.other);
    const asker = await witnessOn(node, place.self);
    const before = node.info().slabEntries;
    const answer = asker.run((self) => self.inspect(pid));
    const refused = t.throwsAsync(answer, { code: 'process-terminated' });
    await settled(node);
    node.kill(pid);
    await refused;
    t.is((await infoOf(node, asker.pid)).pendingCalls, 0);
    open();
    if (!place.isThreaded) t.true(node.info().slabEntries <= before);
  });
}
