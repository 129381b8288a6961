import test from 'ava';
import { type Node, type Pid, processId, processName, TergoError } from 'tergo';
import { networkNode, showWay } from '../network/cluster.ts';
import { inside, type Self, spawnPuppet } from '../support/improvise.ts';
import { type Nested, Nester } from './nester.ts';
import { fresh, type Handle, puppet, puppets, threadNode } from './stage.ts';

type Begin = (self: Self) => unknown;

const refused = { code: 'not-allowed', message: /a getter of a message cannot/ };

/** What becomes of something that a getter of a message to another thread begins. */
async function nested(node: Node, pid: Pid<unknown>, far: Handle, begin: Begin): Promise<unknown> {
  return await inside(node, pid, async (self) => {
    let begun: Promise<unknown> | undefined;
    const part = (): void => {
      begun = (async () => begin(self))();
      begun.catch(() => undefined);
    };
    self.send(far.pid, {
      get part() {
        return part();
      },
    });
    return await begun;
  });
}

test('what a getter of a message begins is refused as a whole, and can be begun after that', async (t) => {
  const node = await threadNode(t);
  const [far, other] = [await puppet(node, 1), await puppet(node, 1)];
  const pid = await spawnPuppet(node);
  const name = processName<never>(fresh('name'));
  const begins: readonly Begin[] = [
    (self) => self.link(other.pid),
    (self) => self.monitor(other.pid),
    () => node.registerName(name, other.pid as never),
    () => node.unregisterName(name),
    () => (node.log.level = 'error'),
    () => node.addLogger(fresh('logger'), other.pid),
  ];
  for (const begin of begins) {
    await t.throwsAsync(nested(node, pid, far, begin), refused);
    await t.notThrowsAsync(inside(node, pid, async (self) => begin(self)));
  }
  t.is(node.whereis(name), undefined);
});

test('a getter of a message on another thread connects to nobody, and that thread can after that', async (t) => {
  const nester = new URL('./nester.ts', import.meta.url);
  const behaviors = { threads: 2, behaviors: [puppets, nester] };
  const a = await networkNode('a@localhost', {}, behaviors);
  t.teardown(() => a.stopForce());
  const b = await networkNode('b@localhost');
  t.teardown(() => b.stopForce());
  showWay(a, b);
  const name = processName<never>(fresh('there'));
  const there = await puppet(b, 0, { name: name as never });
  const to = await puppet(a, 0);
  const pid = await a.spawn(Nester, { thread: 1 });
  const request: Nested = { type: 'nest', to: to.pid, id: processId(name, b.name) };
  const thrown = await a.call(pid, request as never, { timeoutMs: 10_000 });
  t.true(TergoError.is(thrown, 'not-allowed'));
  t.deepEqual(await there.messages(1), ['after']);
});
