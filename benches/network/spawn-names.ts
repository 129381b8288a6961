import { spawnName } from 'tergo';
import type { SpawnName } from 'tergo';
import type { EchoProtocol } from '../threads/echo.ts';
import type { SinkProtocol } from '../threads/flood.ts';

import type { BulkSinkProtocol } from './bulk.ts';

/** What the second node lends. */
export const sinkSpawn: SpawnName<SinkProtocol> = spawnName('sink');
export const echoSpawn: SpawnName<EchoProtocol> = spawnName('echo');
export const bulkSpawn: SpawnName<BulkSinkProtocol> = spawnName('bulk');
