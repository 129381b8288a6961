import { Puppet } from './puppet.ts';

if (process.env['TERGO_TEST_FLAKY'] === 'yes') {
  // What a module begins before it fails keeps its thread alive.
  setInterval(() => undefined, 1000);
  throw new Error('this module is flaky');
}

export class Flaky extends Puppet {}
