import test from 'ava';
import {
  Actor,
  childSpec,
  noreply,
  Supervisor,
  TergoError,
  type ChildSpec,
  type Next,
  type SupervisorSpec,
} from 'tergo';
import { childPlaces, tendedAt } from '../support/child-places.ts';
import { Tended, type Manners } from '../support/keeper.ts';
import { member, members, theatre } from '../support/troupe.ts';
import { waitFor } from '../support/wait-for.ts';

const never = (): Promise<never> => new Promise(() => undefined);

/** Leaves a process behind that nobody is linked to. */
class Careless extends Actor<{ message: never }> {
  override async init(story: string[]): Promise<void> {
    await this.spawn(Tended, { args: [story, 'orphan'] });
  }
}

class Trees extends Supervisor {
  override init(story: string[]): SupervisorSpec {
    const children = ['one', 'two'].map((name) => childSpec(name, Tended, { args: [story, name] }));
    return { strategy: 'one-for-one', children };
  }
}

test('the whole tree ends, also what nobody is linked to; terminate of the application comes last', async (t) => {
  const { load, node, story, told } = await theatre(t);
  const group = [
    childSpec('careless', Careless, { args: [story] }),
    childSpec('trees', Trees, { args: [story] }),
  ];
  await load({ name: 'a', group });
  await node.applications.start('a');
  t.is(node.applications.info('a').processes, 5);
  await told();
  t.deepEqual(await node.applications.stop('a'), { killed: [] });
  t.deepEqual(await told(), [
    ...['stop a shutdown', 'down two shutdown', 'down one shutdown'],
    ...['down orphan shutdown', 'terminate a shutdown'],
  ]);
  t.is(node.info().processes, 0);
});

test('a member ends only when its asynchronous terminate is over, and the next one then', async (t) => {
  const { load, node, story, told } = await theatre(t);
  const gate = Promise.withResolvers<void>();
  const slow = member(story, 'y', {
    onTerminate: async () => {
      await gate.promise;
      story.push('over y');
    },
  });
  await load({ name: 'a', group: [...members(story, 'x'), slow] });
  await node.applications.start('a');
  await told();
  const stop = node.applications.stop('a');
  t.deepEqual(await told(), ['stop a shutdown', 'down y shutdown']);
  gate.resolve();
  await stop;
  t.deepEqual(await told(), ['over y', 'down x shutdown', 'terminate a shutdown']);
});

test('trapping keeps no member from ending', async (t) => {
  const { load, node, story, told } = await theatre(t);
  await load({ name: 'a', group: [member(story, 'x', { trapExit: true })] });
  await node.applications.start('a');
  await node.applications.stop('a');
  t.deepEqual((await told()).slice(-2), ['down x shutdown', 'terminate a shutdown']);
});

test('a member that does not end in its time is killed, reported, and the others end in order', async (t) => {
  const { load, node, story, told, clock, log, pidOf } = await theatre(t);
  const group = [
    ...members(story, 'x'),
    childSpec('y', Tended, { args: [story, 'y'], shutdownTimeoutMs: 300 }),
  ];
  await load({ name: 'a', group });
  await node.applications.start('a');
  const pid = pidOf('a', 'y');
  node.send(pid as never, never as never);
  await told();
  const stop = node.applications.stop('a');
  await clock.advance(299);
  t.deepEqual(await told(), ['stop a shutdown']);
  await clock.advance(1);
  t.deepEqual(await stop, { killed: [pid] });
  t.deepEqual(await told(), ['down y kill', 'down x shutdown', 'terminate a shutdown']);
  const report = log.find(({ level }) => level === 'error');
  t.is(report?.message, 'a member did not end in time; it is killed');
  t.like(report?.fields, { member: 'y', pid, shutdownTimeoutMs: 300 });
});

test('when the time of the application is over, all that is left is killed at once and reported', async (t) => {
  const { load, node, story, told, clock, log, pidOf } = await theatre(t);
  const endless = { shutdownTimeoutMs: Infinity };
  const group = ['x', 'y', 'z'].map((name) =>
    childSpec(name, Tended, { args: [story, name], ...endless }),
  );
  await load({ name: 'a', group, stopTimeoutMs: 1000 });
  await node.applications.start('a');
  const [x, y] = [pidOf('a', 'x'), pidOf('a', 'y')];
  node.send(y as never, never as never);
  await told();
  const stop = node.applications.stop('a');
  await clock.advance(999);
  t.deepEqual(await told(), ['stop a shutdown', 'down z shutdown']);
  await clock.advance(1);
  t.deepEqual(
    (await stop).killed.toSorted((a, b) => a.id - b.id),
    [x, y],
  );
  t.deepEqual((await told()).toSorted(), ['down x kill', 'down y kill', 'terminate a shutdown']);
  t.is(log.find(({ level }) => level === 'error')?.fields['count'], 2);
});

