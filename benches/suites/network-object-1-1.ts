import type { Suite } from '../suite.ts';
import { floodSuite } from '../network/floods.ts';

/** One actor floods one of another node with small objects. */
export const suite: Suite = floodSuite({ pairs: 1, messages: 1_000_000, cargo: 'customer' });
