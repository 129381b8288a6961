import type { AnyPid, LogRecord, Node } from 'tergo';

/** All that a node logs from now on; grows while the test runs. */
export function recordWholeLog(node: Node, name = 'records'): LogRecord[] {
  const records: LogRecord[] = [];
  node.addLogger(name, { log: (record) => void records.push(record) });
  return records;
}

/** The same without the reports of blocked callbacks, which a busy machine adds. */
export function recordLog(node: Node, name = 'records'): LogRecord[] {
  const records: LogRecord[] = [];
  node.addLogger(name, {
    log: (record) => {
      if (!record.message.includes('blocked the thread')) records.push(record);
    },
  });
  return records;
}

/** What a process has logged, or the node of it. */
export function ofProcess(log: readonly LogRecord[], pid: AnyPid): readonly LogRecord[] {
  return log.filter(({ source }) => source.type === 'process' && source.pid === pid);
}
