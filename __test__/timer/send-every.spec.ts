import test from 'ava';
import { noreply, type Node, type Pid, type Timer } from 'tergo';
import { inside, spawnCollector, spawnPuppet, spawnScript } from '../support/improvise.ts';
import {
  closeShared,
  freshName,
  places,
  sharedPlace,
  witnessGone,
  witnessOn,
} from '../support/places.ts';
import { quietNode, type Handle } from '../support/witness.ts';
import { waitFor } from '../support/wait-for.ts';

test.after.always(closeShared);

for (const place of places) {
  test(`a repeated message comes again and again until it is cancelled${place.title}`, async (t) => {
    const node = await sharedPlace(t, place);
    const target = await witnessOn(node, place.other);
    const sender = await witnessOn(node, place.self);
    const timer = await sender.run((self) => self.repeat(target.pid as never, 'tick', 2));
    await waitFor('five', () => target.seen.length >= 5);
    t.true(await sender.run((self) => self.cancelTimer(timer)));
    t.false(await sender.run((self) => self.cancelTimer(timer)));
    if (!place.isThreaded) t.is(node.info().pendingTimers, 0);
    // What was sent before the cancel is all that comes.
    const count = (await target.heard()).length;
    await sender.run((self) => self.delay(target.pid as never, 'marker', 20));
    await waitFor('the marker', () => messagesOf(target).at(-1) === 'marker');
    t.is(target.seen.length, count + 1);
    t.true(
      messagesOf(target)
        .slice(0, count)
        .every((message) => message === 'tick'),
    );
  });

  test(`a repeated message stops with its sender${place.title}`, async (t) => {
    const node = await sharedPlace(t, place);
    const target = await witnessOn(node, place.other);
    const sender = await witnessOn(node, place.self);
    await sender.run((self) => self.repeat(target.pid as never, 'tick', 2));
    await waitFor('the first', () => target.seen.length > 0);
    node.kill(sender.pid);
    await witnessGone(node, sender);
    const count = (await target.heard()).length;
    if (!place.isThreaded)
      await waitFor('the end of the timer', () => node.info().pendingTimers === 0);
    node.sendAfter(target.pid as Pid<unknown>, 'marker', 20);
    await waitFor('the marker', () => messagesOf(target).at(-1) === 'marker');
    t.is(target.seen.length, count + 1);
  });

  test(`a repeated message goes on while its target is gone, and reaches the one that has the name next${place.title}`, async (t) => {
    const node = await sharedPlace(t, place);
    const sender = await witnessOn(node, place.self);
    const name = freshName('target');
    const timer = await sender.run((self) => self.repeat(name as never, 'tick', 1));
    for (let round = 0; round < 3; round++) {
      const target = await witnessOn(node, place.other, { name });
      await waitFor('a tick', () => target.seen.length > 0);
      node.kill(target.pid);
      await waitFor('the name to be free', () => node.whereis(name as never) === undefined);
    }
    if (!place.isThreaded) t.is(node.info().pendingTimers, 1);
    t.true(await sender.run((self) => self.cancelTimer(timer)));
  });
}

/** What came, whatever else was heard. */
function messagesOf({ seen }: Handle): unknown[] {
  return seen.map((notice) => (notice.on === 'message' ? notice.message : notice));
}

test('a repeated message can be cancelled by the one who takes it, and by using', async (t) => {
  const node = await quietNode(t);
  let ticks = 0;
  const done = Promise.withResolvers<void>();
  const target = await spawnScript(node, {
    handleMessage: (self, message) => {
      if (message === 'begin') {
        timer = self.sendEvery(self.pid, 'tick', 1);
        using other = self.sendEvery(self.pid, 'never', 1);
        t.truthy(other);
        return noreply;
      }
      t.is(message, 'tick');
      ticks += 1;
      if (ticks === 3) {
        t.true(timer!.cancel());
        done.resolve();
      }
      return noreply;
    },
  });
  let timer: Timer | undefined;
  node.send(target, 'begin');
  await done.promise;
  await node.inspect(target);
  t.is(ticks, 3);
  t.is(node.info().pendingTimers, 0);
});

test.serial(
  'ticks that were missed while the thread was blocked are not made up for',
  async (t) => {
    const node = await quietNode(t);
    const { pid, got } = await spawnCollector(node);
    const sender = await spawnPuppet(node);
    await inside(node, sender, (self) => self.sendEvery(pid, 'tick', 5));
    await waitFor('the first', () => got.length > 0);
    node.sendAfter(pid, 'mark', 95);
    const before = got.length;
    block(100);
    await waitFor('the mark', () => got.includes('mark'));
    // Of the nineteen that fell due before the mark one comes, or two if one was on its way already.
    t.true(got.indexOf('mark') - before <= 2);
    await waitFor('the next', () => got.at(-1) === 'tick');
  },
);

/** Ticks that came before each of a row of single timers, which fall due half a period after each tick. */
async function ticksBeforeMarks(node: Node, periodMs: number, count: number): Promise<number[]> {
  const counts: number[] = [];
  let ticks = 0;
  const target = await spawnScript(node, {
    handleMessage: (_self, message) => {
      if (message === 'mark') counts.push(ticks);
      else {
        ticks += 1;
        // A period that began anew after each tick would be a third longer.
        block(periodMs / 3);
      }
      return noreply;
    },
  });
  const sender = await spawnPuppet(node);
  const timer = await inside(node, sender, (self) => {
    for (let number = 1; number <= count; number++)
      self.sendAfter(target, 'mark', (number + 0.5) * periodMs);
    return self.sendEvery(target, 'tick', periodMs);
  });
  await waitFor('the last mark', () => counts.length === count);
  timer.cancel();
  node.kill(target);
  return counts;
}

test.serial(
  'the rate is fixed: the time that a tick takes does not put off the next',
  async (t) => {
    const node = await quietNode(t);
    const wanted = [1, 2, 3, 4, 5, 6, 7, 8];
    // A busy machine may miss ticks, but never brings too many; so that one good row is proof enough.
    await waitFor(
      'a row without a missed tick',
      async () => {
        const counts = await ticksBeforeMarks(node, 20, wanted.length);
        t.true(counts.every((ticks, index) => ticks <= wanted[index]!));
        return counts.join() === wanted.join();
      },
      20_000,
    );
  },
);

function block(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}
