import { type ErrorCode, TergoError } from '../error/tergo-error.ts';

/** What refusals come to that the user can mend. */
const CODES: Readonly<Record<string, ErrorCode>> = { oneself: 'not-allowed' };
const ADVICE: Readonly<Record<string, string>> = {
  'cookie-mismatch': '; give both the same cookie',
  'name-mismatch': '; correct the route that leads there',
  busy: '; try again',
};

/** Why a node was not reached: `refusal` is what it said, if anybody answered; `unfound` why nobody could say where it is. */
export function dialError(
  node: string,
  refusal: string | null,
  detail: string | null,
  unfound?: TergoError,
): TergoError {
  if (refusal === null && unfound !== undefined) {
    const { message, cause } = unfound;
    return new TergoError('no-connection', `${node} was not reached: ${message}`, { cause });
  }
  if (refusal === null) {
    const text = `no route leads to ${node}: neither a static one nor one that the registrar knows, or nobody answers there`;
    return new TergoError('no-route', text);
  }
  const code = CODES[refusal] ?? 'no-connection';
  const text = `${node} was not reached: ${detail ?? refusal}${ADVICE[refusal] ?? ''}`;
  return new TergoError(code, text);
}
