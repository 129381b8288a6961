import { Actor, env, envKey, noreply, processName, type Next, type Pid } from 'tergo';
import test from 'ava';
import { gone, quietNode, spawnWitness } from '../support/witness.ts';
import { waitFor } from '../support/wait-for.ts';

type Note = { message: string };

class Notes extends Actor<Note> {
  #notes: string[] = [];

  override init(notes: string[] = []): void {
    this.#notes = notes;
  }

  override handleMessage(message: string): Next {
    this.#notes.push(message);
    return noreply;
  }
}

const quality = envKey<number>('quality');
const notes = processName<Note>('notes');
const other = processName<Note>('other');

test('a fresh node counts no processes, zombies, aliases and names [L1]', async (t) => {
  const node = await quietNode(t);
  t.like(node.info(), {
    name: 'quiet@localhost',
    creation: node.creation,
    processes: 0,
    processesRunning: 0,
    processesZombie: 0,
    spawned: 0,
    terminated: 0,
    registeredNames: 0,
    registeredAliases: 0,
    registeredEvents: 0,
    links: 0,
    monitors: 0,
    pendingCalls: 0,
    messagesIn: 0,
    messagesDropped: 0,
  });
  t.deepEqual(node.processList(), []);
  t.true(node.isAlive);
});

test('a node has the environment that it was given, whatever the case of a key [L1]', async (t) => {
  const node = await quietNode(t, { env: [env(quality, 90), env(envKey<string>('Lang'), 'en')] });
  t.deepEqual(
    [...node.envList()],
    [
      ['QUALITY', 90],
      ['LANG', 'en'],
    ],
  );
  t.is(node.env(envKey<number>('QuaLity')), 90);
  node.setEnv(envKey<number>('QUALITY'), 70);
  t.is(node.env(quality), 70);
  node.setEnv(quality, undefined);
  t.is(node.env(quality), undefined);
  t.is(node.env(quality, 50), 50);
  t.deepEqual([...node.envList().keys()], ['LANG']);
});

test('a process has one name at most, and a name one process [L1]', async (t) => {
  const node = await quietNode(t);
  const pid = await node.spawn(Notes);
  const second = await node.spawn(Notes);
  node.registerName(notes, pid);
  t.is(node.whereis(notes), pid);
  t.is(node.info().registeredNames, 1);
  t.throws(() => node.registerName(other, pid), { code: 'taken', message: /'notes' already/ });
  t.throws(() => node.registerName(notes, second), { code: 'taken', message: /belongs to </ });
  t.is(node.info().registeredNames, 1);

  t.is(node.unregisterName(notes), pid);
  t.throws(() => node.unregisterName(notes), { code: 'name-unknown', message: /notes/ });
  t.is(node.whereis(notes), undefined);
  t.is(node.info().registeredNames, 0);
  node.registerName(notes, second);
  t.is(node.whereis(notes), second);
});

test('a name for a process that has ended is refused [L1]', async (t) => {
  const node = await quietNode(t);
  const pid = await node.spawn(Notes);
  node.kill(pid);
  t.throws(() => node.registerName(notes, pid), { code: 'process-unknown' });
  t.is(node.whereis(notes), undefined);
});

test('information about a process names its parent, leader and state [L1]', async (t) => {
  const node = await quietNode(t);
  const pid = await node.spawn(Notes, { name: notes });
  const info = node.processInfo(pid);
  t.is(info.pid, pid);
  t.is(info.name, 'notes');
  t.is(info.behaviour, 'Notes');
  t.is(info.parent, node.pid);
  t.is(info.leader, node.pid);
  t.is(info.state, 'sleep');
  t.is(node.info().processes, 1);
  t.deepEqual(node.processList(), [pid]);
});

test('a killed process is gone from the counts and the list [L1]', async (t) => {
  const node = await quietNode(t);
  const pid = await node.spawn(Notes);
  node.kill(pid);
  await gone(node, { pid });
  t.throws(() => node.processInfo(pid), { code: 'process-unknown' });
  t.throws(() => node.kill(pid), { code: 'process-unknown' });
  t.like(node.info(), { processes: 0, spawned: 1, terminated: 1 });
  t.deepEqual(node.processList(), []);
});

test('messages arrive by pid and by name, and an unknown name is told [L1]', async (t) => {
  const node = await quietNode(t);
  const seen: string[] = [];
  const pid = await node.spawn(Notes, { name: notes, args: [seen] });
  t.is(node.send(pid, 'by pid'), 'ok');
  t.is(node.send(notes, 'by name'), 'ok');
  t.is(node.send(other, 'lost'), 'name-unknown');
  await waitFor('both messages', () => seen.length === 2);
  t.deepEqual(seen, ['by pid', 'by name']);

  t.is(node.unregisterName(notes), pid);
  t.is(node.send(notes, 'lost'), 'name-unknown');
  t.is(node.processInfo(pid).name, undefined);
});

test('an exit needs a reason, and normal is one [L1]', async (t) => {
  const node = await quietNode(t);
  const { pid, seen } = await spawnWitness(node);
  for (const reason of [undefined, null, 'bored', 7, {}]) {
    t.throws(() => node.sendExit(pid, reason as never), {
      code: 'incorrect',
      message: /reason must be .* is /,
    });
  }
  t.is(node.processState(pid), 'sleep');
  t.is(node.sendExit(pid, 'normal'), 'ok');
  await gone(node, { pid });
  t.like(seen.at(-1), { on: 'terminate', reason: 'normal' });
});

test('waiting for the end of a living node times out, and after the stop there is no information [L1]', async (t) => {
  const node = await quietNode(t);
  const pid: Pid<Note> = await node.spawn(Notes, { name: notes });
  await t.throwsAsync(node.wait(0), { code: 'timeout', message: /still runs after 0 ms/ });
  t.true(node.isAlive);
  await node.stop();
  t.false(node.isAlive);
  t.is(node.uptimeMs, 0);
  t.is(node.processState(pid), 'terminated');
  t.throws(() => node.info(), { code: 'node-terminated' });
  await t.notThrowsAsync(node.wait());
  await t.notThrowsAsync(node.wait(0));
});
