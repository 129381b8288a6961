import type { Patience } from './questions.ts';

/** How long another node may take to answer a request, ms. Source: Ergo `gen.DefaultRequestTimeout`. */
export const REQUEST_MS = 5000;

/** The same, with what is said when it has not answered; `advice` is what that means for who asked. */
export function requestPatience(about: string, advice: string, ms: number = REQUEST_MS): Patience {
  return { ms, text: `${about}: its node did not answer within ${ms} ms; ${advice}` };
}
