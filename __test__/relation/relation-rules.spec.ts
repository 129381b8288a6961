import test from 'ava';
import { processId } from 'tergo';
import { closeShared, infoOf, places, sharedPlace, witnessOn } from '../support/places.ts';
import { gone, holdings, holdsAgain, quietNode, spawnWitness } from '../support/witness.ts';
import { addressKinds, addressOf } from './ends.ts';

test.after.always(closeShared);

for (const place of places) {
  for (const kind of addressKinds) {
    test(`a link and a monitor on one ${kind} are independent, and both fire once [C11]${place.title}`, async (t) => {
      const node = await sharedPlace(t, place);
      const target = await witnessOn(node, place.other);
      const self = await witnessOn(node, place.self, { trapExit: true });
      const address = await addressOf(node, target, kind);
      await self.run((witness) => address.link(witness));
      await self.run((witness) => address.monitor(witness));
      t.deepEqual((await infoOf(node, self.pid)).links, [address.shown]);
      t.deepEqual((await infoOf(node, self.pid)).monitors, [address.shown]);

      node.kill(target.pid);
      await gone(node, target);
      const ended = { ...address.shown, reason: 'kill' };
      t.deepEqual(await self.heard(), [
        { on: 'exit', ended },
        { on: 'down', ended },
      ]);
    });

    test(`taking the link on a ${kind} back leaves the monitor, and the other way round [C8] [C9]${place.title}`, async (t) => {
      const node = await sharedPlace(t, place);
      const target = await witnessOn(node, place.other);
      const [first, second] = [
        await witnessOn(node, place.self, { trapExit: true }),
        await witnessOn(node, place.self, { trapExit: true }),
      ];
      const address = await addressOf(node, target, kind);
      for (const self of [first, second]) {
        await self.run((witness) => address.link(witness));
        await self.run((witness) => address.monitor(witness));
      }
      await first.run((witness) => address.unlink(witness));
      await second.run((witness) => address.demonitor(witness));
      t.deepEqual((await infoOf(node, first.pid)).links, []);
      t.deepEqual((await infoOf(node, second.pid)).monitors, []);

      node.kill(target.pid);
      await gone(node, target);
      const ended = { ...address.shown, reason: 'kill' };
      t.deepEqual(await first.heard(), [{ on: 'down', ended }]);
      t.deepEqual(await second.heard(), [{ on: 'exit', ended }]);
    });

    test(`a second link or monitor on one ${kind} rejects with 'target-exist' and fires no second time [C10]${place.title}`, async (t) => {
      const node = await sharedPlace(t, place);
      const target = await witnessOn(node, place.other);
      const self = await witnessOn(node, place.self, { trapExit: true });
      const address = await addressOf(node, target, kind);
      for (const make of [address.link, address.monitor]) {
        await self.run((witness) => make(witness));
        await t.throwsAsync(
          self.run((witness) => make(witness)),
          { code: 'target-exist' },
        );
      }
      if (!place.isThreaded) t.like(node.info(), { links: 1, monitors: 1 });
      node.kill(target.pid);
      await gone(node, target);
      t.is((await self.heard()).length, 2);
    });

    test(`taking back what is not there rejects with 'target-unknown' for a ${kind} [C10]${place.title}`, async (t) => {
      const node = await sharedPlace(t, place);
      const target = await witnessOn(node, place.other);
      const self = await witnessOn(node, place.self);
      const address = await addressOf(node, target, kind);
      const unlink = () => self.run((witness) => address.unlink(witness));
      const demonitor = () => self.run((witness) => address.demonitor(witness));
      await t.throwsAsync(unlink(), { code: 'target-unknown' });
      await t.throwsAsync(demonitor(), { code: 'target-unknown' });

      await self.run((witness) => address.monitor(witness));
      await t.throwsAsync(unlink(), { code: 'target-unknown' });
      await demonitor();
      await t.throwsAsync(demonitor(), { code: 'target-unknown' });
    });

    test(`after unlink and demonitor of a ${kind} nothing comes when its process ends${place.title}`, async (t) => {
      const node = await sharedPlace(t, place);
      const target = await witnessOn(node, place.other);
      const self = await witnessOn(node, place.self);
      const address = await addressOf(node, target, kind);
      const before = await holdings(node);
      await self.run(async (witness) => {
        await address.link(witness);
        await address.monitor(witness);
        await address.unlink(witness);
        await address.demonitor(witness);
      });
      if (!place.isThreaded) await holdsAgain(node, before);
      node.kill(target.pid);
      await gone(node, target);
      t.deepEqual(await self.heard(), []);
    });

    test(`a relation on a ${kind} that has fired is gone: it cannot be taken back${place.title}`, async (t) => {
      const node = await sharedPlace(t, place);
      const target = await witnessOn(node, place.other);
      const self = await witnessOn(node, place.self, { trapExit: true });
      const address = await addressOf(node, target, kind);
      await self.run((witness) => address.link(witness));
      await self.run((witness) => address.monitor(witness));
      node.kill(target.pid);
      await gone(node, target);
      await self.heard();
      if (!place.isThreaded) t.like(node.info(), { links: 0, monitors: 0 });
      t.like(await infoOf(node, self.pid), { links: [], monitors: [] });
      for (const takeBack of [address.unlink, address.demonitor]) {
        await t.throwsAsync(
          self.run((witness) => takeBack(witness)),
          { code: 'target-unknown' },
        );
      }
    });

    test(`after it was taken back, a link or monitor on a ${kind} can be made anew and fires once${place.title}`, async (t) => {
      const node = await sharedPlace(t, place);
      const target = await witnessOn(node, place.other);
      const self = await witnessOn(node, place.self, { trapExit: true });
      const address = await addressOf(node, target, kind);
      await self.run(async (witness) => {
        for (let round = 0; round < 3; round += 1) {
          if (round > 0) await address.unlink(witness);
          if (round > 0) await address.demonitor(witness);
          await address.link(witness);
          await address.monitor(witness);
        }
      });
      node.kill(target.pid);
      await gone(node, target);
      t.deepEqual(
        (await self.heard()).map(({ on }) => on),
        ['exit', 'down'],
      );
    });
  }
}

