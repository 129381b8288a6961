import test from 'ava';
import {
  Actor,
  type Alias,
  type Answer,
  Application,
  type ApplicationSpec,
  childSpec,
  env,
  envKey,
  type Next,
  noreply,
  processName,
  processId,
  spawnName,
  type SpawnName,
  type TergoError,
} from 'tergo';
import { recordLog } from '../support/log-records.ts';
import { inside, spawnPuppet } from '../support/improvise.ts';
import { waitFor } from '../support/wait-for.ts';
import { Puppet, type PuppetOptions, type PuppetProtocol } from '../threads/puppet.ts';
import { fresh, gone, puppet, threadNode } from '../threads/stage.ts';
import { closeSharedPair, pair, receivers, sharedPair } from './cluster.ts';

test.after.always(closeSharedPair);

const odd = { list: [{ callback: () => 1 }] } as never;
const path = /^message\.list\[0\]\.callback is the function callback/;
const refused = { code: 'unencodable', message: path } as const;
const oddEnv = env(envKey<object>('odd'), odd);

for (const { title, thread } of receivers) {
  test(`what cannot travel is named as its sender knows it, ${title}`, async (t) => {
    const { a, b } = await sharedPair();
    await a.network.connect('b@localhost');
    const name = processName<unknown>(fresh('named'));
    const to = await puppet(b, thread, { name: name as never });
    const alias = await to.do<Alias<never>>('createAlias');
    for (const target of [to.pid, alias, processId(name, 'b@localhost')]) {
      t.throws(() => a.send(target as never, odd), refused);
      await t.throwsAsync(a.sendImportant(target as never, odd), refused);
      await t.throwsAsync(a.call(target as never, odd), refused);
    }
  });
}

test('what cannot travel is refused by the send also where all that a process sends is important', async (t) => {
  const { a, b } = await sharedPair();
  await a.network.connect('b@localhost');
  const from = await spawnPuppet(a, { important: true });
  const name = processName<unknown>(fresh('named'));
  const to = await puppet(b, 0, { name: name as never });
  const alias = await to.do<Alias<never>>('createAlias');
  for (const target of [to.pid, alias, processId(name, 'b@localhost')]) {
    const send = (message: never): Promise<unknown> =>
      inside(a, from, (self) => self.send(target as never, message));
    await t.throwsAsync(send(odd), refused);
    t.is(await send('fine' as never), 'ok');
  }
  t.deepEqual(await to.messages(3), ['fine', 'fine', 'fine']);
});

test('an answer that cannot travel is named as who gives it knows it', async (t) => {
  const { a, b } = await sharedPair();
  const from = await puppet(a, 0);
  const to = await puppet(b, 0);
  const third = await puppet(b, 1);
  const message = /^answer is a function/;
  for (const who of [to, third]) {
    const asked = from.do('callAndTell', to.pid, { type: 'keep' }, 60_000);
    const caller = await waitFor('the call', () => to.do('keptCaller'));
    await t.throwsAsync(who.do('answerOddly', caller), { code: 'unencodable', message });
    // Who has it not in hand has taken nothing from the caller.
    if (who === third) t.is(await who.do('sendResponse', caller, 'in words'), 'ok');
    const [how, answer] = (await asked) as [string, TergoError | string];
    if (who === third) t.deepEqual([how, answer], ['answered', 'in words']);
    else t.regex((answer as TergoError).message, message);
    await to.do('forgetCallers');
  }
});

/** Answers with what cannot travel. */
class Odd extends Actor<{ request: string; message: never }> {
  override handleMessage(): Next {
    return noreply;
  }

  override handleCall(): Answer {
    return odd;
  }
}

test('what a callback returns and cannot travel is named as an answer, to the caller and in the log', async (t) => {
  const { a, b } = await sharedPair();
  const log = recordLog(b);
  const name = processName<unknown>(fresh('odd'));
  const to = await b.spawn(Odd, { name: name as never });
  const message = /^answer\.list\[0\]\.callback is the function callback/;
  const refused = { code: 'unencodable', message } as const;
  await t.throwsAsync(a.call(processId(name, b.name), 'please' as never), refused);
  await gone(b, to);
  const crash = log.find((record) => record.message === 'process crashed')!;
  t.regex((crash.fields['error'] as Error).message, message);
});

class Shop extends Application {
  override load(): ApplicationSpec {
    return { name: 'shop', mode: 'temporary', group: [childSpec('one', Puppet)] };
  }
}

test('what cannot travel of an environment is named by its place', async (t) => {
  const { a, b } = await pair(t);
  const spawn: SpawnName<PuppetProtocol, [PuppetOptions?]> = spawnName('puppet');
  b.network.enableSpawn(spawn, Puppet);
  await b.applications.load(Shop);
  b.network.enableApplicationStart('shop');
  const peer = await a.network.connect('b@localhost');
  const mild = env(envKey<string>('mild'), 'mild');
  const message = /^env\[1\]\.list\[0\]\.callback is/;
  const options = { env: [mild, oddEnv] };
  await t.throwsAsync(peer.spawn(spawn, options), { code: 'unencodable', message });
  const started = peer.startApplication('shop', options);
  await t.throwsAsync(started, { code: 'unencodable', message });
});

test("a value of the node's environment that cannot travel to its threads is named", async (t) => {
  const node = await threadNode(t);
  const message = /^value\.list\[0\]\.callback is/;
  t.throws(() => node.setEnv(envKey('odd'), odd), { code: 'unencodable', message });
  t.is(node.env(envKey('odd')), undefined);
});
