import { TergoError, type Alias, type AnyPid, type Ended } from 'tergo';

/** A pid as the journal says it: of which incarnation of its node it is does not stand in its text. */
export function textOf(pid: AnyPid): string {
  return `${pid} of ${pid.creation}`;
}

/** The same of an alias: that of a process of the next incarnation may have the same text. */
export function aliasText(alias: Alias<never>): string {
  const { owner } = alias as unknown as { readonly owner: AnyPid };
  return `${alias.alias} of ${owner.creation}`;
}

/** What a notice is about, as the journal says it. */
export function keyOf(ended: Ended): string {
  switch (ended.kind) {
    case 'pid':
      return `pid:${textOf(ended.pid)}`;
    case 'alias':
      return `alias:${aliasText(ended.alias)}`;
    case 'node':
      return `node:${ended.node}`;
    default:
      return `${ended.kind}:${ended.name}@${ended.node}`;
  }
}

/** A reason, or why something was refused, as the journal says it. */
export function reasonText(reason: unknown): string {
  if (reason instanceof TergoError) return reason.code;
  return reason instanceof Error ? reason.message : String(reason);
}
