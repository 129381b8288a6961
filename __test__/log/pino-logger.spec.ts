import { Writable } from 'node:stream';
import { type LogFields, type Node, PinoLogger } from 'tergo';
import { pino } from 'pino';
import test, { type ExecutionContext } from 'ava';
import { everyValue } from '../support/bad-values.ts';
import { quietNode, spawnWitness } from '../support/witness.ts';

interface Piped {
  readonly node: Node;
  readonly lines: Record<string, unknown>[];
}

/** A node that logs into a list by a real pino. */
async function piped(t: ExecutionContext, level = 'debug'): Promise<Piped> {
  const lines: Record<string, unknown>[] = [];
  const stream = new Writable({
    write: (chunk: Buffer, _, done) => {
      lines.push(JSON.parse(chunk.toString()) as Record<string, unknown>);
      done();
    },
  });
  const node = await quietNode(t, { log: { disableConsole: true, level: 'debug' } });
  node.addLogger('pino', new PinoLogger(pino({ level }, stream)));
  return { node, lines };
}

test('records come to pino with their level, message, fields and source', async (t) => {
  const { node, lines } = await piped(t);
  const { pid, run } = await spawnWitness(node, { name: 'clerk' });
  for (const level of ['debug', 'info', 'warning', 'error'] as const) node.log[level](level);
  await run((self) => self.log.info('order taken', { id: 7, by: { name: 'x' } }));
  t.deepEqual(
    lines.map(({ level, msg }) => [level, msg]),
    [
      [20, 'debug'],
      [30, 'info'],
      [40, 'warning'],
      [50, 'error'],
      [30, 'order taken'],
    ],
  );
  t.deepEqual(lines[0]?.['source'], { type: 'node', node: node.name });
  t.like(lines[4], { id: 7, by: { name: 'x' } });
  t.like(lines[4]?.['source'], {
    type: 'process',
    node: node.name,
    pid: { id: pid.id },
    name: 'clerk',
    behaviour: 'Witness',
  });
  t.true(lines.every(({ time }) => typeof time === 'number'));
});

async function lineOf(t: ExecutionContext, fields: LogFields): Promise<Record<string, unknown>> {
  const { node, lines } = await piped(t);
  node.log.error('failed', fields);
  return lines[0] ?? {};
}

test('an error comes under err, as pino shows errors', async (t) => {
  const error = Object.assign(new TypeError('no way', { cause: new Error('why') }), {
    code: 'lost',
  });
  const line = await lineOf(t, { error, id: 7 });
  t.like(line, { id: 7, err: { type: 'TypeError', code: 'lost' } });
  t.regex((line['err'] as { message: string }).message, /no way: why/);
  t.regex((line['err'] as { stack: string }).stack, /pino-logger\.spec\.ts/);
  t.false('error' in line);
});

test('errors in other fields are shown, too', async (t) => {
  const line = await lineOf(t, { first: new RangeError('too far'), error: 'only text' });
  t.like(line, { first: { name: 'RangeError', message: 'too far' }, error: 'only text' });
});

test('the level of pino holds besides', async (t) => {
  const { node, lines } = await piped(t, 'warn');
  for (const level of ['debug', 'info', 'warning', 'error'] as const) node.log[level](level);
  t.deepEqual(
    lines.map(({ msg }) => msg),
    ['warning', 'error'],
  );
});

test('a stop waits until pino has handed on what it holds', async (t) => {
  const node = await quietNode(t);
  const calls: string[] = [];
  const method = (_: object, message: string): void => void calls.push(message);
  const flush = (done: () => void): void => {
    calls.push('flush');
    setImmediate(() => {
      calls.push('flushed');
      done();
    });
  };
  const instance = { debug: method, info: method, warn: method, error: method, flush };
  node.addLogger('pino', new PinoLogger(instance));
  node.log.info('one');
  await node.stop();
  t.deepEqual(calls, ['one', 'flush', 'flushed']);
});

test('what is no pino is refused', (t) => {
  for (const [title, value] of everyValue)
    t.throws(() => new PinoLogger(value as never), { code: 'incorrect' }, title);
});
