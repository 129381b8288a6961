// Packs the package, installs it in an empty folder as a user would, and uses it there: the files it
// holds, its export map, its types under a strict compiler, and a node that starts and stops.
import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { at, root } from './tools.mjs';

const needed = ['LICENSE', 'README.md', 'dist/index.d.ts', 'dist/index.js', 'package.json'];
const unwanted = /\.node$|\.sources$|^(crates|__test__|benches|\.ci)\//;

const folder = fs.mkdtempSync(path.join(tmpdir(), 'tergo-package-'));
try {
  const { filename, files } = pack();
  const names = files.map((file) => file.path);
  for (const name of needed.filter((one) => !names.includes(one)))
    fault(`the package lacks ${name}`);
  for (const name of names.filter((one) => unwanted.test(one))) fault(`the package holds ${name}`);
  await checkManifest();
  if (process.exitCode !== 1) useIt(filename);
} finally {
  fs.rmSync(folder, { recursive: true, force: true });
}

function pack() {
  const output = run(
    'npm',
    ['pack', '--json', '--ignore-scripts', '--pack-destination', folder],
    root,
  );
  return JSON.parse(output)[0];
}

async function checkManifest() {
  const { messages, pkg } = await publint({ pkgDir: root, strict: true });
  for (const message of messages) fault(`publint: ${formatMessage(message, pkg)}`);
}

function useIt(filename) {
  fs.writeFileSync(path.join(folder, 'package.json'), '{ "private": true, "type": "module" }');
  run('npm', ['install', '--offline', '--no-audit', '--no-fund', `./${filename}`], folder);
  const lines = [
    "import { startNode, type Node } from 'tergo';",
    "const node: Node = await startNode('package@localhost');",
    'await node.stop();',
  ];
  fs.writeFileSync(path.join(folder, 'use.ts'), lines.join('\n'));
  const flags = [
    '--strict',
    '--module',
    'nodenext',
    '--target',
    'es2024',
    '--types',
    'node',
    '--noEmit',
  ];
  const types = ['--typeRoots', at('node_modules', '@types')];
  run(
    process.execPath,
    [at('node_modules/typescript/bin/tsc'), ...flags, ...types, 'use.ts'],
    folder,
  );
  const binary = fs.readdirSync(at('dist', 'native')).find((name) => name.endsWith('.node'));
  const env = { TERGO_BINARY: process.env.TERGO_BINARY ?? at('dist', 'native', binary) };
  run(process.execPath, ['use.ts'], folder, env);
}

function run(file, args, cwd, env = {}) {
  const shell = process.platform === 'win32';
  const result = spawnSync(file, args, {
    cwd,
    encoding: 'utf8',
    shell,
    env: { ...process.env, ...env },
  });
  if (result.status === 0) return result.stdout;
  throw new Error(
    `${file} ${args.join(' ')} failed:\n${result.stdout}${result.stderr}${result.error ?? ''}`,
  );
}

function fault(text) {
  console.error(text);
  process.exitCode = 1;
}
