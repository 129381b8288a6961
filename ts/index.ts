export type {
  EventOf,
  MessageOf,
  Protocol,
  Accepts,
  ReplyOf,
  ReplyTo,
  Remembers,
  Request,
  RequestOf,
  TypeOf,
} from './protocol/protocol.ts';
export { env, envKey, type EnvEntry, type EnvKey } from './env/env-key.ts';
export {
  eventId,
  eventName,
  type AnyEvent,
  type EventId,
  type EventName,
  type EventTarget,
} from './event/event-name.ts';
export type { EventMessage, EventMeta, EventOptions, Publisher } from './event/event-message.ts';
export type { SubscribeOptions, Subscription } from './event/subscription.ts';
export { processId, type ProcessId } from './process/process-id.ts';
export { processName, type ProcessName } from './process/process-name.ts';
export type { AnyPid, Pid } from './process/pid.ts';
export type { Alias } from './process/alias.ts';
export type { AnyTarget, Target } from './process/target.ts';
export type { Priority } from './process/priority.ts';
export type { Compression } from './process/compression.ts';
export type { Envelope } from './process/envelope.ts';
export type { ProcessState } from './process/process-state.ts';
export type {
  MailboxQueues,
  ProcessInfo,
  ProcessListOptions,
  ProcessShortInfo,
  RelationTargetInfo,
} from './process/process-info.ts';
export type {
  FallbackMessage,
  Optional,
  Placement,
  ProcessOptions,
  SpawnOptions,
  WithArgs,
} from './process/process-options.ts';
export { Process } from './process/process.ts';
export type { ProcessIdentity } from './process/process-identity.ts';
export type { ProcessMessaging } from './process/process-messaging.ts';
export type { ProcessRelations } from './process/process-relations.ts';
export { TergoError, type ErrorCode } from './error/tergo-error.ts';
export type { ExitReason } from './error/exit-reason.ts';
export type { SendResult } from './error/send-result.ts';
export { noreply, reply, replyError, stop, unhandled } from './actor/outcome.ts';
export type { Answer, MaybePromise, Next, Replied, Stop } from './actor/outcome.ts';
export type {
  Behaviour,
  HandlesCalls,
  HandlesEvents,
  HandlesMessages,
  Speaks,
} from './actor/behaviour.ts';
export { Actor } from './actor/actor.ts';
export type { CallbackProcess } from './actor/callback-process.ts';
export {
  childSpec,
  childTemplate,
  type ChildOptions,
  type ChildProcessOptions,
  type ChildSpec,
  type ChildTemplate,
  type SupervisionOptions,
  type TemplateOptions,
} from './supervisor/child-spec.ts';
export type { ChildInfo, ChildState, OnExceed, RestartInfo } from './supervisor/child-info.ts';
export type { Restart } from './supervisor/restart.ts';
export type {
  GroupSpec,
  OneForOneSpec,
  RestartSpec,
  SimpleSpec,
  SupervisorSpec,
} from './supervisor/supervisor-spec.ts';
export { Supervisor } from './supervisor/supervisor.ts';
export { Application, type ApplicationClass, type Loads } from './application/application.ts';
export type {
  ApplicationInfo,
  ApplicationState,
  MemberInfo,
  ProcessTree,
} from './application/application-info.ts';
export type { ApplicationMode, ApplicationSpec } from './application/application-spec.ts';
export type { Applications, StartOptions, StopOptions } from './application/applications.ts';
export type { ForwardingProcess } from './actor/forwarding-process.ts';
export { consistentHash, type ConsistentHash } from './pool/consistent-hash.ts';
export { poolSpec, type ItemOf, type PoolOptions, type PoolSpec } from './pool/pool-spec.ts';
export type { PoolStatistics, WorkerStatistics } from './pool/pool-statistics.ts';
export { Pool } from './pool/pool.ts';
export type { PoolRoute, PoolRouteName } from './pool/pool-route.ts';
export { discard, type Routed, type RouteFailure, type RouteFailureCode } from './router/routed.ts';
export type { RouteInfo } from './router/route-info.ts';
export {
  route,
  routeTo,
  type Route,
  type RouteOptions,
  type RouterSpec,
} from './router/router-spec.ts';
export { Router } from './router/router.ts';
export type { CallOptions, RequestOptions, SendOptions } from './call/call-options.ts';
export type { Caller } from './call/caller.ts';
export { isResponseTo, type RequestRef, type Response } from './call/response.ts';
export type { Down, Ended, Exit } from './relation/ended.ts';
export type { Timer } from './timer/timer.ts';
export type { Cron } from './cron/cron.ts';
export {
  cronActionTimeMs,
  cronJobName,
  cronNodeName,
  cronRemoteSpawn,
  cronRun,
  cronSend,
  cronSpawn,
  type CronAction,
} from './cron/cron-action.ts';
export type {
  CronFallback,
  CronInfo,
  CronJob,
  CronJobInfo,
  CronPeriod,
  CronTime,
} from './cron/cron-job.ts';
export type { CronFailure, CronResult, CronRun } from './cron/cron-run.ts';
export type { Log } from './log/log.ts';
export type { LogLevel, WrittenLevel } from './log/log-level.ts';
export type { LogFields, LogRecord, LogSource } from './log/log-record.ts';
export type { Logger, LoggerInfo, LoggerOptions, NamedLogger } from './log/logger.ts';
export type { LineFormat, LineOptions } from './log/line-format.ts';
export { ConsoleLogger, type ConsoleLoggerOptions } from './log/console-logger.ts';
export { FileLogger, type FileLoggerOptions } from './log/file-logger.ts';
export type { OldFilesOptions } from './log/old-files.ts';
export { PinoLogger, type PinoInstance } from './log/pino-logger.ts';
export type { Messenger } from './node/messenger.ts';
export { type Node } from './node/node.ts';
export type { NodeInfo } from './node/node-info.ts';
export type { ThreadInfo } from './thread/thread-info.ts';
export type { Clock, ClockMember } from './scheduler/clock.ts';
export type { LogOptions, NodeOptions, SecurityOptions } from './node/node-options.ts';
export { spawnName, type SpawnName } from './network/spawn-name.ts';
export { networkEvent, type NetworkEvent } from './network/network-event.ts';
export type { AllowOptions } from './network/allow-options.ts';
export type { ConnectOptions, Network } from './network/network.ts';
export type { RemoteNode } from './network/remote-node.ts';
export type { RemoteStartOptions } from './network/remote-start-options.ts';
export type { ApplicationRoute, ResolveOptions } from './network/application-route.ts';
export type {
  AllowedInfo,
  NetworkInfo,
  RegistrarInfo,
  RemoteNodeInfo,
} from './network/network-info.ts';
export type {
  AcceptorOptions,
  HandshakeOptions,
  NetworkMode,
  NetworkOptions,
  RegistrarOptions,
} from './network/network-options.ts';
export {
  validators,
  type ProcessValidators,
  type ValidatorSchemas,
} from './network/process-validators.ts';
export type { SchemaIssue, SchemaResult, StandardSchema } from './network/standard-schema.ts';
export type { AcceptorInfo } from './network/acceptor-info.ts';
export type { NetworkFlags } from './network/network-flags.ts';
export type { NetworkRouteFailure, NetworkRouteInfo } from './network/route-info.ts';
export type { DialRoute } from './network/dial-route.ts';
export type {
  NodeAnnouncement,
  NodeRoute,
  Registrar,
  RegistrarAsking,
  RegistrarEvents,
} from './network/registrar.ts';
export type { NetworkRoute, NetworkRouteEntry } from './network/network-route.ts';
export type { TlsOptions } from './network/tls-options.ts';
export type { StopReport } from './node/stop-report.ts';
export { startNode } from './node/start-node.ts';
