import test from 'ava';
import * as fc from 'fast-check';
import { noreply, type Node, type Pid, type Priority } from 'tergo';
import { spawnScript, type Self } from '../support/improvise.ts';
import { quietNode } from '../support/witness.ts';
import { turn, waitFor } from '../support/wait-for.ts';

const priorities = ['max', 'high', 'normal'] as const;

/** A message under way. */
interface Mark {
  readonly number: number;
  readonly sender: number;
  readonly priority: Priority;
}

/** Some sends of one process to another. */
interface Burst {
  readonly to: number;
  readonly priority: Priority;
  readonly count: number;
  /** Sent after an `await` in the callback, and not before. */
  readonly isLate: boolean;
  /** Followed by a look at the node's counters, which hands over what was sent before the callback is over. */
  readonly isFlushed: boolean;
}

/** What each process does with its messages: the bursts of the first, of the second, and so on. */
type Plan = readonly (readonly (readonly Burst[])[])[];

const size = 3;
const burst = fc.record({
  to: fc.nat(size - 1),
  priority: fc.constantFrom(...priorities),
  count: fc.oneof({ weight: 9, arbitrary: fc.integer({ min: 1, max: 4 }) }, fc.constant(300)),
  isLate: fc.boolean(),
  isFlushed: fc.boolean(),
});
const plans: fc.Arbitrary<Plan> = fc.array(
  fc.array(fc.array(burst, { maxLength: 3 }), { maxLength: 8 }),
  { minLength: size, maxLength: size },
);
const beginnings = fc.array(burst, { minLength: 1, maxLength: 6 });

/** What must wait in the mailboxes, by the rules alone. */
class Model {
  readonly faults: string[] = [];
  readonly #waiting: Mark[][] = Array.from({ length: size }, () => []);
  #number = 0;
  taken = 0;

  send(sender: number, to: number, priority: Priority): Mark {
    const mark = { number: ++this.#number, sender, priority };
    this.#waiting[to]!.push(mark);
    return mark;
  }

  take(receiver: number, mark: Mark): void {
    this.taken += 1;
    const waiting = this.#waiting[receiver]!;
    const rank = priorities.indexOf(mark.priority);
    const at = waiting.indexOf(mark);
    if (at < 0) this.faults.push(`${receiver} took ${mark.number}, which was not sent to it`);
    const before = waiting.find(({ priority }) => priorities.indexOf(priority) < rank);
    if (before !== undefined)
      this.faults.push(`${receiver} took ${mark.number} before ${before.number} of more priority`);
    const { sender, priority } = mark;
    const older = waiting.find((other) => other.sender === sender && other.priority === priority);
    if (older !== mark)
      this.faults.push(`${receiver} took ${mark.number} of ${sender} before ${older?.number}`);
    waiting.splice(at, 1);
  }

  get sent(): number {
    return this.#number;
  }
}

/** Runs a plan; gives what the model found wrong. */
async function faultsOf(node: Node, plan: Plan, beginning: readonly Burst[]): Promise<string[]> {
  const model = new Model();
  const pids: Pid<unknown>[] = [];
  let pending = 0;
  const sendAll = (self: Self | Node, sender: number, bursts: readonly Burst[]): void => {
    for (const { to, priority, count, isFlushed } of bursts) {
      for (let i = 0; i < count; i++)
        self.send(pids[to]!, model.send(sender, to, priority), { priority });
      if (isFlushed) node.info();
    }
  };
  for (const [index, turns] of plan.entries()) {
    let handled = 0;
    const handleMessage = (self: Self, mark: Mark): unknown => {
      model.take(index, mark);
      const bursts = turns[handled++] ?? [];
      sendAll(
        self,
        index,
        bursts.filter(({ isLate }) => !isLate),
      );
      const late = bursts.filter(({ isLate }) => isLate);
      if (late.length === 0) return noreply;
      pending += 1;
      return turn().then(() => {
        sendAll(self, index, late);
        pending -= 1;
        return noreply;
      });
    };
    pids.push(await spawnScript(node, { handleMessage }));
  }
  sendAll(node, size, beginning);
  await waitFor('every message', () => pending === 0 && model.taken >= model.sent);
  await Promise.all(pids.map((pid) => node.inspect(pid)));
  for (const pid of pids) node.kill(pid);
  if (model.taken !== model.sent) model.faults.push(`${model.taken} of ${model.sent} were taken`);
  return model.faults;
}

test('queues are looked at anew before every message, and the order of one sender holds at each priority', async (t) => {
  const node = await quietNode(t);
  await fc.assert(
    fc.asyncProperty(plans, beginnings, async (plan, beginning) => {
      t.deepEqual(await faultsOf(node, plan, beginning), []);
    }),
    { numRuns: 200 },
  );
  t.is(node.info().processes, 0);
  t.is(node.info().messagesDropped, 0);
});

test('a process that keeps sending to itself does not starve the others', async (t) => {
  const node = await quietNode(t);
  let rounds = 0;
  const busy = await spawnScript(node, {
    handleMessage: (self) => (rounds++, self.send(self.pid, 'again'), noreply),
  });
  const idle = await spawnScript(node, { handleCall: (_self, { type }: { type: string }) => type });
  node.send(busy, 'again');
  await waitFor('the busy process', () => rounds > 1000);
  t.is(await node.call(idle, { type: 'answer' }), 'answer');
  const before = rounds;
  await waitFor('more of it', () => rounds > before + 1000);
});

test('timers and I/O get their turn while messages never run dry', async (t) => {
  const node = await quietNode(t);
  let isOver = false;
  const busy = await spawnScript(node, {
    handleMessage: (self) => {
      if (!isOver) self.send(self.pid, 'again');
      return noreply;
    },
  });
  node.send(busy, 'again');
  await new Promise((resolve) => setTimeout(resolve, 1));
  isOver = true;
  await waitFor('its rest', () => node.processState(busy) === 'sleep');
  t.pass();
});
