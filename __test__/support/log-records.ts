import type { LogRecord, Node } from 'tergo';

/** What a node logs from now on; grows while the test runs. */
export function recordLog(node: Node, name = 'records'): LogRecord[] {
  const records: LogRecord[] = [];
  node.addLogger(name, { log: (record) => void records.push(record) });
  return records;
}
