import test from 'ava';
import { CallGate } from '../../ts/network/call-gate.ts';
import { turn } from '../support/wait-for.ts';

const MOST_CALLS = 64;
const MOST_UNSETTLED = 1024;

function never(): Promise<never> {
  return new Promise(() => undefined);
}

/** Calls that hang, each with what gives it up. */
function hang(gate: CallGate, count: number, begun: () => void = () => undefined): () => void {
  const waiting = Array.from({ length: count }, () => new AbortController());
  for (const { signal } of waiting) {
    const call = (): Promise<never> => {
      begun();
      return never();
    };
    gate.run(signal, call).catch(() => undefined);
  }
  return () => waiting.forEach((one) => one.abort(new Error('nobody waits any more')));
}

test('who waits gets a turn when all that hang are given up, before who comes later', async (t) => {
  const gate = new CallGate();
  const order: string[] = [];
  const giveUp = hang(gate, MOST_CALLS);
  const first = gate.run(new AbortController().signal, () => order.push('first'));
  const second = gate.run(new AbortController().signal, () => order.push('second'));
  await turn();
  t.deepEqual(order, [], 'all places are taken');
  giveUp();
  const third = gate.run(new AbortController().signal, () => order.push('third'));
  await Promise.all([first, second, third]);
  t.deepEqual(order, ['first', 'second', 'third']);
});

test('calls that never settle have a bound, though others go well between them', async (t) => {
  const gate = new CallGate();
  let begun = 0;
  for (let round = 0; round < 30; round++) {
    const giveUp = hang(gate, MOST_CALLS - 1, () => (begun += 1));
    await turn();
    giveUp();
    await gate.run(new AbortController().signal, () => 'well');
  }
  t.true(begun >= MOST_UNSETTLED && begun < MOST_UNSETTLED + MOST_CALLS, `${begun} have begun`);
});
