import test from 'ava';
import { startNode, type TergoError } from 'tergo';

const wrong: readonly (readonly [key: string, network: object])[] = [
  ['options.network.mode', { mode: 'loud' }],
  ['options.network.cookie', { cookie: 'short' }],
  ['options.network.cookieFile', { cookieFile: '' }],
  ['options.network.acceptors', { acceptors: {} }],
  ['options.network.acceptors[0].host', { acceptors: [{ host: 'localhost' }] }],
  ['options.network.acceptors[0].host', { acceptors: [{ host: '[::1]' }] }],
  ['options.network.acceptors[0].port', { acceptors: [{ port: 70_000 }] }],
  ['options.network.acceptors[0].prot', { acceptors: [{ prot: 1 }] }],
  ['options.network.acceptors[0].maxPending', { acceptors: [{ maxPending: 0 }] }],
  [
    'options.network.acceptors[0].maxPendingPerAddress',
    { acceptors: [{ maxPendingPerAddress: 0.5 }] },
  ],
  ['options.network.registrar.port', { registrar: { port: 0 } }],
  ['options.network.routes[0].pattern', { routes: [{ port: 1 }] }],
  ['options.network.routes[0].port', { routes: [{ pattern: 'x' }] }],
  ['options.network.tls.key', { tls: { certificate: 'x' } }],
  ['options.network.flags.remoteSpawn', { flags: { remoteSpawn: 1 } }],
  ['options.network.maxMessageSize', { maxMessageSize: 1 }],
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
    t.true(error?.message.startsWith(`${key} must be`), error?.message);
  });
}