test('pid, name, process id and alias of one process are targets of their own, name and process id the same one', async (t) => {
  const node = await quietNode(t);
  const target = await spawnWitness(node, { name: 'one' });
  const self = await spawnWitness(node);
  const alias = await target.run((witness) => witness.createAlias());
  await self.run(async (witness) => {
    await witness.monitor(target.pid);
    await witness.monitor('one');
    await witness.monitor(alias);
  });
  await t.throwsAsync(
    self.run((witness) => witness.monitor(processId('one', node.name))),
    { code: 'target-exist' },
  );
  node.kill(target.pid);
  const heard = await self.heard();
  t.deepEqual(
    heard.map((notice) => (notice.on === 'down' ? notice.ended.kind : notice.on)).toSorted(),
    ['alias', 'name', 'pid'],
  );
});

for (const kind of addressKinds.filter((kind) => kind !== 'event')) {
  test(`a process cannot link to its own ${kind}: 'not-allowed'`, async (t) => {
    const node = await quietNode(t);
    const self = await spawnWitness(node);
    const address = await addressOf(node, self, kind);
    await t.throwsAsync(
      self.run((witness) => address.link(witness)),
      { code: 'not-allowed' },
    );
    t.is(node.info().links, 0);
    t.not(node.processState(self.pid), 'terminated');
  });

  test(`a process may monitor its own ${kind}, and its end leaves nothing behind`, async (t) => {
    const node = await quietNode(t);
    const before = await holdings(node);
    const self = await spawnWitness(node);
    const address = await addressOf(node, self, kind);
    await self.run((witness) => address.monitor(witness));
    t.deepEqual(node.processInfo(self.pid).monitors, [address.shown]);
    node.kill(self.pid);
    await gone(node, self);
    await holdsAgain(node, before);
    t.deepEqual(
      self.seen.map(({ on }) => on),
      ['terminate'],
    );
  });

  test(`a process that monitors its own ${kind} hears when it is given up`, async (t) => {
    const node = await quietNode(t);
    const self = await spawnWitness(node);
    const address = await addressOf(node, self, kind);
    await self.run((witness) => address.monitor(witness));
    if (address.giveUp === undefined) {
      await self.run((witness) => address.demonitor(witness));
      t.deepEqual(await self.heard(), []);
      return;
    }
    await self.run((witness) => address.giveUp!(witness));
    t.like((await self.heard())[0], { on: 'down', ended: address.shown });
    t.is(self.seen.length, 1);
  });
}

test('a process may subscribe to its own event, by link and by monitor', async (t) => {
  const node = await quietNode(t);
  const self = await spawnWitness(node);
  const address = await addressOf(node, self, 'event');
  await self.run((witness) => address.link(witness));
  await self.run((witness) => address.monitor(witness));
  t.like(node.info(), { links: 1, monitors: 1 });
});
