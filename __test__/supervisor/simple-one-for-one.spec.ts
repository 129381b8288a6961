import test from 'ava';
import {
  childTemplate,
  TergoError,
  type ChildTemplate,
  type ExitReason,
  type Restart,
  type SupervisorSpec,
} from 'tergo';
import { argsAt, childPlaces, templateAt } from '../support/child-places.ts';
import {
  keep,
  Listener,
  Tended,
  type Manners,
  type Story,
  type TendedProtocol,
} from '../support/keeper.ts';

type TendedArgs = [story: Story, label: string, manners?: Manners];
const worker: ChildTemplate<TendedProtocol, TendedArgs> = childTemplate('worker', Tended);

function simple(restart: Restart, template: typeof worker = worker): SupervisorSpec {
  return { strategy: 'simple-one-for-one', restart, children: [template] };
}

for (const place of childPlaces) {
  test(`instances of templates start on demand, a template is added without starting one, a disabled one starts none [L36]${place.title}`, async (t) => {
    const worker = templateAt(place, 'worker');
    const other = templateAt(place, 'other');
    const kept = await keep(t, () => simple('transient', worker), { place });
    const { ask, story, told } = kept;
    t.deepEqual(await kept.children(), []);

    const first = await ask((self) =>
      self.startChild(worker, { args: argsAt(place, story, 'first') }),
    );
    const one = await kept.children();
    t.like(one, [{ name: 'worker', pid: first, state: 'running', isDisabled: false }]);
    t.is((await kept.node.fetchProcessInfo(first)).name, undefined);

    const start = (): Promise<unknown> =>
      ask((self) => self.startChild(other, { args: argsAt(place, story, 'second') }));
    await t.throwsAsync(start, { code: 'child-unknown' });
    t.deepEqual(await kept.children(), one);
    t.is(await ask((self) => self.addChild(other)), undefined);
    await t.throwsAsync(() => ask((self) => self.addChild(other)), { code: 'child-duplicate' });
    t.deepEqual(await kept.children(), one);

    await start();
    const two = await kept.children();
    t.deepEqual(
      two.map(({ name }) => name),
      ['worker', 'other'],
    );
    t.deepEqual(two[0], one[0]);

    await t.throwsAsync(() => ask((self) => self.disableChild('none')), { code: 'child-unknown' });
    await t.throwsAsync(() => ask((self) => self.enableChild('none')), { code: 'child-unknown' });
    await ask(async (self) => {
      await self.disableChild('other');
      await t.throwsAsync(self.startChild(other, { args: argsAt(place, story, 'third') }), {
        code: 'child-disabled',
      });
    });
    t.deepEqual(await told(), ['up first', 'up second', 'down second shutdown']);
    await t.throwsAsync(start, { code: 'child-disabled' });
    t.deepEqual(await kept.children(), one);

    await ask((self) => self.enableChild('other'));
    t.deepEqual(await kept.children(), one);
    await start();
    t.is((await kept.children()).length, 2);
  });
}

const rules: readonly {
  readonly restart: Restart;
  readonly label: string;
  readonly again: readonly ExitReason[];
}[] = [
  { restart: 'transient', label: 'L37', again: ['kill'] },
  { restart: 'temporary', label: 'L38', again: [] },
  { restart: 'permanent', label: 'L39', again: ['normal', 'shutdown', 'kill'] },
];

for (const place of childPlaces) {
  for (const { restart, label, again } of rules) {
    const which = again.length === 0 ? 'never' : `only after ${again.join(', ')}`;
    test(`a ${restart} instance is restarted ${which}, with its own arguments; an exit from outside ends all [${label}]${place.title}`, async (t) => {
      const worker = templateAt(place, 'worker');
      const kept = await keep(t, () => simple(restart, worker), { as: Listener, place });
      const { story, told, heard } = kept;
      const labels = ['a', 'b', 'c', 'd', 'e'];
      for (const name of labels)
        await kept.ask((self) => self.startChild(worker, { args: argsAt(place, story, name) }));
      t.deepEqual(
        await told(),
        labels.map((name) => `up ${name}`),
      );
      heard.length = 0;

      for (const [at, reason] of (['normal', 'shutdown', 'kill'] as const).entries()) {
        const before = await kept.children();
        const { pid } = before[0]!;
        await kept.end(pid!, reason);
        const name = labels[at]!;
        const isAgain = again.includes(reason);
        // A restarted instance keeps its place: it is the first one again.
        const whose = again.length === 3 ? 'a' : name;
        const lines = [`down ${whose} ${reason}`, ...(isAgain ? [`up ${whose}`] : [])];
        t.deepEqual(await told(), lines);
        const after = await kept.children();
        t.is(after.length, before.length - (isAgain ? 0 : 1));
        t.deepEqual(after.slice(isAgain ? 1 : 0), before.slice(1));
        const [terminated, ...started] = heard.splice(0);
        t.is(terminated, `terminated worker ${pid!.id} ${reason}`);
        t.deepEqual(started, isAgain ? [`started worker ${after[0]!.pid!.id}`] : []);
      }

      const error = new TergoError('internal', 'my exit');
      const left = (await kept.children()).length;
      await kept.end(kept.pid, error);
      const lines = await told();
      t.is(lines.length, left + 1);
      t.true(
        lines.slice(0, -1).every((line) => /^down [a-e] my exit$/.test(line)),
        String(lines),
      );
      t.is(lines.at(-1), 'end my exit by exit');
      t.false(kept.isAlive());
    });
  }
}

test('the end of a template is told to all its instances at once, last started first', async (t) => {
  const kept = await keep(t, () => simple('permanent'));
  for (const name of ['a', 'b', 'c'])
    await kept.ask((self) => self.startChild(worker, { args: [kept.story, name] }));
  await kept.told();
  await kept.ask((self) => self.disableChild('worker'));
  t.deepEqual(await kept.told(), ['down c shutdown', 'down b shutdown', 'down a shutdown']);
  t.deepEqual(await kept.children(), []);
  t.true(kept.isAlive());
  await kept.node.stop();
  t.deepEqual(await kept.told(), ['end shutdown by exit']);
});
