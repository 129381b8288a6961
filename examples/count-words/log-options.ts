import type { LogOptions } from 'tergo';
import type { LogFormat } from './arguments.ts';

/** How a node logs. */
export function logOptions(format: LogFormat, output: (text: string) => void): LogOptions {
  return format === 'off' ? { disableConsole: true } : { format, output };
}
