import type { Parent } from '../../node/spawner.ts';
import { PLAIN, PLAIN_CALLS, type ProcessRecord, DEAD } from '../../process/process-record.ts';
import { shortCuts } from '../../process/process-context.ts';
import type { Envelope } from '../../process/envelope.ts';
import type { Exit } from '../../relation/ended.ts';
import type { AnySpawnOptions } from '../../process/process-options.ts';
import type { AnyBehaviour } from '../record/records.ts';
import { type Entry, IN_PROGRESS, type Tap } from './tap.ts';

/** Spawns and ends of processes, what reaches them, and what they log. */
export function tapProcesses(tap: Tap): void {
  const { runtime } = tap;
  tapSpawns(tap);
  tapEnds(tap);
  for (const record of runtime.processes()) watch(tap, record);
  tap.lay(runtime.hub, 'write', (write) => (record, only) => {
    const { level, message, fields, source } = record;
    const by = source.type === 'process' ? source.pid : runtime.core.pid;
    tap.open('log', by, { level, message, fields });
    write.call(runtime.hub, record, only);
  });
}

function tapSpawns(tap: Tap): void {
  const { runtime } = tap;
  /** Of the spawns whose synchronous part runs, the innermost last. */
  const under: Entry<'spawn'>[] = [];
  tap.lay(runtime.spawner, 'spawn', (spawn) => (parent, behaviour, options, opened) => {
    const entry = spawnEntry(tap, parent, behaviour, options);
    const substitute = tap.substituteFor(parent, behaviour, options);
    const begin = (): ReturnType<typeof spawn> => {
      under.push(entry);
      try {
        const { spawner } = runtime;
        if (substitute === undefined)
          return spawn.call(spawner, parent, behaviour, options, opened);
        return spawn.call(spawner, parent, substitute.behaviour, substitute.options, opened);
      } finally {
        under.pop();
      }
    };
    return tap.promise(entry, begin);
  });
  runtime.onSpawn = (record) => {
    const entry = under.at(-1);
    if (entry !== undefined && entry.by === record.parent) entry.pid ??= record.pid;
    watch(tap, record);
    tap.began(record);
  };
  tap.undo(() => {
    runtime.onSpawn = undefined;
  });
}

function spawnEntry(
  tap: Tap,
  parent: Parent,
  behaviour: unknown,
  options: AnySpawnOptions | undefined,
): Entry<'spawn'> {
  const { args = [], name, ...rest } = options ?? {};
  const about = { behaviour: behaviour as AnyBehaviour, args, name, options: rest, pid: undefined };
  return tap.open('spawn', parent.pid, { ...about, ...IN_PROGRESS });
}

function tapEnds(tap: Tap): void {
  const { lifecycle, core } = tap.runtime;
  tap.lay(lifecycle, 'end', (end) => (record, reason, exit) => {
    if ((record.flags & DEAD) === 0) {
      // One that was taken before it ends the process has its record.
      if (exit !== undefined && tap.exits.get(record)?.has(exit) !== true)
        receivedExit(tap, record, exit);
      tap.open('terminate', record.pid, { reason, exit });
    }
    end.call(lifecycle, record, reason, exit);
  });
  tap.lay(lifecycle, 'kill', (kill) => (record) => {
    tap.open('kill', core.pid, { target: record.pid });
    kill.call(lifecycle, record);
  });
}

/** Sees what a process receives. */
function watch(tap: Tap, record: ProcessRecord): void {
  const { instance } = record;
  const own = Object.getOwnPropertyDescriptor(instance, 'receive');
  const { receive } = instance;
  instance.receive = (envelope) => {
    received(tap, record, envelope);
    return receive.call(instance, envelope);
  };
  record.flags &= ~(PLAIN | PLAIN_CALLS);
  tap.undo(() => {
    Reflect.deleteProperty(instance, 'receive');
    if (own !== undefined) Object.defineProperty(instance, 'receive', own);
    record.flags |= instance[shortCuts]();
  });
}

function received(tap: Tap, record: ProcessRecord, envelope: Envelope): void {
  const to = record.pid;
  switch (envelope.kind) {
    case 'message': {
      const { from, message } = envelope;
      return void tap.open('deliver', to, { to, from, message, isCall: false });
    }
    case 'request': {
      const { from, request } = envelope;
      return void tap.open('deliver', to, { to, from, message: request, isCall: true });
    }
    case 'exit':
      return receivedExit(tap, record, envelope.exit);
    case 'down':
      return void tap.open('receive-down', to, { to, down: envelope.down });
    case 'event': {
      const { name, message } = envelope.event;
      const about = { to, event: name, message, meta: envelope.event };
      return void tap.open('receive-event', to, about);
    }
    default:
      return receivedRare(tap, record, envelope);
  }
}

function receivedRare(tap: Tap, record: ProcessRecord, envelope: Envelope): void {
  const to = record.pid;
  switch (envelope.kind) {
    case 'event-start':
    case 'event-stop':
      return void tap.open('receive-notice', to, {
        to,
        notice: envelope.kind,
        event: envelope.event,
      });
    case 'response':
      // What has no reference is a note that a supervisor sends to itself.
      if (!('ref' in envelope.response)) return undefined;
      return void tap.open('receive-response', to, { to, response: envelope.response });
    case 'inspect':
      if (record.current !== undefined) tap.inspections.add(record.current);
      return void tap.open('receive-inspect', to, {
        to,
        from: envelope.from,
        items: envelope.items,
      });
    default:
      // What a process gets as a logger was recorded when it was written.
      return undefined;
  }
}

function receivedExit(tap: Tap, record: ProcessRecord, exit: Exit): void {
  const known = tap.exits.get(record) ?? new WeakSet();
  tap.exits.set(record, known.add(exit));
  tap.open('receive-exit', record.pid, { to: record.pid, exit });
}
