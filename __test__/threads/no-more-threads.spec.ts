import { syncBuiltinESMExports } from 'node:module';
import workers from 'node:worker_threads';
import test from 'ava';
import { recordLog } from '../support/log-records.ts';
import { waitFor, within } from '../support/wait-for.ts';
import { puppet, threadNode } from './stage.ts';

/** As when the system has no thread left. */
function refuse(): never {
  const text = 'Worker initialization failure: EAGAIN';
  throw Object.assign(new Error(text), { code: 'ERR_WORKER_INIT_FAILED' });
}

function install(Worker: unknown): void {
  Object.assign(workers, { Worker });
  syncBuiltinESMExports();
}

test('a thread that the system does not start anew is left down, and that is told', async (t) => {
  const node = await threadNode(t);
  const log = recordLog(node);
  const victim = await puppet(node, 1);
  const { Worker } = workers;
  install(refuse);
  t.teardown(() => install(Worker));
  victim.tell({ type: 'exit process', code: 1 });
  await waitFor('the end', () => log.some(({ message }) => message.includes('has ended')));
  const told = await waitFor('what became of it', () =>
    log.find(({ message }) => message.includes('left down')),
  );
  t.regex(String((told.fields['error'] as Error | undefined)?.message), /EAGAIN/);
  const refused = { code: 'thread-terminated', message: /is left down/ };
  await t.throwsAsync(
    within('an answer', () => puppet(node, 1)),
    refused,
  );
  t.false(node.info().threads[1]!.isUp);
  t.is((await puppet(node, 2)).pid.node, node.name);
});
