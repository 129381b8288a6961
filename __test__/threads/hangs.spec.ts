import test from 'ava';
import { TergoError, type LogRecord, type Pid } from 'tergo';
import { recordLog } from '../support/log-records.ts';
import { runNode, runSource } from '../support/run-node.ts';
import { waitFor, within } from '../support/wait-for.ts';
import { type Hang, Puppet, type PuppetProtocol } from './puppet.ts';
import { puppet, threadNode } from './stage.ts';

/** Longer than a thread may hang until it is told, on a busy machine. */
const HANG_MS = 4500;
const PATIENCE_MS = 20_000;

const places: readonly (readonly [title: string, when: Hang['when'], who: string])[] = [
  ['in a callback', undefined, 'pid'],
  ['after an await', 'after an await', 'lastPid'],
  ['in a timer of a process', 'in a timer', 'lastPid'],
];

for (const [title, when, who] of places) {
  test(`a thread that hangs ${title} is reported: which process, and for how long`, async (t) => {
    const node = await threadNode(t);
    const log = recordLog(node);
    const hanging = await puppet(node, 1);
    hanging.tell({ type: 'hang', ms: HANG_MS, ...(when && { when }) });
    const { level, fields } = await waitFor('the report', () => reportOf(log), PATIENCE_MS);
    t.is(level, 'error');
    t.is(fields['thread'], 1);
    t.is(fields[who], hanging.pid);
    t.true((fields['atLeastMs'] as number) >= 1000);
    const other = await puppet(node, 0);
    t.is(node.send(other.pid, 'the node works'), 'ok');
    t.deepEqual(await other.messages(1), ['the node works']);
  });
}

test('a thread that hangs in an init is reported with the process that is being spawned', async (t) => {
  const node = await threadNode(t);
  const log = recordLog(node);
  const spawned = node.spawn(Puppet, { thread: 1, args: [{ hangsMs: HANG_MS }] });
  const { fields } = await waitFor('the report', () => reportOf(log), PATIENCE_MS);
  t.is(fields['pid'], await spawned);
});

test('a thread that works without a rest, and turns its event loop, does not hang', async (t) => {
  const node = await threadNode(t);
  const log = recordLog(node);
  const [one, two] = [await puppet(node, 1), await puppet(node, 1)];
  const until = performance.now() + 3000;
  // The thread always has something to do.
  while (performance.now() < until) {
    one.tell({ type: 'hang', ms: 20 });
    two.tell({ type: 'hang', ms: 20, when: 'in a timer' });
    await one.do('seen');
  }
  t.is(reportOf(log), undefined);
});

test('of a thread that hangs on is told again whenever the time has doubled', async (t) => {
  const node = await threadNode(t);
  const log = recordLog(node);
  const hanging = await puppet(node, 1);
  hanging.tell({ type: 'hang', ms: 600_000 });
  await waitFor('three reports', () => reportsOf(log).length >= 3, 60_000);
  const [first, second, third] = reportsOf(log).map(({ fields }) => fields['atLeastMs'] as number);
  t.true(second! >= 2 * first! && third! >= 2 * second!, `${first}, ${second}, ${third} ms`);
});

test('a thread that was started anew and hangs is reported with its own process', async (t) => {
  const node = await threadNode(t);
  const log = recordLog(node);
  const [first, beside] = [await puppet(node, 1), await puppet(node, 1)];
  // So that it has been looked at before its end.
  first.tell({ type: 'hang', ms: HANG_MS });
  await waitFor('the first report', () => reportOf(log), PATIENCE_MS);
  beside.tell({ type: 'exit process', code: 1 });
  await waitFor('its end', () => node.info().threads[1]!.restarts === 1, PATIENCE_MS);
  const second = await puppet(node, 1);
  const before = reportsOf(log).length;
  second.tell({ type: 'hang', ms: HANG_MS });
  await waitFor('one more report', () => reportsOf(log).length > before, PATIENCE_MS);
  t.is(reportsOf(log).at(-1)!.fields['pid'], second.pid);
});

test('that thread 0 has hung is logged when it is over', async (t) => {
  const node = await threadNode(t);
  const log = recordLog(node);
  const hanging = await puppet(node, 0);
  hanging.tell({ type: 'hang', ms: 2500, when: 'after an await' });
  const find = (): LogRecord | undefined => log.find(({ message }) => message.includes('has hung'));
  const { fields } = await waitFor('the report', find, PATIENCE_MS);
  t.is(fields['thread'], 0);
  t.is(fields['lastPid'], hanging.pid);
  t.true((fields['atLeastMs'] as number) >= 1000);
});

