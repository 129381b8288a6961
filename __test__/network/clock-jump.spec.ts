import test from 'ava';
import type { Caller, TergoError } from 'tergo';
import { waitFor } from '../support/wait-for.ts';
import { type Handle, puppet } from '../threads/stage.ts';
import { closeSharedPair, sharedPair } from './cluster.ts';

test.after.always(closeSharedPair);

/** What who answers a call is told that has timed out: `timeout` if the call has said when it is over. */
async function reasonOf(from: Handle, to: Handle): Promise<string | undefined> {
  await to.do('forgetCallers');
  const asked = from.do('callAndTell', to.pid, { type: 'keep' }, 300);
  const taken = waitFor('the call', () => to.do<Caller<unknown>>('keptCaller'), 1000);
  // On a busy machine it may have timed out before it was taken, and then it is not.
  const caller = await taken.catch(() => undefined);
  const [, { code }] = (await asked) as [string, TergoError];
  if (code !== 'timeout') throw new Error(`the call did not time out: ${code}`);
  if (caller === undefined) return reasonOf(from, to);
  const answered = to.do('sendResponseImportant', caller, 'late');
  return await answered.then(
    () => 'answered',
    (error: TergoError) => error.code,
  );
}

/** Waits until the clocks of the nodes have been compared. */
async function isTold(from: Handle, to: Handle): Promise<void> {
  const isIt = async (): Promise<boolean> => (await reasonOf(from, to)) === 'timeout';
  await waitFor('the deadlines to be told', isIt, 30_000);
}

test.serial(
  'when the time of day is set, which a sleep of the machine does, deadlines are told by a new reading only',
  async (t) => {
    const { a, b } = await sharedPair();
    const from = await puppet(a, 0);
    const to = await puppet(b, 1);
    await isTold(from, to);
    const { now } = Date;
    t.teardown(() => void (Date.now = now));
    Date.now = () => now() + 3_600_000;
    // The first call asks, and tells nothing.
    t.is(await reasonOf(from, to), 'response-ignored');
    await isTold(from, to);
  },
);
