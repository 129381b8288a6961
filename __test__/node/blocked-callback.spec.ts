import {
  Actor,
  noreply,
  reply,
  type Answer,
  type LogRecord,
  type MaybePromise,
  type Next,
  type Node,
  type Pid,
  type Request,
} from 'tergo';
import test from 'ava';
import { recordWholeLog } from '../support/log-records.ts';
import { gone, quietNode, spawnWitness } from '../support/witness.ts';
import { turn, waitFor } from '../support/wait-for.ts';

type Task = (self: Worker) => MaybePromise<Next | void>;
type WorkerProtocol = { message: Task; request: Request<{ type: 'block'; ms: number }, number> };

/** Holds the thread, as a long computation would: far beyond the 100 ms of the rule, for a busy machine. */
function block(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

/** A task that blocks. */
function hold(): void {
  block(400);
}

class Worker extends Actor<WorkerProtocol> {
  override async init(ms: number = 0): Promise<void> {
    block(ms);
  }

  override handleMessage(task: Task): MaybePromise<Next> {
    const result = task(this);
    return result instanceof Promise ? result.then((next) => next ?? noreply) : (result ?? noreply);
  }

  override handleCall(request: WorkerProtocol['request']): Answer {
    block(request.ms);
    return reply(request, request.ms);
  }
}

type WorkerPid = Pid<WorkerProtocol>;

/** Runs a task and lets the node take a breath afterwards, in which it reports. */
async function did(node: Node, pid: WorkerPid, task: Task): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  node.send(pid, (self) => {
    resolve();
    return task(self);
  });
  await promise;
  await turn();
  await turn();
}

function reports(records: readonly LogRecord[]): unknown[] {
  return records.map(({ level, source, fields }) => {
    const ms = Number(fields['atLeastMs']);
    const name = source.type === 'process' ? (source.name ?? source.behaviour) : source.node;
    return [level, name, ms >= 100 && ms < 5000];
  });
}

// One after the other: what blocks the thread blocks every node of the file.
test.serial(
  'a callback that blocks the thread is reported once, with pid and name, and nothing else',
  async (t) => {
    const node = await quietNode(t);
    const records = recordWholeLog(node);
    const pid = await node.spawn(Worker, { name: 'busy' });
    await did(node, pid, () => block(400));
    t.is(records.length, 1);
    const [{ level, source, message, fields } = {} as LogRecord] = records;
    t.is(level, 'warning');
    t.deepEqual(source, {
      type: 'process',
      node: node.name,
      pid,
      name: 'busy',
      behaviour: 'Worker',
    });
    t.regex(message, /^a callback blocked the thread/);
    t.deepEqual(Object.keys(fields), ['atLeastMs']);
    t.true((fields['atLeastMs'] as number) >= 100 && (fields['atLeastMs'] as number) < 5000);
    t.is(node.info().blockedCallbacks, 1);
    t.is(node.processState(pid), 'sleep');
  },
);

test.serial('a callback that blocks shortly is not reported', async (t) => {
  const node = await quietNode(t);
  const records = recordWholeLog(node);
  const pid = await node.spawn(Worker);
  let longest = 0;
  for (let count = 0; count < 5; count++) {
    await did(node, pid, () => {
      const begin = performance.now();
      block(15);
      longest = Math.max(longest, performance.now() - begin);
    });
  }
  t.is(node.info().blockedCallbacks > 0, records.length > 0);
  // A busy machine may have held this thread for longer than asked; then a report is right.
  if (longest < 90) t.deepEqual(records, []);
});

test.serial('a process that blocks again is counted, but not reported again', async (t) => {
  const node = await quietNode(t);
  const records = recordWholeLog(node);
  const pid = await node.spawn(Worker, { name: 'busy' });
  for (let count = 0; count < 3; count++) await did(node, pid, () => block(400));
  t.is(records.length, 1);
  t.is(node.info().blockedCallbacks, 3);
});

