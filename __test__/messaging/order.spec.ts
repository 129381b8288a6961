import test from 'ava';
import * as fc from 'fast-check';
import { noreply, type Node, type Pid, type Priority } from 'tergo';
import { clerkOn, memberOn, type Member } from '../support/clerk-places.ts';
import { FarSender, type Account, type Burst, type Mark } from '../support/far-sender.ts';
import { spawnScript, type Self } from '../support/improvise.ts';
import { closeShared, infoOf, places, sharedPlace, witnessOn } from '../support/places.ts';
import { quietNode } from '../support/witness.ts';
import { turn, waitFor } from '../support/wait-for.ts';

const priorities = ['max', 'high', 'normal'] as const;

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

test.after.always(closeShared);

/** Runs a plan with processes on these threads; gives what they sent and took. */
async function accountsOf(
  node: Node,
  threads: readonly number[],
  plan: Plan,
  beginning: readonly Burst[],
): Promise<Account[]> {
  const members: Member[] = [];
  for (const thread of threads) members.push(await memberOn(node, FarSender, thread));
  const pids = members.map(({ pid }) => pid);
  for (const [own, member] of members.entries())
    await member.do('plan', own, pids, plan[own] ?? []);
  await members.at(-1)!.do('sendAll', beginning);
  let counts: readonly number[] = [];
  // Nobody has taken anything from one look to the next, and all that was sent was taken.
  const accounts = await waitFor('every message', async () => {
    const all: Account[] = [];
    for (const member of members) all.push(await member.do<Account>('account'));
    const now = all.flatMap(({ sent, taken }) => [sent.length, taken.length]);
    const isCalm = now.every((count, at) => count === counts[at]);
    counts = now;
    const rest = all.reduce((sum, { sent, taken }) => sum + sent.length - taken.length, 0);
    return isCalm && rest <= 0 && all;
  });
  for (const pid of pids) node.kill(pid);
  return accounts;
}

/** What each of these took, or was to take, of each of them at each priority. */
function ordered(marks: readonly Mark[]): unknown[] {
  return priorities.flatMap((priority) =>
    Array.from({ length: size + 1 }, (_, sender) =>
      marks.filter((mark) => mark.priority === priority && mark.sender === sender),
    ),
  );
}

for (const place of places) {
  test(`each message comes once, and in the order of its sender at each priority${place.title}`, async (t) => {
    const node = await sharedPlace(t, place);
    // The last one only begins.
    const threads = [place.self, place.other, place.self, place.other];
    await fc.assert(
      fc.asyncProperty(plans, beginnings, async (plan, beginning) => {
        const accounts = await accountsOf(node, threads, plan, beginning);
        const sent = accounts.flatMap((account) => account.sent);
        for (const [own, { taken }] of accounts.entries()) {
          const due = sent.filter(([to]) => to === own).map(([, mark]) => mark);
          t.deepEqual(ordered(taken), ordered(due));
        }
      }),
      { numRuns: place.isThreaded ? 25 : 50 },
    );
  });

  test(`a process that keeps sending to itself does not starve the others${place.title}`, async (t) => {
    const node = await sharedPlace(t, place);
    const busy = await memberOn(node, FarSender, place.other);
    const idle = await clerkOn(node, place.other);
    const asking = await witnessOn(node, place.self);
    await busy.do('send', busy.pid, 'again');
    const more = async (): Promise<void> => {
      const before = await busy.do<number>('rounds');
      const hasMore = async () => (await busy.do<number>('rounds')) > before + 1000;
      await waitFor('more of it', hasMore);
    };
    await more();
    const asked = { type: 'bare', value: 'answer' };
    t.is(await asking.run((self) => self.call(idle.pid, asked as never)), 'answer' as never);
    await more();
    node.kill(busy.pid);
  });

  test(`timers and I/O get their turn while messages never run dry${place.title}`, async (t) => {
    const node = await sharedPlace(t, place);
    const busy = await memberOn(node, FarSender, place.other);
    const peer = await memberOn(node, FarSender, place.self);
    const idle = await memberOn(node, FarSender, place.other);
    const target = await witnessOn(node, place.self);
    for (const { pid } of [busy, peer]) await busy.do('send', pid, 'again');
    await waitFor('the traffic', async () => (await busy.do<number>('rounds')) > 1000);
    await idle.do('delay', target.pid, 'from a timer', 1);
    await waitFor('the timer', () => target.seen.length === 1);
    t.like(target.seen, [{ on: 'message', message: 'from a timer' }]);
    t.true((await idle.do<number>('readOwnText')) > 0);
    const before = await busy.do<number>('rounds');
    await waitFor('more traffic', async () => (await busy.do<number>('rounds')) > before + 100);
    await busy.do('end');
    for (const { pid } of [busy, peer])
      await waitFor('its rest', async () => (await infoOf(node, pid)).state === 'sleep');
  });
}
