import test from 'ava';
import { Actor, noreply, stop, type AnyPid, type Next, type Pid } from 'tergo';
import { waitFor } from '../support/wait-for.ts';
import { quietNode } from '../support/witness.ts';

const SENDERS = 3000;

interface Taken {
  readonly number: number;
  readonly from: AnyPid;
}

/** Notes what it takes, and from whom; not before `gate` is open. */
class Sink extends Actor<{ message: number }> {
  #gate!: Promise<void>;
  #taken!: Taken[];

  override init(gate: Promise<void>, taken: Taken[]): void {
    this.#gate = gate;
    this.#taken = taken;
  }

  override async handleMessage(number: number, from: Pid): Promise<Next> {
    await this.#gate;
    this.#taken.push({ number, from });
    return noreply;
  }
}

/** Sends its number from `init`, and ends. */
class Passer extends Actor<{ message: string }> {
  override init(sink: Pid<{ message: number }>, number: number): void {
    this.send(sink, number);
    this.send(this.pid, 'end');
  }

  override handleMessage(): Next {
    return stop();
  }
}

test('each message comes from who sent it, when that has ended and others have had its place since, flood after flood', async (t) => {
  const node = await quietNode(t);
  for (let round = 0; round < 3; round++) {
    const { promise: gate, resolve: open } = Promise.withResolvers<void>();
    const taken: Taken[] = [];
    const sink = await node.spawn(Sink, { args: [gate, taken] });
    const senders: AnyPid[] = [];
    for (let number = 0; number < SENDERS; number++) {
      senders.push(await node.spawn(Passer, { args: [sink, number] }));
    }
    await waitFor('the end of all who have sent', () =>
      senders.every((sender) => node.processState(sender) === 'terminated'),
    );
    open();
    await waitFor('all messages', () => taken.length === SENDERS, 30_000);
    t.deepEqual(
      taken.map(({ number }) => number),
      senders.map((_, number) => number),
    );
    t.true(taken.every(({ number, from }) => from === senders[number]));
  }
  await waitFor('rest', () => node.info().slabEntries === 0);
});
