import type { Node } from 'tergo';
import { wayOf } from './causes.ts';

/** The pairs of nodes that have a connection. */
export function waysBetween(nodes: readonly Node[]): Set<string> {
  const ways = new Set<string>();
  for (const one of nodes) {
    for (const other of nodes) if (knows(one, other)) ways.add(wayOf(one.name, other.name));
  }
  return ways;
}

/** Whether all nodes say the same of who is connected with whom. */
export function agree(nodes: readonly Node[]): boolean {
  return nodes.every((one) => nodes.every((other) => agreeOfEachOther(one, other)));
}

function agreeOfEachOther(one: Node, other: Node): boolean {
  const isOfAnother = one.network.node(other.name) !== undefined && !knows(one, other);
  return !isOfAnother && knows(one, other) === knows(other, one);
}

/** Whether a node has a connection to this very incarnation of another one. */
function knows(one: Node, other: Node): boolean {
  return one.network.node(other.name)?.creation === other.creation;
}
