import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { type LogRecord, type NetworkOptions, startNode, type TergoError } from 'tergo';
import { scratchFolder } from '../support/scratch-folder.ts';
import { COOKIE, networkNode } from './cluster.ts';
import { Authority } from './os/authority.ts';

const wrong: readonly (readonly [key: string, network: object])[] = [
  ['options.network.mode', { mode: 'loud' }],
  ['options.network.cookie', { cookie: 'short' }],
  ['options.network.cookieFile', { cookieFile: '' }],
  ['options.network.acceptors', { acceptors: {} }],
  ['options.network.acceptors[0].host', { acceptors: [{ host: 'localhost' }] }],
  ['options.network.acceptors[0].host', { acceptors: [{ host: '[::1]' }] }],
  ['options.network.acceptors[0].host', { acceptors: [{ host: 'fe80::1%lo' }] }],
  ['options.network.acceptors[0].port', { acceptors: [{ port: 70_000 }] }],
  ['options.network.acceptors[0].prot', { acceptors: [{ prot: 1 }] }],
  ['options.network.acceptors[0].routeHost', { acceptors: [{ routeHost: 'a b' }] }],
  ['options.network.acceptors[0].routeHost', { acceptors: [{ routeHost: 'a\u0007' }] }],
  ['options.network.acceptors', { acceptors: Array.from({ length: 17 }, () => ({ port: 0 })) }],
  ['options.network.acceptors[0].maxPending', { acceptors: [{ maxPending: 0 }] }],
  [
    'options.network.acceptors[0].maxPendingPerAddress',
    { acceptors: [{ maxPendingPerAddress: 0.5 }] },
  ],
  ['options.network.registrar.port', { registrar: { port: 0 } }],
  ['options.network.routes[0].pattern', { routes: [{ port: 1 }] }],
  ['options.network.routes[0].port', { routes: [{ pattern: 'x' }] }],
  ['options.network.routes[0].host', { routes: [{ pattern: 'x', host: 'a b', port: 1 }] }],
  ['options.network.registrar', { registrar: true }],
  ["options.network.tls must be an object, or 'self-signed'", { tls: 'selfsigned' }],
  ['options.network.tls.key', { tls: { certificate: 'x' } }],
  ['options.network.flags.remoteSpawn', { flags: { remoteSpawn: 1 } }],
  ['options.network.maxMessageSize', { maxMessageSize: 4095 }],
  ['options.network.poolSize', { poolSize: 65 }],
  ['options.network.keepAliveMs', { keepAliveMs: 99 }],
  ['options.network.compression.type', { compression: { type: 'lzma' } }],
  ['options.network.compression.kind', { compression: { kind: 'lz4' } }],
  ['options.network.windowBytes', { windowBytes: 1 }],
  ['options.network.nothing', { nothing: true }],
];

for (const [key, network] of wrong) {
  test(`a wrong ${key} is refused by its name: ${JSON.stringify(network)}`, async (t) => {
    const error = await t.throwsAsync<TergoError>(startNode('x@localhost', { network } as object));
    t.is(error?.code, 'incorrect');
    t.true(error?.message.startsWith(key) && error.message.includes(' must be '), error?.message);
  });
}

const authority = new Authority('ours');
const good = authority.issue();
const other = authority.issue();
const ca = [authority.certificate];
const missing = '/nowhere/at.pem';

/** What only Rust can judge. */
const unusable: readonly (readonly [key: string, network: NetworkOptions])[] = [
  ['tls.certificate', { tls: { certificate: missing, key: good.key } }],
  ['tls.key', { tls: { certificate: good.certificate, key: missing } }],
  ['tls.certificate', { tls: { certificate: '-----BEGIN nothing', key: good.key } }],
  ['tls.key', { tls: { certificate: good.certificate, key: other.key } }],
  ['tls.ca[1]', { tls: { ...good, ca: [...ca, missing] } }],
  ['tls.ca', { tls: { ...good, clientAuth: 'required' } }],
  ['tls.serverName', { tls: { ...good, serverName: 'not a name' } }],
  ['tls', { tls: {} }],
  ['tls', { mode: 'hidden', tls: {} }],
  ['tls.certificate', { tls: { ca } }],
  ['acceptors[1].tls.key', { acceptors: [{}, { tls: { ...good, key: missing } }] }],
  ['acceptors[0].tls.certificate', { acceptors: [{ tls: { ca } }] }],
  ['routes[0].tls', { routes: [{ pattern: 'b', port: 1, tls: true }] }],
  ['routes[0].tls', { tls: good, routes: [{ pattern: 'b', port: 1, tls: true }] }],
  ['routes[0].tls.ca[0]', { routes: [{ pattern: 'b', port: 1, tls: { ca: [missing] } }] }],
  ['routes[0].tls.ca', { routes: [{ pattern: 'b', port: 1, tls: good }] }],
  ['routes[0].pattern', { routes: [{ pattern: '^(?!a)b@', port: 1 }] }],
  [
    'routes[1].pattern',
    {
      routes: [
        { pattern: 'b', port: 1 },
        { pattern: '(', port: 1 },
      ],
    },
  ],
];

