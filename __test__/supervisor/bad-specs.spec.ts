import test from 'ava';
import { Actor, childSpec, childTemplate, type SupervisorSpec } from 'tergo';
import { everyValue } from '../support/bad-values.ts';
import { Keeper, stillNode } from '../support/keeper.ts';

class Child extends Actor {
  override init(_value?: number): void {}
}

const a = childSpec('a', Child);
const b = childSpec('b', Child);
const worker = childTemplate('worker', Child);
const good = { strategy: 'one-for-one', children: [a, b] } as const;
const group = { ...good, strategy: 'all-for-one' } as const;
const simple = { strategy: 'simple-one-for-one', children: [worker] } as const;

/** Each with the beginning of what the error says. */
const badSpecs: readonly (readonly [spec: unknown, says: string, code?: string])[] = [
  [undefined, 'spec must be what init returns'],
  [null, 'spec must be what init returns'],
  ['one-for-one', 'spec must be what init returns'],
  [{}, "spec.strategy must be 'one-for-one' or"],
  [{ children: [a] }, 'spec.strategy must be'],
  [{ ...good, strategy: 'one_for_one' }, 'spec.strategy must be'],
  [{ ...good, strategy: 0 }, 'spec.strategy must be'],
  [{ ...good, children: undefined }, 'spec.children must be a list with at least one childSpec'],
  [{ ...good, children: [] }, 'spec.children must be a list with at least one childSpec'],
  [{ ...good, children: a }, 'spec.children must be a list'],
  [{ ...good, children: [a, { name: 'x' }] }, 'spec.children[1] must be what childSpec gives'],
  [{ ...good, children: [worker] }, 'spec.children[0] must be what childSpec gives'],
  [
    { ...good, children: [a, b, a] },
    "spec.children[2].name must be of its own, but 'a'",
    'child-duplicate',
  ],
  [{ ...good, restart: 'always' }, 'spec.restart must be'],
  [{ ...good, restart: null }, 'spec.restart must be'],
  [{ ...good, intensity: -1 }, 'spec.intensity must be a whole number from 0'],
  [{ ...good, intensity: 1.5 }, 'spec.intensity must be a whole number'],
  [{ ...good, intensity: Number.NaN }, 'spec.intensity must be a whole number'],
  [{ ...good, intensity: '5' }, 'spec.intensity must be a whole number'],
  [{ ...good, periodMs: 0 }, 'spec.periodMs must be'],
  [{ ...good, periodMs: -1 }, 'spec.periodMs must be'],
  [{ ...good, periodMs: Infinity }, 'spec.periodMs must be'],
  [{ ...good, periodMs: '5 s' }, 'spec.periodMs must be'],
  [{ ...good, autoShutdown: 1 }, 'spec.autoShutdown must be true or false'],
  [{ ...good, keepOrder: true }, 'spec.keepOrder must be left out'],
  [{ ...good, period: 5 }, 'spec.period must be left out'],
  [{ ...group, keepOrder: 'yes' }, 'spec.keepOrder must be true or false'],
  [{ ...simple, children: [] }, 'spec.children must be a list with at least one childTemplate'],
  [{ ...simple, children: [a] }, 'spec.children[0] must be what childTemplate gives'],
  [{ ...simple, children: [worker, worker] }, 'spec.children[1].name must be', 'child-duplicate'],
  [{ ...simple, autoShutdown: true }, 'spec.autoShutdown must be left out'],
  [{ ...simple, keepOrder: true }, 'spec.keepOrder must be left out'],
];

test('a spec that is none makes the spawn reject, with the key named, before any child starts', async (t) => {
  const { node } = await stillNode(t);
  for (const [spec, says, code = 'incorrect'] of badSpecs) {
    for (const later of [false, true]) {
      const init = (): never => (later ? Promise.resolve(spec) : spec) as never;
      const error = await t.throwsAsync(node.spawn(Keeper, { args: [init] }), { code });
      t.true(error!.message.startsWith(says), `${says}: ${error!.message}`);
      t.is(node.info().processes, 0);
    }
  }
});

const badOptions: readonly (readonly [options: unknown, says: string])[] = [
  ['normal', 'options must be an object'],
  [null, 'options must be an object'],
  [{ restart: 'sometimes' }, 'options.restart must be'],
  [{ intensity: -1 }, 'options.intensity must be a whole number from 0'],
  [{ intensity: Infinity }, 'options.intensity must be a whole number from 0'],
  [{ periodMs: 0 }, 'options.periodMs must be'],
  [{ onExceed: 'ignore' }, "options.onExceed must be 'terminate' or 'disable'"],
  [{ shutdownTimeoutMs: -1 }, 'options.shutdownTimeoutMs must be'],
  [{ shutdownTimeoutMs: Number.NaN }, 'options.shutdownTimeoutMs must be'],
  [{ shutdownTimeoutMs: 'never' }, 'options.shutdownTimeoutMs must be'],
  [{ name: 'other' }, 'options.name must be left out'],
  [{ linkChild: false }, 'options.linkChild must be left out'],
  [{ linkParent: false }, 'options.linkParent must be left out'],
  [{ mailboxSize: -1 }, 'options.mailboxSize must be'],
  [{ initTimeoutMs: -1 }, 'options.initTimeoutMs must be'],
  [{ prority: 'high' }, 'options.prority must be left out'],
];

test('options of a child that are none are refused at once, with the key named', (t) => {
  const makers = [childSpec, childTemplate] as unknown as ((...args: unknown[]) => unknown)[];
  for (const make of makers) {
    for (const [options, says] of badOptions) {
      const error = t.throws(() => make('child', Child, options), { code: 'incorrect' });
      t.true(error!.message.startsWith(says), `${says}: ${error!.message}`);
    }
  }
  const [spec, template] = makers;
  t.throws(() => spec!('child', Child, { significant: 1 }), {
    message: /^options\.significant must/,
  });
  t.throws(() => spec!('child', Child, { args: 1 }), { message: /^options\.args must be a list/ });
  t.throws(() => template!('child', Child, { significant: true }), {
    message: /^options\.significant must be left out/,
  });
  t.throws(() => template!('child', Child, { args: [1] }), {
    message: /^options\.args must be left out/,
  });
});

test('a child has a name and a class that can be spawned', (t) => {
  for (const [title, value] of everyValue) {
    for (const make of [childSpec, childTemplate] as unknown as ((
      ...args: unknown[]
    ) => unknown)[]) {
      t.throws(
        () => make('child', value),
        { code: 'incorrect', message: /^behaviour must be/ },
        title,
      );
      if (typeof value === 'string' && value !== '') continue;
      t.throws(() => make(value, Child), { code: 'incorrect', message: /^name must be/ }, title);
    }
  }
  t.throws(() => childSpec('n'.repeat(256), Child), {
    code: 'incorrect',
    message: /^name must be/,
  });
});

test('a spec in which nothing but the least is said is one', async (t) => {
  const { node, clock } = await stillNode(t);
  const specs: readonly SupervisorSpec[] = [good, group, simple, { ...good, intensity: 0 }];
  for (const spec of specs) {
    const pid = await node.spawn(Keeper, { args: [spec] });
    t.is(node.processState(pid), 'sleep');
    const { strategy, restart, intensity, periodMs } = await node.inspect(pid);
    t.is(strategy, spec.strategy);
    t.deepEqual([restart, intensity, periodMs], ['transient', String(spec.intensity ?? 5), '5000']);
    node.kill(pid);
    await clock.settle();
  }
});
