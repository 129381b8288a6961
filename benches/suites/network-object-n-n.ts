import { availableParallelism } from 'node:os';
import type { Suite } from '../suite.ts';
import { floodSuite } from '../network/floods.ts';

const pairs = availableParallelism();

/** As many pairs as there are cores, all flooding at once with small objects. */
export const suite: Suite = floodSuite({ pairs, messages: 500_000, cargo: 'customer' });
