import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import {
  Application,
  type ApplicationSpec,
  childSpec,
  networkEvent,
  type NetworkOptions,
  startNode,
  TergoError,
} from 'tergo';
import { Counter } from './counter.ts';

class Shop extends Application {
  override load(): ApplicationSpec {
    return {
      name: 'shop',
      weight: 3,
      tags: ['fast'],
      group: [childSpec('till', Counter, { args: [0] })],
    };
  }
}

// A port for this program alone: the samples run beside each other.
const server = createServer().listen(0, '127.0.0.1');
await once(server, 'listening');
const { port } = server.address() as AddressInfo;
server.close();

const network: NetworkOptions = {
  cookie: 'at least sixteen bytes',
  registrar: { port, answerOthers: false }, // for this host only
  acceptors: [{ host: '127.0.0.1', port: 0 }],
  tls: 'self-signed', // for development
};
await using a = await startNode('a@localhost', { network });
const changes = a.subscribe(networkEvent);
await using b = await startNode('b@localhost', { network });
for await (const { message } of changes) {
  console.log(message.type); // joined
  break;
}
console.log(await a.network.registeredNodes());

await b.applications.load(Shop);
b.network.enableApplicationStart('shop', { nodes: ['a@localhost'] });
const peer = await a.network.connect('b@localhost');
await peer.startApplication('shop', { mode: 'transient' });
console.log((await peer.applicationInfo('shop')).state);

const [best] = await a.network.resolveApplication('shop', { withTags: ['fast'] });
console.log(best?.node, best?.weight, best?.state);

const { flags, links, reconnects } = peer.info();
console.log(flags.remoteSpawn, links > 0, reconnects);
console.log(a.network.acceptors().map(({ host, isTls }) => `${host} ${isTls}`));

const stranger = { ...network, cookie: 'another one, also of 16 bytes' };
await using c = await startNode('c@localhost', { network: stranger });
try {
  await c.network.connect('b@localhost');
} catch (error) {
  if (!TergoError.is(error, 'no-connection')) throw error;
  console.log(error.message);
}

const losses = a.subscribe(networkEvent);
await b.stop();
for await (const { message } of losses) {
  if (message.type !== 'disconnected') continue;
  console.log(message.node, message.reason.message);
  break;
}
try {
  await a.network.connect('b@localhost');
} catch (error) {
  if (!TergoError.is(error, 'no-route')) throw error;
  console.log(error.code);
}
