import test, { type ExecutionContext } from 'ava';
import {
  Actor,
  cronActionTimeMs,
  cronJobName,
  cronNodeName,
  cronRun,
  cronSend,
  cronSpawn,
  env,
  envKey,
  noreply,
  processName,
  startNode,
  TergoError,
  type CronFailure,
  type Node,
  type CronAction,
  type Next,
  type ProcessName,
} from 'tergo';
import type { VirtualClock } from 'tergo/testing';
import { everyValue } from '../support/bad-values.ts';
import { cronNode } from '../support/cron-node.ts';
import { FarWitness, type FarWitnessProtocol, type Line, scribe } from '../support/far-witness.ts';
import { recordLog } from '../support/log-records.ts';
import { waitFor } from '../support/wait-for.ts';

const MINUTE_MS = 60_000;
const FIRST = Date.UTC(2026, 0, 1, 0, 1);

const got: [node: string, message: unknown][] = [];
class Sink extends Actor<{ message: unknown }> {
  override handleMessage(message: unknown): Next {
    got.push([this.name ?? '', message]);
    return noreply;
  }
}
function gotBy(name: string): unknown[] {
  return got.filter(([by]) => by === name).map(([, message]) => message);
}

const quality = envKey<number>('quality');
class Reporter extends Actor {
  static readonly reports: unknown[] = [];

  override init(title: string): void {
    const about = [this.env(cronNodeName), this.env(cronJobName), this.env(cronActionTimeMs)];
    Reporter.reports.push([title, this.name, this.env(quality), this.parent, ...about]);
  }
}
class Stillborn extends Actor {
  override init(): void {
    throw new Error('not to be');
  }
}

interface World {
  readonly node: Node;
  readonly clock: VirtualClock;
  readonly run: (action: CronAction, name?: string) => Promise<void>;
}

/** A node, and how an action is run by a job whose minute has come. */
async function world(t: ExecutionContext): Promise<World> {
  const { node, clock } = await cronNode(t, '2026-01-01T00:00:00Z');
  const run = async (action: CronAction, name = 'job'): Promise<void> => {
    node.cron.addJob({ name, spec: '* * * * *', timeZone: 'UTC', action });
    await clock.advance(MINUTE_MS);
    node.cron.disableJob(name);
  };
  return { node, clock, run };
}

test('cronSend sends its message by pid, name or alias, each time the same', async (t) => {
  const { node, clock } = await world(t);
  const name: ProcessName<{ message: unknown }> = processName('sink-1');
  const pid = await node.spawn(Sink, { name });
  const message = { type: 'reset' };
  for (const [job, to] of Object.entries({ pid, name }))
    node.cron.addJob({ name: job, spec: '* * * * *', action: cronSend(to, message) });
  await clock.advance(2 * MINUTE_MS);
  t.is(gotBy('sink-1').length, 4);
  t.true(gotBy('sink-1').every((each) => each === message));
  t.is(node.cron.jobInfo('name').action, 'send to sink-1');
});

test('cronRun sends what depends on the run; a send that is refused fails it', async (t) => {
  const { node, run } = await world(t);
  type At = { type: 'at'; timeMs: number };
  const to: ProcessName<{ message: At }> = processName('sink-2');
  const action = cronRun(({ timeMs }) => node.send(to, { type: 'at', timeMs }));
  await run(action);
  t.true(TergoError.is(node.cron.jobInfo('job').lastError, 'name-unknown'));
  await node.spawn(Sink, { name: 'sink-2' });
  await run(action, 'again');
  t.deepEqual(gotBy('sink-2'), [{ type: 'at', timeMs: FIRST + MINUTE_MS }]);
  t.is(node.cron.jobInfo('again').lastError, undefined);
});

test('what else a function of plain JavaScript gives is nothing', async (t) => {
  const { node, run } = await world(t);
  for (const [title, value] of everyValue) {
    if (typeof value === 'function') continue;
    await run(
      cronRun(() => value as never),
      title,
    );
    t.like(node.cron.jobInfo(title), { runs: 1, failed: 0 }, title);
  }
});

test('cronSend sends with its priority', async (t) => {
  const { node, clock } = await world(t);
  const name: ProcessName<{ message: unknown }> = processName('sink-3');
  await node.spawn(Sink, { name });
  for (const priority of ['normal', 'high', 'max'] as const) {
    const action = cronSend(name, priority, { priority });
    node.cron.addJob({ name: priority, spec: '* * * * *', action });
  }
  await clock.advance(MINUTE_MS);
  t.deepEqual(gotBy('sink-3'), ['max', 'high', 'normal']);
});

