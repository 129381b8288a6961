import test from 'ava';
import { runSource, type Finished } from '../support/run-node.ts';

const prelude = `
  import { Actor, noreply, startNode } from 'tergo';
  const options = { handleSignals: true, log: { output: (line) => console.log(line.replace(/^\\S+ /, '')) } };
  class Orderly extends Actor {
    terminate(reason) { console.log(this.node.name, 'terminate', reason); }
  }
  // Long enough for a signal that was raised once too often to arrive.
  async function afterwards() {
    for (let turns = 0; turns < 20; turns++) await new Promise((resolve) => setImmediate(resolve));
  }
  class Stuck extends Orderly {
    handleMessage() { console.log('stuck'); return new Promise(() => {}); }
  }
`;

/** Runs a script that gets one signal for each text, when that has appeared on its output. */
function signalled(
  source: string,
  signals: readonly (readonly [after: string, signal: NodeJS.Signals])[],
): Promise<Finished> {
  let output = '';
  let next = 0;
  return runSource(`${prelude}\n${source}`, {
    onOutput(text, kill) {
      output += text;
      for (; next < signals.length && output.includes(signals[next]?.[0] ?? ''); next++) {
        kill(signals[next]?.[1] ?? 'SIGKILL');
      }
    },
  });
}

/** What was printed, but for what a busy machine adds. */
function linesOf({ stdout }: Finished): string[] {
  return stdout
    .trimEnd()
    .split('\n')
    .filter((line) => !line.includes('blocked the thread'));
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  test(`${signal} stops a node that handles signals gracefully, then ends the OS process`, async (t) => {
    const source = `
      const node = await startNode('a@localhost', options);
      await node.spawn(Orderly);
      void node.wait().then(() => console.log('stopped'));
      console.log('ready');
    `;
    const finished = await signalled(source, [['ready', signal]]);
    t.deepEqual(linesOf(finished), [
      'ready',
      `[info] a@localhost: stopping signal="${signal}"`,
      'a@localhost terminate shutdown',
      'stopped',
    ]);
    t.is(finished.signal, signal);
    t.is(finished.code, null);
    t.is(finished.stderr, '');
  });

  test(`a second ${signal} stops by force`, async (t) => {
    const source = `
      const node = await startNode('a@localhost', options);
      const stuck = await node.spawn(Stuck);
      node.send(stuck, 'now');
    `;
    const finished = await signalled(source, [
      ['stuck', signal],
      ['stopping', signal],
    ]);
    t.deepEqual(linesOf(finished), [
      'stuck',
      `[info] a@localhost: stopping signal="${signal}"`,
      `[info] a@localhost: stopping by force signal="${signal}"`,
      'a@localhost terminate kill',
    ]);
    t.is(finished.signal, signal);
  });
}

test('the other signal forces as well, and the first one ends the OS process', async (t) => {
  const source = `
    const node = await startNode('a@localhost', options);
    node.send(await node.spawn(Stuck), 'now');
  `;
  const finished = await signalled(source, [
    ['stuck', 'SIGINT'],
    ['stopping', 'SIGTERM'],
  ]);
  t.regex(finished.stdout, /stopping by force signal="SIGTERM"/);
  t.is(finished.signal, 'SIGINT');
});

test('a node that does not handle signals leaves them alone', async (t) => {
  const source = `
    const node = await startNode('a@localhost', { ...options, handleSignals: false });
    await node.spawn(Orderly);
    console.log('ready', process.listenerCount('SIGINT'), process.listenerCount('SIGTERM'));
  `;
  const finished = await signalled(source, [['ready', 'SIGINT']]);
  t.is(finished.stdout, 'ready 0 0\n');
  t.is(finished.signal, 'SIGINT');
});

test('one signal stops two nodes gracefully, the slower one included', async (t) => {
  const source = `
    class Slow extends Orderly {
      async terminate(reason) {
        // Ends after the other node has stopped.
        await quick.wait();
        await afterwards();
        super.terminate(reason);
      }
    }
    const quick = await startNode('quick@localhost', options);
    const slow = await startNode('slow@localhost', options);
    await quick.spawn(Orderly);
    await slow.spawn(Slow);
    void slow.wait().then(() => console.log('slow has stopped'));
    console.log('ready');
  `;
  const finished = await signalled(source, [['ready', 'SIGINT']]);
  t.notRegex(finished.stdout, /by force/);
  t.regex(finished.stdout, /quick@localhost terminate shutdown\n/);
  t.regex(finished.stdout, /slow@localhost terminate shutdown\nslow has stopped\n$/);
  t.is(finished.signal, 'SIGINT');
});

test('a program with a listener of its own hears a signal once and ends itself', async (t) => {
  const source = `
    const node = await startNode('a@localhost', options);
    let count = 0;
    process.on('SIGINT', async () => {
      count += 1;
      await node.wait();
      await afterwards();
      console.log('heard', count);
      process.exit(7);
    });
    console.log('ready');
  `;
  const finished = await signalled(source, [['ready', 'SIGINT']]);
  t.regex(finished.stdout, /heard 1\n$/);
  t.is(finished.code, 7);
});

test('a stopped node does not listen to signals any more', async (t) => {
  const source = `
    const node = await startNode('a@localhost', options);
    console.log(process.listenerCount('SIGINT'), process.listenerCount('SIGTERM'));
    await node.stop();
    await null;
    console.log(process.listenerCount('SIGINT'), process.listenerCount('SIGTERM'));
    setInterval(() => {}, 1000);
    console.log('ready');
  `;
  const finished = await signalled(source, [['ready', 'SIGTERM']]);
  t.is(finished.stdout, '1 1\n0 0\nready\n');
  t.is(finished.signal, 'SIGTERM');
});
