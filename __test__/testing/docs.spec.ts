import { readdirSync, readFileSync } from 'node:fs';
import test from 'ava';
import { runNode } from '../support/run-node.ts';

const folder = new URL('../../docs/samples/testing/', import.meta.url);
const page = readFileSync(new URL('../../docs/testing.md', import.meta.url), 'utf8');
const samples = readdirSync(folder).filter((name) => name.endsWith('.test.ts'));

/** Lines without the indentation that they have in common. */
function outdented(text: string): string {
  const lines = text.split('\n');
  const indents = lines.filter((line) => line !== '').map((line) => line.search(/\S/));
  return lines.map((line) => line.slice(Math.min(...indents))).join('\n');
}

test('every piece of code of docs/testing.md stands in a suite that runs', (t) => {
  const texts = samples.map((name) => readFileSync(new URL(name, folder), 'utf8'));
  const variants = texts.flatMap((text) => [text, text.replaceAll(/^ {2}/gm, '')]);
  const blocks = [...page.matchAll(/^```ts\n(.*?)\n```$/gms)].map((match) => outdented(match[1]!));
  t.true(blocks.length > 10);
  for (const block of blocks)
    t.true(
      variants.some((text) => text.includes(block)),
      block,
    );
});

for (const name of samples) {
  test(`the suite ${name} of the documentation passes under node:test`, async (t) => {
    const { stdout, stderr, code } = await runNode(new URL(name, folder), {
      flags: ['--test-reporter=tap'],
    });
    t.regex(stdout, /^# fail 0$/m, stdout + stderr);
    t.notRegex(stdout, /^# pass 0$/m);
    t.is(code, 0);
  });
}

test('the kinds that docs/testing.md lists are the kinds that there are', (t) => {
  const rows = page.matchAll(/^\| (`[a-z-]+`(?:, `[a-z-]+`)*) +\| `/gm);
  const listed = [...rows].flatMap((match) => match[1]!.split(', '));
  const names = readFileSync(
    new URL('../../ts/testing/record/records.ts', import.meta.url),
    'utf8',
  );
  const kinds = [...names.matchAll(/^ {2}'?([a-z-]+)'?: 0,$/gm)].map((match) => `\`${match[1]}\``);
  t.true(kinds.length > 30);
  t.deepEqual(listed.toSorted(), kinds.toSorted());
});
