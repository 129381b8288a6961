import type { CodecExtension, CodecWorld } from '../codec/codec-world.ts';
import { knownCode } from '../error/known-code.ts';
import { TergoError } from '../error/tergo-error.ts';
import { MAX_THREADS } from '../native/layout.ts';
import type { BindingScheduler } from '../native/load.ts';
import type { Runtime } from '../node/runtime.ts';
import { LocalAlias } from '../process/alias.ts';
import { LocalPid } from '../process/pid.ts';
import { NamedProcess } from '../process/process-id.ts';
import { aliasIn, aliasWords, pidIn } from './address-words.ts';
import type { FarAliases } from './far-aliases.ts';
import type { FarPids, PidWords } from './far-pids.ts';
import type { Peers } from './peers.ts';
import type { RemoteHome } from './remote-home.ts';
import { YoungBallast } from './young-ballast.ts';

const PID = 1;
const ALIAS = 2;
const PROCESS_ID = 3;
const ERROR = 4;

/** Types of the extensions that a value may have. */
export const EXTENSION_TYPES: readonly number[] = [PID, ALIAS, PROCESS_ID, ERROR];

/** What the codec asks for when values travel between threads and nodes. */
export class FarWorld implements CodecWorld {
  readonly extensions: readonly CodecExtension[];
  /** The node that wrote the value being read; `undefined`: this one. */
  sender: RemoteHome | undefined = undefined;
  isForThread = true;
  /** Bytes that have left the value that is being encoded. */
  blobBytes = 0;
  /** The member of the fabric that a value is being encoded for: its blobs count on the way there. */
  #target = 0;
  #isForced = false;
  readonly #ballast = new YoungBallast();
  readonly #native: BindingScheduler;
  readonly #runtime: Runtime;
  readonly #pids: FarPids;
  readonly #peers: Peers;

  constructor(runtime: Runtime, pids: FarPids, aliases: FarAliases, peers: Peers) {
    this.#native = runtime.native;
    this.#runtime = runtime;
    this.#pids = pids;
    this.#peers = peers;
    this.extensions = [
      this.#pidExtension(),
      this.#aliasExtension(aliases),
      PROCESS_ID_EXTENSION,
      ERROR_EXTENSION,
    ];
  }

  /** Says for whom the next value is encoded, and whether there is always room for it. */
  aim(seat: number, isForced: boolean): void {
    this.#target = seat;
    this.isForThread = seat < MAX_THREADS;
    this.#isForced = isForced;
    this.blobBytes = 0;
  }

  /** The node behind a connection. */
  homeAt(seat: number): RemoteHome | undefined {
    return this.#peers.at(seat);
  }

  /** A process of this node, or of the one behind a connection. */
  pidAt(seat: number, words: PidWords): LocalPid {
    if (seat === 0) return this.#pids.at(words);
    const home = this.#peers.at(seat);
    if (home === undefined)
      throw new TergoError('internal', `a frame of the seat ${seat}, which nobody has`);
    return home.pid(words);
  }

  shape(text: string): number {
    return this.#native.shape(text);
  }

  shapeText(number: number): string | undefined {
    return this.#native.shapeText(number) ?? undefined;
  }

  variant(text: string): number {
    return this.#native.variant(text);
  }

  variantText(number: number): string | undefined {
    return this.#native.variantText(number) ?? undefined;
  }

  putBlob(bytes: Uint8Array): number {
    const ofSame = this.blobBytes;
    this.blobBytes += bytes.length;
    return this.#native.putBlob(this.#target, bytes, ofSame, this.#isForced);
  }

  takeBlob(number: number): ArrayBuffer {
    const buffer = this.#native.takeBlob(number);
    if (buffer === null) throw new TergoError('malformed', `blob ${number} is gone`);
    // Of a value that is not sent, or is encoded once more.
    this.blobBytes -= buffer.byteLength;
    this.#ballast.put(buffer.byteLength);
    return buffer;
  }

  /** Four numbers for a process of the node that writes; with node and creation after them for any other. */
  #pidExtension(): CodecExtension {
    return {
      Class: LocalPid,
      type: PID,
      write: (value) => {
        const pid = value as LocalPid;
        if (pid.isOf(this.#runtime.home)) {
          const { thread, slot, generation, id } = this.#pids.wordsOf(pid);
          return [thread, slot, generation, id];
        }
        const { thread, farSlot, generation, id, node, creation } = this.#peers.remoteOf(pid);
        return [thread, farSlot, generation, id, node, creation];
      },
      read: (plain) => {
        const { words, node, creation } = pidIn(plain);
        if (node === undefined) return this.#ofSender(words);
        const { home } = this.#runtime;
        if (node === home.node && creation === home.creation) return this.#pids.at(words);
        return this.#peers.home(node, creation).pid(words);
      },
    };
  }

  #ofSender(words: PidWords): LocalPid {
    return this.sender === undefined ? this.#pids.at(words) : this.sender.pid(words);
  }

  #aliasExtension(aliases: FarAliases): CodecExtension {
    return {
      Class: LocalAlias,
      type: ALIAS,
      write: (value) => aliasWords(aliases.wordsOf(value as LocalAlias)),
      read: (plain) => aliases.at(aliasIn(plain)),
    };
  }
}

const PROCESS_ID_EXTENSION: CodecExtension = {
  Class: NamedProcess,
  type: PROCESS_ID,
  write: (value) => [(value as NamedProcess).name, (value as NamedProcess).node],
  read: (plain) => {
    const [name, node] = Array.isArray(plain) ? (plain as readonly unknown[]) : [];
    if (typeof name === 'string' && typeof node === 'string') return new NamedProcess(name, node);
    throw new TergoError('malformed', 'a process id is no name and node');
  },
};

const ERROR_EXTENSION: CodecExtension = {
  Class: TergoError,
  type: ERROR,
  write: (value) => {
    const { code, message, stack, cause } = value as TergoError;
    return cause === undefined ? [code, message, stack] : [code, message, stack, cause];
  },
  read: (plain) => {
    const [code, message, stack, cause] = Array.isArray(plain) ? (plain as unknown[]) : [];
    if (typeof code !== 'string' || typeof message !== 'string')
      throw new TergoError('malformed', 'an error is no code and message');
    const known = knownCode(code);
    // Of one that only a newer version has the code is told by the text.
    const text = known === code ? message : `${code}: ${message}`;
    const error = new TergoError(known, text, cause === undefined ? {} : { cause });
    if (typeof stack === 'string') error.stack = stack;
    return error;
  },
};
