import { Client, Connection } from '@temporalio/client';
import { readProcessTable } from '../../../../bench/compare/process-table';
import { postgresBinaries } from '../../../../bench/contenders/postgres';
import { type PostgresEngine, startPostgresEngine } from '../../../../bench/headway/engines/postgres';
import { findServerPrograms } from '../../../../bench/headway/engines/postgres-programs';
import { messageOf } from '../../../../contracts/errors';
import { temporaryFolder } from '../../../stack/temporary-folder';
import { eventually } from '../../../support/eventually';
import { endProcesses } from '../../../support/processes';
import { briefs, idsOf } from '../../../support/rig';
import { useRig } from '../../../support/use-rig';

const missing = whatIsMissing();
const promise =
  'a full server on PostgreSQL works off packs, finds them by their jobs, and leaves nothing running';
const folder = temporaryFolder();
const rig = useRig();

(missing === undefined ? test : test.skip)(
  missing === undefined ? promise : `${promise} (skipped: ${missing})`,
  async () => {
    const log = jest.fn();
    const engine = await startPostgresEngine({
      ...{ dataDir: folder(), historyShards: 4, synchronousCommit: false, onProgress: () => {}, log },
    });
    const pids = engine.pids();
    try {
      expect(engine.storage).toMatch(/^PostgreSQL \d+\.\d+.* \(synchronous_commit=off\), 4 history shards$/);
      expect(pids.temporal).toHaveLength(1);
      // The first process, its helpers, and one for each connection.
      expect(pids.database.length).toBeGreaterThan(8);
      expect(pids.database).not.toContain(pids.temporal[0]);

      const jobs = briefs(100, `${rig.name}-job`);
      const temporal = { TEMPORAL_ADDRESS: engine.address, TEMPORAL_NAMESPACE: engine.namespace };
      await rig.produce(jobs, 0);
      await rig.startWorker(temporal);
      await rig.startBridge({ ...temporal, PACK_MAX: '50' });
      const results = await rig.resultsFor(idsOf(jobs));
      const records = [...results.values()].flat();
      expect(records).toHaveLength(100);
      expect(new Set(records.map(({ result }) => result.status))).toEqual(new Set(['completed']));
      await expectPacks(engine, jobs[70]?.id ?? '', 2);
    } finally {
      await endProcesses();
      await engine.stop();
    }
    expect(log).not.toHaveBeenCalled();
    const table = readProcessTable();
    expect([...pids.temporal, ...pids.database].filter((pid) => table.has(pid))).toEqual([]);
  },
);

async function expectPacks(engine: PostgresEngine, jobId: string, packs: number): Promise<void> {
  const connection = await Connection.connect({ address: engine.address });
  const { workflow } = new Client({ connection, namespace: engine.namespace });
  try {
    const count = async (query: string) => (await workflow.count(query)).count;
    // What is searched for is written a moment later.
    await eventually('as many workflows as packs', async () => {
      const seen = await count(`TaskQueue = '${rig.name}'`);
      return seen === packs || `${seen}`;
    });
    expect(await count(`HeadwayJobIds = '${jobId}'`)).toBe(1);
  } finally {
    await connection.close();
  }
}

/** The build takes minutes, which no test has. */
function whatIsMissing(): string | undefined {
  if (!findServerPrograms(process.env)) {
    return 'no Temporal server in the cache, where npm run bench:headway -- --engine postgres puts one';
  }
  try {
    postgresBinaries();
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}
