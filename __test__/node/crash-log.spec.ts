import {
  Actor,
  noreply,
  reply,
  startNode,
  stop,
  type Answer,
  type ExitReason,
  type LogRecord,
  type MaybePromise,
  type Next,
  type Node,
  type Request,
} from 'tergo';
import test, { type ExecutionContext } from 'ava';
import { recordLog } from '../support/log-records.ts';
import { gone, quietNode } from '../support/witness.ts';
import { turn, waitFor } from '../support/wait-for.ts';

type Crash = { type: 'crash'; how: (self: Fragile) => MaybePromise<Next> };
type Ask = Request<{ type: 'ask'; how: () => MaybePromise<Answer> }, number>;

class Fragile extends Actor<{ message: Crash; request: Ask }> {
  override handleMessage({ how }: Crash): MaybePromise<Next> {
    return how(this);
  }

  override handleCall({ how }: Ask): MaybePromise<Answer> {
    return how();
  }

  override terminate(_reason: ExitReason): void {
    // Sees the end, so that a second report of it would show.
  }
}

/** Ends one process by a message; gives all that was logged on the way. */
async function logOfEnd(t: ExecutionContext, how: Crash['how']): Promise<LogRecord[]> {
  const node = await quietNode(t);
  const records = recordLog(node);
  const pid = await node.spawn(Fragile, { name: 'fragile' });
  node.send(pid, { type: 'crash', how });
  await gone(node, { pid });
  await quiet(node);
  return records;
}

/** Whatever was to be logged is logged when this resolves. */
async function quiet(node: Node): Promise<void> {
  for (let turns = 0; turns < 3; turns++) await turn();
  await node.stop();
}

const failure = new Error('out of luck');

test('a crash is logged once, as an error with pid, name, class and stack', async (t) => {
  const node = await quietNode(t);
  const records = recordLog(node);
  const pid = await node.spawn(Fragile, { name: 'fragile' });
  node.send(pid, {
    type: 'crash',
    how: () => {
      throw failure;
    },
  });
  await gone(node, { pid });
  await quiet(node);
  t.is(records.length, 1);
  const { level, source, message, fields } = records[0] as LogRecord;
  t.is(level, 'error');
  t.deepEqual(source, {
    type: 'process',
    node: node.name,
    pid,
    name: 'fragile',
    behaviour: 'Fragile',
  });
  t.is(message, 'process crashed');
  t.deepEqual(Object.keys(fields), ['error']);
  t.is(fields['error'], failure);
});

const crashes: Readonly<Record<string, Crash['how']>> = {
  'a rejected promise': () => Promise.reject(failure),
  'an error after an await': async () => {
    await turn();
    throw failure;
  },
  'stop with an error': () => stop(failure),
  'an error after a send to itself': (self) => {
    self.send(self.pid, { type: 'crash', how: () => noreply });
    throw failure;
  },
};

for (const [title, how] of Object.entries(crashes)) {
  test(`${title} is logged once`, async (t) => {
    const records = await logOfEnd(t, how);
    t.is(records.length, 1);
    t.like(records[0], {
      level: 'error',
      message: 'process crashed',
      source: { name: 'fragile', behaviour: 'Fragile' },
    });
    t.is(records[0]?.fields['error'], failure);
  });
}

test('what is thrown and is no error is logged as the cause of one', async (t) => {
  const records = await logOfEnd(t, () => {
    throw 'a string';
  });
  t.is(records.length, 1);
  const { error } = (records[0]?.fields ?? {}) as { error: Error };
  t.is(error.message, 'a callback threw a string');
  t.is(error.cause, 'a string');
});

test('a result that is no outcome is a crash that names the class', async (t) => {
  const records = await logOfEnd(t, () => 42 as never);
  t.is(records.length, 1);
  const { error } = (records[0]?.fields ?? {}) as { error: Error };
  t.regex(error.message, /callback of Fragile must be noreply or stop\(reason\), but is 42/);
});

