import { Application, childSpec, cronSend, type ApplicationSpec } from 'tergo';
import { CountSupervisor } from './count-supervisor.ts';
import type { Batch } from './batches.ts';
import type { Plan } from './plan.ts';
import type { ProgressLine } from './progress-line.ts';
import { reporterName, supervisorName } from './protocols.ts';

/** The application: one supervisor with everybody below it, and a job that tells how far it is. */
export class CountWords extends Application {
  override load(batches: readonly Batch[], plan: Plan, line: ProgressLine): ApplicationSpec {
    return {
      name: 'count-words',
      description: 'counts the words of files',
      mode: 'permanent',
      group: [childSpec(supervisorName, CountSupervisor, { args: [batches, plan, line] })],
    };
  }

  override start(): void {
    const action = cronSend(reporterName, { type: 'report' });
    this.node.cron.addJob({ name: 'progress', spec: '* * * * *', action });
  }

  override stop(): void {
    this.node.cron.removeJob('progress');
  }
}
