import test from 'ava';
import {
  Actor,
  noreply,
  processId,
  processName,
  reply,
  type Alias,
  type Answer,
  type Next,
  type Node,
  type Pid,
  type ProcessName,
  type Request,
  type Target,
} from 'tergo';
import { Server, type ServerProtocol } from '../support/far-server.ts';
import { closeShared, places, sharedPlace, witnessOn } from '../support/places.ts';
import { waitFor } from '../support/wait-for.ts';
import { quietNode } from '../support/witness.ts';

type Note = { type: 'note' };
type Which = Request<{ type: 'which' }, string>;
type Make = Request<{ type: 'make-alias' }, Alias<SplitterProtocol>>;
type Flag = Request<{ type: 'split'; on: boolean }, boolean>;
interface SplitterProtocol {
  message: Note;
  request: Which | Make | Flag;
}

const name: ProcessName<SplitterProtocol> = processName('splitter');

/** Says through which of its callbacks it was reached. */
class Splitter extends Actor<SplitterProtocol> {
  #seen!: string[];

  override init(seen: string[], isSplit: boolean): void {
    this.#seen = seen;
    this.splitHandle = isSplit;
  }

  override handleMessage(): Next {
    this.#seen.push('plain');
    return noreply;
  }

  override handleMessageName(_message: Note, _from: Pid, name: string): Next {
    this.#seen.push(`name ${name}`);
    return noreply;
  }

  override handleMessageAlias(_message: Note, _from: Pid, alias: Alias<never>): Next {
    this.#seen.push(`alias ${alias}`);
    return noreply;
  }

  override handleCall(request: Which | Make | Flag): Answer {
    switch (request.type) {
      case 'which':
        return reply(request, 'plain');
      case 'make-alias':
        return reply(request, this.createAlias());
      case 'split': {
        const before = this.splitHandle;
        this.splitHandle = request.on;
        return reply(request, before);
      }
    }
  }

  override handleCallName(request: Which | Make | Flag, _from: Pid, name: string): Answer {
    return reply(request as Which, `name ${name}`);
  }

  override handleCallAlias(request: Which | Make | Flag, _from: Pid, alias: Alias<never>): Answer {
    return reply(request as Which, `alias ${alias}`);
  }
}

interface Setting {
  readonly node: Node;
  readonly pid: Pid<SplitterProtocol>;
  readonly alias: Alias<SplitterProtocol>;
  readonly seen: string[];
}

interface Way {
  readonly title: string;
  to(setting: Setting): Target<SplitterProtocol>;
  /** What the process says of it when it splits. */
  split(setting: Setting): string;
}

const ways: readonly Way[] = [
  { title: 'pid', to: ({ pid }) => pid, split: () => 'plain' },
  { title: 'name', to: () => name, split: () => 'name splitter' },
  {
    title: 'process id',
    to: ({ node }) => processId(name, node.name),
    split: () => 'name splitter',
  },
  { title: 'alias', to: ({ alias }) => alias, split: ({ alias }) => `alias ${alias}` },
];

interface FarSetting {
  readonly node: Node;
  readonly pid: Pid<ServerProtocol>;
  readonly alias: Alias<ServerProtocol>;
  readonly name: ProcessName<ServerProtocol>;
}

/** The same for a server that may live on another thread. */
const farWays: readonly {
  readonly title: string;
  to(setting: FarSetting): Target<ServerProtocol>;
  split(setting: FarSetting): string;
}[] = [
  { title: 'pid', to: ({ pid }) => pid, split: () => 'plain' },
  { title: 'name', to: ({ name }) => name, split: ({ name }) => `name ${name}` },
  {
    title: 'process id',
    to: ({ node, name }) => processId(name, node.name),
    split: ({ name }) => `name ${name}`,
  },
  { title: 'alias', to: ({ alias }) => alias, split: ({ alias }) => `alias ${alias}` },
];
let lastSplitter = 0;

