import { existsSync } from 'node:fs';
import test from 'ava';
import { platformSuffix } from '../../ts/native/load.ts';
import { runSource } from '../support/run-node.ts';

const START = `
  import { startNode } from 'tergo';
  try { await startNode('load@localhost'); }
  catch (error) { console.log(error.code); console.log(error.message); }
`;

test('a missing binary is one error that names every file tried and what to do', async (t) => {
  const named = '/nowhere/tergo.node';
  const { stdout } = await runSource(START, { env: { TERGO_BINARY: named } });
  const [code, ...text] = stdout.split('\n');
  t.is(code, 'binary-missing');
  const message = text.join('\n');
  t.true(message.includes(named));
  t.true(message.includes('TERGO_BINARY'));
  t.regex(message, /npm run build/);
  t.regex(message, /outside of its bundle \(external: \['tergo'\]\)/);
});

test('the build puts the binary where the loader looks for it', (t) => {
  const suffix = platformSuffix();
  t.true(suffix.startsWith(`${process.platform}-${process.arch}`));
  const built = new URL(`../../dist/native/tergo.${suffix}.node`, import.meta.url);
  t.true(existsSync(process.env['TERGO_BINARY'] ?? built));
});
