import type { AnyEvent } from '../../event/event-name.ts';
import type { LocalAlias } from '../../process/alias.ts';
import type { AnyTarget } from '../../process/target.ts';
import { ProcessRecord } from '../../process/process-record.ts';
import { priorityOfSender } from './tap-messages.ts';
import { IN_PROGRESS, type Tap } from './tap.ts';

/** Links, monitors, events, names, aliases. */
export function tapRelations(tap: Tap): void {
  const { relations } = tap.runtime;
  tap.lay(relations, 'relate', (relate) => (consumer, kind, to) => {
    const entry = tap.open(kind, consumer.pid, { target: to as AnyTarget, ...IN_PROGRESS });
    return tap.promise(entry, () => relate.call(relations, consumer, kind, to));
  });
  tap.lay(relations, 'unrelate', (unrelate) => (consumer, kind, to) => {
    const name = kind === 'link' ? 'unlink' : 'demonitor';
    const entry = tap.open(name, consumer.pid, { target: to as AnyTarget, ...IN_PROGRESS });
    return tap.promise(entry, () => unrelate.call(relations, consumer, kind, to));
  });
  tapSubscriptions(tap);
  tapEvents(tap);
  tapNames(tap);
  tapAliases(tap);
}

function tapSubscriptions(tap: Tap): void {
  const { events } = tap.runtime;
  tap.lay(events, 'subscribe', (subscribe) => (consumer, via, event) => {
    const about = { event: nameOf(event), via, ...IN_PROGRESS };
    const entry = tap.open('subscribe', consumer.pid, about);
    return tap.promise(entry, () => subscribe.call(events, consumer, via, event));
  });
  tap.lay(events, 'unsubscribe', (unsubscribe) => (consumer, via, event) => {
    const about = { event: nameOf(event), via, ...IN_PROGRESS };
    const entry = tap.open('unsubscribe', consumer.pid, about);
    return tap.promise(entry, () => unsubscribe.call(events, consumer, via, event));
  });
}

function tapEvents(tap: Tap): void {
  const { events } = tap.runtime;
  tap.lay(events, 'register', (register) => (owner, event, options) => {
    const entry = tap.open('register-event', owner.pid, { event, options, ...IN_PROGRESS });
    return tap.attempt(entry, () => register.call(events, owner, event, options));
  });
  tap.lay(events, 'unregister', (unregister) => (owner, event) => {
    const entry = tap.open('unregister-event', owner.pid, { event, ...IN_PROGRESS });
    tap.attempt(entry, () => unregister.call(events, owner, event));
  });
  tap.lay(events, 'publish', (publish) => (sender, publisher, message, options) => {
    const event = typeof publisher === 'string' ? publisher : publisher.event;
    const priority = options?.priority ?? priorityOfSender(sender);
    const entry = tap.open('publish', sender.pid, { event, message, priority, result: undefined });
    return tap.result(entry, () => publish.call(events, sender, publisher, message, options));
  });
}

function tapNames(tap: Tap): void {
  const { names } = tap.runtime;
  tap.lay(names, 'register', (register) => (record, name) => {
    // A name among the options of a spawn stands in the record of the spawn.
    if (record instanceof ProcessRecord && record.instance === undefined)
      return register.call(names, record, name);
    const entry = tap.open('register-name', record.pid, { name, ...IN_PROGRESS });
    tap.attempt(entry, () => register.call(names, record, name));
  });
  tap.lay(names, 'unregister', (unregister) => (holder) => {
    const { name, record } = holder;
    const entry = tap.open('unregister-name', record.pid, { name, ...IN_PROGRESS });
    tap.attempt(entry, () => unregister.call(names, holder));
  });
}

function tapAliases(tap: Tap): void {
  const { aliases } = tap.runtime;
  tap.lay(aliases, 'create', (create) => (record) => {
    const entry = tap.open('create-alias', record.pid, { alias: undefined, ...IN_PROGRESS });
    return tap.attempt(entry, () => {
      const alias = create.call(aliases, record);
      entry.alias = alias;
      return alias;
    });
  });
  tap.lay(aliases, 'delete', (forget) => (record, alias) => {
    const entry = tap.open('delete-alias', record.pid, {
      alias: alias as LocalAlias,
      ...IN_PROGRESS,
    });
    tap.attempt(entry, () => forget.call(aliases, record, alias));
  });
}

function nameOf(event: unknown): string {
  const target = event as AnyEvent;
  return typeof target === 'object' && target !== null ? target.name : target;
}
