import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { type Finished, runNode } from '../support/run-node.ts';

const root = new URL('../../', import.meta.url);
const checker = new URL('.ci/check-docs.mjs', root);

function read(file: string): string {
  return readFileSync(new URL(file, root), 'utf8');
}

/** Checks a page of one's own. */
async function check(t: ExecutionContext, page: string): Promise<Finished> {
  const folder = mkdtempSync(path.join(tmpdir(), 'tergo-page-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const file = path.join(folder, 'page.md');
  writeFileSync(file, page);
  return await runNode(checker, { args: [file] });
}

/** The members of a union of string literals in the sources. */
function unionIn(file: string, name: string): readonly string[] {
  const [, union = ''] = new RegExp(`export type ${name} =([^;]*);`).exec(read(file)) ?? [];
  return [...union.matchAll(/'([a-z-]+)'/g)].map(([, member = '']) => member).toSorted();
}

/** The first column of the table below a heading of docs/errors.md. */
function tableUnder(heading: string): readonly string[] {
  const sections = read('docs/errors.md').split(/^## /m);
  const section = sections.find((text) => text.startsWith(`${heading}\n`)) ?? '';
  return [...section.matchAll(/^\| `([a-z-]+)` /gm)].map(([, code = '']) => code).toSorted();
}

test.serial(
  'every page shows only code that stands in a sample, and links to what exists',
  async (t) => {
    const { stderr, code } = await runNode(checker);
    t.is(stderr, '');
    t.is(code, 0);
  },
);

test.serial('a page with a line of code that no sample holds is refused', async (t) => {
  const { stderr, code } = await check(t, '```ts\nconst x = madeUp();\n```\n');
  t.regex(stderr, /no sample holds the line: const x = madeUp\(\);/);
  t.is(code, 1);
});

test.serial('a page that tears the lines of a sample apart is refused', async (t) => {
  const lines = read('docs/samples/hello.ts').split('\n').filter(Boolean);
  const { stderr, code } = await check(t, `\`\`\`ts\n${lines[1]}\n${lines[0]}\n\`\`\`\n`);
  t.regex(stderr, /no sample holds these lines in this order/);
  t.is(code, 1);
});

test.serial('a page with a link to a missing file or heading is refused', async (t) => {
  const { stderr, code } = await check(t, '# One\n[a](missing.md) [b](#two) [c](#one)\n');
  t.deepEqual(stderr.match(/the link \S+ leads nowhere/g), [
    'the link missing.md leads nowhere',
    'the link #two leads nowhere',
  ]);
  t.is(code, 1);
});

test('the page on errors names exactly the codes that there are', (t) => {
  const codes = unionIn('ts/error/tergo-error.ts', 'ErrorCode');
  t.true(codes.length > 20);
  t.deepEqual(tableUnder('Codes'), codes);
});

test('the page on errors names exactly the results of a send that there are', (t) => {
  const results = unionIn('ts/error/send-result.ts', 'SendResult');
  t.true(results.length > 10);
  t.deepEqual(tableUnder('What a send returns'), results);
});
