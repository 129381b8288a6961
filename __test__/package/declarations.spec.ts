import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import test, { type ExecutionContext } from 'ava';

const root = fileURLToPath(new URL('../../', import.meta.url));
const index = path.join(root, 'dist', 'index.d.ts');

/** The declaration files that a file imports. */
function importsOf(file: string): readonly string[] {
  return [...readFileSync(file, 'utf8').matchAll(/(?:from |import\()['"](\.[^'"]+)['"]/g)].map(
    ([, name = '']) => path.resolve(path.dirname(file), name.replace(/(\.d)?\.ts$/, '.d.ts')),
  );
}

/** Everything that the compiler reads of the package. */
function reachable(): ReadonlySet<string> {
  const files = new Set([index]);
  for (const file of files) {
    for (const name of importsOf(file)) if (existsSync(name)) files.add(name);
  }
  return files;
}

/** A project of somebody else that has installed the package. */
function projectWith(t: ExecutionContext, source: string): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'tergo-types-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(path.join(folder, 'package.json'), '{ "private": true, "type": "module" }');
  writeFileSync(path.join(folder, 'use.ts'), source);
  return folder;
}

async function compile(folder: string, ...flags: readonly string[]): Promise<string> {
  await mkdir(path.join(folder, 'node_modules'), { recursive: true });
  symlinkSync(root, path.join(folder, 'node_modules', 'tergo'));
  const types = ['--types', 'node', '--typeRoots', path.join(root, 'node_modules', '@types')];
  const module = ['--module', 'nodenext', '--target', 'es2024', '--noEmit', '--strict'];
  const tsc = path.join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const args = [tsc, ...module, ...types, '--skipLibCheck', 'false', ...flags, 'use.ts'];
  const run = promisify(execFile)(process.execPath, args, { cwd: folder });
  return await run.then(
    ({ stdout }) => stdout,
    ({ stdout }: { stdout: string }) => stdout,
  );
}

test('every file that the declarations import is there', (t) => {
  const missing = [...reachable()].flatMap(importsOf).filter((file) => !existsSync(file));
  t.deepEqual(missing, []);
});

test('the declarations reach only files that the index itself exports from', (t) => {
  const named = new Set([index, ...importsOf(index)]);
  const leaked = [...reachable()].filter((file) => !named.has(file));
  t.deepEqual(leaked, []);
});

test('nothing that is marked internal is declared', (t) => {
  const marked = [...reachable()].filter((file) =>
    readFileSync(file, 'utf8').includes('@internal'),
  );
  t.deepEqual(marked, []);
});

test.serial(
  'another project compiles with the package, its declarations checked strictly',
  async (t) => {
    const folder = projectWith(
      t,
      `import * as tergo from 'tergo';
     import { Actor, noreply, startNode, type Next, type Node } from 'tergo';
     class Counter extends Actor<{ message: number }> {
       override handleMessage(by: number): Next { tergo.stop(); return by > 0 ? noreply : tergo.stop(); }
     }
     const node: Node = await startNode('types@localhost');
     node.send(await node.spawn(Counter), 1);`,
    );
    const strict = ['--exactOptionalPropertyTypes', '--noUncheckedIndexedAccess'];
    t.is(await compile(folder, ...strict), '');
  },
);

test.serial('another project with types of the browser compiles, too', async (t) => {
  const folder = projectWith(t, `import { startNode } from 'tergo';\nvoid startNode;`);
  t.is(await compile(folder, '--lib', 'es2024,dom'), '');
});

test.serial('another project that sends the wrong message does not compile', async (t) => {
  const folder = projectWith(
    t,
    `import type { Node, Pid } from 'tergo';
     export const send = (node: Node, pid: Pid<{ message: number }>) => node.send(pid, 'one');`,
  );
  t.regex(await compile(folder), /error TS2345: Argument of type 'string' is not assignable/);
});
