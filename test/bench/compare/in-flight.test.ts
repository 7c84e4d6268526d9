import { callsInFlight, sampled, slotUse } from '../../../bench/compare/in-flight';
import type { CallEvent } from '../../../stack/llm-simulator/event-log';

const call = (job: string, from: number, to: number, how: CallEvent['what'] = 'completed'): CallEvent[] => [
  { job, call: 1, what: 'accepted', at: from },
  { job, call: 1, what: how, at: to },
];

it('counts calls in flight, whatever the order in which events came, and however they ended', () => {
  const events = [...call('b', 10, 30, 'aborted'), ...call('a', 0, 20)].reverse();
  expect(callsInFlight(events)).toEqual([
    { at: 0, count: 1 },
    { at: 10, count: 2 },
    { at: 20, count: 1 },
    { at: 30, count: 0 },
  ]);
});

it('makes one step of what happens at the same time', () => {
  expect(callsInFlight([...call('a', 0, 10), ...call('b', 10, 20)])).toEqual([
    { at: 0, count: 1 },
    { at: 10, count: 1 },
    { at: 20, count: 0 },
  ]);
});

it('samples the value that holds at each moment', () => {
  const steps = callsInFlight([...call('a', 5, 25), ...call('b', 10, 15)]);
  expect(sampled(steps, 0, 30, 5)).toEqual([0, 1, 2, 1, 1, 0, 0]);
});

/** As many from the beginning on. */
const slots = (count: number) => [{ at: 0, count }];

describe('slot use', () => {
  const steps = callsInFlight([...call('a', 0, 2_000), ...call('b', 1_000, 2_000)]);

  it('is the share of the slots with a call, while a job waits', () => {
    // Waits from 0 to 2,000, of which the first 100 ms are nobody's fault: one of two slots for 900 ms, both for 1,000.
    expect(slotUse(steps, [{ from: 0, to: 2_000 }], slots(2), 5_000)).toBeCloseTo(
      (900 + 2_000) / (2 * 1_900),
    );
  });

  it('asks only for the time in which a job waits', () => {
    expect(slotUse(steps, [{ from: 1_000, to: 2_000 }], slots(2), 5_000)).toBeCloseTo(1);
    // Idle slots while nothing waits are no waste.
    expect(slotUse(steps, [{ from: 1_000, to: 2_000 }], slots(4), 5_000)).toBeCloseTo(0.5);
  });

  it('leaves out the time between two waits', () => {
    const waits = [
      { from: 900, to: 1_500 },
      { from: 2_900, to: 3_500 },
    ];
    expect(slotUse(steps, waits, slots(2), 5_000)).toBeCloseTo(0.5);
  });

  it('counts two waits at the same time once', () => {
    const twice = [
      { from: 0, to: 2_000 },
      { from: 0, to: 2_000 },
    ];
    expect(slotUse(steps, twice, slots(2), 5_000)).toBeCloseTo(
      slotUse(steps, twice.slice(1), slots(2), 5_000) ?? -1,
    );
  });

  it('ends with the time that is asked for, and never passes 1', () => {
    expect(slotUse(steps, [{ from: 1_000, to: 9_000 }], slots(2), 2_000)).toBeCloseTo(1);
    expect(slotUse(steps, [{ from: 1_000, to: 2_000 }], slots(1), 5_000)).toBeCloseTo(1);
  });

  it('sees idle slots beside waiting jobs', () => {
    expect(slotUse(steps, [{ from: 3_000, to: 4_000 }], slots(2), 5_000)).toBe(0);
  });

  it('asks for no slots of a consumer that is dead', () => {
    const dead = [
      { at: 0, count: 2 },
      { at: 1_000, count: 1 },
      { at: 1_500, count: 0 },
    ];
    // One of one from 1,000 to 1,500, and nobody has any after that.
    expect(slotUse(steps, [{ from: 900, to: 2_000 }], dead, 5_000)).toBeCloseTo(1);
    expect(slotUse(steps, [{ from: 1_500, to: 2_000 }], dead, 5_000)).toBeUndefined();
  });

  it('is not known when no job ever waited', () => {
    expect(slotUse(steps, [{ from: 500, to: 590 }], slots(2), 5_000)).toBeUndefined();
  });
});
