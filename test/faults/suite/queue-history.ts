import type { Client } from '@temporalio/client';
import { audit } from '../../../cli/audit/audit';
import { readLlmCalls } from '../../../cli/audit/count-llm-calls';
import { reconcile } from '../../../cli/audit/reconcile';
import type { AuditReport } from '../../../cli/audit/report';
import { createWorkflowLookup } from '../../../cli/audit/workflow-lookup';
import { addAudits } from './add-reports';
import { checkChain, type ChainReport } from './chain-check';
import { createKeptSource, keepQueue, type KeepQueueOptions, type KeptQueue } from './kept-queue';

/** The queue topic, and those that had its name before it was deleted and made again. */
export interface QueueHistory {
  /** Right before it is deleted, with everything in it committed and nobody producing. */
  keep(): Promise<void>;
  /** Of all of them, added up. */
  audit(): Promise<AuditReport>;
  chain(): Promise<ChainReport>;
}

export interface QueueHistoryOptions extends KeepQueueOptions {
  client: Client;
  jobIdsOnce: boolean;
  simulatorUrl?: string;
}

/** Judges topics when everything has come to rest, since jobs outlive the topic they came from. */
export function createQueueHistory(options: QueueHistoryOptions): QueueHistory {
  const { kafka, client, topics, groupId, jobIdsOnce, simulatorUrl } = options;
  const earlier: KeptQueue[] = [];

  return {
    async keep() {
      earlier.push(await keepQueue({ kafka, topics, groupId }));
    },
    async audit() {
      const reports: AuditReport[] = [];
      for (const kept of earlier) reports.push(await auditKept(kept));
      reports.push(await audit({ kafka, client, topics, groupId, jobIdsOnce, simulatorUrl }));
      return addAudits(reports);
    },
    chain: () =>
      checkChain({
        client,
        kafka,
        queue: topics.queue,
        deadLetterTopic: topics.deadLetters,
        jobIdsOnce,
        earlier,
      }),
  };

  async function auditKept(kept: KeptQueue): Promise<AuditReport> {
    const { report } = await reconcile({
      source: createKeptSource(kept, { kafka, topics, groupId }),
      lookup: createWorkflowLookup(client, topics.queue),
      topic: topics.queue,
      group: groupId,
      jobIdsOnce,
      readLlmCalls: simulatorUrl === undefined ? undefined : () => readLlmCalls(simulatorUrl),
    });
    return report;
  }
}