test('the time of a stop overrules that of the spec; of several the shortest counts', async (t) => {
  const { load, node, clock, pidOf } = await theatre(t);
  const group = [childSpec('x', Tended, { args: [[], 'x'], shutdownTimeoutMs: Infinity })];
  await load({ name: 'a', group, stopTimeoutMs: 1_000_000 });
  await node.applications.start('a');
  const pid = pidOf('a', 'x');
  node.send(pid as never, never as never);
  await clock.settle();
  const first = node.applications.stop('a', { timeoutMs: 5000 });
  const second = node.applications.stop('a', { timeoutMs: 500 });
  const third = node.applications.stop('a', { timeoutMs: 800 });
  await clock.advance(500);
  for (const stop of [first, second, third]) t.deepEqual(await stop, { killed: [pid] });
});

for (const place of childPlaces) {
  test(`without any time all is killed at once, stop is left out, and the reason is kill${place.title}`, async (t) => {
    const { load, node, story, told, pidOf } = await theatre(t, place);
    const group = ['x', 'y'].map((name) => tendedAt(place, story, name));
    await load({ name: 'a', mode: 'permanent', group });
    await node.applications.start('a');
    const pids = [pidOf('a', 'x'), pidOf('a', 'y')];
    await told();
    const { killed } = await node.applications.stop('a', { timeoutMs: 0 });
    t.deepEqual(new Set(killed), new Set(pids));
    const lines = await told();
    t.deepEqual(lines.toSorted(), ['down x kill', 'down y kill', 'terminate a kill']);
    t.is(node.applications.info('a').lastReason, 'kill');
  });
}

test('stop and terminate that throw are logged, and the end goes on', async (t) => {
  const { load, node, story, told, log } = await theatre(t);
  const error = new Error('no luck');
  await load(
    { name: 'a', group: members(story, 'x') },
    {
      onStop: () => Promise.reject(error),
      onTerminate: () => {
        throw error;
      },
    },
  );
  await node.applications.start('a');
  await node.applications.stop('a');
  t.deepEqual((await told()).slice(-2), ['down x shutdown', 'terminate a shutdown']);
  const errors = log.filter(({ level }) => level === 'error');
  t.deepEqual(
    errors.map(({ message, fields }) => [message, fields['error']]),
    [
      ['stop failed', error],
      ['terminate failed', error],
    ],
  );
});

test('a stop callback that fails after its time is logged all the same', async (t) => {
  const { load, node, log, clock, story } = await theatre(t);
  const gate = Promise.withResolvers<never>();
  const group = members(story, 'x');
  await load({ name: 'a', stopTimeoutMs: 100, group }, { onStop: () => gate.promise });
  await node.applications.start('a');
  const stop = node.applications.stop('a');
  await clock.advance(100);
  await stop;
  const error = new Error('late');
  gate.reject(error);
  await clock.settle();
  t.like(log.at(-1), { level: 'error', message: 'stop failed', fields: { error } });
});

test('a terminate of the application that never ends is left behind after the time of a stop', async (t) => {
  const { load, node, story, clock, log } = await theatre(t);
  const group = members(story, 'x');
  await load({ name: 'a', stopTimeoutMs: 100, group }, { onTerminate: never });
  await node.applications.start('a');
  const stop = node.applications.stop('a', { timeoutMs: 0 });
  await clock.advance(99);
  t.is(node.applications.info('a').state, 'stopping');
  await clock.advance(1);
  await stop;
  t.is(node.applications.info('a').state, 'loaded');
  t.true(log.some(({ message }) => message === 'terminate is not over in time; it is left behind'));
});

test('a stop by force, of the node, too, does not wait for the terminate of an application', async (t) => {
  const { load, node, story, clock } = await theatre(t);
  for (const name of ['a', 'b']) {
    await load({ name, group: members(story, name.toUpperCase()) }, { onTerminate: never });
    await node.applications.start(name);
  }
  const stop = node.applications.stop('a');
  await clock.settle();
  void node.applications.stop('a', { timeoutMs: 0 });
  t.deepEqual(await stop, { killed: [] });
  t.is(node.applications.info('a').state, 'loaded');
  const other = node.applications.stop('b');
  await clock.settle();
  await node.stopForce();
  t.deepEqual(await other, { killed: [] });
});

