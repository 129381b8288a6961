import type { ExecutionContext } from 'ava';
import { type LogRecord, type Node, type NodeOptions, TergoError } from 'tergo';
import { recordLog } from '../support/log-records.ts';
import { within } from '../support/wait-for.ts';
import { networkNode } from './cluster.ts';
import { type Deviation, Directory } from './directory.ts';

export const A = 'a@localhost';
export const B = 'b@localhost';
export const C = 'c@localhost';
/** A busy machine is no fault of what is tested. */
export const PATIENCE_MS = 60_000;
/** For those that never answer. */
export const timeoutMs = 50;
export const never = (): Promise<never> => new Promise(() => undefined);

export const failed = ({ message }: LogRecord): boolean => message === 'the registrar has failed';

/** A node whose registrar deviates, and what that node logs. */
export interface Stage {
  readonly directory: Directory;
  readonly a: Node;
  readonly records: LogRecord[];
  /** What was logged of failures, by the methods that failed. */
  failures(): readonly unknown[];
  /** Another node, whose registrar is as it should be. */
  other(name: string): Promise<Node>;
}

export async function stage(
  t: ExecutionContext,
  deviation: Deviation,
  options: NodeOptions = {},
): Promise<Stage> {
  const directory = new Directory();
  const start = async (name: string, own: Deviation, more: NodeOptions): Promise<Node> => {
    const node = await networkNode(name, { registrar: directory.registrar(own) }, more);
    t.teardown(() => node.stopForce());
    return node;
  };
  const a = await start(A, deviation, options);
  const records = recordLog(a);
  return {
    ...{ directory, a, records },
    failures: () => records.filter(failed).map(({ fields }) => fields['method']),
    other: (name) => start(name, {}, {}),
  };
}

export async function rejection(promise: Promise<unknown>): Promise<TergoError> {
  const settled = promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  const error = await within('a rejection', () => settled, PATIENCE_MS);
  if (!(error instanceof TergoError)) throw new Error('it did not reject with a TergoError');
  return error;
}

export const boom = new Error('boom');
export const throwBoom = (): never => {
  throw boom;
};

/** Something in the place of what a registrar should give, and the beginning of what is said to that. */
export type Fault = readonly [title: string, give: () => unknown, says: RegExp];

export const faults: readonly Fault[] = [
  ['throws', throwBoom, /^boom$/],
  ['rejects', () => Promise.reject(boom), /^boom$/],
  [
    'throws a value whose prototype is null',
    () => {
      throw Object.create(null);
    },
    /.*/,
  ],
  [
    'throws an error whose message throws',
    () => {
      throw Object.defineProperty(new Error('x'), 'message', {
        get: throwBoom,
      });
    },
    /.*/,
  ],
  [
    'throws a proxy whose traps throw',
    () => {
      throw new Proxy({}, { getPrototypeOf: throwBoom, get: throwBoom });
    },
    /.*/,
  ],
  ['never answers', never, /was not settled within 50 ms$/],
  ['gives nothing', () => undefined, / must be a list, but is undefined$/],
  ['gives no list', () => Promise.resolve({ 0: {}, length: 1 }), / must be a list, but is /],
  ['gives a list of nothing', () => [null], /\[0\] must be .*, but is null$/],
  ['gives far too many', () => Array.from({ length: 1e6 }), / must be a list of \d+ at most/],
  [
    'gives a list that throws',
    () =>
      new Proxy([1], {
        get: throwBoom,
      }),
    /^boom$/,
  ],
];
