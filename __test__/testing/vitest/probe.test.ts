// A suite of vitest, which runs it in processes of its own: `frameworks.spec.ts` starts it and reads its report.
import { afterAll, expect, test, vi } from 'vitest';
import { Actor, noreply, startNode, type Next, type Pid } from 'tergo';
import { probe, stage, virtualClock } from 'tergo/testing';

class Echo extends Actor<{ message: number | undefined }> {
  override handleMessage(message: number | undefined, from: Pid<unknown>): Next {
    if (message !== undefined) this.send(from, message);
    return noreply;
  }
}

afterAll(() => {
  const open = process.getActiveResourcesInfo();
  expect(open.filter((one) => one === 'Timeout' || one === 'Immediate')).toEqual([]);
});

test('a probe', async () => {
  await using echo = await probe(Echo);
  await echo.send(5);
  echo.shouldOnce('send', { to: echo.unit.tester.pid, message: 5 });
  expect(() => echo.should('kill')).toThrow(/should kill/);
});

test('a stage, and a clock that stands still', async () => {
  const clock = virtualClock();
  await using node = await startNode('vitest@localhost', { clock });
  using watched = stage(node);
  const pid = await node.spawn(Echo);
  node.sendAfter(pid, undefined, 60_000);
  await clock.advance(60_000);
  await watched.shouldOnce('deliver', { to: pid });
});

test('a node goes on under fake timers', async () => {
  vi.useFakeTimers();
  try {
    await using node = await startNode('fake@localhost');
    const pid = await node.spawn(Echo);
    node.send(pid, undefined);
    node.kill(pid);
    expect(node.processState(pid)).toBe('terminated');
  } finally {
    vi.useRealTimers();
  }
});

test('a failed assertion shows its text', async () => {
  await using echo = await probe(Echo);
  echo.shouldOnce('send', { message: 5 });
});
