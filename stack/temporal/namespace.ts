import { Connection } from '@temporalio/client';
import { searchAttributes } from '../../contracts/search-attributes';

/**
 * How long finished workflows can be looked at, and how long a second start with the same id is noticed. A day more than
 * the queue topic keeps its records, so that a record which can come again is always recognised.
 */
export const retentionSeconds = 8 * 24 * 60 * 60;

const timeoutMs = 5_000;

/**
 * Gives the namespace its retention. Resolves when server, namespace and search attributes are usable;
 * throws while they are not, so that the caller tries again. Harmless to repeat.
 */
export async function prepareNamespace(address: string, namespace: string): Promise<void> {
  const connection = await Connection.connect({ address, connectTimeout: timeoutMs });
  try {
    await connection.withDeadline(Date.now() + timeoutMs, async () => {
      const { config } = await connection.workflowService.describeNamespace({ namespace });
      if (Number(config?.workflowExecutionRetentionTtl?.seconds ?? 0) !== retentionSeconds) {
        const workflowExecutionRetentionTtl = { seconds: retentionSeconds as never };
        await connection.workflowService.updateNamespace({
          namespace,
          config: { workflowExecutionRetentionTtl },
        });
      }
      const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
      const missing = searchAttributeTypes().filter(([name]) => !(name in customAttributes));
      if (missing.length > 0) throw new Error(`search attributes not there yet: ${missing.join(' ')}`);
    });
  } finally {
    await connection.close();
  }
}

/** Name and type of every search attribute, as the server's command line wants them. */
export function searchAttributeTypes(): [name: string, type: string][] {
  const inWords = { KEYWORD: 'Keyword', KEYWORD_LIST: 'KeywordList', INT: 'Int', DOUBLE: 'Double' };
  return Object.values(searchAttributes).map(({ name, type }): [string, string] => [name, inWords[type]]);
}
