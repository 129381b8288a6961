import test from 'ava';
import {
  Actor,
  eventName,
  noreply,
  startNode,
  type AnyPid,
  type Down,
  type EventName,
  type Next,
  type Pid,
  type Publisher,
} from 'tergo';

const news: EventName<string> = eventName('news');
type Told = { readonly told: readonly string[] };

/** Does the given thing with its first message and notes in which order the rest comes. */
class Listener extends Actor<{ message: number; event: string }> {
  #order: string[] = [];
  #enough!: (told: Told) => void;
  #first!: (self: Listener) => void;
  publisher!: Publisher<string>;

  override async init(
    watched: AnyPid,
    first: (self: Listener) => void,
    enough: (told: Told) => void,
  ): Promise<void> {
    this.#first = first;
    this.#enough = enough;
    this.publisher = this.registerEvent(news);
    await this.monitorEvent(news);
    await this.monitor(watched);
  }

  override handleMessage(n: number): Next {
    this.#note(`m${n}`);
    if (n === 0) this.#first(this);
    return noreply;
  }

  override handleEvent(message: string): Next {
    this.#note(message);
    return noreply;
  }

  override handleDown(down: Down): Next {
    this.#note(`down ${down.kind}`);
    return noreply;
  }

  #note(what: string): void {
    this.#order.push(what);
    if (this.#order.length === 5) this.#enough({ told: this.#order });
  }
}

class Idle extends Actor {}

const CASES: readonly (readonly [
  what: string,
  first: (self: Listener, watched: Pid<{}>) => void,
  notice: string,
])[] = [
  [
    'an event published with max',
    (self) => self.sendEvent(self.publisher, 'urgent', { priority: 'max' }),
    'urgent',
  ],
  ['the down of a process that is killed', (self, watched) => self.node.kill(watched), 'down pid'],
  ['the down of an event that is given up', (self) => self.unregisterEvent(news), 'down event'],
];

for (const [what, first, notice] of CASES) {
  test(`${what} overtakes the messages that its cause was granted together with`, async (t) => {
    await using node = await startNode('urgent@localhost');
    const watched = await node.spawn(Idle);
    const { promise, resolve } = Promise.withResolvers<Told>();
    const cause = (self: Listener): void => first(self, watched);
    const listener = await node.spawn(Listener, { args: [watched, cause, resolve] });
    for (let n = 0; n < 4; n += 1) node.send(listener, n);
    t.deepEqual((await promise).told, ['m0', notice, 'm1', 'm2', 'm3']);
  });
}

test('a process id may be written as a literal', async (t) => {
  await using node = await startNode('literal@localhost');
  const got = Promise.withResolvers<string>();
  class Taker extends Actor<{ message: string }> {
    override handleMessage(text: string): Next {
      got.resolve(text);
      return noreply;
    }
  }
  await node.spawn(Taker, { name: 'taker' });
  t.is(node.send<{ message: string }>({ name: 'taker', node: node.name }, 'hello'), 'ok');
  t.is(await got.promise, 'hello');
  const elsewhere = node.send<{ message: string }>({ name: 'taker', node: 'b@localhost' }, 'hello');
  t.is(elsewhere, 'no-connection');
});