for (const threads of [1, 2]) {
  test(`that thread 0 hangs for ever is written to standard error, on a node with ${threads} threads`, async (t) => {
    let told = '';
    const { stdout } = await runNode(new URL('hang-for-ever.ts', import.meta.url), {
      args: [String(threads)],
      timeoutMs: 60_000,
      onErrorOutput: (text, kill) => {
        told += text;
        if (told.includes('hangs') && told.endsWith('\n')) kill('SIGKILL');
      },
    });
    t.regex(told, /hanging@localhost: thread 0 hangs.* atLeastMs=\d{4}/);
    if (threads > 1) t.true(told.includes(`lastPid=${stdout.trim()}`), told);
  });
}

test('a node without a console writes nothing when thread 0 hangs', async (t) => {
  const source = `
    import { startNode } from 'tergo';
    const node = await startNode('hanging@localhost', { log: { disableConsole: true } });
    const until = performance.now() + 3500;
    while (performance.now() < until);
    await node.stop();
  `;
  const { stderr, code } = await runSource(source);
  t.deepEqual([stderr, code], ['', 0]);
});

test('that the system has stopped the whole program is no hang of a thread', async (t) => {
  const source = `
    import { startNode } from 'tergo';
    const node = await startNode('stopped@localhost', { threads: 2 });
    console.log('stop me');
    let last = performance.now();
    let hasStood = false;
    const timer = setInterval(() => {
      hasStood ||= performance.now() - last > 2500;
      last = performance.now();
      // By then all threads have been looked at twice.
      if (hasStood) setTimeout(() => node.stop(), 2500);
      if (hasStood) clearInterval(timer);
    }, 50);
  `;
  const { stdout, stderr, code } = await runSource(source, {
    timeoutMs: 60_000,
    onOutput: (text, kill) => {
      if (!text.includes('stop me')) return;
      // While it waits for its timer: who works when the stop comes cannot be told from one that works on.
      setTimeout(kill, 500, 'SIGSTOP');
      setTimeout(kill, 3500, 'SIGCONT');
    },
  });
  t.deepEqual([stdout, stderr, code], ['stop me\n', '', 0]);
});

test('the counters tell how long a thread works and does not turn, while it lasts and afterwards', async (t) => {
  const node = await threadNode(t);
  const hanging = await puppet(node, 1);
  const before = node.info().threads[1]!.busyMs;
  hanging.tell({ type: 'hang', ms: 1500, when: 'after an await' });
  const one = (): { busyMs: number; eventLoopDelayMs: number } => node.info().threads[1]!;
  // A thread that has just come up may not have turned for a while before.
  await waitFor('the delay', () => one().eventLoopDelayMs > 500 && one().busyMs - before > 500);
  await hanging.do('seen');
  t.true(one().eventLoopDelayMs >= 1400);
  t.true(one().busyMs - before >= 1400);
});

test('a node with one thread tells the same of that', async (t) => {
  const node = await threadNode(t, { threads: 1, behaviors: [] });
  const hanging = await puppet(node, 0);
  const before = node.info().threads[0]!.busyMs;
  hanging.tell({ type: 'hang', ms: 300, when: 'after an await' });
  await waitFor('the time', () => node.info().threads[0]!.busyMs - before >= 290);
  t.true(node.info().threads[0]!.eventLoopDelayMs >= 290);
});

test('what a thread that hangs is asked rejects with timeout', async (t) => {
  const node = await threadNode(t);
  const hanging = await puppet(node, 1);
  hanging.tell({ type: 'hang', ms: 60_000 });
  await waitFor('the callback', () => node.info().threads[1]!.messagesOut > 0);
  const spawned = node.spawn(Puppet, { thread: 1, args: [{}], initTimeoutMs: 100 });
  const asked = [node.fetchProcessInfo(hanging.pid), node.fetchProcessListShortInfo(), spawned];
  const answers = await within('the answers', () => Promise.allSettled(asked), PATIENCE_MS);
  for (const answer of answers) {
    const error: unknown = answer.status === 'rejected' && answer.reason;
    t.true(TergoError.is(error, 'timeout'), String(error));
    t.regex((error as TergoError).message, /thread 1 /);
  }
});

test('a process that comes up after its spawn has timed out is ended', async (t) => {
  const node = await threadNode(t);
  const log = recordLog(node);
  const args: [{ hangsMs: number }] = [{ hangsMs: 8000 }];
  const spawned = node.spawn(Puppet, { thread: 1, args, initTimeoutMs: 1, name: 'late' });
  await t.throwsAsync(spawned, { code: 'timeout' });
  const report = await waitFor('the report', () => reportOf(log), PATIENCE_MS);
  const late = report.fields['pid'] as Pid<PuppetProtocol>;
  t.true(node.processList().includes(late));
  await waitFor('its end', () => !node.processList().includes(late), PATIENCE_MS);
  const next = await puppet(node, 1);
  t.is((await node.fetchProcessInfo(next.pid)).thread, 1);
});

function reportOf(log: readonly LogRecord[]): LogRecord | undefined {
  return reportsOf(log)[0];
}

function reportsOf(log: readonly LogRecord[]): readonly LogRecord[] {
  return log.filter(({ message }) => message.includes('scheduler thread hangs'));
}
