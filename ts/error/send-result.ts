/**
 * What is known at once about a send. `'ok'` means accepted; everything else means that nothing was
 * sent, and why. A send never throws for a state of its target.
 */
export type SendResult =
  | 'ok'
  | 'process-unknown'
  | 'process-incarnation'
  | 'process-mailbox-full'
  | 'name-unknown'
  | 'alias-unknown'
  | 'event-unknown'
  | 'event-owner'
  | 'no-connection'
  | 'not-allowed'
  | 'too-large'
  | 'unsupported'
  | 'response-ignored'
  | 'node-terminated';
