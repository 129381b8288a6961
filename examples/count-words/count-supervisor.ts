import { childSpec, reply, Supervisor, type Answer, type SupervisorSpec } from 'tergo';
import { Aggregator } from './aggregator.ts';
import { Counters } from './counters.ts';
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
  override init(paths: readonly string[], workers: number, line: ProgressLine): SupervisorSpec {
    return {
      strategy: 'rest-for-one',
      children: [
        childSpec(aggregatorName, Aggregator, { args: [paths] }),
        childSpec(reporterName, Reporter, { args: [line] }),
        childSpec(countersName, Counters, { args: [workers] }),
        childSpec(readerName, Reader, { args: [workers] }),
      ],
    };
  }

  override handleCall(request: SupervisorProtocol['request']): Answer {
    return reply(request, this.restarts());
  }
}
