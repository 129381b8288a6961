import { Actor, noreply, type Next, type Pid } from 'tergo';
import test from 'ava';
import { gone, quietNode } from '../support/witness.ts';
import { turn, waitFor } from '../support/wait-for.ts';

class Idle extends Actor<{ message: string }> {
  override handleMessage(): Next {
    return noreply;
  }
}

type IdlePid = Pid<{ message: string }>;

test('ids of a hundred thousand short lives strictly grow, and none is used twice', async (t) => {
  const node = await quietNode(t);
  const stale: IdlePid[] = [];
  let last = 1000;
  for (let count = 0; count < 100_000; count++) {
    const pid = await node.spawn(Idle);
    if (pid.id <= last) t.fail(`${pid.id} after ${last}`);
    last = pid.id;
    if (count % 1000 === 0) stale.push(pid);
    node.kill(pid);
    // Slots are used again only from turn to turn of the scheduler.
    if (count % 100 === 0) await turn();
  }
  t.like(node.info(), { processes: 0, spawned: 100_000, terminated: 100_000 });

  const living = await Promise.all(Array.from({ length: 2000 }, () => node.spawn(Idle)));
  t.true(living.every(({ id }) => id > last));
  for (const pid of stale) {
    t.is(node.send(pid, 'late'), 'process-unknown');
    t.is(node.sendExit(pid, 'kill'), 'process-unknown');
    t.is(node.processState(pid), 'terminated');
    t.throws(() => node.kill(pid), { code: 'process-unknown' });
    t.throws(() => node.processInfo(pid), { code: 'process-unknown' });
  }
  t.is(node.info().processes, 2000);
});

test('nothing is held for those that lived shortly', async (t) => {
  const node = await quietNode(t);
  for (let round = 0; round < 50; round++) {
    const pids = await Promise.all(Array.from({ length: 200 }, () => node.spawn(Idle)));
    for (const pid of pids) {
      node.send(pid, 'hello');
      node.kill(pid);
    }
    await turn();
  }
  await gone(node, { pid: await node.spawn(Idle).then((pid) => (node.kill(pid), pid)) });
  await waitFor('rest', () => node.info().slabEntries === 0);
  t.is(node.info().processes, 0);
});

test('a late message for the former owner of a slot never reaches the next one', async (t) => {
  const node = await quietNode(t);
  class Strict extends Actor<{ message: Pid<never> }> {
    override handleMessage(meant: Pid<never>): Next {
      if (meant !== this.pid) t.fail(`${this.pid} got a message for ${meant}`);
      return noreply;
    }
  }
  for (let round = 0; round < 300; round++) {
    const pids = await Promise.all(Array.from({ length: 20 }, () => node.spawn(Strict)));
    for (const pid of pids) node.send(pid, pid);
    for (const pid of pids) node.kill(pid);
    for (const pid of pids) t.is(node.send(pid, pid), 'process-unknown');
    if (round % 10 === 0) await turn();
  }
  t.is(node.info().processes, 0);
});

test('a stale pid is never the pid of another process', async (t) => {
  const node = await quietNode(t);
  const seen = new Set<string>();
  for (let round = 0; round < 3000; round++) {
    const pid = await node.spawn(Idle);
    seen.add(`${pid}`);
    node.kill(pid);
  }
  t.is(seen.size, 3000);
});