test('a member whose terminate never ends is left behind when its time is over, and the others end in order', async (t) => {
  const { load, node, story, told, clock, log, pidOf } = await theatre(t);
  const y = childSpec('y', Tended, {
    args: [story, 'y', { onTerminate: never }],
    shutdownTimeoutMs: 300,
  });
  await load({ name: 'a', stopTimeoutMs: 1000, group: [...members(story, 'x'), y] });
  await node.applications.start('a');
  const pid = pidOf('a', 'y');
  const stop = node.applications.stop('a');
  await clock.advance(299);
  t.deepEqual((await told()).slice(-2), ['stop a shutdown', 'down y shutdown']);
  await clock.advance(1);
  t.deepEqual(await told(), ['down x shutdown']);
  t.like(log.at(-1), {
    message: 'the terminate of a member is not over in time; it is left behind',
    fields: { member: 'y', pid, shutdownTimeoutMs: 300 },
  });
  await clock.advance(700);
  t.deepEqual(await stop, { killed: [] });
  t.deepEqual(await told(), ['terminate a shutdown']);
});

test('a member whose time is 0 is killed without asking, and its terminate is not waited for', async (t) => {
  const { load, node, story, told, clock, pidOf, log } = await theatre(t);
  const hasty = (name: string, manners?: Manners): ChildSpec =>
    childSpec(name, Tended, { args: [story, name, manners], shutdownTimeoutMs: 0 });
  const group = [...members(story, 'x'), hasty('y', { onTerminate: never }), hasty('z')];
  await load({ name: 'a', stopTimeoutMs: 1000, group });
  await node.applications.start('a');
  const killed = [pidOf('a', 'z'), pidOf('a', 'y')];
  await told();
  const stop = node.applications.stop('a');
  t.deepEqual(await told(), ['stop a shutdown', 'down z kill', 'down y kill', 'down x shutdown']);
  t.false(log.some(({ level }) => level === 'error'));
  await clock.advance(1000);
  t.deepEqual(await stop, { killed });
});

test('a member that is killed has its time anew for its terminate', async (t) => {
  const { load, node, story, told, clock, pidOf } = await theatre(t);
  const y = childSpec('y', Tended, {
    args: [story, 'y', { onTerminate: never }],
    shutdownTimeoutMs: 300,
  });
  await load({ name: 'a', stopTimeoutMs: 1000, group: [...members(story, 'x'), y] });
  await node.applications.start('a');
  const pid = pidOf('a', 'y');
  node.send(pid as never, never as never);
  await told();
  const stop = node.applications.stop('a');
  await clock.advance(599);
  t.is((await told()).at(-1), 'down y kill');
  await clock.advance(1);
  t.deepEqual(await told(), ['down x shutdown']);
  await clock.advance(400);
  t.deepEqual(await stop, { killed: [pid] });
});

test('a process of an application that stops spawns nothing more', async (t) => {
  const { load, node, story } = await theatre(t);
  const refused = Promise.withResolvers<unknown>();
  class Late extends Actor<{ message: never }> {
    override terminate(): Promise<void> {
      return this.spawn(Late).then(
        () => refused.resolve(undefined),
        (error: unknown) => refused.resolve(error),
      );
    }
  }
  await load({ name: 'a', group: [childSpec('late', Late), ...members(story, 'x')] });
  await node.applications.start('a');
  await node.applications.stop('a');
  t.true(TergoError.is(await refused.promise, 'application-stopping'));
  t.is(node.info().processes, 0);
});

test('a supervisor whose child crashes while the application stops ends in order', async (t) => {
  const { load, node, story, told } = await theatre(t);
  class Shaky extends Supervisor {
    override init(): SupervisorSpec {
      const slow = childSpec('slow', Tended, {
        args: [
          story,
          'slow',
          { onTerminate: () => new Promise((resolve) => void setImmediate(resolve)) },
        ],
      });
      return {
        strategy: 'one-for-one',
        children: [childSpec('first', Tended, { args: [story, 'first'] }), slow],
      };
    }
  }
  await load({ name: 'a', group: [childSpec('shaky', Shaky)] });
  await node.applications.start('a');
  await told();
  const stop = node.applications.stop('a');
  node.sendExit(node.whereis('first')!, new Error('custom'));
  await stop;
  t.deepEqual((await told()).toSorted(), [
    ...['down first custom', 'down slow shutdown', 'stop a shutdown', 'terminate a shutdown'],
  ]);
});

test('a stop of what does not run resolves at once', async (t) => {
  const { load, node, told } = await theatre(t);
  await load({ name: 'a', group: members([], 'x') });
  t.deepEqual(await node.applications.stop('a'), { killed: [] });
  t.deepEqual(await told(), []);
});

test('a process may stop its own application, without awaiting it', async (t) => {
  const { load, node, story, pidOf, told } = await theatre(t);
  await load({ name: 'a', group: members(story, 'x', 'y') });
  await node.applications.start('a');
  await told();
  node.send(
    pidOf('a', 'y') as never,
    ((self: Tended): Next => {
      void self.node.applications.stop('a');
      return noreply;
    }) as never,
  );
  await waitFor('the end', () => node.applications.info('a').state === 'loaded');
  t.deepEqual((await told()).slice(-3), [
    'down y shutdown',
    'down x shutdown',
    'terminate a shutdown',
  ]);
});

