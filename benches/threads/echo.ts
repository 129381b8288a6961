import { Actor, reply, type Answer, type Request } from 'tergo';

export type EchoProtocol = { request: Request<{ type: 'echo'; value: number }, number> };

/** Answers each call with what it carries. */
export class Echo extends Actor<EchoProtocol> {
  override handleCall(request: { type: 'echo'; value: number }): Answer {
    return reply(request, request.value);
  }
}
