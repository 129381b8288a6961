import {
  Actor,
  envKey,
  processName,
  reply,
  type Answer,
  type EnvKey,
  type LogLevel,
  type Pid,
  type Request,
} from 'tergo';

export const colour: EnvKey<string> = envKey('colour');

/** What a thread takes for settings of the node. */
export type Settings = readonly [colour: string | undefined, level: LogLevel];

type SetterRequest =
  | Request<{ type: 'set'; name: string; other: string; colour: string; level: LogLevel }, 'set'>
  | Request<{ type: 'look' }, Settings>
  | Request<{ type: 'look at'; whom: Pid<SetterProtocol> }, Settings>;

export interface SetterProtocol {
  request: SetterRequest;
}

/** Sets for the node what it is told, at a moment when another one is about to, and neither has heard of the other. */
export class Setter extends Actor<SetterProtocol> {
  override async handleCall(request: SetterRequest): Promise<Answer> {
    const { node } = this;
    switch (request.type) {
      case 'set':
        // A name is known on all threads at once, though this one tells and hears nothing meanwhile.
        this.registerName(processName(request.name));
        while (node.whereis(processName(request.other)) === undefined);
        node.setEnv(colour, request.colour);
        node.log.level = request.level;
        return reply(request, 'set');
      case 'look':
        return reply(request, [node.env(colour), node.log.level]);
      case 'look at':
        return reply(request, await this.call(request.whom, { type: 'look' }));
    }
  }
}