test('a send whose target is not there is a run that failed, until it is there', async (t) => {
  const { node, run } = await world(t);
  const log = recordLog(node);
  const name: ProcessName<{ message: unknown }> = processName('sink-4');
  await run(cronSend(name, 'hello'));
  const { lastError, failed } = node.cron.jobInfo('job');
  t.is(failed, 1);
  t.true(TergoError.is(lastError, 'name-unknown'));
  t.like(log[0], { level: 'error', fields: { job: 'job', timeMs: FIRST, error: lastError } });
  t.is(log.length, 1);
  await node.spawn(Sink, { name });
  t.is(await node.cron.runJob('job'), 'done');
  t.like(node.cron.jobInfo('job'), { lastError: undefined, failed: 1, runs: 2 });
});

test('cronSpawn spawns with its arguments and tells the process whose run it is', async (t) => {
  const { node, run } = await world(t);
  const args: [string] = ['daily'];
  await run(cronSpawn(Reporter, { args, env: [env(quality, 5)] }), 'plain');
  await run(cronSpawn(Reporter, { args, name: 'reporter' }), 'named');
  t.deepEqual(Reporter.reports, [
    ['daily', undefined, 5, node.pid, 'cron@localhost', 'plain', FIRST],
    ['daily', 'reporter', undefined, node.pid, 'cron@localhost', 'named', FIRST + MINUTE_MS],
  ]);
  t.is(node.cron.jobInfo('plain').action, 'spawn Reporter');
  t.is(node.cron.jobInfo('named').action, "spawn Reporter as 'reporter'");
  // The name is had by the first.
  t.is(await node.cron.runJob('named'), 'failed');
  t.true(TergoError.is(node.cron.jobInfo('named').lastError, 'taken'));
  t.is(node.env(cronJobName), undefined);
});

test('a spawn whose init throws is a run that failed with that error', async (t) => {
  const { node, run } = await world(t);
  await run(cronSpawn(Stillborn));
  t.is(node.cron.jobInfo('job').lastError?.message, 'not to be');
});

test('a run of cronSpawn is not over before init is', async (t) => {
  const { node, clock } = await world(t);
  const up = Promise.withResolvers<void>();
  class Slow extends Actor {
    override init(): Promise<void> {
      return up.promise;
    }
  }
  const action = cronSpawn(Slow, { initTimeoutMs: 0 });
  node.cron.addJob({ name: 'job', spec: '* * * * *', timeZone: 'UTC', action });
  await clock.advance(2 * MINUTE_MS);
  t.like(node.cron.jobInfo('job'), { isRunning: true, runs: 1, skipped: 1 });
  up.resolve();
  await clock.settle();
  t.like(node.cron.jobInfo('job'), { isRunning: false, lastError: undefined });
});

test('cronRun is described by its description, else by the name of its function', async (t) => {
  t.is(cronRun(() => undefined, { description: 'tidy up' }).description, 'tidy up');
  t.is(cronRun(function tidy() {}).description, 'run tidy');
  t.is(cronRun(() => undefined).description, 'run a function');
});

const crashes: Readonly<Record<string, () => void | Promise<void>>> = {
  'throws an error': () => {
    throw new Error('boom');
  },
  'rejects with an error': async () => {
    throw new Error('boom');
  },
  'throws what is no error': () => {
    throw 'boom';
  },
  'rejects with undefined': () => Promise.reject(undefined),
};
for (const [title, crash] of Object.entries(crashes)) {
  test(`a function that ${title} fails its run and nothing else`, async (t) => {
    const { node, clock } = await world(t);
    const log = recordLog(node);
    let others = 0;
    const spec = '* * * * *';
    node.cron.addJob({ name: 'bad', spec, timeZone: 'UTC', action: cronRun(crash) });
    node.cron.addJob({ name: 'good', spec, action: cronRun(() => void (others += 1)) });
    await clock.advance(3 * MINUTE_MS);
    t.is(others, 3);
    const { lastError, runs, failed } = node.cron.jobInfo('bad');
    t.deepEqual([runs, failed], [3, 3]);
    t.regex(String(lastError), title.includes('undefined') ? /undefined/ : /boom/);
    t.is(log.length, 3);
    t.true(log.every(({ level, source }) => level === 'error' && source.type === 'node'));
    t.true(node.isAlive);
  });
}

