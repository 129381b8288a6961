import type { EnvEntry } from '../env/env-key.ts';
import { checkEnv } from '../env/environment.ts';
import { checkChoice, checkDelay, checkInteger, checkName, checkOptions } from '../error/check.ts';
import { incorrect } from '../error/tergo-error.ts';
import { LOG_LEVELS, type LogLevel } from '../log/log-level.ts';
import { type ChildSpec, LocalChildSpec } from '../supervisor/child-spec.ts';
import { checkApplicationName, checkTags } from './application-name.ts';

/**
 * What the end of a member means: `temporary` – nothing; the application ends, with `normal`, when all members
 * have. `transient` – so, too, but an end other than `normal` and `shutdown` stops the application for that
 * reason. `permanent` – every end does. Source: Ergo `gen.ApplicationMode*`, OTP.
 */
export type ApplicationMode = 'temporary' | 'transient' | 'permanent';

/** All modes. @internal */
export const APPLICATION_MODES: readonly ApplicationMode[] = [
  'temporary',
  'transient',
  'permanent',
];

/** What `load` of an application returns. Source: Ergo `gen.ApplicationSpec`. */
export interface ApplicationSpec {
  /** Under this name the node knows it; without white space and control characters. */
  readonly name: string;
  /**
   * Its members, in the order in which they start; made by `childSpec`. They have the node that starts it as parent, and are
   * registered under their names. What a supervisor decides on (`restart`, `significant`, limits) is refused: make
   * a supervisor a member.
   */
  readonly group: readonly ChildSpec[];
  /** One line for people. */
  readonly description?: string;
  /** Of the application. */
  readonly version?: string;
  /** `temporary` by default. */
  readonly mode?: ApplicationMode;
  /** Applications that must run before it, by name; none by default. */
  readonly depends?: readonly string[];
  /** Environment values of all its processes, laid over the node's. */
  readonly env?: readonly EnvEntry[];
  /** Among nodes that run it, how much of the work is for this one; a whole number below 2^32, 1 by default. With 0 nobody finds it who resolves it by name. */
  readonly weight?: number;
  /** For whoever resolves it by name; none by default, 16 at most, of 64 bytes each and 512 together, without white space and control characters. */
  readonly tags?: readonly string[];
  /** The level from which its processes are logged that have none of their own; the node's by default. */
  readonly logLevel?: LogLevel;
  /** How long `init` may take, ms; 15000 by default, 0 for no limit. */
  readonly initTimeoutMs?: number;
  /** How long `start` may take, ms; 15000 by default, 0 for no limit. The members have limits of their own. */
  readonly startTimeoutMs?: number;
  /**
   * How long its end may take, ms, `stop` and all processes included; then what is left is killed. Then `terminate`
   * has as long for itself, and is left behind. 15000 by default; 0 waits for nothing and kills at once.
   */
  readonly stopTimeoutMs?: number;
}

/** A spec that was found to be right, with its defaults. @internal */
export interface CheckedApplicationSpec {
  readonly name: string;
  readonly group: readonly LocalChildSpec[];
  readonly description: string;
  readonly version: string;
  readonly mode: ApplicationMode;
  readonly depends: readonly string[];
  readonly env: readonly EnvEntry[];
  readonly weight: number;
  readonly tags: readonly string[];
  readonly logLevel: LogLevel | undefined;
  readonly initTimeoutMs: number;
  readonly startTimeoutMs: number;
  readonly stopTimeoutMs: number;
}

/** It travels as four bytes. */
export const MAX_WEIGHT: number = 2 ** 32 - 1;

/** Source: Ergo 3.3 `InitTimeout`, `StartTimeout`, `StopTimeout`. */
const TIMEOUT_MS = 15_000;

const KEYS = [
  'name',
  'group',
  'description',
  'version',
  'mode',
  'depends',
  'env',
  'weight',
  'tags',
  'logLevel',
  'initTimeoutMs',
  'startTimeoutMs',
  'stopTimeoutMs',
];

