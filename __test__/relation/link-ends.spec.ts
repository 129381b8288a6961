import test from 'ava';
import { TergoError, type ExitReason } from 'tergo';
import {
  closeShared,
  infoOf,
  isReason,
  places,
  sharedPlace,
  witnessGone,
  witnessOn,
} from '../support/places.ts';
import { hasEnded, reasonOf } from '../support/witness.ts';
import { addressKinds, addressOf, ends } from './ends.ts';

const rules = { pid: 'L29', name: 'L30', 'process id': 'L30', alias: 'L31', event: 'L32' };

test.after.always(closeShared);

for (const place of places) {
  for (const kind of addressKinds) {
    for (const { title, bring } of ends) {
      test(`a link to a ${kind} ends a process that does not trap for the same reason after ${title} [${rules[kind]}]${place.title}`, async (t) => {
        const node = await sharedPlace(t, place);
        const target = await witnessOn(node, place.other);
        const linker = await witnessOn(node, place.self);
        const address = await addressOf(node, target, kind);
        t.deepEqual((await infoOf(node, linker.pid)).links, []);

        await linker.run((self) => address.link(self));
        const { links, monitors } = await infoOf(node, linker.pid);
        t.deepEqual([links, monitors], [[address.shown], []]);

        const reason = bring(node, target);
        await witnessGone(node, linker);
        t.deepEqual(linker.seen, [{ on: 'terminate', reason, exit: { ...address.shown, reason } }]);
        isReason(t, place, reasonOf(linker.seen[0]), reason);
        t.true(hasEnded(node, target.pid));
        if (!place.isThreaded) t.is(node.info().links, 0);
      });

      test(`a link to a ${kind} brings a trapping process one exit message after ${title} [${rules[kind]}]${place.title}`, async (t) => {
        const node = await sharedPlace(t, place);
        const target = await witnessOn(node, place.other);
        const linker = await witnessOn(node, place.self, { trapExit: true });
        const address = await addressOf(node, target, kind);
        await linker.run((self) => address.link(self));

        const reason = bring(node, target);
        await witnessGone(node, target);
        t.deepEqual(await linker.heard(), [{ on: 'exit', ended: { ...address.shown, reason } }]);
        isReason(t, place, reasonOf(linker.seen[0]), reason);
        t.deepEqual((await infoOf(node, linker.pid)).links, []);
      });
    }
  }

  for (const kind of addressKinds.filter((kind) => kind !== 'pid')) {
    for (const trapExit of [false, true]) {
      const outcome = trapExit
        ? 'comes to a trapping process'
        : 'ends a process that does not trap';
      test(`'unregistered' ${outcome} that is linked to a ${kind} when that is given up [${rules[kind]}]${place.title}`, async (t) => {
        const node = await sharedPlace(t, place);
        const target = await witnessOn(node, place.other);
        const linker = await witnessOn(node, place.self, { trapExit });
        const address = await addressOf(node, target, kind);
        await linker.run((self) => address.link(self));

        await target.run((self) => address.giveUp!(self));
        if (trapExit) await linker.heard();
        else await witnessGone(node, linker);
        t.is(linker.seen.length, 1);
        t.true(isUnregistered(reasonOf(linker.seen[0])));
        t.like(linker.seen[0], trapExit ? { ended: address.shown } : { exit: address.shown });
        t.false(hasEnded(node, target.pid));
        if (!place.isThreaded) t.is(node.info().links, 0);
      });
    }
  }
}

function isUnregistered(reason: ExitReason | undefined): boolean {
  return TergoError.is(reason, 'unregistered');
}
