import type { AnyPid } from '../../process/pid.ts';
import type { ProcessRecord } from '../../process/process-record.ts';
import { IN_PROGRESS, type Tap } from './tap.ts';

/** The jobs of a node, and their runs. */
export function tapCron(tap: Tap): void {
  const { cron } = tap.runtime;
  const doer = tapDoer(tap);
  tap.lay(cron, 'add', (add) => (job) => {
    const { name, spec, timeZone, action, fallback, isEnabled = true } = job ?? {};
    const about = { job: name, spec, timeZone, action: action?.description, fallback, isEnabled };
    const entry = tap.open('cron-add', doer(), { ...about, ...IN_PROGRESS });
    tap.attempt(entry, () => add.call(cron, job));
  });
  tap.lay(cron, 'remove', (remove) => (job) => {
    const entry = tap.open('cron-remove', doer(), { job, ...IN_PROGRESS });
    tap.attempt(entry, () => remove.call(cron, job));
  });
  tap.lay(cron, 'enable', (enable) => (job) => {
    const entry = tap.open('cron-enable', doer(), { job, ...IN_PROGRESS });
    tap.attempt(entry, () => enable.call(cron, job));
  });
  tap.lay(cron, 'disable', (disable) => (job) => {
    const entry = tap.open('cron-disable', doer(), { job, ...IN_PROGRESS });
    tap.attempt(entry, () => disable.call(cron, job));
  });
  tap.lay(cron, 'perform', (perform) => (scheduled, run) => {
    const { job, timeMs, missed, via } = run;
    const entry = tap.open('cron-run', doer(), { job, timeMs, missed, via, ...IN_PROGRESS });
    return tap.promise(entry, () => perform.call(cron, scheduled, run));
  });
}

/** Tells which process does what is done now: the one whose callback is on the stack, else the node. */
function tapDoer(tap: Tap): () => AnyPid {
  const { dispatcher, core } = tap.runtime;
  // One that runs `terminate` is no longer among the living.
  const entered: ProcessRecord[] = [];
  tap.lay(dispatcher, 'enter', (enter) => (record) => {
    entered.push(record);
    return enter.call(dispatcher, record);
  });
  tap.lay(dispatcher, 'leave', (leave) => (record, before) => {
    entered.pop();
    leave.call(dispatcher, record, before);
  });
  return () => (entered.at(-1) ?? dispatcher.running ?? core).pid;
}
