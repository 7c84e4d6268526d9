import type { Client } from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';
import type { PackJob } from '../../../contracts/pack';
import { searchAttributes as names } from '../../../contracts/search-attributes';
import { createPacksClient } from './packs-client';
import { topic } from './support';

export interface Pack {
  partition: number;
  jobs: PackJob[];
  first: bigint;
  last: bigint;
  /** Visibility follows the start after a while. */
  visible: boolean;
}

/** Temporal's visibility and histories, as far as `existing-packs.ts` asks for them. */
export function createChainClient(
  packs: ReadonlyMap<string, Pack>,
  request: <T>(what: string, effect: () => T) => Promise<T>,
): Client {
  const found = (query: string) => {
    const number = (pattern: RegExp) => pattern.exec(query)?.[1];
    const partition = Number(number(new RegExp(`${names.partition.name} = '${topic}-(\\d+)'`)));
    const bounds = [
      [names.firstOffset.name, 'first'],
      [names.lastOffset.name, 'last'],
    ].map(([name, key]) => ({
      key: key as 'first' | 'last',
      atMost: number(new RegExp(`${name} <= (\\d+)`)),
      atLeast: number(new RegExp(`${name} >= (\\d+)`)),
      above: number(new RegExp(`${name} > (\\d+)`)),
    }));
    return [...packs]
      .filter(([, pack]) => pack.visible && pack.partition === partition)
      .filter(([, pack]) =>
        bounds.every(
          ({ key, atMost, atLeast, above }) =>
            (atMost === undefined || pack[key] <= BigInt(atMost)) &&
            (atLeast === undefined || pack[key] >= BigInt(atLeast)) &&
            (above === undefined || pack[key] > BigInt(above)),
        ),
      )
      .map(([workflowId, { first, last }]) => ({
        workflowId,
        runId: 'run',
        memo: { lastOffset: String(last) },
        typedSearchAttributes: { get: () => Number(first) },
      }));
  };
  const input = (workflowId: string) => ({
    payloads: [defaultPayloadConverter.toPayload({ jobs: packs.get(workflowId)?.jobs ?? [] })],
  });
  const history = (workflowId: string) => ({
    events: [{ workflowExecutionStartedEventAttributes: { input: input(workflowId) } }],
  });
  return createPacksClient({
    list: async function* (query) {
      yield* await request('visibility', () => found(query));
    },
    history: (workflowId) => request('history', () => ({ history: history(workflowId) })),
  });
}
