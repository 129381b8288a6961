import test from 'ava';
import { runNode } from '../support/run-node.ts';

const program = new URL('./uncompiled.ts', import.meta.url);

for (const flags of [[], ['--disallow-code-generation-from-strings']])
  test(`objects arrive with ${flags.join(' ') || 'no flags'}`, async (t) => {
    const { stdout, stderr } = await runNode(program, { flags });
    t.is(stdout, 'all arrived\n', stderr);
  });
