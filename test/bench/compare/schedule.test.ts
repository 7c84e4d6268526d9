import { idInValue, planSchedule, valueOf } from '../../../bench/compare/schedule';
import { allScenarios, mixed, type Scenario } from '../../../bench/compare/scenarios';

const options = { seed: 1, repetition: 0, timeScale: 0.2, slots: 100, consumers: 2 };
const long: Scenario = { name: 'long', title: 'long', seconds: 2_000, load: 0.6 };
const plan = (scenario: Scenario, more: Partial<typeof options> = {}) =>
  planSchedule(scenario, { ...options, ...more });

it('is the same for the same seed, and another for every other and every repetition', () => {
  expect(plan(mixed)).toEqual(plan(mixed));
  expect(plan(mixed, { seed: 2 }).records).not.toEqual(plan(mixed).records);
  expect(plan(mixed, { repetition: 1 }).faults).not.toEqual(plan(mixed).faults);
});

it('sends what keeps that share of the slots busy', () => {
  const { records, loadMs, offeredPerSecond } = plan(long);
  expect(loadMs).toBe(400_000);
  // 100 slots, 1.5 s a job: 66.7 a second would fill them.
  expect(offeredPerSecond).toBeGreaterThan(0.95 * 40);
  expect(offeredPerSecond).toBeLessThan(1.05 * 40);
  expect(records.every(({ at }, index) => at >= (records[index - 1]?.at ?? 0) && at < loadMs)).toBe(true);
  expect(new Set(records.map(({ id }) => id)).size).toBe(records.length);
});

it('sends the same jobs at every time scale, only faster', () => {
  const [slow, fast] = [plan(long, { timeScale: 1 }), plan(long, { timeScale: 0.1 })];
  expect(fast.records.length).toBe(slow.records.length);
  expect(fast.records.map(({ latencyMs }) => latencyMs)).toEqual(
    slow.records.map(({ latencyMs }) => latencyMs),
  );
  expect(fast.records.at(-1)!.at).toBeCloseTo(slow.records.at(-1)!.at / 10, 3);
});

it('lets ordinary jobs take 5 to 10 s, and the share that is asked for 30 s', () => {
  const { records } = plan({ ...long, slow: 0.05, poison: 0.02 });
  const slow = records.filter((one) => one.slow);
  expect(slow.length / records.length).toBeCloseTo(0.05, 2);
  expect(slow.every(({ latencyMs }) => latencyMs === 30_000)).toBe(true);
  const ordinary = records.filter((one) => !one.slow);
  expect(ordinary.every(({ latencyMs }) => latencyMs >= 5_000 && latencyMs <= 10_000)).toBe(true);
  expect(records.filter(({ poison }) => poison).length / records.length).toBeCloseTo(0.02, 2);
  expect(records.some(({ poison, slow }) => poison && slow)).toBe(false);
});

it('sends that many times more in a burst', () => {
  const burst = { from: 500, to: 1_000, factor: 10 };
  const { records } = plan({ ...long, load: 0.1, burst });
  const inBurst = records.filter(({ at }) => at >= 100_000 && at < 200_000).length / 100;
  const outside = records.filter(({ at }) => at < 100_000 || at >= 200_000).length / 300;
  expect(inBurst / outside).toBeGreaterThan(9);
  expect(inBurst / outside).toBeLessThan(11);
});

it('kills only consumers there are, in the middle of the load, one after the other', () => {
  const { faults, loadMs } = plan({ ...long, kills: 4 });
  expect(faults.map(({ kind }) => kind)).toEqual(['kill', 'kill', 'kill', 'kill']);
  for (const [index, fault] of faults.entries()) {
    if (fault.kind !== 'kill') throw new Error(fault.kind);
    expect([0, 1]).toContain(fault.consumer);
    expect(fault.at).toBeGreaterThanOrEqual((0.2 + 0.15 * index) * loadMs);
    expect(fault.at).toBeLessThan((0.2 + 0.15 * (index + 0.31)) * loadMs);
  }
});

it('brings the LLM back, and leaves every guest time to come and go, before the load ends', () => {
  const { faults, loadMs } = plan({ ...long, guests: 2, llmAway: { from: 1_200, to: 1_300 } });
  expect(faults.map(({ kind }) => kind)).toEqual(['join', 'join', 'llm-away', 'llm-back']);
  expect(faults.every(({ at }) => at > 0 && at < loadMs)).toBe(true);
  const guests = faults.flatMap((fault) => (fault.kind === 'join' ? [fault] : []));
  const [first, second] = [guests[0]!, guests[1]!];
  expect(second.at - (first.at + first.stayMs)).toBeGreaterThan(0.2 * loadMs);
  expect(loadMs - (second.at + second.stayMs)).toBeGreaterThan(0.2 * loadMs);
});

it.each(allScenarios)('has something to do in $name', (scenario) => {
  const { records, faults } = plan(scenario);
  expect(records.length).toBeGreaterThan(100);
  if (scenario.poison) expect(records.some(({ poison }) => poison)).toBe(true);
  if (scenario.slow) expect(records.some(({ slow }) => slow)).toBe(true);
  if (scenario.kills) expect(faults).toHaveLength(scenario.kills);
});

it('finds the id of every record again, in whatever a dead letter holds', () => {
  const [job] = plan(long).records;
  expect(idInValue(String(valueOf(job!)))).toBe(job!.id);
  const poison = valueOf({ ...job!, poison: true });
  expect(() => void JSON.parse(String(poison))).toThrow();
  expect(idInValue(String(poison))).toBe(job!.id);
  expect(idInValue('something else')).toBeUndefined();
});

it('asks the simulator for the latency of the job, before the time scale', () => {
  const value = JSON.parse(
    String(valueOf({ id: 'a', at: 0, poison: false, slow: false, latencyMs: 7_000 })),
  ) as {
    input: { question: string };
  };
  expect(value.input.question).toContain('[[simulate: latency=7000]]');
});
