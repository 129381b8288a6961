// The other end of the `postMessage` baselines: checks what comes, or sends it back.
import { parentPort, type MessagePort } from 'node:worker_threads';
import { checks, type Cargo, type Flood } from './cargo.ts';

/** What the peer is told first. */
export type PeerOrder =
  | { readonly type: 'count'; readonly flood: Flood; readonly port: MessagePort }
  | { readonly type: 'echo'; readonly port: MessagePort };

parentPort?.on('message', (order: PeerOrder) => {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a port has no origin
  if (order.type === 'echo') order.port.on('message', (value) => order.port.postMessage(value));
  else count(order.flood, order.port);
});

function count({ cargo, messages }: Flood, port: MessagePort): void {
  const check = checks[cargo];
  let at = 0;
  let right = 0;
  port.on('message', (message: Cargo) => {
    if (check(message, at)) right += 1;
    at += 1;
    if (at < messages) return;
    port.postMessage(right);
    port.close();
  });
}
