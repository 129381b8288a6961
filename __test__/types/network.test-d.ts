import {
  cronRemoteSpawn,
  networkEvent,
  processName,
  spawnName,
  startNode,
  validators,
} from 'tergo';
import type {
  Actor,
  CronAction,
  NetworkEvent,
  Node,
  NodeRoute,
  Pid,
  ProcessValidators,
  Registrar,
  RemoteNode,
  SpawnName,
  StandardSchema,
  Subscription,
} from 'tergo';
import type { CounterProtocol } from '../../docs/samples/counter-contract.ts';
import { Counter } from '../../docs/samples/counter.ts';
import { type Equal, expect, fits } from './expect.ts';

declare const node: Node;
declare const peer: RemoteNode;
declare const actor: Actor<{ message: unknown }>;

const counterSpawn: SpawnName<CounterProtocol, [start: number]> = spawnName('counter');
const plainSpawn: SpawnName<{ message: 'tick' }> = spawnName('plain');

// The name carries the protocol and the arguments.
const remote = peer.spawn(counterSpawn, { args: [5] });
expect<Equal<typeof remote, Promise<Pid<CounterProtocol>>>>();
const child = actor.remoteSpawn('b@localhost', counterSpawn, { args: [5], linkChild: true });
expect<Equal<typeof child, Promise<Pid<CounterProtocol>>>>();
fits<Promise<Pid<{ message: 'tick' }>>>(peer.spawn(plainSpawn));
// @ts-expect-error -- its argument is missing
void peer.spawn(counterSpawn);
// @ts-expect-error -- its argument is a number
void peer.spawn(counterSpawn, { args: ['5'] });
// @ts-expect-error -- it takes none
void peer.spawn(plainSpawn, { args: [1] });

// What is lent is what the name says.
node.network.enableSpawn(counterSpawn, Counter, { nodes: ['b@localhost'] });
// @ts-expect-error -- a counter takes no ticks
node.network.enableSpawn(plainSpawn, Counter);

fits<CronAction>(cronRemoteSpawn('b@localhost', counterSpawn, { args: [1] }));
// @ts-expect-error -- its argument is missing
cronRemoteSpawn('b@localhost', counterSpawn);

const changes = node.subscribe(networkEvent);
expect<Equal<typeof changes, Subscription<NetworkEvent>>>();

// A registrar of one's own takes the place of options; its answers may be promises.
declare const registrar: Registrar;
void startNode('a@localhost', { network: { registrar } });
void startNode('a@localhost', { network: { registrar: { port: 4499 } } });
fits<Registrar>({ ...registrar, resolve: async () => [{ port: 1 }] });
fits<Registrar>({ ...registrar, nodes: () => ['a@localhost'] });
// @ts-expect-error -- a port is a number
fits<Registrar>({ ...registrar, resolve: () => [{ port: '1' }] });
// @ts-expect-error -- a route has a port
fits<NodeRoute>({ host: 'localhost' });
// @ts-expect-error -- it is not complete
void startNode('a@localhost', { network: { registrar: { name: 'mine', nodes: () => [] } } });

// What a schema gives is of the protocol; it may give less.
declare const additions: StandardSchema<{ type: 'add'; by: number }>;
declare const totals: StandardSchema<{ type: 'total' }>;
fits<ProcessValidators>(validators(Counter, { message: additions, request: totals }));
const forName = validators(processName<CounterProtocol>('counter'), { message: additions });
void startNode('a@localhost', { network: { validators: [forName, new URL('file:///v.js')] } });
// @ts-expect-error -- no message of the counter
validators(Counter, { message: totals });
// @ts-expect-error -- no request of the counter
validators(processName<CounterProtocol>('counter'), { request: additions });
// @ts-expect-error -- events are not covered
validators(Counter, { event: additions });
// @ts-expect-error -- these are no validators
void startNode('a@localhost', { network: { validators: [additions] } });
