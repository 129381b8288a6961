import { type ErrorCode, TergoError } from '../error/tergo-error.ts';

/** What refusals come to that the user can mend. */
const CODES: Readonly<Record<string, ErrorCode>> = { oneself: 'not-allowed' };
/** Who should know where the node is could not be asked. */
const UNFOUND = 'unfound';

/** Why a node was not reached. */
export interface DialFault {
  /** What it refused for, if anybody did; `null`: nothing leads there. */
  readonly reason: string | null;
  /** What was tried, and why that failed. */
  readonly detail: string | null;
  /** Why a registrar of the user's own could not say where it is. */
  readonly unfound: TergoError | undefined;
}

/** What those are told who wait for the node. */
export function dialError(node: string, { reason, detail, unfound }: DialFault): TergoError {
  if (unfound !== undefined && (reason === null || reason === UNFOUND)) {
    const { message, cause } = unfound;
    return new TergoError('no-connection', `${node} was not reached: ${message}`, { cause });
  }
  if (reason === null) {
    const text = `no route leads to ${node}: neither a static one nor one that the registrar knows`;
    return new TergoError('no-route', text);
  }
  const tried = detail ?? reason;
  const text = `${node} was not reached${tried.startsWith('at ') ? '' : ':'} ${tried}`;
  return new TergoError(CODES[reason] ?? 'no-connection', text);
}