for (const reason of ['normal', 'shutdown', 'kill'] as const) {
  test(`an end with the reason ${reason} is no crash and logs nothing`, async (t) => {
    t.deepEqual(await logOfEnd(t, () => stop(reason)), []);
  });
}

test('a crash in handleCall is logged once and told to the caller', async (t) => {
  const node = await quietNode(t);
  const records = recordLog(node);
  const pid = await node.spawn(Fragile);
  const request: Ask = {
    type: 'ask',
    how: () => {
      throw failure;
    },
  };
  await t.throwsAsync(node.call(pid, request), { code: 'process-terminated' });
  await quiet(node);
  t.is(records.length, 1);
  t.is(records[0]?.fields['error'], failure);
});

test('an answer with an error is no crash', async (t) => {
  const node = await quietNode(t);
  const records = recordLog(node);
  const pid = await node.spawn(Fragile);
  t.is(await node.call(pid, { type: 'ask', how: () => reply({} as Ask, 7) }), 7);
  t.deepEqual(records, []);
});

test('the end by an exit signal with an error tells so, once', async (t) => {
  const node = await quietNode(t);
  const records = recordLog(node);
  const pid = await node.spawn(Fragile, { name: 'fragile' });
  node.sendExit(pid, failure);
  await gone(node, { pid });
  await quiet(node);
  t.is(records.length, 1);
  t.like(records[0], {
    level: 'error',
    message: 'process ended by an exit',
    source: { name: 'fragile' },
    fields: { kind: 'pid' },
  });
});

test('each process that dies of a crash is logged once', async (t) => {
  const node = await quietNode(t);
  const records = recordLog(node);
  const reasons: ExitReason[] = [];
  class Linked extends Fragile {
    override terminate(reason: ExitReason): void {
      reasons.push(reason);
    }
  }
  const pid = await node.spawn(Fragile, { name: 'first' });
  const crash: Crash['how'] = async (self) => {
    await Promise.all([
      self.spawn(Linked, { linkParent: true, name: 'second' }),
      self.spawn(Linked, { linkParent: true, name: 'third' }),
    ]);
    throw failure;
  };
  node.send(pid, { type: 'crash', how: crash });
  await waitFor('three ends', () => node.info().terminated === 3);
  await quiet(node);
  t.deepEqual(
    records.map(({ message, source }) => [message, 'name' in source ? source.name : undefined]),
    [
      ['process crashed', 'first'],
      ['process ended by an exit', 'second'],
      ['process ended by an exit', 'third'],
    ],
  );
  t.deepEqual(reasons, [failure, failure]);
});

test('an init that throws is told to the spawner and not logged', async (t) => {
  const node = await quietNode(t);
  const records = recordLog(node);
  class Stillborn extends Actor {
    override init(): void {
      throw failure;
    }
  }
  await t.throwsAsync(node.spawn(Stillborn), { is: failure });
  t.deepEqual(records, []);
});

test('the console shows pid, name, class and stack of a crash', async (t) => {
  const lines: string[] = [];
  const node = await startNode('loud@localhost', {
    log: { output: (line) => void lines.push(line) },
  });
  const pid = await node.spawn(Fragile, { name: 'fragile' });
  node.send(pid, {
    type: 'crash',
    how: () => {
      throw new RangeError('too far');
    },
  });
  await gone(node, { pid });
  await node.stop();
  t.is(lines.length, 1);
  const [line = ''] = lines;
  t.true(line.includes(`[error] ${pid} 'fragile' Fragile: process crashed error=RangeError`));
  t.regex(line, /RangeError: too far\n +at .*crash-log\.spec\.ts/);
});

test('the log level does not change that a crash ends the process', async (t) => {
  const node = await quietNode(t, { log: { disableConsole: true, level: 'disabled' } });
  const records = recordLog(node);
  const pid = await node.spawn(Fragile);
  node.send(pid, {
    type: 'crash',
    how: () => {
      throw failure;
    },
  });
  await gone(node, { pid });
  t.deepEqual(records, []);
});