for (const isSplit of [false, true]) {
  for (const { title, to, split } of ways) {
    const where = isSplit && title !== 'pid' ? `the callback for ${title}s` : 'the plain callback';
    const state = isSplit ? 'with' : 'without';

    test(`${state} split handling a message sent by ${title} comes to ${where} [L35]`, async (t) => {
      const setting = await start(t, isSplit);
      t.is(setting.node.send(to(setting), { type: 'note' }), 'ok');
      t.is(setting.node.send(to(setting), { type: 'note' }, { priority: 'high' }), 'ok');
      await setting.node.call(setting.pid, { type: 'which' });
      const callback = isSplit ? split(setting) : 'plain';
      t.deepEqual(setting.seen, [callback, callback]);
    });

    test(`${state} split handling a call by ${title} comes to ${where} [L35]`, async (t) => {
      const setting = await start(t, isSplit);
      const answer = await setting.node.call(to(setting), { type: 'which' });
      t.is(answer, isSplit ? split(setting) : 'plain');
    });
  }
}

test('split handling can be turned on and off while the process lives [L35]', async (t) => {
  const setting = await start(t, false);
  const { node, pid } = setting;
  t.is(await node.call(name, { type: 'which' }), 'plain');
  t.is(await node.call(pid, { type: 'split', on: true }), false);
  t.is(await node.call(name, { type: 'which' }), 'name splitter');
  t.is(await node.call(pid, { type: 'split', on: false }), true);
  t.is(await node.call(name, { type: 'which' }), 'plain');
});

test.after.always(closeShared);

for (const place of places) {
  for (const isSplit of [false, true]) {
    for (const { title, to, split } of farWays) {
      const where =
        isSplit && title !== 'pid' ? `the callback for ${title}s` : 'the plain callback';
      const state = isSplit ? 'with' : 'without';
      test(`${state} split handling what a process sends and asks by ${title} comes to ${where} [L35]${place.title}`, async (t) => {
        const node = await sharedPlace(t, place);
        const own = `splitter ${++lastSplitter}`;
        const name: ProcessName<ServerProtocol> = processName(own);
        const pid = await node.spawn(Server, { name, thread: place.other, args: [isSplit] });
        const alias = (await node.call(pid, { type: 'alias' })) as Alias<ServerProtocol>;
        const address = to({ node, pid, alias, name });
        const callback = isSplit ? split({ node, pid, alias, name }) : 'plain';
        const self = await witnessOn(node, place.self);
        const results = await self.run((witness) => [
          witness.send(address, 1),
          witness.send(address, 2, { priority: 'high' }),
        ]);
        t.deepEqual(results, ['ok', 'ok']);
        const asked = self.run((witness) => witness.call(address, { type: 'whom' }));
        const [from, how] = (await asked) as unknown as [unknown, string];
        t.deepEqual([from, how], [self.pid, callback]);
        const seen = (await node.call(pid, { type: 'seen' })) as unknown as [string, number][];
        t.deepEqual(
          seen.toSorted(([, a], [, b]) => a - b),
          [
            [callback, 1],
            [callback, 2],
          ],
        );
        t.is((await node.call(pid, { type: 'split', on: !isSplit })) as unknown, isSplit);
      });
    }
  }
}

test('split handling without the callbacks for it falls back to the plain ones', async (t) => {
  class Plain extends Actor<{ message: Note; request: Which }> {
    count = 0;
    override init(): void {
      this.splitHandle = true;
    }
    override handleMessage(): Next {
      this.count += 1;
      return noreply;
    }
    override handleCall(request: Which): Answer {
      return reply(request, `plain ${this.count}`);
    }
  }
  const plain: ProcessName<{ message: Note; request: Which }> = processName('plain');
  const node = await quietNode(t);
  await node.spawn(Plain, { name: plain });
  node.send(plain, { type: 'note' });
  t.is(await node.call(plain, { type: 'which' }), 'plain 1');
});

test('a delayed message keeps the address that it was sent to', async (t) => {
  const setting = await start(t, true);
  const { node, pid, seen } = setting;
  node.sendAfter(name, { type: 'note' }, 0);
  node.sendAfter(pid, { type: 'note' }, 0);
  await waitFor('both messages', () => seen.length === 2);
  t.deepEqual(seen.toSorted(), ['name splitter', 'plain']);
});

async function start(t: Parameters<typeof quietNode>[0], isSplit: boolean): Promise<Setting> {
  const node = await quietNode(t);
  const seen: string[] = [];
  const pid = await node.spawn(Splitter, { args: [seen, isSplit], name });
  const alias = await node.call(pid, { type: 'make-alias' });
  return { node, pid, alias, seen };
}