/** Throws `incorrect`, naming the key, unless this is a spec. @internal */
export function checkApplicationSpec(spec: ApplicationSpec): CheckedApplicationSpec {
  checkIsSpec(spec);
  checkApplicationName('spec.name', spec.name);
  checkSettings(spec);
  checkTimes(spec);
  return {
    name: spec.name,
    group: checkGroup(spec.group),
    description: spec.description ?? '',
    version: spec.version ?? '',
    mode: spec.mode ?? 'temporary',
    depends: checkNames('spec.depends', spec.depends),
    env: [...(spec.env ?? [])],
    weight: spec.weight ?? 1,
    tags: checkTags('spec.tags', spec.tags),
    logLevel: spec.logLevel,
    initTimeoutMs: spec.initTimeoutMs ?? TIMEOUT_MS,
    startTimeoutMs: spec.startTimeoutMs ?? TIMEOUT_MS,
    stopTimeoutMs: spec.stopTimeoutMs ?? TIMEOUT_MS,
  };
}

/** A list of names, none twice; a copy. */
function checkNames(argument: string, names: readonly string[] = []): readonly string[] {
  if (!Array.isArray(names)) throw incorrect(argument, 'a list of names', names);
  for (const [index, name] of names.entries()) {
    checkName(`${argument}[${index}]`, name);
    if (names.indexOf(name) !== index)
      throw incorrect(`${argument}[${index}]`, 'a name that is not in the list before', name);
  }
  return [...names];
}

function checkIsSpec(spec: unknown): void {
  if (spec === undefined) throw incorrect('spec', 'what load returns, an object', spec);
  checkOptions('spec', spec, KEYS);
}

function checkSettings({
  description,
  version,
  mode,
  env,
  weight,
  logLevel,
}: ApplicationSpec): void {
  if (description !== undefined) checkText('spec.description', description);
  if (version !== undefined) checkText('spec.version', version);
  if (mode !== undefined) checkChoice('spec.mode', mode, APPLICATION_MODES);
  if (env !== undefined) checkEnv('spec.env', env);
  if (weight !== undefined) checkInteger('spec.weight', weight, 0, MAX_WEIGHT);
  if (logLevel !== undefined) checkChoice('spec.logLevel', logLevel, LOG_LEVELS);
}

function checkTimes({ initTimeoutMs, startTimeoutMs, stopTimeoutMs }: ApplicationSpec): void {
  const times = Object.entries({ initTimeoutMs, startTimeoutMs, stopTimeoutMs });
  for (const [key, ms] of times) if (ms !== undefined) checkDelay(`spec.${key}`, ms, 0);
}

function checkText(argument: string, text: unknown): void {
  if (typeof text !== 'string') throw incorrect(argument, 'a string', text);
}

function checkGroup(group: readonly ChildSpec[]): readonly LocalChildSpec[] {
  if (!Array.isArray(group)) throw incorrect('spec.group', 'a list of childSpec', group);
  const names = new Set<string>();
  // A copy has no holes, which `map` would pass by.
  return [...group].map((member: unknown, index) => {
    if (!(member instanceof LocalChildSpec))
      throw incorrect(`spec.group[${index}]`, 'what childSpec gives', member);
    if (names.has(member.name))
      throw incorrect(`spec.group[${index}].name`, 'the only one of its name', member.name);
    names.add(member.name);
    checkUnsupervised(`spec.group[${index}]`, member);
    return member;
  });
}

/** An application restarts nobody; what looks as if it did would be lost in silence. */
function checkUnsupervised(argument: string, { rule }: LocalChildSpec): void {
  const mustBe = 'left out: only a supervisor restarts its children';
  if (rule.restart !== undefined) throw incorrect(`${argument}.restart`, mustBe, rule.restart);
  if (rule.isSignificant) throw incorrect(`${argument}.significant`, mustBe, true);
  if (rule.limit !== undefined) throw incorrect(`${argument}.intensity`, mustBe, rule.limit);
}
