/** Coordinates of a record. `offset` as Kafka clients give it, `timestamp` in milliseconds since 1970. */
export interface RecordCoordinates {
  topic: string;
  partition: number;
  offset: string;
  timestamp: number;
}

/**
 * Workflow id of the pack that begins with this record. Released: never change it, since a redelivered record
 * is recognised by it. The timestamp keeps a topic apart from its successor of the same name, whose offsets
 * start over. At most 249 + 10 + 19 + 13 + 3 characters, of which Kafka's limit for topic names is 249.
 */
export function packWorkflowId(first: RecordCoordinates): string {
  return `${first.topic}-${first.partition}-${first.offset}-${first.timestamp}`;
}

/**
 * Id of a job whose sender gave none. Separated by colons, so that it never equals the id of a pack: a job
 * that leaves its pack becomes a workflow of its own beside the pack.
 */
export function jobIdOf(record: RecordCoordinates): string {
  return `${record.topic}:${record.partition}:${record.offset}:${record.timestamp}`;
}
