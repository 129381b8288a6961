/**
 * What a process is doing: `init` – its `init` is not over; `sleep` – no message to take; `running` –
 * a callback runs or its promise is pending; `wait-response` – that promise waits for a call;
 * `zombie` – killed inside a callback that has not returned; `terminated`. Source: Ergo `gen.ProcessState`.
 */
export type ProcessState = 'init' | 'sleep' | 'running' | 'wait-response' | 'zombie' | 'terminated';
