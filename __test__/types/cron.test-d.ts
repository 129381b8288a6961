import { Actor, cronActionTimeMs, cronJobName, cronRun, cronSend, cronSpawn, noreply } from 'tergo';
import { processName } from 'tergo';
import type {
  Cron,
  CronAction,
  CronFailure,
  CronResult,
  CronRun,
  Next,
  Node,
  Pid,
  ProcessName,
} from 'tergo';
import type { RecordOf } from 'tergo/testing';
import { counterName, type CounterProtocol } from '../../docs/samples/counter-contract.ts';
import { Counter } from '../../docs/samples/counter.ts';
import { type Equal, expect, fits } from './expect.ts';

declare const node: Node;
declare const counter: Pid<CounterProtocol>;
declare const doctor: Pid<unknown>;
declare const shell: ProcessName<unknown>;
class Free extends Actor {}
class Doctor extends Actor<{ message: CronFailure | { type: 'hello' } }> {
  override handleMessage(): Next {
    return noreply;
  }
}
const doctorName: ProcessName<{ message: CronFailure | { type: 'hello' } }> = processName('doctor');

expect<Equal<typeof node.cron, Cron>>();

// A message is checked against the protocol of its target, as by `send`.
const send = cronSend(counterName, { type: 'reset' });
expect<Equal<typeof send, CronAction>>();
cronSend(counter, { type: 'add', by: 1 }, { priority: 'high' });
cronSend(shell, ['anything']);
// @ts-expect-error the counter has no such message
cronSend(counterName, { type: 'subtract', by: 1 });
// @ts-expect-error a bare string accepts nothing
cronSend('counter', { type: 'reset' });
// @ts-expect-error there is no such priority
cronSend(counterName, { type: 'reset' }, { priority: 'low' });

// A spawn is checked like one of the node.
cronSpawn(Free);
cronSpawn(Counter, { args: [1], name: counterName, priority: 'high' });
// @ts-expect-error the arguments of init are required
cronSpawn(Counter);
// @ts-expect-error and are numbers
cronSpawn(Counter, { args: ['1'] });
// @ts-expect-error the name is another protocol's
cronSpawn(Counter, { args: [1], name: doctorName });
fits<string | undefined>(node.env(cronJobName));
fits<number>(node.env(cronActionTimeMs, 0));

// A function takes the run and gives nothing or the result of a send, now or later.
cronRun((run) => {
  expect<Equal<typeof run, CronRun>>();
});
cronRun(({ timeMs }) => node.send(counterName, { type: 'add', by: timeMs }));
// @ts-expect-error what else it gives would be lost
cronRun(() => 5);
cronRun(() => {});
cronRun(async ({ job }) => fits<string>(job), { description: 'x' });

const job = { name: 'job', spec: '@daily', action: cronRun(() => {}) } as const;
node.cron.addJob({ ...job, fallback: { to: doctorName, tag: 'x' }, isEnabled: false });
node.cron.addJob({ ...job, fallback: { to: doctor, tag: 'x' } });
// @ts-expect-error a bare string accepts nothing
node.cron.addJob({ ...job, fallback: { to: 'doctor', tag: 'x' } });
// @ts-expect-error the counter cannot be told of a failure
node.cron.addJob({ ...job, fallback: { to: counterName, tag: 'x' } });
// @ts-expect-error only the three functions make an action
node.cron.addJob({ ...job, action: { description: 'mine' } });
// @ts-expect-error an action is required
node.cron.addJob({ name: 'job', spec: '@daily' });

const result = node.cron.runJob('job');
expect<Equal<typeof result, Promise<CronResult>>>();
fits<number | undefined>(node.cron.info().next?.timeMs);
fits<Error | undefined>(node.cron.jobInfo('job').lastError);
fits<readonly number[]>(node.cron.jobSchedule('job', { periodMs: 1 }));
// @ts-expect-error a period has a length
node.cron.schedule({ since: new Date() });

declare const run: RecordOf<'cron-run'>;
expect<Equal<typeof run.via, CronRun['via']>>();
void Doctor;
