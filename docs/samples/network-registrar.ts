import { type NodeRoute, type Registrar, startNode, TergoError } from 'tergo';

/** Where the nodes of this program are; in a cluster that is Consul, etcd, Kubernetes, DNS, a file. */
const known = new Map<string, readonly NodeRoute[]>();

function registrar(): Registrar {
  let own = '';
  return {
    name: 'map:1',
    start({ node, routes }) {
      if (known.has(node)) throw new TergoError('taken', `${node} runs already`);
      known.set((own = node), routes);
    },
    announce: ({ node, routes }) => void known.set(node, routes),
    resolve: (node) => known.get(node) ?? [],
    resolveApplication: () => [],
    nodes: () => [...known.keys()].filter((node) => known.get(node)!.length > 0), // none: hidden
    close: () => void known.delete(own),
  };
}

const network = { cookie: 'at least sixteen bytes', acceptors: [{ port: 0 }] };
await using a = await startNode('a@localhost', {
  network: { ...network, registrar: registrar() },
});
await using b = await startNode('b@localhost', {
  network: { ...network, registrar: registrar() },
});
console.log(a.network.registrar()?.name, await a.network.registeredNodes());
console.log((await a.network.connect('b@localhost')).name === b.name);

try {
  await startNode('a@localhost', { network: { ...network, registrar: registrar() } });
} catch (error) {
  if (!TergoError.is(error, 'taken')) throw error;
  console.log(error.message);
}

const silent: Registrar = { ...registrar(), timeoutMs: 10, resolve: () => new Promise(() => {}) };
await using c = await startNode('c@localhost', { network: { ...network, registrar: silent } });
try {
  await c.network.connect('b@localhost');
} catch (error) {
  if (!TergoError.is(error, 'no-connection')) throw error;
  console.log(error.message);
}
