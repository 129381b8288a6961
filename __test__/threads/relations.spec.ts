import test from 'ava';
import { processId, type Node } from 'tergo';
import { waitFor } from '../support/wait-for.ts';
import type { Notice } from './puppet.ts';
import {
  closeSharedNode,
  everyPlaces,
  fresh,
  type Handle,
  puppet,
  sharedNode,
  threadNode,
} from './stage.ts';

test.after.always(closeSharedNode);

interface Address {
  /** What the process that relates names. */
  readonly at: unknown;
  /** As notices show it. */
  readonly shown: object;
  readonly link: string;
  readonly unlink: string;
  readonly monitor: string;
  readonly demonitor: string;
  giveUp?(): Promise<unknown>;
}

const plain = { link: 'link', unlink: 'unlink', monitor: 'monitor', demonitor: 'demonitor' };
const ofEvents = {
  ...{ link: 'linkEvent', unlink: 'unlinkEvent' },
  ...{ monitor: 'monitorEvent', demonitor: 'demonitorEvent' },
};

/** Each kind of address of a process. */
const kinds: Readonly<Record<string, (node: Node, owner: Handle) => Promise<Address>>> = {
  pid: async (_node, { pid }) => ({ at: pid, shown: { kind: 'pid', pid }, ...plain }),
  name: async (node, owner) => {
    const name = fresh('name');
    await owner.do('registerName', name);
    const shown = { kind: 'name', name, node: node.name };
    return { at: name, shown, ...plain, giveUp: () => owner.do('unregisterName') };
  },
  'process id': async (node, owner) => {
    const name = fresh('name');
    await owner.do('registerName', name);
    const shown = { kind: 'name', name, node: node.name };
    const at = processId(name, node.name);
    return { at, shown, ...plain, giveUp: () => owner.do('unregisterName') };
  },
  alias: async (_node, owner) => {
    const alias = await owner.do('createAlias');
    const giveUp = (): Promise<unknown> => owner.do('deleteAlias', alias);
    return { at: alias, shown: { kind: 'alias', alias }, ...plain, giveUp };
  },
  event: async (node, owner) => {
    const event = fresh('event');
    await owner.do('announce', event, {});
    const shown = { kind: 'event', name: event, node: node.name };
    return { at: event, shown, ...ofEvents, giveUp: () => owner.do('unregisterEvent', event) };
  },
};

/** Each way in which a process ends; gives the reason that others hear. */
const ends: Readonly<Record<string, (node: Node, target: Handle) => unknown>> = {
  kill: (node, { pid }) => {
    node.kill(pid);
    return 'kill';
  },
  'an exit signal with an error': (node, { pid }) => {
    node.sendExit(pid, new Error('custom'));
    return 'custom';
  },
  shutdown: (node, { pid }) => {
    node.sendExit(pid, 'shutdown');
    return 'shutdown';
  },
  'a crash': (_node, target) => {
    target.tell({ type: 'crash', text: 'crash' });
    return 'crash';
  },
  'a normal stop': (_node, target) => {
    target.tell({ type: 'stop' });
    return 'normal';
  },
};

function shownOf(notice: Notice | undefined): unknown {
  if (notice === undefined || !('ended' in notice)) return notice;
  const { reason, ...shown } = notice.ended;
  return { on: notice.on, shown, reason: reason instanceof Error ? reason.message : reason };
}

const quiet = { logLevel: 'disabled' } as const;

