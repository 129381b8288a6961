import assert from 'node:assert/strict';
import test from 'node:test';
import { Application, childSpec, startNode, type ApplicationSpec } from 'tergo';
import { stage, virtualClock } from 'tergo/testing';
import { counterName } from '../counter-contract.ts';
import { Counter } from '../counter.ts';

class Counting extends Application {
  override load(): ApplicationSpec {
    return {
      name: 'counting',
      mode: 'permanent',
      group: [childSpec(counterName, Counter, { args: [0] })],
    };
  }
}

test('an application ends with its member, for the same reason', async () => {
  const clock = virtualClock();
  await using node = await startNode('counting@localhost', {
    applications: [Counting],
    clock,
    log: { disableConsole: true },
  });
  using s = stage(node);

  node.sendAfter(counterName, { type: 'reset' }, 60_000);
  await clock.advance(60_000);
  await s.shouldOnce('terminate', { reason: 'normal' });
  const { state, lastReason } = node.applications.info('counting');
  assert.deepEqual([state, lastReason], ['loaded', 'normal']);
});
