import { TergoError } from '../error/tergo-error.ts';
import type { AnyProcess } from './process.ts';
import type { ProcessRecord } from './process-record.ts';

/** The key under which an instance holds its record; not exported from the package. */
export const context: unique symbol = Symbol('tergo.process');

/** The key of a method that tells what may pass `receive` by; a symbol, so that no behaviour hits upon it. */
export const shortCuts: unique symbol = Symbol('tergo.shortCuts');

/** The key of the method that runs `init` with its arguments; a supervisor starts its children there. */
export const initialise: unique symbol = Symbol('tergo.initialise');

/** The key of a method that supervisors and their like have: whether a process is a child that it will end itself. */
export const supervises: unique symbol = Symbol('tergo.supervises');

/** The key of a method that only pools and routers have: decides to whom an entry of the main queue goes. */
export const handOn: unique symbol = Symbol('tergo.handOn');

/** The key of a method that supervisors and their like have: resolves when the children that an end at once has left have followed. */
export const aftermath: unique symbol = Symbol('tergo.aftermath');

/** The key of a spawn option by which a process becomes a member of a run of an application. */
export const membership: unique symbol = Symbol('tergo.membership');

let constructing: ProcessRecord | undefined;

/** Builds the instance of a spawned process; its constructor takes the record by `takeRecord`. */
export function construct(record: ProcessRecord, behaviour: new () => AnyProcess): AnyProcess {
  const outer = constructing;
  constructing = record;
  try {
    return new behaviour();
  } finally {
    constructing = outer;
  }
}

/** The record of the process under construction. Throws `not-allowed` when there is none. */
export function takeRecord(behaviour: string): ProcessRecord {
  const record = constructing;
  if (record === undefined) {
    const text = `new ${behaviour}() makes no process; use spawn(${behaviour})`;
    throw new TergoError('not-allowed', text);
  }
  constructing = undefined;
  return record;
}
