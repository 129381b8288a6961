import type { CodecExtension, CodecWorld } from '../codec/codec-world.ts';
import { type ErrorCode, TergoError } from '../error/tergo-error.ts';
import type { BindingScheduler } from '../native/load.ts';
import type { Runtime } from '../node/runtime.ts';
import { Home } from '../process/home.ts';
import { LocalAlias } from '../process/alias.ts';
import { LocalPid } from '../process/pid.ts';
import { NamedProcess } from '../process/process-id.ts';
import type { AliasWords, FarAliases } from './far-aliases.ts';
import type { FarPids } from './far-pids.ts';

const PID = 1;
const ALIAS = 2;
const PROCESS_ID = 3;
const ERROR = 4;

/** What the codec asks for when values travel between the threads of a node. */
export class FarWorld implements CodecWorld {
  readonly extensions: readonly CodecExtension[];
  /** The thread that a value is being encoded for: its blobs count on the way there. */
  #target = 0;
  #isForced = false;
  readonly #native: BindingScheduler;

  constructor(runtime: Runtime, pids: FarPids, aliases: FarAliases) {
    this.#native = runtime.native;
    this.extensions = [
      pidExtension(runtime, pids),
      aliasExtension(aliases),
      PROCESS_ID_EXTENSION,
      ERROR_EXTENSION,
    ];
  }

  /** Says for which thread the next value is encoded, and whether there is always room for it. */
  aim(thread: number, isForced: boolean): void {
    this.#target = thread;
    this.#isForced = isForced;
  }

  shape(text: string): number {
    return this.#native.shape(text);
  }

  shapeText(number: number): string | undefined {
    return this.#native.shapeText(number) ?? undefined;
  }

  putBlob(bytes: Uint8Array): number {
    return this.#native.putBlob(this.#target, bytes, this.#isForced);
  }

  takeBlob(number: number): ArrayBuffer {
    const buffer = this.#native.takeBlob(number);
    if (buffer === null) throw new TergoError('internal', `blob ${number} is gone`);
    return buffer;
  }
}

/** A pid of this node as four numbers; one of another node of this OS process with its name and creation. */
function pidExtension(runtime: Runtime, pids: FarPids): CodecExtension {
  return {
    Class: LocalPid,
    type: PID,
    write: (value) => {
      const pid = value as LocalPid;
      if (!pid.isOf(runtime.home)) return [pid.id, pid.node, pid.creation];
      const { thread, slot, generation, id } = pids.wordsOf(pid);
      return [thread, slot, generation, id];
    },
    read: (plain) => {
      if (isPidWords(plain)) return pids.at(...plain);
      const [id, node, creation] = plain as readonly [number, string, number];
      return foreignPid(node, creation, id);
    },
  };
}

/** Thread, slot, generation and id. */
function isPidWords(plain: unknown): plain is readonly [number, number, number, number] {
  return Array.isArray(plain) && plain.length === 4 && plain.every(Number.isSafeInteger);
}

/** A pid of another node of this OS process: good for nothing here but to be told apart and sent back. */
function foreignPid(node: string, creation: number, id: number): LocalPid {
  return new LocalPid(new Home(node, creation), id, 0, 0);
}

function aliasExtension(aliases: FarAliases): CodecExtension {
  return {
    Class: LocalAlias,
    type: ALIAS,
    write: (value) => {
      const { text, owner, thread, index, generation } = aliases.wordsOf(value as LocalAlias);
      return [text, owner, thread, index, generation];
    },
    read: (plain) => {
      const [text, owner, thread, index, generation] = plain as readonly [
        string,
        LocalPid,
        number,
        number,
        number,
      ];
      const words: AliasWords = { text, owner, thread, index, generation };
      return aliases.at(words);
    },
  };
}

const PROCESS_ID_EXTENSION: CodecExtension = {
  Class: NamedProcess,
  type: PROCESS_ID,
  write: (value) => [(value as NamedProcess).name, (value as NamedProcess).node],
  read: (plain) => new NamedProcess(...(plain as readonly [string, string])),
};

const ERROR_EXTENSION: CodecExtension = {
  Class: TergoError,
  type: ERROR,
  write: (value) => {
    const { code, message, stack, cause } = value as TergoError;
    return cause === undefined ? [code, message, stack] : [code, message, stack, cause];
  },
  read: (plain) => {
    const [code, message, stack, cause] = plain as readonly [ErrorCode, string, string, unknown];
    const error = new TergoError(code, message, cause === undefined ? {} : { cause });
    error.stack = stack;
    return error;
  },
};
