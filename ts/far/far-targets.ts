import { LocalAlias } from '../process/alias.ts';
import type { FarAlias } from './far-alias.ts';
import type { FarName } from './far-names.ts';
import type { FarPid } from './far-pid.ts';
import type { FarTarget } from './proxy.ts';
import type { RemoteHome } from './remote-home.ts';
import type { RemotePid } from './remote-pid.ts';
import { HOME_THREAD } from './station.ts';

/** What a process of another thread is as a target. */
export function pidTarget(pid: FarPid): FarTarget {
  const { thread: station } = pid;
  return { key: `${pid}`, station, isEvent: false, words: pid, about: { pid } };
}

/** What an alias of another thread is. */
export function aliasTarget(alias: FarAlias): FarTarget {
  const { thread: station } = alias;
  return { key: `${alias}`, station, isEvent: false, words: alias, about: { alias } };
}

/** What a name or event of another thread is. */
export function foundTarget(
  kind: 'name' | 'event',
  name: string,
  { thread: station, serial }: FarName,
  node: string,
): FarTarget {
  const isEvent = kind === 'event';
  const about = isEvent ? { event: name, node } : { name, node };
  const key = `${kind} '${name}' (${station}.${serial})`;
  return { key, station, isEvent, words: [kind, name], about };
}

/** What a process of another node is that is connected, or an alias of it. */
export function remoteTarget(to: unknown, process: RemotePid): FarTarget {
  const { station, home } = process;
  const isAlias = to instanceof LocalAlias;
  const words = isAlias ? to : process;
  const about = isAlias ? { alias: to } : { pid: process };
  // Printed, pids of two incarnations look alike.
  const key = `${String(words)} of ${home.node} ${home.creation}`;
  return { key, station, isEvent: false, words, about };
}

/** What a name or event of another node is that is connected: thread 0 there knows on which it is. */
export function namedTarget(kind: 'name' | 'event', name: string, home: RemoteHome): FarTarget {
  const { node } = home;
  const isEvent = kind === 'event';
  const about = isEvent ? { event: name, node } : { name, node };
  const key = `${kind} '${name}' of ${node} ${home.creation}`;
  return { key, station: home.stationOf(HOME_THREAD), isEvent, words: [kind, name], about };
}
