import type { Suite } from '../suite.ts';
import { callSuite } from '../network/calls.ts';

/** A hundred actors call, each one of its own. */
export const suite: Suite = callSuite({ callers: 100, calls: 5000 });
