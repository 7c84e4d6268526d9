import type { Contender } from '../../bench/contenders/contender';
import { commitFirst } from '../../bench/contenders/commit-first';
import { headway } from '../../bench/contenders/headway';
import type { Figures, Run } from '../../bench/compare/run';
import { runOnce } from '../../bench/compare/run-once';
import type { Scenario } from '../../bench/compare/scenarios';
import { withWorld } from '../../bench/compare/world';

const scenario: Scenario = { name: 'crash', title: 'killed once', seconds: 50, load: 0.5, kills: 1 };
const options = {
  ...{ scenario, repetition: 0, seed: 1, timeScale: 0.1, slots: 50, consumers: 1 },
  limits: { lingerMs: 1_000, quietMs: 15_000, mostMs: 30_000 },
};

/** Of consumers that cannot be started. */
const broken: Contender = {
  ...commitFirst,
  name: 'broken',
  startConsumer: () => Promise.reject(new Error('it does not start')),
};

test('a kill costs jobs where the offset is committed first, and neither a job nor a second result with Headway', async () => {
  const runs = new Map<string, Run>();
  await withWorld({ seed: 1, timeScale: options.timeScale, log: () => {} }, async (world) => {
    for (const contender of [broken, commitFirst, headway]) {
      runs.set(contender.name, await runOnce(world, contender, options));
    }
  });

  // One that fails says so, and does not stop the others.
  expect(runs.get('broken')).toMatchObject({ problems: ['it does not start'] });
  expect(runs.get('broken')?.figures).toBeUndefined();

  const lossy = figuresOf(runs.get('commit-first'));
  expect(lossy.struck.map(({ kind }) => kind)).toEqual(['kill']);
  expect(lossy.lost).toBeGreaterThan(0);
  expect(lossy).toMatchObject({ unfinished: 0, completed: lossy.jobs - lossy.lost });

  const durable = figuresOf(runs.get('headway'));
  expect(durable.struck.map(({ kind }) => kind)).toEqual(['kill']);
  expect(durable.jobs).toBe(lossy.jobs);
  expect(durable).toMatchObject({
    completed: durable.jobs,
    failed: 0,
    lost: 0,
    unfinished: 0,
    duplicated: 0,
  });
  expect(durable.usage.servers.cpuMs).toBeGreaterThan(0);
  expect(durable.usage.consumers.cpuMs).toBeGreaterThan(0);
}, 240_000);

function figuresOf(run: Run | undefined): Figures {
  expect(run?.problems).toEqual([]);
  if (!run?.figures) throw new Error('there are no figures');
  return run.figures;
}
