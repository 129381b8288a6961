import { readdirSync } from 'node:fs';
import test from 'ava';
import { runNode } from '../support/run-node.ts';

const folder = new URL('../../docs/samples/', import.meta.url);

/** What each sample prints to standard output, line by line. */
const printed: Readonly<Record<string, readonly string[]>> = {
  'application.ts': [
    'images runs, permanent',
    '180',
    'images has ended, shutdown',
    'images runs, permanent',
    '100',
    'running 2',
    'ImageSupervisor > Scaler',
    'images has ended, shutdown',
    "[ 'system running', 'metrics running', 'images loaded' ]",
  ],
  'async-callbacks.ts': ['true true Error', 'the call was aborted'],
  'child-limits.ts': [
    'process crashed Error: a bad plugin',
    'process crashed Error: a bad plugin',
    'process crashed Error: a bad plugin',
    'a child was to be restarted too often; it is disabled plugin',
    'core running 0, plugin stopped 2',
    '2 Error: a bad plugin',
  ],
  'counter-contract.ts': [],
  'counter.ts': [],
  'cron.ts': [
    ...['done', 'monthly report report true', 'done', 'done', 'back up the files 1 disk full'],
    ...['cache clear', 'cache expire', 'storage: backup failed, disk full', '1'],
    ...['nightly true true', 'report true true', 'backup false false', 'expire true true'],
    '2026-03-28T02:10:00.000Z',
    '2026-03-29T01:10:00.000Z',
    '2026-03-30T01:10:00.000Z',
  ],
  'errors.ts': [
    'timeout',
    'process-terminated - nothing to work on',
    'process-unknown',
    "the node name must be 'name@host' with one '@', both halves non-empty and without spaces, at most 255 bytes, but is 'no-host'",
  ],
  'events.ts': ['somebody listens to prices', 'TRG 1250', 'TRG 1260', '[ 1250, 1260 ]'],
  'hello.ts': ['2'],
  'later-forward.ts': ['apple 0', '21 42', 'not today', 'bye terminated'],
  'log-fields.ts': [
    'packing packed {"hall":3,"order":7,"item":"pear"}',
    'packing packed {"hall":3,"order":7,"item":"plum"}',
    'packing waits {"hall":3}',
    'audit opened {}',
    'trouble low on string {}',
  ],
  'log-files.ts': [
    "[ 'shop.log' ]",
    'error shelf is empty 4 no pears',
    '50 shelf is empty 4 no pears',
  ],
  'log-slow.ts': [
    '3 wait, 2 dropped',
    'order 1, order 2, order 3, the logger was too slow: records were dropped',
  ],
  'logging.ts': [
    'process crashed out of stock Shop',
    'info order taken',
    'info order taken',
    'error process crashed',
  ],
  'mailboxes.ts': [
    'ok',
    'ok',
    'process-mailbox-full',
    'process-mailbox-full',
    'ok',
    'ok',
    "overflow worker { type: 'job', id: 2 }",
    '[ 3, 2, 1 ]',
  ],
  'names.ts': ['3', 'name-unknown', 'host got a letter at quality 90', 'from its parent'],
  'network.ts': ['7', '100', 'process-unknown', '42 b@localhost', 'disconnected'],
  'network-cluster.ts': [
    ...['joined', "[ 'a@localhost', 'b@localhost' ]", 'running', 'b@localhost 3 running'],
    ...['true true 0', "[ '127.0.0.1 true' ]"],
    'b@localhost was not reached at 127.0.0.1:11144: the other node has another cookie; give both the same cookie',
    'b@localhost there is no connection to b@localhost: it has stopped, or has ended the connection',
    'no-route',
  ],
  'network-registrar.ts': [
    "map:1 [ 'a@localhost', 'b@localhost' ]",
    'true',
    "the registrar 'map:1' has failed at start: a@localhost runs already",
    "b@localhost was not reached: the registrar 'map:1' has failed at resolve: resolve was not settled within 10 ms",
  ],
  'network-validators.ts': ['7', 'true'],
  'pool.ts': ['9', '6 workers', '1 forwarded, 0 restarts'],
  'pool-by-key.ts': ['ann 200', 'bob 100'],
  'raw-process.ts': ["[ 'pong', 1 ]"],
  'requests.ts': ['total 7.0'],
  'router.ts': [
    'no delivery to nowhere route-unknown',
    'apple,pear',
    'the rest of the world is closed',
    'plum',
  ],
  'stopping.ts': [
    'saved because of normal',
    'saved because of disk full',
    'terminated',
    'sleep',
    'running',
    'saved because of shutdown',
    'stubborn ends by kill',
    'killed 1 alive false',
  ],
  'supervisor.ts': [
    ...['up: counter', 'up: queue', 'up: heartbeat', '1'],
    ...['down: queue an item needs a name', 'down: heartbeat an item needs a name'],
    ...['up: queue', 'up: heartbeat', '0 15'],
    ...['down: heartbeat shutdown', 'down: queue shutdown', 'down: counter shutdown'],
  ],
  'primes.ts': [],
  'threads-end.ts': [
    'log: a scheduler thread has ended; its processes with it',
    'call: process-terminated - thread-terminated',
    'down: thread 1 has ended (exit code 1)',
    'again: 25',
    'restarts of thread 1: 1',
  ],
  'threads.ts': [
    ...['78498', '[ 4, 25, 168, 1229 ]'],
    'Local cannot be spawned on another thread: no module of `behaviors` exports it. ',
    'message.note.steps[0].done is the function done',
    ...['found 2', 'found 3', 'found 5', '1000000'],
    'thread 0: up true, true, restarts 0',
    'thread 1: up true, true, restarts 0',
  ],
  'timers.ts': ['three ticks true', '3', 'true false'],
  'use-counter.ts': ['COUNTER 12'],
  'watcher.ts': [
    'linked target ended: pid normal',
    'monitored process ended: normal',
    'replaced: true in order: true',
  ],
  'worker-supervisor.ts': [
    'https://a.example (3 retries)',
    'worker gone: kill',
    'worker gone: normal',
    '1 worker left',
    'worker gone: shutdown',
  ],
};

test('every sample has its expected output here', (t) => {
  const samples = readdirSync(folder).filter((name) => name.endsWith('.ts'));
  t.deepEqual(samples.toSorted(), Object.keys(printed).toSorted());
});

for (const [name, lines] of Object.entries(printed)) {
  test.serial(
    `the sample ${name} runs, prints what the docs say, and ends by itself`,
    async (t) => {
      const { stdout, stderr, code } = await runNode(new URL(name, folder));
      // The system chooses ports.
      const text = stdout.replaceAll(/(127\.0\.0\.1):\d+/g, '$1:11144');
      const shown = text.split('\n').slice(0, -1);
      // Several processes print: who comes first is not for the sample to say.
      const isAnyOrder = name === 'cron.ts';
      if (isAnyOrder) t.deepEqual(shown.toSorted(), lines.toSorted(), stderr);
      else t.deepEqual(shown, lines, stderr);
      t.is(code, 0, stderr);
    },
  );
}
