import fc from 'fast-check';
import { cutPack, type PackLimits } from '../../bridge/kafka/cut-pack';
import type { QueueRecord } from '../../bridge/kafka/queue-record';
import { readRecord } from '../../bridge/kafka/read-record';
import { createPackStarter } from '../../bridge/start-pack';
import { packWorkflowId } from '../../contracts/ids';
import { searchAttributes } from '../../contracts/search-attributes';
import type { Pipeline } from '../../pipelines/define-pipeline';
import { anything } from '../support/anything';
import { eventually } from '../support/eventually';
import { createRig, type Rig } from '../support/rig';

let rig: Rig;
/** Of the records of one test. */
let topic: string;

beforeAll(async () => {
  rig = await createRig();
});

afterAll(() => rig.close());

const pipelineNamed = (name: string): Pipeline => ({ ...anything, name });

/** Starts a pack as the Kafka door does. Rejects with the server's refusal. Returns how many of the requests were in it. */
async function start(
  requests: object[],
  limits: PackLimits = { maxJobs: 50, maxBytes: 524_288 },
): Promise<number> {
  const records = requests.map((request, offset): QueueRecord => ({
    ...{ topic, partition: 0, offset: BigInt(offset), timestamp: 1_700_000_000_000, key: null, headers: {} },
    value: Buffer.from(JSON.stringify(request)),
  }));
  const { jobs, lastOffset, poison } = cutPack(records, limits, (record) =>
    readRecord(record, pipelineNamed),
  );
  expect(poison.map(({ error }) => error.message)).toEqual([]);
  const startPack = createPackStarter({
    client: rig.client,
    taskQueue: rig.name,
    llmTaskQueue: rig.name,
    pipelineNamed,
  });
  await startPack({
    workflowId: packWorkflowId({ topic, partition: 0, offset: '0', timestamp: 1_700_000_000_000 }),
    jobs,
    range: { partition: `${topic}-0`, firstOffset: 0n, lastOffset },
  });
  return jobs.length;
}

let topics = 0;
beforeEach(() => {
  topic = `${rig.name}-${topics++}`;
});

const input = {};
const pipeline = 'anything';
const many = (count: number, request: (index: number) => object) =>
  Array.from({ length: count }, (_, i) => request(i));

describe('the server takes a pack', () => {
  it.each<[string, () => object[]]>([
    ['whose id is twice as long as JSON', () => [{ pipeline, input, id: '"'.repeat(200) }]],
    ['whose ids are', () => many(50, (index) => ({ pipeline, input, id: `${index}`.padEnd(200, '\\') }))],
    [
      'whose ids and tenants are 4 bytes a character',
      () =>
        many(50, (i) => ({
          pipeline,
          input,
          id: `${i}${'🚀'.repeat(49)}`,
          tenant: `${i}${'🏢'.repeat(30)}`,
        })),
    ],
    [
      'of as many pipelines as jobs, with long names',
      () => many(50, (index) => ({ pipeline: `${index}`.padEnd(64, 'p'), input })),
    ],
    [
      'of pipelines named as objects are',
      () => [
        { pipeline: 'constructor', input },
        { pipeline: 'toString', input },
      ],
    ],
    [
      'whose topic has a long name',
      () => ((topic = topic.padEnd(200, 't')), [{ pipeline, input, id: '€'.repeat(66) }]),
    ],
    ['of one job that only just fits', () => [{ pipeline, input: { text: 'x'.repeat(523_900) } }]],
    [
      'with odd text everywhere',
      () => [
        {
          pipeline,
          input: { '\u0000': '\ud800' },
          id: '/ 🚀',
          tenant: ' ',
          metadata: { '\u0000': '\ud800\u0000' },
        },
      ],
    ],
  ])('%s', async (_, requests) => {
    expect(await start(requests())).toBeGreaterThan(0);
  });

  it('of the largest size that can be configured', async () => {
    const jobs = many(200, (index) => ({ pipeline, input: { text: 'x'.repeat(7_200) }, id: `j${index}` }));
    expect(await start(jobs, { maxJobs: 200, maxBytes: 1_500_000 })).toBeGreaterThan(190);
  });

  it('of whatever requests our schema allows, and finds it by its search attributes afterwards', async () => {
    const text = (maxLength: number) => fc.string({ unit: 'binary', minLength: 1, maxLength });
    const printable = (maxLength: number) =>
      text(maxLength).map((odd) => odd.replace(/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/gu, '"').trim() || '-');
    const request = fc.record(
      {
        pipeline: fc.constant(pipeline),
        input: fc.dictionary(
          text(20).filter((key) => key !== '__proto__'),
          fc.oneof(
            text(200),
            fc.jsonValue({ maxDepth: 3 }).filter((json) => !JSON.stringify(json).includes('__proto__')),
          ),
        ),
        id: printable(60).filter((id) => Buffer.byteLength(id) <= 200),
        tenant: printable(64).filter((tenant) => tenant.length <= 64),
        metadata: fc.dictionary(
          text(60).filter((key) => key !== '__proto__'),
          text(300),
          { maxKeys: 10 },
        ),
        deadline: fc
          .date({ min: new Date(0), max: new Date('9999-01-01'), noInvalidDate: true })
          .map((date) => date.toISOString()),
      },
      { requiredKeys: ['pipeline', 'input'] },
    );
    const packs = fc.sample(fc.array(request, { minLength: 1, maxLength: 20 }), { numRuns: 60, seed: 4 });
    const prefix = topic;
    for (const [index, requests] of packs.entries()) {
      topic = `${prefix}-${index}`;
      await start(requests);
    }
    const query = `${searchAttributes.partition.name} STARTS_WITH '${prefix}-'`;
    await eventually('all are found', async () => {
      const { count } = await rig.client.workflow.count(query);
      return count === packs.length || `${count} of ${packs.length}`;
    });
  });
});
