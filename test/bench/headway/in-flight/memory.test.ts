import { compareMemory, readMemory } from '../../../../bench/headway/in-flight/memory';
import { kilobytesPerJob } from '../../../../bench/headway/in-flight/point';

it('reads what a process has, and leaves out who has none', () => {
  const { worker = 0, ...others } = readMemory({ worker: [process.pid], database: [] });
  expect(worker).toBeGreaterThan(20);
  expect(worker).toBeLessThan(4_000);
  expect(others).toEqual({});
});

it('compares with the moments at which most calls were in flight', () => {
  const sample = (inFlight: number, worker: number) => ({ inFlight, megabytes: { worker, bridge: 50 } });
  const samples = [sample(0, 100), sample(500, 400), sample(995, 300), sample(1_000, 320), sample(2, 900)];
  expect(compareMemory({ worker: 100, bridge: 50, database: 7 }, samples)).toEqual({
    worker: { before: 100, inFlight: 310 },
    bridge: { before: 50, inFlight: 50 },
  });
  expect(() => compareMemory({}, [])).toThrow('nobody looked');
});

it('divides by the jobs that were really in flight', () => {
  const megabytes = { worker: { before: 100, inFlight: 200 } };
  expect(kilobytesPerJob({ megabytes, atOnce: 500 }, 'worker')).toBe(204.8);
  expect(kilobytesPerJob({ megabytes, atOnce: 500 }, 'database')).toBeUndefined();
});
