import assert from 'node:assert';
import { test } from 'node:test';
import { Actor, cronSend, noreply, type Next } from 'tergo';
import { probe, startUnit } from 'tergo/testing';

type Tick = { type: 'tick' };

/** Rings every day at noon in Vienna. */
class Bell extends Actor<{ message: Tick }> {
  override init(): void {
    const action = cronSend(this.pid, { type: 'tick' });
    const spec = '0 12 * * *';
    this.node.cron.addJob({ name: 'bell', spec, timeZone: 'Europe/Vienna', action });
  }

  override handleMessage(_tick: Tick): Next {
    this.log.info('ding dong');
    return noreply;
  }

  override terminate(): void {
    this.node.cron.removeJob('bell');
  }
}

test('the bell rings at noon, summer time or not', async () => {
  await using unit = await startUnit({ startAt: new Date('2026-03-28T12:00Z') });
  const bell = await probe(Bell, { unit });
  bell.shouldOnce('cron-add', { job: 'bell', spec: '0 12 * * *' });

  await unit.clock.advanceTo(new Date('2026-03-29T10:00Z')); // noon, as the clocks have changed
  unit.shouldOnce('cron-run', { job: 'bell', state: 'done' });
  bell.shouldOnce('log', { message: 'ding dong' });

  await bell.exit('shutdown');
  bell.shouldOnce('cron-remove', { job: 'bell', state: 'done' });
});

test('a run that cannot be done is logged', async () => {
  await using unit = await startUnit();
  await probe(Bell, { unit });
  unit.fail('cron-run', { with: new Error('out of order'), times: 1 });
  assert.equal(await unit.node.cron.runJob('bell'), 'failed');
  unit.shouldOnce('log', { level: 'error', fields: { job: 'bell' } });
});
