import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test from 'ava';
import { threadNode } from './stage.ts';
import { Witness } from './witness.ts';

const behaviors = [new URL('./witness.ts', import.meta.url)];

test('the first of many answers arrive while the last is still worked on', async (t) => {
  const folder = await mkdtemp(path.join(tmpdir(), 'tergo-'));
  t.teardown(() => rm(folder, { recursive: true }));
  const sign = path.join(folder, 'the first is here');
  const node = await threadNode(t, { behaviors });
  const all = Array.from({ length: 200 }, () => node.spawn(Witness, { thread: 1 }));
  const witnesses = await Promise.all(all);
  const last = witnesses.pop()!;
  const ask = (): Promise<string>[] =>
    witnesses.map((witness) => node.call(witness, { type: 'look' }));
  // What is not compiled yet takes longer than a time slice, at whose end they go out anyway.
  for (let round = 0; round < 50; round++) await Promise.all(ask());
  const answers = ask();
  const seen = node.call(last, { type: 'look', sign }, { timeoutMs: 60_000 });
  t.is(await answers[0], 'at once');
  await writeFile(sign, '');
  t.is(await seen, 'seen');
  t.true((await Promise.all(answers)).every((answer) => answer === 'at once'));
});
