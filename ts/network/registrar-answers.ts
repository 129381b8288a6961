import { APPLICATION_STATES } from '../application/application-info.ts';
import { APPLICATION_MODES, MAX_WEIGHT } from '../application/application-spec.ts';
import { checkBoolean, checkChoice, checkInteger, checkName } from '../error/check.ts';
import { incorrect } from '../error/tergo-error.ts';
import { checkAnyNode } from '../node/node-name.ts';
import type { ApplicationRoute, ResolveOptions } from './application-route.ts';
import { MAX_PORT } from './max-port.ts';
import type { RegistrarInfo } from './network-info.ts';

// What a registrar of the user's own answers may be anything: each of these reads every property once, throws `incorrect` with the name of what is
// wrong, and gives an object of its own.

/** Where a node can be dialled; an empty host is that of its name. */
export interface FoundRoute {
  readonly host: string;
  readonly port: number;
  readonly isTls: boolean;
}

/** More than these are not tried for one node. Source: `MAX_ROUTES` of crates/wire/src/registrar. */
const MOST_ROUTES = 16;
const MOST_NODES = 10_000;
const MOST_APPLICATIONS = 10_000;
const MOST_TAGS = 16;

/** The routes that `resolve` gave. */
export function routesIn(argument: string, answer: unknown): FoundRoute[] {
  return listIn(argument, answer, MOST_ROUTES, routeIn);
}

/** The nodes that `nodes` gave, in order, each once. */
export function nodesIn(argument: string, answer: unknown): readonly string[] {
  return [...new Set(listIn(argument, answer, MOST_NODES, nodeIn))].toSorted();
}

/** Those of the applications that `resolveApplication` gave which were asked for, highest weight first. */
export function applicationsIn(
  argument: string,
  answer: unknown,
  { name, withTags = [], withoutTags = [], withState }: ResolveOptions & { readonly name: string },
): readonly ApplicationRoute[] {
  return listIn(argument, answer, MOST_APPLICATIONS, applicationIn)
    .filter((route) => route.name === name && route.weight > 0)
    .filter(({ tags }) => withTags.every((tag) => tags.includes(tag)))
    .filter(({ tags }) => !withoutTags.some((tag) => tags.includes(tag)))
    .filter(({ state }) => withState === undefined || state === withState)
    .toSorted((one, other) => other.weight - one.weight);
}

/** What `info` gave, of which all may be left out. */
export function standIn(
  argument: string,
  answer: unknown,
): { -readonly [K in keyof Omit<RegistrarInfo, 'name'>]: RegistrarInfo[K] | undefined } {
  const { server, isServing, isRegistered } = objectIn<RegistrarInfo>(argument, answer);
  if (server !== undefined && server !== '') checkText(`${argument}.server`, server);
  if (isServing !== undefined) checkBoolean(`${argument}.isServing`, isServing);
  if (isRegistered !== undefined) checkBoolean(`${argument}.isRegistered`, isRegistered);
  return { server, isServing, isRegistered };
}

function routeIn(argument: string, answer: unknown): FoundRoute {
  const { host = '', port, isTls = false } = objectIn<FoundRoute>(argument, answer);
  if (host !== '') checkText(`${argument}.host`, host);
  checkInteger(`${argument}.port`, port, 1, MAX_PORT);
  checkBoolean(`${argument}.isTls`, isTls);
  return { host, port: port!, isTls };
}

function applicationIn(argument: string, answer: unknown): ApplicationRoute {
  const { node, name, weight, tags, mode, state } = objectIn<ApplicationRoute>(argument, answer);
  checkName(`${argument}.name`, name);
  checkInteger(`${argument}.weight`, weight, 0, MAX_WEIGHT);
  checkChoice(`${argument}.mode`, mode, APPLICATION_MODES);
  checkChoice(`${argument}.state`, state, APPLICATION_STATES);
  return {
    ...{ node: nodeIn(`${argument}.node`, node), name, weight: weight! },
    tags: listIn(`${argument}.tags`, tags, MOST_TAGS, tagIn),
    ...{ mode: mode!, state: state! },
  };
}

function nodeIn(argument: string, answer: unknown): string {
  checkAnyNode(argument, answer);
  return answer;
}

function tagIn(argument: string, answer: unknown): string {
  checkName(argument, answer);
  return answer;
}

/** A name without white space and control characters, at which a resolver or a log would stumble. */
function checkText(argument: string, answer: unknown): asserts answer is string {
  checkName(argument, answer);
  // oxlint-disable-next-line no-control-regex -- these are what must not be in it
  if (/[\s\u0000-\u001f\u007f-\u009f]/.test(answer))
    throw incorrect(argument, 'without white space and control characters', answer);
}

function objectIn<T>(argument: string, answer: unknown): Partial<T> {
  if (typeof answer === 'object' && answer !== null) return answer;
  throw incorrect(argument, 'an object', answer);
}

function listIn<T>(
  argument: string,
  answer: unknown,
  most: number,
  entryIn: (argument: string, entry: unknown) => T,
): T[] {
  if (!Array.isArray(answer)) throw incorrect(argument, 'a list', answer);
  const entries = answer as readonly unknown[];
  const { length } = entries;
  if (length > most) throw incorrect(argument, `a list of ${most} at most`, `a list of ${length}`);
  return Array.from({ length }, (_, at) => entryIn(`${argument}[${at}]`, entries[at]));
}
