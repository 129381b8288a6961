import { crc32 } from 'node:zlib';

/** The incarnation of a node that an id belongs to; one object a node, shared by all its ids. */
export class Home {
  /** `name@host`. */
  readonly node: string;
  /** When this incarnation started, ms since 1970; no two incarnations of a name share one. */
  readonly creation: number;
  /** CRC-32 of the name, eight hex digits: the short form of the node in printed ids. */
  readonly short: string;

  constructor(node: string, creation: number) {
    this.node = node;
    this.creation = creation;
    this.short = crc32(node).toString(16).toUpperCase().padStart(8, '0');
  }
}
