import test from 'ava';
import { TergoError, type ExitReason } from 'tergo';
import { gone, quietNode, reasonOf, spawnWitness } from '../support/witness.ts';
import { addressKinds, addressOf, ends } from './ends.ts';

const rules = { pid: 'L29', name: 'L30', 'process id': 'L30', alias: 'L31', event: 'L32' };

for (const kind of addressKinds) {
  for (const { title, bring } of ends) {
    test(`a link to a ${kind} ends a process that does not trap for the same reason after ${title} [${rules[kind]}]`, async (t) => {
      const node = await quietNode(t);
      const target = await spawnWitness(node);
      const linker = await spawnWitness(node);
      const address = await addressOf(node, target, kind);
      t.deepEqual(node.processInfo(linker.pid).links, []);

      await linker.run((self) => address.link(self));
      t.deepEqual(node.processInfo(linker.pid).links, [address.shown]);
      t.deepEqual(node.processInfo(linker.pid).monitors, []);

      const reason = bring(node, target);
      await gone(node, linker);
      t.deepEqual(linker.seen, [{ on: 'terminate', reason, exit: { ...address.shown, reason } }]);
      t.is(reasonOf(linker.seen[0]), reason);
      t.is(node.processState(target.pid), 'terminated');
      t.is(node.info().links, 0);
    });

    test(`a link to a ${kind} brings a trapping process one exit message after ${title} [${rules[kind]}]`, async (t) => {
      const node = await quietNode(t);
      const target = await spawnWitness(node);
      const linker = await spawnWitness(node, { trapExit: true });
      const address = await addressOf(node, target, kind);
      await linker.run((self) => address.link(self));

      const reason = bring(node, target);
      await gone(node, target);
      t.deepEqual(await linker.heard(), [{ on: 'exit', ended: { ...address.shown, reason } }]);
      t.is(reasonOf(linker.seen[0]), reason);
      t.deepEqual(node.processInfo(linker.pid).links, []);
    });
  }
}

for (const kind of addressKinds.filter((kind) => kind !== 'pid')) {
  for (const trapExit of [false, true]) {
    const outcome = trapExit ? 'comes to a trapping process' : 'ends a process that does not trap';
    test(`'unregistered' ${outcome} that is linked to a ${kind} when that is given up [${rules[kind]}]`, async (t) => {
      const node = await quietNode(t);
      const target = await spawnWitness(node);
      const linker = await spawnWitness(node, { trapExit });
      const address = await addressOf(node, target, kind);
      await linker.run((self) => address.link(self));

      await target.run((self) => address.giveUp!(self));
      if (trapExit) await linker.heard();
      else await gone(node, linker);
      t.is(linker.seen.length, 1);
      t.true(isUnregistered(reasonOf(linker.seen[0])));
      t.like(linker.seen[0], trapExit ? { ended: address.shown } : { exit: address.shown });
      t.not(node.processState(target.pid), 'terminated');
      t.is(node.info().links, 0);
    });
  }
}

function isUnregistered(reason: ExitReason | undefined): boolean {
  return TergoError.is(reason, 'unregistered');
}