test.serial('callbacks that block one right after the other are all counted', async (t) => {
  const node = await quietNode(t);
  const records = recordWholeLog(node);
  const pids = [await node.spawn(Worker, { name: 'a' }), await node.spawn(Worker, { name: 'b' })];
  // All wait in the mailboxes before the first is handled.
  for (const pid of pids) for (let count = 0; count < 2; count++) node.send(pid, hold);
  for (const pid of pids) await did(node, pid, () => undefined);
  t.is(node.info().blockedCallbacks, 4);
  t.deepEqual(reports(records), [
    ['warning', 'a', true],
    ['warning', 'b', true],
  ]);
});

test.serial('each of several processes is reported under its own name', async (t) => {
  const node = await quietNode(t);
  const records = recordWholeLog(node);
  for (const name of ['first', 'second']) {
    const pid = await node.spawn(Worker, { name });
    await did(node, pid, () => block(400));
  }
  t.deepEqual(reports(records), [
    ['warning', 'first', true],
    ['warning', 'second', true],
  ]);
});

test.serial('a blocking handleCall answers all the same', async (t) => {
  const node = await quietNode(t);
  const records = recordWholeLog(node);
  const pid = await node.spawn(Worker, { name: 'busy' });
  t.is(await node.call(pid, { type: 'block', ms: 400 }), 400);
  await turn();
  t.deepEqual(reports(records), [['warning', 'busy', true]]);
});

test.serial('a blocking init is reported', async (t) => {
  const node = await quietNode(t);
  const records = recordWholeLog(node);
  // Wakes the driver: only then somebody watches.
  const { pid } = await spawnWitness(node);
  node.send(pid, async () => void (await node.spawn(Worker, { args: [400], name: 'slow start' })));
  await waitFor('the report', () => records.length > 0);
  t.deepEqual(reports(records), [['warning', 'slow start', true]]);
});

test.serial('the process that blocked is named, not the one it spawned afterwards', async (t) => {
  const node = await quietNode(t);
  const records = recordWholeLog(node);
  const pid = await node.spawn(Worker, { name: 'parent' });
  await did(node, pid, async (self) => {
    block(400);
    await self.spawn(Worker, { name: 'child' });
  });
  t.deepEqual(reports(records), [['warning', 'parent', true]]);
});

test.serial('a callback that blocks and then crashes is reported for both', async (t) => {
  const node = await quietNode(t);
  const records = recordWholeLog(node);
  const pid = await node.spawn(Worker, { name: 'busy' });
  await did(node, pid, () => {
    block(400);
    throw new Error('and now this');
  });
  await gone(node, { pid });
  t.deepEqual(records.map(({ message }) => message.slice(0, 10)).toSorted(), [
    'a callback',
    'process cr',
  ]);
});

test.serial('a callback that waits for long without blocking is not reported', async (t) => {
  const node = await quietNode(t);
  const records = recordWholeLog(node);
  const pid = await node.spawn(Worker);
  const { promise, resolve } = Promise.withResolvers<void>();
  node.send(pid, async () => {
    // The timer of the test, as other work of the program would be.
    await new Promise((wake) => setTimeout(wake, 250));
    resolve();
  });
  await promise;
  await turn();
  t.deepEqual(records, []);
});

test.serial('code outside of processes that blocks is nobody of theirs', async (t) => {
  const node = await quietNode(t);
  const records = recordWholeLog(node);
  const pid = await node.spawn(Worker, { name: 'innocent' });
  await did(node, pid, () => noreply);
  block(250);
  await did(node, pid, () => noreply);
  t.deepEqual(
    records.filter(({ source }) => source.type === 'process'),
    [],
  );
});

test.serial('of two nodes only the one whose process blocks reports', async (t) => {
  const [quiet, busy] = [await quietNode(t), await quietNode(t)];
  const [ofQuiet, ofBusy] = [recordWholeLog(quiet), recordWholeLog(busy)];
  const bystander = await quiet.spawn(Worker, { name: 'bystander' });
  const pid = await busy.spawn(Worker, { name: 'busy' });
  quiet.send(bystander, () => noreply);
  await did(busy, pid, () => block(400));
  await did(quiet, bystander, () => noreply);
  t.deepEqual(reports(ofBusy), [['warning', 'busy', true]]);
  t.deepEqual(ofQuiet, []);
});