for (const [index, [key, network]] of unusable.entries())
  test(`what cannot be used as ${key} is refused by its name, ${index}`, async (t) => {
    const error = await t.throwsAsync<TergoError>(networkNode('x@localhost', network));
    t.is(error?.code, 'incorrect');
    t.regex(error?.message ?? '', / must be | cannot be used: /);
    t.true(error?.message.startsWith(`options.network.${key} `), error?.message);
    t.false(error?.message.includes('PRIVATE KEY'), error?.message);
  });

test('certificates are needed only for what a node does', async (t) => {
  const folder = scratchFolder(t);
  const [certificate, key] = [join(folder, 'node.pem'), join(folder, 'node.key')];
  writeFileSync(certificate, good.certificate);
  writeFileSync(key, good.key);
  const fine: readonly NetworkOptions[] = [
    { tls: { certificate, key } },
    { tls: { ca }, acceptors: [] },
    { tls: { insecure: true }, mode: 'hidden' },
    { tls: { ca }, acceptors: [{ port: 0, tls: good }] },
    { tls: { ...good, ca }, routes: [{ pattern: 'b', port: 1, tls: true }] },
    { tls: 'self-signed', routes: [{ pattern: 'b', port: 1, tls: { ca } }] },
  ];
  for (const network of fine) {
    const node = await networkNode('x@localhost', network);
    t.teardown(() => node.stopForce());
    t.true(node.isAlive);
  }
});

test('routes that cannot be used are refused by the keys of their call, and none is laid', async (t) => {
  const { network, stopForce } = await quiet(t, {});
  const wrong: readonly (readonly [key: string, act: () => unknown])[] = [
    ['pattern', () => network.addRoute('^(?!a)b@', { port: 1 })],
    ['pattern', () => network.addRoute(String.raw`(b)\1@`, { port: 1 })],
    ['pattern', () => network.addRoute(5 as never, { port: 1 })],
    ['route', () => network.addRoute('b', undefined as never)],
    ['route.port', () => network.addRoute('b', {} as never)],
    ['route.tls', () => network.addRoute('b', { port: 1, tls: true })],
    ['route.tls.ca[0]', () => network.addRoute('b', { port: 1, tls: { ca: [missing] } })],
    ['options.weight', () => network.addRoute('b', { port: 1 }, { weight: 0.5 })],
  ];
  for (const [key, act] of wrong) {
    const error = t.throws<TergoError>(act as () => void);
    t.is(error?.code, 'incorrect', key);
    t.true(error?.message.startsWith(`${key} `), error?.message);
  }
  const route = { port: 1, tls: { ca: [missing] } };
  const error = await t.throwsAsync<TergoError>(network.connect('b@localhost', { route }));
  t.is(error?.code, 'incorrect');
  t.true(error?.message.startsWith('options.route.tls.ca[0] '), error?.message);
  t.deepEqual(network.routes(), []);
  await stopForce();
});

test('what is seldom meant is logged as a warning once at the start', async (t) => {
  const open = { host: '0.0.0.0', port: 0 };
  const { records } = await quiet(t, {
    tls: 'self-signed',
    routes: [{ pattern: 'b', port: 1, tls: { insecure: true } }],
    acceptors: [open, { port: 0 }],
  });
  const insecure = ['options.network.tls', 'options.network.routes[0].tls'];
  t.deepEqual(warnings(records), [{ insecure }]);
  const plain = await quiet(t, { acceptors: [open, { port: 0 }] });
  const port = plain.network.acceptors()[0]!.port;
  t.deepEqual(warnings(plain.records), [{ host: '0.0.0.0', port }]);
});

function warnings(records: readonly LogRecord[]): unknown[] {
  return records.filter(({ level }) => level === 'warning').map(({ fields }) => fields);
}

/** A node with all that it has logged. */
async function quiet(t: ExecutionContext, network: NetworkOptions) {
  const records: LogRecord[] = [];
  const logger = { log: (record: LogRecord): void => void records.push(record) };
  const node = await startNode('x@localhost', {
    log: { disableConsole: true, loggers: [{ name: 'records', logger }] },
    network: { cookie: COOKIE, registrar: false, acceptors: [{ port: 0 }], ...network },
  });
  const stopForce = () => node.stopForce();
  t.teardown(stopForce);
  return { network: node.network, records, stopForce };
}
