import { setTimeout as delay } from 'node:timers/promises';
import type { SentRecord } from './account';
import { now } from './clock';
import { valueOf, type PlannedRecord } from './schedule';

/** Where records go. Resolves when they are durable. */
export type SendRecords = (records: PlannedRecord[]) => Promise<void>;

export interface SentLoad {
  sent: SentRecord[];
  /** How late the sender was at worst; it never waits for an answer before it goes on. */
  worstLateMs: number;
  sentPerSecond: number;
  /** Records whose sending failed: they were never the system's, and are not counted. */
  refused: number;
}

const TICK_MS = 10;

/** Sends each record at its time, whatever has become of those before. Resolves when the last one is durable or refused. */
export async function sendLoad(
  records: PlannedRecord[],
  beganAt: number,
  send: SendRecords,
  signal: AbortSignal,
): Promise<SentLoad> {
  const sent: SentRecord[] = [];
  const refusedIds = new Set<string>();
  const under = new Set<Promise<void>>();
  let worstLateMs = 0;
  for (let next = 0; next < records.length && !signal.aborted;) {
    const at = now();
    const due: PlannedRecord[] = [];
    while (next < records.length && beganAt + records[next]!.at <= at) due.push(records[next++]!);
    if (due.length > 0) {
      worstLateMs = Math.max(worstLateMs, at - beganAt - due[0]!.at);
      for (const { id, poison, slow } of due) sent.push({ id, poison, slow, sentAt: at });
      const sending: Promise<void> = send(due)
        .catch(() => due.forEach(({ id }) => refusedIds.add(id)))
        .finally(() => under.delete(sending));
      under.add(sending);
    }
    await delay(TICK_MS, undefined, { signal }).catch(() => {});
  }
  const tookMs = now() - beganAt;
  await Promise.all(under);
  return {
    sent: sent.filter(({ id }) => !refusedIds.has(id)),
    worstLateMs: Math.round(worstLateMs),
    sentPerSecond: sent.length / (tookMs / 1_000),
    refused: refusedIds.size,
  };
}

export const valuesOf = (records: PlannedRecord[]): Buffer[] => records.map(valueOf);
