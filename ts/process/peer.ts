import type { FarPid } from '../far/far-pid.ts';
import type { ProcessRecord } from './process-record.ts';

/** A living process of this node, by what this thread has of it: its record, or its pid if it lives on another one. */
export type Peer = ProcessRecord | FarPid;