test('a stop of the node ends the applications first, last started first, then the others', async (t) => {
  const { load, node, story, told } = await theatre(t);
  await node.spawn(Tended, { args: [story, 'free'] });
  await load({ name: 'b', depends: ['a'], group: members(story, 'y') });
  await load({ name: 'a', group: members(story, 'x') });
  await node.applications.start('b');
  await told();
  t.deepEqual(await node.stop(), { killed: [] });
  t.deepEqual(story.slice(-7), [
    ...['stop b shutdown', 'down y shutdown', 'terminate b shutdown'],
    ...['stop a shutdown', 'down x shutdown', 'terminate a shutdown', 'down free shutdown'],
  ]);
});

test('a stop of the node kills what an application does not end in time, and says which', async (t) => {
  const { load, node, story, clock, pidOf } = await theatre(t);
  await load({
    name: 'a',
    group: [childSpec('x', Tended, { args: [story, 'x'], shutdownTimeoutMs: Infinity })],
  });
  await node.applications.start('a');
  const pid = pidOf('a', 'x');
  node.send(pid as never, never as never);
  await clock.settle();
  const stop = node.stop({ timeoutMs: 200 });
  await clock.advance(200);
  t.deepEqual(await stop, { killed: [pid] });
  t.true(story.includes('down x kill'));
});

test('a node that is stopped by force runs terminate of its applications all the same', async (t) => {
  const { load, node, story } = await theatre(t);
  await load({ name: 'a', group: members(story, 'x') });
  await node.applications.start('a');
  const { killed } = await node.stopForce();
  t.is(killed.length, 1);
  await waitFor('terminate', () => story.includes('terminate a kill'));
  t.false(story.includes('stop a kill'));
});

test('a node that stops while an application starts ends both', async (t) => {
  const { load, node, story } = await theatre(t);
  await load({ name: 'a', group: members(story, 'x') }, { onStart: never });
  const start = t.throwsAsync(node.applications.start('a'), { code: 'application-failed' });
  await waitFor('the start', () => story.includes('start a temporary'));
  t.deepEqual(await node.stop(), { killed: [] });
  await start;
  t.deepEqual(story.slice(-2), ['down x shutdown', 'terminate a shutdown']);
});

test('10,000 processes of an application that end with it are all over before terminate', async (t) => {
  const { load, node } = await theatre(t);
  class Many extends Actor<{ message: never }> {
    override async init(): Promise<void> {
      const spawns = Array.from({ length: 10_000 }, () => this.spawn(Quiet));
      await Promise.all(spawns);
    }
  }
  class Quiet extends Actor {}
  let left = -1;
  await load(
    { name: 'a', group: [childSpec('many', Many)] },
    {
      onTerminate: (self) => {
        left = self.node.info().processes;
      },
    },
  );
  await node.applications.start('a');
  t.is(node.applications.info('a').processes, 10_001);
  await node.applications.stop('a');
  t.is(left, 0);
});

test('a stop callback may take half of the time: then the members are asked in order all the same', async (t) => {
  const { load, node, story, told, clock, log } = await theatre(t);
  await load(
    { name: 'a', stopTimeoutMs: 1000, group: members(story, 'x', 'y') },
    { onStop: never },
  );
  await node.applications.start('a');
  await told();
  const stop = node.applications.stop('a');
  await clock.advance(499);
  t.deepEqual(await told(), ['stop a shutdown']);
  await clock.advance(1);
  t.deepEqual(await stop, { killed: [] });
  t.deepEqual(await told(), ['down y shutdown', 'down x shutdown', 'terminate a shutdown']);
  t.true(log.some(({ message }) => message === 'stop is not over in time; it is left behind'));
});

test('the report of a stop of the node lists what applications had to kill', async (t) => {
  const { load, node, clock, pidOf } = await theatre(t);
  const group = [childSpec('x', Tended, { args: [[], 'x'], shutdownTimeoutMs: 100 })];
  await load({ name: 'a', group });
  await node.applications.start('a');
  const pid = pidOf('a', 'x');
  node.send(pid as never, never as never);
  await clock.settle();
  const stop = node.stop();
  await clock.advance(100);
  t.deepEqual(await stop, { killed: [pid] });
});

test('a node that waits for an application names it', async (t) => {
  const { load, node, clock, log } = await theatre(t);
  await load({ name: 'a', group: members([], 'x') }, { onTerminate: never });
  await node.applications.start('a');
  const stop = node.stop();
  await clock.advance(5000);
  const told = log.find(({ message }) => message === 'the node waits for processes to end');
  t.deepEqual(told?.fields['applications'], ['a']);
  await clock.advance(20_000);
  await stop;
});
