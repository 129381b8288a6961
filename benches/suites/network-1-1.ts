import type { Suite } from '../suite.ts';
import { floodSuite } from '../network/floods.ts';

/** One actor floods one of another node. */
export const suite: Suite = floodSuite({ pairs: 1, messages: 3_000_000, cargo: 'one' });