test('the fallback of a job is told of each run that failed', async (t) => {
  const { node, clock } = await world(t);
  const to: ProcessName<{ message: unknown }> = processName('doctor');
  await node.spawn(Sink, { name: to });
  const error = new Error('boom');
  let isBroken = true;
  const action = cronRun(() => {
    if (isBroken) throw error;
  });
  const fallback = { to, tag: 'night' };
  node.cron.addJob({ name: 'job', spec: '* * * * *', timeZone: 'UTC', action, fallback });
  await clock.advance(MINUTE_MS);
  isBroken = false;
  await clock.advance(MINUTE_MS);
  const told: CronFailure = {
    type: 'cron-failure',
    job: 'job',
    tag: 'night',
    timeMs: FIRST,
    error,
  };
  t.deepEqual(gotBy('doctor'), [told]);
  isBroken = true;
  t.is(await node.cron.runJob('job'), 'failed');
  await clock.settle();
  t.is(gotBy('doctor').length, 2);
});

test('the fallback on another thread hears of an error that does not travel as it is', async (t) => {
  const behaviors = [new URL('../support/far-witness.ts', import.meta.url)];
  const node = await startNode('cron@localhost', {
    ...{ threads: 2, behaviors, log: { disableConsole: true } },
  });
  t.teardown(() => node.stopForce());
  await node.spawn(Sink, { name: scribe as never });
  const to = processName<FarWitnessProtocol>('far doctor');
  await node.spawn(FarWitness, { name: to, thread: 1, args: ['far doctor'] });
  const error = Object.assign(new RangeError('boom'), { retry: () => undefined });
  const action = cronRun(() => Promise.reject(error));
  const fallback = { to, tag: 'night' };
  node.cron.addJob({ name: 'job', spec: '* * * * *', action, fallback });
  t.is(await node.cron.runJob('job'), 'failed');
  t.is(node.cron.jobInfo('job').lastError, error);
  await waitFor('the fallback', () => gotBy('scribe').length > 0);
  const [, notice] = gotBy('scribe')[0] as Line;
  t.like(notice, {
    on: 'message',
    message: { type: 'cron-failure', job: 'job', tag: 'night', error: { message: 'boom' } },
  });
});

test('a fallback that is not there is logged beside the failure', async (t) => {
  const { node, clock } = await world(t);
  const log = recordLog(node);
  const fallback = { to: processName<{ message: CronFailure }>('nobody'), tag: '' };
  const action = cronRun(() => Promise.reject(new Error('boom')));
  node.cron.addJob({ name: 'job', spec: '* * * * *', timeZone: 'UTC', action, fallback });
  await clock.advance(MINUTE_MS);
  t.is(log.length, 2);
  t.like(log[1], { level: 'error', fields: { job: 'job' } });
  t.true(TergoError.is(log[1]!.fields['error'], 'name-unknown'));
});

test('cronSend refuses what is no address when its job is added, bad options at once', async (t) => {
  const { node } = await world(t);
  for (const [title, value] of everyValue) {
    const action = cronSend(value as never, 1 as never);
    const add = (): void => node.cron.addJob({ name: 'job', spec: '* * * * *', action });
    t.throws(add, { code: 'incorrect', message: /^to / }, title);
  }
  t.deepEqual(node.cron.info().jobs, []);
  const to: ProcessName<{ message: number }> = processName('somebody');
  t.throws(() => cronSend(to, 1, { priority: 'low' as never }), { code: 'incorrect' });
  t.throws(() => cronSend(to, 1, { delay: 1 } as never), { code: 'incorrect', message: /delay/ });
  t.throws(() => cronSend(to, 1, 5 as never), { code: 'incorrect' });
});

test('cronSpawn refuses what is no behaviour, and bad options', async (t) => {
  for (const [title, value] of everyValue)
    t.throws(() => cronSpawn(value as never), { code: 'incorrect', message: /^behaviour/ }, title);
  t.throws(() => cronSpawn(Stillborn, { name: '' }), { code: 'incorrect', message: /name/ });
  t.throws(() => cronSpawn(Stillborn, { nice: 1 } as never), {
    code: 'incorrect',
    message: /nice/,
  });
});

test('cronRun refuses what is no function, and bad options', async (t) => {
  for (const [title, value] of everyValue) {
    if (typeof value !== 'function')
      t.throws(() => cronRun(value as never), { code: 'incorrect', message: /^run / }, title);
  }
  t.throws(() => cronRun(() => {}, { description: 5 as never }), { code: 'incorrect' });
  t.throws(() => cronRun(() => {}, { text: '' } as never), { code: 'incorrect', message: /text/ });
});
