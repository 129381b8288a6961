import { checkBoolean, checkOptions } from '../error/check.ts';

/** What a node lets its peers do and does with them; each is in force between two nodes that both have it. All on by default. Source: Ergo `gen.NetworkFlags`. */
export interface NetworkFlags {
  /** What `enableSpawn` lends may be spawned by other nodes. */
  readonly remoteSpawn: boolean;
  /** What `enableApplicationStart` names may be started by other nodes. */
  readonly remoteApplicationStart: boolean;
  /** Important messages, calls and answers are confirmed; refused with `unsupported` where they are not. */
  readonly importantDelivery: boolean;
}

/** Throws `incorrect`, naming the key. @internal */
export function checkFlags(argument: string, flags: Partial<NetworkFlags>): void {
  checkOptions(argument, flags, ['remoteSpawn', 'remoteApplicationStart', 'importantDelivery']);
  for (const [key, value] of Object.entries(flags))
    if (value !== undefined) checkBoolean(`${argument}.${key}`, value);
}
