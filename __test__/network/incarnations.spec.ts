import test, { type ExecutionContext } from 'ava';
import { processName, type Alias, type Node } from 'tergo';
import { freePort } from '../support/free-port.ts';
import { waitFor } from '../support/wait-for.ts';
import type { PuppetProtocol } from '../threads/puppet.ts';
import { type Handle, puppet } from '../threads/stage.ts';
import { networkNode, showWay } from './cluster.ts';

const B = 'b@localhost';

/** A process of node a knows one of node b, which has started anew since. */
interface Successors {
  readonly a: Node;
  readonly b: Node;
  readonly who: Handle;
  /** The old one and its alias, as node a has got them. */
  readonly pid: unknown;
  readonly alias: unknown;
  /** Of the same name as the old one. */
  readonly heir: Handle;
}

async function successors(t: ExecutionContext, thread: number): Promise<Successors> {
  const port = await freePort();
  const start = (): Promise<Node> => {
    const acceptors = [{ port, portCount: 0 }];
    return networkNode(B, { acceptors }, { threads: 2 });
  };
  const a = await networkNode('a@localhost', {}, { threads: 2 });
  t.teardown(() => a.stopForce());
  a.network.addRoute('^b@', { host: '127.0.0.1', port });
  const who = await puppet(a, thread, { trapExit: true });
  const before = await start();
  showWay(before, a);
  const name = processName<PuppetProtocol>('heir');
  const old = await puppet(before, thread, { name });
  await old.do('sendImportant', who.pid, [old.pid, await old.do<Alias>('createAlias')]);
  const [known] = (await who.messages(1)) as readonly [readonly [unknown, unknown]];
  await before.stopForce();
  await waitFor('the end of the old one', () => a.network.nodes().length === 0);
  const b = await start();
  t.teardown(() => b.stopForce());
  const heir = await puppet(b, thread, { name });
  return { a, b, who, pid: known[0], alias: known[1], heir };
}

for (const thread of [0, 1]) {
  const title = `on thread ${thread}`;

  for (const first of ['link', 'monitor', 'sendImportant'])
    test.serial(
      `what was known of a node before it started anew is refused: first ${first}, ${title}`,
      async (t) => {
        const { a, who, heir, pid, alias } = await successors(t, thread);
        const refused = {
          code: 'process-incarnation',
          message: /an earlier incarnation of its node/,
        };
        // Only the first of them connects.
        for (const op of [first, 'link', 'monitor', 'call', 'sendImportant', 'inspect'])
          for (const what of first === 'monitor' ? [alias, pid] : [pid, alias]) {
            const words = op === 'call' || op === 'sendImportant' ? [{ type: 'echo' }] : [];
            await t.throwsAsync(who.do(op, what, ...words), refused);
            t.deepEqual(a.network.nodes(), [B]);
            t.is(await who.do('send', what, 'to the old one'), 'process-incarnation');
          }
        t.deepEqual(await heir.seen(), []);
        heir.tell({ type: 'stop' });
        await heir.gone();
        t.is((await who.seen()).length, 1, 'its end is none of the old one');
      },
    );

  test.serial(
    `what has a successor is refused when that is gone as well, and nobody dials for it, ${title}`,
    async (t) => {
      const { a, who, pid, alias } = await successors(t, thread);
      const successor = await a.network.connect(B);
      await who.do('monitorNode', B);
      await successor.disconnect();
      const [, down] = await who.hears(2);
      t.like(down, { on: 'down', ended: { kind: 'node' } });
      for (const what of [pid, alias])
        t.is(await who.do('send', what, 'to the old one'), 'process-incarnation');
      await t.throwsAsync(who.do('link', pid), { code: 'process-incarnation' });
      t.deepEqual(a.network.nodes(), []);
    },
  );

  test.serial(
    `a link and a monitor fire once for the incarnation that they are on, ${title}`,
    async (t) => {
      const { a, b, who, heir } = await successors(t, thread);
      const other = await puppet(a, thread);
      showWay(b, a);
      await heir.do('sendImportant', who.pid, heir.pid);
      const [, pid] = await who.messages(2);
      await who.do('link', pid);
      await other.do('monitor', pid);
      await a.network.node(B)!.disconnect();
      const [exit, ...more] = (await who.hears(3)).slice(2);
      t.like(exit, { on: 'exit', ended: { kind: 'pid', reason: { code: 'no-connection' } } });
      const [down, ...others] = await other.hears(1);
      t.like(down, { on: 'down', ended: { kind: 'pid', reason: { code: 'no-connection' } } });
      t.deepEqual([more, others], [[], []]);
    },
  );
}
