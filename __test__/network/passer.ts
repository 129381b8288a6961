import { Actor, reply, type Answer, type Next, type Pid, type Request } from 'tergo';

/** Who answers, and what it was asked with. */
type Passed = readonly [by: string, tag: number];

export interface PasserProtocol {
  message: { readonly type: 'end thread' };
  /** Goes to each of these in turn; the last answers. */
  request: Request<
    { readonly type: 'pass'; readonly to: Pid<PasserProtocol>[]; readonly tag: number },
    Passed
  >;
}

/** Hands calls on. */
export class Passer extends Actor<PasserProtocol> {
  override handleMessage(): Next {
    process.exit(1);
  }

  override handleCall(request: PasserProtocol['request']): Answer {
    const next = request.to.shift();
    return next === undefined
      ? reply(request, [String(this.pid), request.tag])
      : this.forward(next, request);
  }
}
