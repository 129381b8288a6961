import type { Suite } from '../suite.ts';
import { callSuite } from '../network/calls.ts';

/** One actor calls one of another node. */
export const suite: Suite = callSuite({ callers: 1, calls: 50_000 });
