import type { FarPid } from '../far/far-pid.ts';
import type { RemoteName } from '../far/remote-name.ts';
import type { RemotePid } from '../far/remote-pid.ts';
import type { ProcessRecord } from './process-record.ts';

/** A living process of this node, by what this thread has of it: its record, or its pid if it lives on another one. */
export type NodeProcess = ProcessRecord | FarPid;

/** Whoever can be sent something: a process of this node, one of another node, or whoever has a name there. */
export type Peer = NodeProcess | RemotePid | RemoteName;
