import {
  Actor,
  Application,
  childSpec,
  env,
  envKey,
  processName,
  reply,
  startNode,
  Supervisor,
  type Answer,
  type ApplicationMode,
  type ApplicationSpec,
  type EnvKey,
  type ExitReason,
  type ProcessName,
  type Request,
  type SupervisorSpec,
} from 'tergo';

type Scale = Request<{ type: 'scale'; width: number }, number>;
const scalerName: ProcessName<{ request: Scale }> = processName('scaler');
export const quality: EnvKey<number> = envKey('quality');

class Scaler extends Actor<{ request: Scale }> {
  override handleCall(request: Scale): Answer {
    return reply(request, (request.width * this.env(quality, 80)) / 100);
  }
}

class ImageSupervisor extends Supervisor {
  override init(): SupervisorSpec {
    return { strategy: 'one-for-one', children: [childSpec(scalerName, Scaler)] };
  }
}

// Another application, which the one below needs.
class Metrics extends Application {
  override load(): ApplicationSpec {
    return { name: 'metrics', group: [childSpec('counters', Counters)] };
  }
}

class Counters extends Actor {}

export class Images extends Application {
  override load(): ApplicationSpec {
    return {
      name: 'images',
      description: 'scales images',
      mode: 'permanent',
      depends: ['metrics'],
      env: [env(quality, 90)],
      group: [childSpec('image-supervisor', ImageSupervisor)],
    };
  }

  override start(mode: ApplicationMode): void {
    console.log('images runs,', mode);
  }

  override terminate(reason: ExitReason): void {
    console.log('images has ended,', reason);
  }
}

await using node = await startNode('images@localhost', {
  applications: [Metrics, Images],
  env: [env(quality, 70)],
  log: { level: 'disabled' },
});
console.log(await node.call(scalerName, { type: 'scale', width: 200 }));

// For this run only; the next one starts as the spec says.
await node.applications.restart('images', { env: [env(quality, 50)] });
console.log(await node.call(scalerName, { type: 'scale', width: 200 }));

const { state, processes } = node.applications.info('images');
console.log(state, processes);
const [top] = node.applications.tree('images');
console.log(top?.behaviour, '>', top?.children[0]?.behaviour);
await node.applications.stop('images');
console.log(node.applications.list().map(({ name, state }) => `${name} ${state}`));
