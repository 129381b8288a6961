import { Actor, startNode, type NodeOptions } from 'tergo';
import test, { type ExecutionContext } from 'ava';
import { quietNode } from '../support/witness.ts';

class Idle extends Actor {}

/** Starting a node with these options is refused; the message begins with what is wrong. */
async function refused(t: ExecutionContext, options: unknown, subject: string): Promise<void> {
  const error = await t.throwsAsync(
    startNode('refused@localhost', options as NodeOptions),
    { code: 'incorrect' },
    subject,
  );
  t.true(error?.message.startsWith(`${subject} must be `), `${error?.message} names ${subject}`);
}

test('options that are no object are refused', async (t) => {
  for (const options of [null, 5, 'quiet', true]) await refused(t, options, 'options');
});

test('an unknown key is named with those that are known', async (t) => {
  await refused(t, { evn: [] }, 'options.evn');
  await refused(t, { log: { levl: 'info' } }, 'options.log.levl');
  await refused(t, { security: { exposeEnv: true } }, 'options.security.exposeEnv');
  await t.throwsAsync(startNode('a@b', { evn: [] } as never), {
    message: /known are env, log, .*handleSignals/,
  });
});

const wrong: Readonly<Record<string, readonly unknown[]>> = {
  env: [null, {}, 'quality=90', new Map()],
  'env[0]': [[null], [5], ['quality'], [['quality', 90]], [{}], [{ key: 5, value: 1 }]],
  log: [null, 5, 'debug', true],
  'log.level': ['trace', 'Info', 1, null, ''],
  'log.format': ['xml', null, true],
  'log.output': ['stderr', null, process.stderr],
  'log.disableConsole': [1, 'yes', null],
  security: [null, true, 'open'],
  'security.exposeEnvInfo': [1, 'true', null],
  'security.exposeEnvRemoteSpawn': [0, null],
  'security.exposeEnvRemoteApplicationStart': ['no', {}],
  shutdownTimeoutMs: [-1, '5', null, Number.NaN, Infinity, 2 ** 32, 5n],
  freezeMessages: [1, 'yes', null],
  handleSignals: [0, 'SIGINT', null],
};

for (const [key, values] of Object.entries(wrong)) {
  test(`a wrong ${key} is named, and no node starts`, async (t) => {
    for (const value of values) {
      const [first = '', second] = key.replace(/\[.*/, '').split('.');
      const options = { [first]: second === undefined ? value : { [second]: value } };
      await refused(t, options, `options.${key}`);
    }
  });
}

test('every option may be left out or undefined', async (t) => {
  const node = await quietNode(t, {
    env: undefined as never,
    security: undefined as never,
    shutdownTimeoutMs: undefined as never,
    freezeMessages: undefined as never,
    handleSignals: undefined as never,
  });
  t.true(node.isAlive);
});

test('without options the level is info and the only logger is the console', async (t) => {
  await using node = await startNode('plain@localhost');
  t.is(node.info().logLevel, 'info');
  t.deepEqual(node.info().loggers, ['default']);
});

test('the default logger can be left out', async (t) => {
  const node = await quietNode(t);
  t.deepEqual(node.info().loggers, []);
});

test('the options object may be used again and changed afterwards', async (t) => {
  const options = { log: { disableConsole: true, level: 'error' as const }, env: [] };
  await using first = await startNode('first@localhost', options);
  await using second = await startNode('second@localhost', options);
  options.log.disableConsole = false;
  t.is(first.info().logLevel, 'error');
  await second.spawn(Idle);
  t.is(first.info().processes, 0);
});
