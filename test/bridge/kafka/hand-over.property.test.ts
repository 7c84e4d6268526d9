import { Away, FakeTemporal, openBridge } from './fake-temporal';
import { batchOf, createRandom, queueRecord, range } from './support';

let temporal: FakeTemporal;
beforeEach(() => {
  temporal = new FakeTemporal();
});

describe('any number of bridges, rebalances, failures and lost answers', () => {
  /** Bridges that take the partition from each other at random, some of which do not notice. */
  async function run(seed: number, { poison }: { poison: number }) {
    const random = createRandom(seed);
    const all = range(0, random.between(20, 120)).map((offset) =>
      queueRecord(offset, random.chance(poison) ? { value: 'poison' } : undefined),
    );
    const end = BigInt(all.length);
    let committed = 0n;
    const turn = async () => {
      for (let wait = random.between(0, 3); wait > 0; wait--) await new Promise((go) => setImmediate(go));
    };
    const mayFail = async (probability: number) => {
      await turn();
      if (random.chance(probability)) throw new Away();
    };

    async function live(): Promise<void> {
      let held = true;
      const { handOver } = openBridge({
        temporal,
        limits: { maxJobs: random.between(1, 12) },
        beforeStart: () => mayFail(0.2),
        afterStart: async () => {
          await mayFail(0.2);
          if (random.chance(0.2)) held = false;
        },
        beforeFind: () => mayFail(0.1),
        beforeDeadLetters: () => mayFail(0.3),
        onCommit: (next) => {
          // The broker knows no other check than this one of ours.
          expect(next).toBeLessThanOrEqual(temporal.firstNotDurable(all));
          committed = next;
        },
      });
      // A zombie never notices; another one loses the partition after a while.
      const batches = random.between(1, 6);
      let position = committed;
      for (let batch = 0; batch < batches && held && position < end; batch++) {
        const fetched = all.filter(({ offset }) => offset >= position).slice(0, random.between(1, 25));
        position = await handOver.batch(batchOf(fetched, () => held));
        await turn();
      }
    }

    for (let round = 0; committed < end; round++) {
      if (round > 2_000) throw new Error(`stands still at ${committed} of ${end}`);
      await Promise.all(range(0, random.between(1, 3)).map(() => live()));
      // An operator sets the group back, into the middle of whatever is there.
      if (random.chance(0.1)) committed = BigInt(random.between(0, Number(committed)));
    }
    return all;
  }

  it.each(range(0, 100))('put no job into two workflows and leave none out (seed %i)', async (seed) => {
    const all = await run(seed, { poison: 0 });
    expect(temporal.jobs()).toEqual(range(0, all.length));
  });

  it.each(range(100, 200))('lose no poison either (seed %i)', async (seed) => {
    const all = await run(seed, { poison: 0.2 });
    const jobs = temporal.jobs();
    expect(new Set(jobs).size).toBe(jobs.length);
    expect([...new Set([...jobs, ...temporal.deadLetters])].sort((a, b) => a - b)).toEqual(
      range(0, all.length),
    );
    expect(jobs.filter((offset) => temporal.deadLetters.includes(offset))).toEqual([]);
  });
});
