import { isExitReason } from '../error/exit-reason.ts';
import {
  KIND_ADDRESSED,
  KIND_EVENT,
  KIND_FAR,
  KIND_INSPECT,
  KIND_REQUEST,
  KIND_SIGNAL,
  MAX_THREADS,
} from '../native/layout.ts';
import { LocalAlias } from '../process/alias.ts';
import { LocalPid } from '../process/pid.ts';
import { Control } from './control.ts';

type Check = (value: unknown) => boolean;
/** By op or kind. */
type Checks = readonly (Check | undefined)[];

/** What comes with each control frame that another node may send; all others are for threads of one node. */
const CONTROLS: Checks = byNumber([
  [Control.reply, () => true],
  [Control.replyError, isError],
  [Control.replyEnded, (value) => value === undefined || isExitReason(value)],
  [Control.cancel, isNothing],
  [Control.moved, (value) => value instanceof LocalPid],
  [Control.respond, isResponse],
  [Control.watch, isWatchable],
  [Control.watched, isWatchAnswer],
  [Control.unwatch, isNothing],
  [Control.fired, isEnd],
  [Control.published, isPublication],
  [Control.ask, (value) => isList(value) && typeof value[0] === 'string'],
  [Control.answer, isAnswer],
  [Control.threadEnded, isThreadEnd],
  [Control.orphaned, isExitReason],
  [Control.placed, isNothing],
  [Control.notPlaced, (value) => typeof value === 'string'],
]);

/** What is in a message of each kind that another node may send. */
const MESSAGES: Checks = byNumber([
  [KIND_FAR, () => true],
  [KIND_REQUEST, () => true],
  [KIND_ADDRESSED, () => true],
  [KIND_EVENT, isEvent],
  [KIND_SIGNAL, isExitReason],
  [KIND_INSPECT, (value) => isList(value) && value.every((item) => typeof item === 'string')],
]);

/** The ops of the control frames that another node may send. */
export const PEER_CONTROLS: readonly number[] = Object.keys(CONTROLS).map(Number);

/** Whether another node may send a control frame of that op at all. */
export function isForPeers(op: number): boolean {
  return CONTROLS[op] !== undefined;
}

/** Whether a control frame carries what its op says. */
export function isFittingControl(op: number, value: unknown): boolean {
  return CONTROLS[op]?.(value) === true;
}

/** Whether another node may send a message of that kind with this value. */
export function isFittingMessage(kind: number, value: unknown): boolean {
  return MESSAGES[kind]?.(value) === true;
}

/** What comes with a message to a name or alias, or one that is handed on: address, value and first sender. */
export function isAddressed(
  value: unknown,
): value is readonly [string | LocalAlias | undefined, unknown, LocalPid?] {
  if (!isList(value)) return false;
  const [address, , from] = value;
  const isAddress =
    address === undefined || typeof address === 'string' || address instanceof LocalAlias;
  return isAddress && (from === undefined || from instanceof LocalPid);
}

function byNumber(checks: readonly (readonly [number, Check])[]): Checks {
  const all: Check[] = [];
  for (const [number, check] of checks) all[number] = check;
  return all;
}

function isNothing(value: unknown): boolean {
  return value === undefined;
}

function isError(value: unknown): boolean {
  return value instanceof Error;
}

function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value);
}

function isResponse(value: unknown): boolean {
  if (!isList(value)) return false;
  const [pid, ref, isValue, answer] = value;
  if (!(pid instanceof LocalPid) || typeof ref !== 'string') return false;
  return isValue === true || (isValue === false && isError(answer));
}

/** A pid, an alias, or the kind and the name. */
function isWatchable(value: unknown): boolean {
  if (value instanceof LocalPid || value instanceof LocalAlias) return true;
  if (!isList(value)) return false;
  return (value[0] === 'name' || value[0] === 'event') && typeof value[1] === 'string';
}

/** Why not, on which thread it is, or a list: of an event its feed and its backlog. */
function isWatchAnswer(value: unknown): boolean {
  if (typeof value === 'string') return true;
  if (typeof value === 'number') return isThread(value);
  if (!isList(value)) return false;
  const [feed, backlog] = value;
  if (value.length === 0) return true;
  return Number.isInteger(feed) && isList(backlog) && backlog.every(isEvent);
}

function isThread(value: number): boolean {
  return Number.isInteger(value) && value >= 0 && value < MAX_THREADS;
}

/** The reason, and whether its `terminate` still runs. */
function isEnd(value: unknown): boolean {
  return isList(value) && isExitReason(value[0]) && typeof value[1] === 'boolean';
}

/** Why, and the highest id there. */
function isThreadEnd(value: unknown): boolean {
  return isList(value) && isError(value[0]) && Number.isSafeInteger(value[1]);
}

/** When, in which queue, what, and by whom if not by the producer. */
function isPublication(value: unknown): boolean {
  if (!isList(value)) return false;
  const [timestampNs, queue, , publisher] = value;
  const isBySomebody = publisher === undefined || publisher instanceof LocalPid;
  return (
    isBySomebody && typeof timestampNs === 'bigint' && (queue === 0 || queue === 1 || queue === 2)
  );
}

function isAnswer(value: unknown): boolean {
  if (!isList(value)) return false;
  return value[0] === true || (value[0] === false && isError(value[1]));
}

function isEvent(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { name, node, timestampNs } = value as Readonly<Record<string, unknown>>;
  return typeof name === 'string' && typeof node === 'string' && typeof timestampNs === 'bigint';
}
