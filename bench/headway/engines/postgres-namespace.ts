import { Connection } from '@temporalio/client';
import { temporal } from '@temporalio/proto';
import { searchAttributes } from '../../../contracts/search-attributes';
import { prepareNamespace, retentionSeconds } from '../../../stack/temporal/namespace';

const { IndexedValueType } = temporal.api.enums.v1;

const ALREADY_EXISTS = 6;
const timeoutMs = 5_000;

/**
 * Makes the namespace with its search attributes on a full server; the development server of the stack does so by itself. Resolves when workflows
 * can be found by all of them; throws while they cannot, so that the caller tries again. Harmless to repeat.
 */
export async function createNamespace(address: string, namespace: string): Promise<void> {
  const connection = await Connection.connect({ address, connectTimeout: timeoutMs });
  try {
    await connection.withDeadline(Date.now() + timeoutMs, async () => {
      await register(connection, namespace);
      const types = Object.values(searchAttributes).map(
        ({ name, type }) => [name, IndexedValueType[`INDEXED_VALUE_TYPE_${type}`]] as const,
      );
      await connection.operatorService.addSearchAttributes({
        namespace,
        searchAttributes: Object.fromEntries(types),
      });
      await prepareNamespace(address, namespace);
      // The parts of a server see a change of a namespace up to 2 s later than its database.
      await connection.workflowService.countWorkflowExecutions({ namespace, query: queryWithAll() });
    });
  } finally {
    await connection.close();
  }
}

async function register(connection: Connection, namespace: string): Promise<void> {
  const workflowExecutionRetentionPeriod = { seconds: retentionSeconds as never };
  try {
    await connection.workflowService.registerNamespace({ namespace, workflowExecutionRetentionPeriod });
  } catch (error) {
    if ((error as { code?: number }).code !== ALREADY_EXISTS) throw error;
  }
}

function queryWithAll(): string {
  const isNumber = (type: string) => type === 'INT' || type === 'DOUBLE';
  return Object.values(searchAttributes)
    .map(({ name, type }) => `${name} = ${isNumber(type) ? 0 : "'none'"}`)
    .join(' AND ');
}
