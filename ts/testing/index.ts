export {
  virtualClock,
  type VirtualClock,
  type VirtualClockOptions,
} from './clock/virtual-clock.ts';
export {
  probe,
  type AnyStandIn,
  type FromOptions,
  type Probe,
  type ProbeOptions,
} from './unit/probe.ts';
export { startUnit, type StandInOptions, type Unit, type UnitOptions } from './unit/unit.ts';
export type { Received, Script, StandIn, StandInCall } from './unit/stand-in.ts';
export { stage, type Stage } from './stage/stage.ts';
export type { Assertions } from './expect/assertions.ts';
export type { Expectations, WithinOptions } from './expect/expectations.ts';
export type { Observation } from './expect/observation.ts';
export type { Mark } from './expect/view.ts';
export type { FailOptions, FailureKind, Failures, Fault } from './tap/fault.ts';
export type { Notice } from './tap/injection.ts';
export type {
  AnyBehaviour,
  AnyRecord,
  Attempt,
  Kind,
  RecordBase,
  RecordFields,
  RecordOf,
  State,
} from './record/records.ts';
export type { Pattern } from './match/pattern.ts';
export type { Matcher } from './match/matcher.ts';
export {
  any,
  anyAlias,
  anyPid,
  containing,
  exactly,
  instanceOf,
  not,
  ofType,
  oneOf,
  where,
  type TypeNames,
} from './match/matchers.ts';
export { capture, type Capture } from './match/capture.ts';
