// Packs the package, installs it in an empty folder as a user would, and uses it there: the files it
// holds, its export map, its types under a strict compiler, a node with threads that starts and stops, and two nodes that talk by
// an encrypted and compressed connection.
import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { at, root } from './tools.mjs';

const needed = [
  ...['LICENSE', 'README.md', 'package.json'],
  ...['dist/index.d.ts', 'dist/index.js', 'dist/thread/worker.js'],
];
const unwanted = /\.node$|\.sources$|^(crates|__test__|benches|\.ci)\//;

/** What a user writes: behaviours in TypeScript and in JavaScript, each on a thread of its own. */
const program = {
  'typed.ts': [
    "import { Actor, reply, type Answer, type Request } from 'tergo';",
    "import { threadId } from 'node:worker_threads';",
    "export type Where = Request<{ type: 'where' }, number>;",
    'export class Typed extends Actor<{ request: Where }> {',
    '  override handleCall(request: Where): Answer { return reply(request, threadId); }',
    '}',
  ],
  'plain.js': [
    "import { Actor, reply } from 'tergo';",
    "import { threadId } from 'node:worker_threads';",
    'export class Plain extends Actor {',
    '  handleCall(request) { return reply(request, threadId); }',
    '}',
  ],
  'plain.d.ts': [
    "import { Actor, type Answer } from 'tergo';",
    "import type { Where } from './typed.ts';",
    'export class Plain extends Actor<{ request: Where }> {',
    '  override handleCall(request: Where): Answer;',
    '}',
  ],
  'use.ts': [
    "import { startNode, type Node, type NodeOptions, type ThreadInfo } from 'tergo';",
    "import { Plain } from './plain.js';",
    "import { Typed } from './typed.ts';",
    "const behaviors = ['./typed.ts', './plain.js'].map((file) => new URL(file, import.meta.url));",
    'const options: NodeOptions = { threads: 3, behaviors };',
    "const node: Node = await startNode('package@localhost', options);",
    'const typed = await node.spawn(Typed, { thread: 1 });',
    'const plain = await node.spawn(Plain, { thread: 2 });',
    "const ids = [await node.call(typed, { type: 'where' }), await node.call(plain, { type: 'where' })];",
    "if (new Set([0, ...ids]).size !== 3) throw new Error(`they live on ${ids.join(' and ')}`);",
    'const threads: readonly ThreadInfo[] = node.info().threads;',
    'const busy = threads.filter(({ processes }) => processes === 1).map(({ thread }) => thread);',
    "console.log(`threads ${busy.join(' and ')} answered`);",
    'await node.stop();',
  ],
  'talk.ts': [
    "import { processId, processName, startNode, type NetworkOptions, type ProcessName } from 'tergo';",
    "import { Typed, type Where } from './typed.ts';",
    "const name: ProcessName<{ request: Where }> = processName('typed');",
    "const compression = { enabled: true, type: 'zstd' } as const;",
    'const network: NetworkOptions = {',
    "  cookie: 'a cookie of the package check', tls: 'self-signed', registrar: false, acceptors: [{ port: 0 }], compression,",
    '};',
    'const log = { disableConsole: true };',
    "const one = await startNode('one@localhost', { network, log });",
    "const two = await startNode('two@localhost', { network, log });",
    'const [acceptor] = two.network.acceptors();',
    "one.network.addRoute('^two@', { host: '127.0.0.1', port: acceptor!.port, tls: true });",
    'await two.spawn(Typed, { name });',
    "const id = await one.call(processId(name, 'two@localhost'), { type: 'where' });",
    'console.log(`answered on thread ${id}, encrypted: ${acceptor!.isTls}`);',
    'await one.stop();',
    'await two.stop();',
  ],
};

/** The programs, and what they print. */
const printed = {
  'use.ts': 'threads 1 and 2 answered\n',
  'talk.ts': 'answered on thread 0, encrypted: true\n',
};

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
  run('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', `./${filename}`], folder);
  for (const [name, lines] of Object.entries(program))
    fs.writeFileSync(path.join(folder, name), lines.join('\n'));
  const flags = [
    '--strict',
    '--module',
    'nodenext',
    '--target',
    'es2024',
    '--types',
    'node',
    ...['--allowImportingTsExtensions', '--noEmit'],
  ];
  const types = ['--typeRoots', at('node_modules', '@types')];
  run(
    process.execPath,
    [at('node_modules/typescript/bin/tsc'), ...flags, ...types, ...Object.keys(printed)],
    folder,
  );
  const binary = fs.readdirSync(at('dist', 'native')).find((name) => name.endsWith('.node'));
  const env = { TERGO_BINARY: process.env.TERGO_BINARY ?? at('dist', 'native', binary) };
  for (const [name, expected] of Object.entries(printed)) {
    const output = run(process.execPath, [name], folder, env);
    if (output !== expected) fault(`${name} printed: ${output}`);
  }
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
