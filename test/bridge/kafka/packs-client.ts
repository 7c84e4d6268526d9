import type { Client } from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';

export interface PacksSource {
  list(query: string): AsyncIterable<unknown>;
  history(workflowId: string): Promise<unknown>;
}

/** Temporal's client, as far as `existing-packs.ts` asks it. */
export function createPacksClient({ list, history }: PacksSource): Client {
  const client = {
    options: {
      namespace: 'default',
      loadedDataConverter: { payloadConverter: defaultPayloadConverter, payloadCodecs: [] },
    },
    withDeadline: <T>(_: unknown, work: () => Promise<T>) => work(),
    workflow: { list: ({ query }: { query: string }) => list(query) },
    workflowService: {
      getWorkflowExecutionHistory: ({ execution }: { execution: { workflowId: string } }) =>
        history(execution.workflowId),
    },
  };
  return client as unknown as Client;
}
