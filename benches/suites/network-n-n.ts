import { availableParallelism } from 'node:os';
import type { Suite } from '../suite.ts';
import { floodSuite } from '../network/floods.ts';

const pairs = availableParallelism();

/** As many pairs as there are cores, all flooding at once. */
export const suite: Suite = floodSuite({ pairs, messages: 1_000_000, cargo: 'one' });
