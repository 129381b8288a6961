import {
  Actor,
  cronActionTimeMs,
  cronJobName,
  cronRun,
  cronSend,
  cronSpawn,
  noreply,
  processName,
  reply,
  startNode,
} from 'tergo';
import type { Answer, CronFailure, Next, ProcessName, Request } from 'tergo';

type CacheMessage = { type: 'clear' } | { type: 'expire'; beforeMs: number };
const cacheName: ProcessName<{ message: CacheMessage }> = processName('cache');
type DoctorProtocol = { message: CronFailure; request: Request<{ type: 'failures' }, number> };
const doctorName: ProcessName<DoctorProtocol> = processName('doctor');

class Cache extends Actor<{ message: CacheMessage }> {
  override handleMessage(message: CacheMessage): Next {
    console.log('cache', message.type);
    return noreply;
  }
}

class Report extends Actor {
  override init(title: string): void {
    const forDay = new Date(this.env(cronActionTimeMs, 0));
    console.log(title, this.env(cronJobName), forDay.getTime() > 0);
  }
}

class Doctor extends Actor<DoctorProtocol> {
  #failures = 0;

  override handleMessage({ job, tag, error }: CronFailure): Next {
    this.#failures += 1;
    console.log(`${tag}: ${job} failed, ${error.message}`);
    return noreply;
  }

  override handleCall(request: DoctorProtocol['request']): Answer {
    return reply(request, this.#failures);
  }
}

async function backUp(): Promise<void> {
  throw new Error('disk full');
}

await using node = await startNode('cron@localhost', { log: { disableConsole: true } });
await node.spawn(Cache, { name: cacheName });
await node.spawn(Doctor, { name: doctorName });

node.cron.addJob({
  name: 'nightly',
  spec: '10 3 * * *',
  timeZone: 'Europe/Vienna',
  action: cronSend(cacheName, { type: 'clear' }),
});
node.cron.addJob({
  name: 'report',
  spec: '0 8 L * *', // 8:00 on the last day of each month
  timeZone: 'Europe/Vienna',
  action: cronSpawn(Report, { args: ['monthly report'] }),
});
node.cron.addJob({
  name: 'backup',
  spec: '*/30 2 * * *',
  action: cronRun(backUp, { description: 'back up the files' }),
  fallback: { to: doctorName, tag: 'storage' },
});

node.cron.addJob({
  name: 'expire',
  spec: '@monthly',
  action: cronRun(({ timeMs }) => node.send(cacheName, { type: 'expire', beforeMs: timeMs })),
});

console.log(await node.cron.runJob('nightly'));
console.log(await node.cron.runJob('report'));
console.log(await node.cron.runJob('expire'));
if ((await node.cron.runJob('backup')) === 'failed') {
  const { action, failed, lastError } = node.cron.jobInfo('backup');
  console.log(action, failed, lastError?.message);
}
console.log(await node.call(doctorName, { type: 'failures' }));

node.cron.disableJob('backup');
for (const { name, isEnabled, nextMs } of node.cron.info().jobs)
  console.log(name, isEnabled, nextMs !== undefined);

const march = { since: new Date('2026-03-28T00:00Z'), periodMs: 3 * 86_400_000 };
for (const timeMs of node.cron.jobSchedule('nightly', march))
  console.log(new Date(timeMs).toISOString());