for (const { title, one, other } of everyPlaces) {
  for (const [kind, addressOf] of Object.entries(kinds)) {
    for (const [end, bring] of Object.entries(ends)) {
      test(`a link to a ${kind} and a monitor on it tell of ${end} once, ${title}`, async (t) => {
        const node = await sharedNode();
        const target = await puppet(node, other, quiet);
        const linker = await puppet(node, one, { trapExit: true });
        const watcher = await puppet(node, one);
        const bystander = await puppet(node, one, quiet);
        const { at, shown, link, monitor } = await addressOf(node, target);
        await linker.do(link, at);
        await watcher.do(monitor, at);
        await bystander.do(link, at);
        const reason = bring(node, target);
        const [exit, ...moreExits] = await linker.hears(1);
        const [down, ...moreDowns] = await watcher.hears(1);
        t.deepEqual(shownOf(exit), { on: 'exit', shown, reason });
        t.deepEqual(shownOf(down), { on: 'down', shown, reason });
        t.deepEqual([...moreExits, ...moreDowns], []);
        await bystander.gone();
        const { links, monitors } = await node.fetchProcessInfo(linker.pid);
        t.deepEqual([links, monitors], [[], []]);
        await t.throwsAsync(linker.do(link, at));
      });
    }

    if (kind !== 'pid') {
      test(`a ${kind} that is given up ends its links and monitors, ${title}`, async (t) => {
        const node = await sharedNode();
        const target = await puppet(node, other);
        const linker = await puppet(node, one, { trapExit: true });
        const watcher = await puppet(node, one);
        const { at, shown, link, monitor, giveUp } = await addressOf(node, target);
        await linker.do(link, at);
        await watcher.do(monitor, at);
        await giveUp!();
        for (const handle of [linker, watcher]) {
          const [notice] = await handle.hears(1);
          t.like(notice, { ended: { ...shown, reason: { code: 'unregistered' } } });
        }
        t.deepEqual(await target.seen(), []);
      });
    }

    test(`a link and a monitor on a ${kind} that were taken back stay silent, ${title}`, async (t) => {
      const node = await sharedNode();
      const target = await puppet(node, other);
      const linker = await puppet(node, one, { trapExit: true });
      const { at, link, unlink, monitor, demonitor } = await addressOf(node, target);
      await linker.do(link, at);
      await linker.do(monitor, at);
      await t.throwsAsync(linker.do(link, at), { code: 'target-exist' });
      await t.throwsAsync(linker.do(monitor, at), { code: 'target-exist' });
      const info = await node.fetchProcessInfo(linker.pid);
      t.deepEqual([info.links.length, info.monitors.length], [1, 1]);
      await linker.do(unlink, at);
      await linker.do(demonitor, at);
      await t.throwsAsync(linker.do(unlink, at), { code: 'target-unknown' });
      await t.throwsAsync(linker.do(demonitor, at), { code: 'target-unknown' });
      target.tell({ type: 'stop' });
      await target.gone();
      const last = await puppet(node, other);
      await linker.do('monitor', last.pid);
      last.tell({ type: 'stop' });
      t.like(await linker.hears(1), [{ on: 'down', ended: { pid: last.pid } }]);
    });
  }

  test(`an exit signal ends who does not trap, and comes to who does, ${title}`, async (t) => {
    const node = await sharedNode();
    const from = await puppet(node, one);
    const plainOne = await puppet(node, other, quiet);
    const trapping = await puppet(node, other, { trapExit: true });
    t.is(await from.do('sendExit', plainOne.pid, new Error('go')), 'ok');
    t.is(await from.do('sendExit', trapping.pid, 'shutdown'), 'ok');
    await plainOne.gone();
    const [notice] = await trapping.hears(1);
    t.deepEqual(notice, { on: 'exit', ended: { kind: 'pid', pid: from.pid, reason: 'shutdown' } });
  });

  test(`the exit of the parent is obeyed by who traps, ${title}`, async (t) => {
    const node = await sharedNode();
    const parent = await puppet(node, one);
    const args = [{ trapExit: true }];
    const child = await parent.do<Handle['pid']>('spawnPuppet', { thread: other, args });
    t.is(await parent.do('sendExit', child, 'shutdown'), 'ok');
    await waitFor('the end', () => !node.processList().includes(child));
  });

  test(`linkChild and linkParent tie both to each other, ${title}`, async (t) => {
    const node = await sharedNode();
    const parent = await puppet(node, one, { ...quiet, trapExit: true });
    const tied = { thread: other, linkChild: true, linkParent: true };
    const first = await parent.do<Handle['pid']>('spawnPuppet', { ...tied, args: [{}] });
    node.kill(first);
    const [notice] = await parent.hears(1);
    t.deepEqual(notice, { on: 'exit', ended: { kind: 'pid', pid: first, reason: 'kill' } });
    const second = await parent.do<Handle['pid']>('spawnPuppet', {
      ...tied,
      args: [{ trapExit: true }],
    });
    parent.tell({ type: 'crash', text: 'the parent' });
    await waitFor('the end of the child', () => !node.processList().includes(second));
    t.pass();
  });

  test(`a chain of links carries an end through, ${title}`, async (t) => {
    const node = await sharedNode();
    const chain: Handle[] = [];
    for (let n = 0; n < 9; n++) chain.push(await puppet(node, n % 2 === 0 ? one : other, quiet));
    for (let n = 1; n < chain.length; n++) await chain[n]!.do('link', chain[n - 1]!.pid);
    chain[0]!.tell({ type: 'crash', text: 'first' });
    await Promise.all(chain.map((handle) => handle.gone()));
    t.pass();
  });
}

test('nothing is left of relations whose parties have ended', async (t) => {
  const node = await threadNode(t);
  const holdings = (): object => {
    const { links, monitors, processes, registeredNames, registeredAliases } = node.info();
    return { links, monitors, processes, registeredNames, registeredAliases };
  };
  const before = holdings();
  for (let round = 0; round < 20; round++) {
    const target = await puppet(node, 1, { ...quiet, name: fresh('brief') });
    const watcher = await puppet(node, 2, { trapExit: true });
    await watcher.do('monitor', target.pid);
    await watcher.do('link', await target.do('createAlias'));
    await watcher.do('monitor', await target.do('get', 'name'));
    (round % 2 === 0 ? target : watcher).tell({ type: 'stop' });
    if (round % 2 === 0) await watcher.hears(3);
    node.kill((round % 2 === 0 ? watcher : target).pid);
  }
  await waitFor(
    'what there was before',
    () => JSON.stringify(holdings()) === JSON.stringify(before),
  );
  t.pass();
});
