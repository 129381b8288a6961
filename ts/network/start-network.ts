import { EXTENSION_TYPES } from '../far/far-world.ts';
import { PEER_CONTROLS } from '../far/peer-rules.ts';
import type { BindingFabric, Native } from '../native/load.ts';
import type { Runtime } from '../node/runtime.ts';
import { laidOver } from '../process/laid-over.ts';
import { VERSION } from '../version.ts';
import { tlsWords } from './tls-words.ts';
import { cookieOf } from './cookie.ts';
import { ALL_FLAGS, bitsOf } from './features.ts';
import { NetworkHost } from './network-host.ts';
import { NetworkMaterial } from './network-material.ts';
import type { NetworkOptions } from './network-options.ts';

/** How far JavaScript threads help that of the network: they write what they send, */
const WRITE = 1;
/** and read before they sleep. With several threads one that is busy would keep the others waiting. */
const READ_AND_WRITE = 2;

/** Makes the network of a node. Throws `incorrect` for options that cannot be used. */
export function startNetwork(
  runtime: Runtime,
  native: Native,
  fabric: BindingFabric,
  options: NetworkOptions,
): NetworkHost {
  const { home } = runtime;
  const material = new NetworkMaterial(native, home.node);
  material.checkOptions('options.network', options);
  const { tls, poolSize, windowBytes, maxMessageSize, keepAliveMs, dialTimeoutMs } = options;
  const network = new native.BindingNetwork(fabric.id, {
    ...{ name: home.node, creation: home.creation, software: `tergo ${VERSION}` },
    cookie: cookieOf(options, native),
    features: bitsOf(laidOver(ALL_FLAGS, options.flags)),
    controls: [...PEER_CONTROLS],
    extensions: [...EXTENSION_TYPES],
    help: runtime.threads === 1 ? READ_AND_WRITE : WRITE,
    ...(tls === undefined ? {} : { tls: tlsWords(tls, home.node) }),
    ...(poolSize === undefined ? {} : { pool: poolSize }),
    ...(windowBytes === undefined ? {} : { windowBytes }),
    ...(maxMessageSize === undefined ? {} : { maxMessageBytes: maxMessageSize }),
    ...(keepAliveMs === undefined ? {} : { keepAliveMs }),
    ...(dialTimeoutMs === undefined ? {} : { handshakeMs: dialTimeoutMs }),
  });
  return new NetworkHost(runtime, { native: network, fabric, material }, options);
}
