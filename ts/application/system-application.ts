import { VERSION } from '../version.ts';
import { Application } from './application.ts';
import type { ApplicationSpec } from './application-spec.ts';

/** Under this name every node knows it. */
export const SYSTEM_NAME = 'system';

/**
 * The application that every node has, always running: what Tergo itself spawns will belong to it. Nothing
 * does so far, and nothing is ever reported to anybody. Source: Ergo `system_app`, without its metrics.
 */
export class SystemApplication extends Application {
  override load(): ApplicationSpec {
    const description = 'what Tergo itself runs';
    return { name: SYSTEM_NAME, description, version: VERSION, mode: 'permanent', group: [] };
  }
}
