import { spawnName } from 'tergo';
import type { SpawnName } from 'tergo';
import type { EchoProtocol } from '../threads/echo.ts';
import type { SinkProtocol } from '../threads/flood.ts';

/** What the second node lends. */
export const sinkSpawn: SpawnName<SinkProtocol> = spawnName('sink');
export const echoSpawn: SpawnName<EchoProtocol> = spawnName('echo');
