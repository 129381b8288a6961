import { childSpec, processId, reply, Supervisor, type Answer, type SupervisorSpec } from 'tergo';
import { Aggregator } from './aggregator.ts';
import { Counters } from './counters.ts';
import type { Batch } from './batches.ts';
import type { Plan } from './plan.ts';
import type { ProgressLine } from './progress-line.ts';
import {
  aggregatorName,
  countersName,
  readerName,
  reporterName,
  type SupervisorProtocol,
} from './protocols.ts';
import { Reader } from './reader.ts';
import { Reporter } from './reporter.ts';

/**
 * Each one needs those before it: whoever crashes is restarted together with those after it. The reader
 * needs all and is needed by nobody; it alone ends when its work is done.
 */
export class CountSupervisor extends Supervisor<SupervisorProtocol> {
  override init(batches: readonly Batch[], plan: Plan, line: ProgressLine): SupervisorSpec {
    const aggregator = processId(aggregatorName, this.node.name);
    return {
      strategy: 'rest-for-one',
      children: [
        childSpec(aggregatorName, Aggregator, { args: [batches] }),
        childSpec(reporterName, Reporter, { args: [line] }),
        childSpec(countersName, Counters, { args: [plan.workers, aggregator] }),
        childSpec(readerName, Reader, { args: [plan] }),
      ],
    };
  }

  override handleCall(request: SupervisorProtocol['request']): Answer {
    return reply(request, this.restarts());
  }
}
