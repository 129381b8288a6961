/** What a process that serves as logger has of that. */
export interface LoggerService {
  /** The name of the logger. */
  readonly name: string;
  /** It has taken a record of this thread. */
  taken(): void;
}
