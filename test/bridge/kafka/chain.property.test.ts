import fc from 'fast-check';
import { ChainModel, lettingGo, type Fate, type Life, type RecordPlan } from './chain-model';

// No clock: a request is let go when the model says so, and never otherwise.
jest.mock('../../../runtime/within', () => ({
  async within<Value>(ms: number, promise: Promise<Value>, otherwise: () => Value): Promise<Value> {
    if (ms !== lettingGo.ms || !lettingGo.next) return await promise;
    lettingGo.next = false;
    return otherwise();
  },
}));

const partitions = 2;
/** PROPERTY_RUNS=20000 looks longer. A counterexample prints the seed and the path that repeat it. */
const numRuns = Number(process.env.PROPERTY_RUNS ?? 200);

const partition = fc.nat({ max: partitions - 1 });
const maxJobs = fc.integer({ min: 1, max: 6 });

const recordPlan: fc.Arbitrary<RecordPlan> = fc.record({
  kind: fc.oneof(
    { weight: 6, arbitrary: fc.constant('job' as const) },
    { weight: 1, arbitrary: fc.constant('poison' as const) },
    { weight: 2, arbitrary: fc.constant('late' as const) },
  ),
  // Few ids: most of them come more than once, in both partitions.
  id: fc.option(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g'), { nil: undefined, freq: 3 }),
});
const plans = fc.array(recordPlan, { maxLength: 20 });

const fate: fc.Arbitrary<Fate> = fc.oneof(
  { weight: 6, arbitrary: fc.constant<Fate>('done') },
  {
    weight: 4,
    arbitrary: fc.constantFrom<Fate[]>(
      'refused',
      'answer lost',
      'dies before',
      'dies after',
      'loses the partition',
      'takes long',
    ),
  },
);

const life: fc.Arbitrary<Life> = fc.record({
  partition,
  maxJobs,
  fetches: fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 6 }),
  fates: fc.array(fate, { maxLength: 12 }),
  commits: fc.array(fc.boolean(), { maxLength: 4 }),
  pausesAfter: fc.integer({ min: -1, max: 5 }),
  stored: fc.boolean(),
});

/** What happens while no bridge runs. */
type Quiet =
  | { kind: 'nothing' }
  | { kind: 'reset'; partition: number; to: number }
  | { kind: 'upgrade' }
  | { kind: 'topic made anew'; partition: number; plans: RecordPlan[] }
  | { kind: 'ids forgotten' };

const quiet: fc.Arbitrary<Quiet> = fc.oneof(
  { weight: 4, arbitrary: fc.constant<Quiet>({ kind: 'nothing' }) },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('reset' as const), partition, to: fc.nat({ max: 20 }) }),
  },
  { weight: 1, arbitrary: fc.constant<Quiet>({ kind: 'upgrade' }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('topic made anew' as const), partition, plans }) },
  { weight: 1, arbitrary: fc.constant<Quiet>({ kind: 'ids forgotten' }) },
);

/** Bridges side by side, whether or not they know of each other, and what follows when they are gone. */
const round = fc.record({ lives: fc.array(life, { minLength: 1, maxLength: 3 }), quiet });

async function happens(model: ChainModel, quiet: Quiet): Promise<void> {
  switch (quiet.kind) {
    case 'nothing':
      return;
    case 'upgrade':
      model.version = 2;
      return;
    case 'ids forgotten':
      model.prune();
      return;
    case 'reset': {
      const committed = model.committed[quiet.partition] ?? 0n;
      const to = BigInt(quiet.to);
      model.committed[quiet.partition] = to < committed ? to : committed;
      return;
    }
    case 'topic made anew':
      // What an operator deletes unread is gone.
      await model.drain(quiet.partition, 3);
      model.settle();
      model.makeTopic(quiet.partition, quiet.plans);
  }
}

describe.each([
  ['with the ledger of job ids', true],
  ['without it', false],
])('the chain of packs, %s', (_, withLedger) => {
  it('does every job once and loses none, whoever crashes when, and commits nothing that is not durable', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.scheduler(),
        fc.array(plans, { minLength: partitions, maxLength: partitions }),
        fc.array(round, { maxLength: 5 }),
        maxJobs,
        async (scheduler, logs, rounds, last) => {
          const model = new ChainModel(logs, withLedger, (what) =>
            scheduler.schedule(Promise.resolve(), what),
          );
          const run = async (work: Promise<unknown>) => {
            await scheduler.waitFor(work);
            await scheduler.waitIdle();
            model.settle();
          };
          for (const { lives, quiet } of rounds) {
            await run(Promise.all(lives.map((life) => model.live(life))));
            await run(happens(model, quiet));
          }
          for (let partition = 0; partition < partitions; partition++)
            await run(model.drain(partition, last));
          model.check();
        },
      ),
      { numRuns },
    );
  }, 600_000); // of which it takes a second for each hundred runs
});
