import { now } from '../../../bench/compare/clock';
import type { PlannedFault } from '../../../bench/compare/schedule';
import { strike } from '../../../bench/compare/strike';

const guest = (at: number, stayMs: number): PlannedFault => ({ at, kind: 'join', stayMs });

/** A crew that notes what it is told; a guest of it is ready when `ready` resolves. */
function setUp(ready: () => Promise<void>) {
  const done: string[] = [];
  const problems: string[] = [];
  const tell = (what: string) => void done.push(what);
  const crew = {
    problems,
    kill: (place: number) => Promise.resolve(tell(`kill ${place}`)),
    async join() {
      tell('starts');
      await ready();
      tell('ready');
      return () => tell('leaves');
    },
  };
  const simulator = { setAway: (away: boolean) => Promise.resolve(tell(away ? 'away' : 'back')) };
  const over = new AbortController();
  const run = (faults: PlannedFault[], loadMs = 60_000) =>
    strike(faults, { beganAt: now(), loadMs, crew, simulator, signal: over.signal });
  return { done, problems, run, over };
}

it('lets a guest stay from when it is ready, and the next one come when it has left', async () => {
  // Longer than it was to stay, and than the time until the next one.
  const { done, problems, run } = setUp(() => new Promise((resolve) => setTimeout(resolve, 60)));
  const struck = await run([guest(1, 20), guest(5, 20)]);
  expect(done).toEqual(['starts', 'ready', 'leaves', 'starts', 'ready', 'leaves']);
  expect(struck.map(({ kind }) => kind)).toEqual(['join', 'leave', 'join', 'leave']);
  const [joined, left] = [struck[0]!, struck[1]!];
  // A timer may fire a millisecond early by the other clock.
  expect(left.at - joined.at).toBeGreaterThanOrEqual(19);
  expect(problems).toEqual([]);
});

it('does what else is planned while a guest is starting', async () => {
  let letIn = () => {};
  const { done, run } = setUp(() => new Promise((resolve) => (letIn = resolve)));
  const running = run([
    guest(1, 1),
    { at: 2, kind: 'kill', consumer: 1 },
    { at: 3, kind: 'llm-away' },
    { at: 4, kind: 'llm-back' },
  ]);
  while (!done.includes('back')) await new Promise(setImmediate);
  expect(done).toEqual(['starts', 'kill 1', 'away', 'back']);
  letIn();
  const struck = await running;
  expect(struck.map(({ kind }) => kind)).toEqual(['kill', 'llm-away', 'llm-back', 'join', 'leave']);
});

it('goes on without a guest that does not start, which the crew tells', async () => {
  const { done, problems, run } = setUp(() => Promise.reject(new Error('no')));
  await expect(run([guest(1, 1), { at: 5, kind: 'llm-away' }])).resolves.toMatchObject([
    { kind: 'llm-away' },
  ]);
  expect(done).toEqual(['starts', 'away']);
  expect(problems).toEqual([]);
});

it('tells of a guest for whom there was no time left', async () => {
  const { done, problems, run } = setUp(() => Promise.resolve());
  await expect(run([guest(20, 20)], 1)).resolves.toEqual([]);
  expect(done).toEqual([]);
  expect(problems).toEqual(['no jobs were left for a guest to come']);
});

it('ends with the run, whatever it waits for', async () => {
  const { done, run, over } = setUp(() => Promise.resolve());
  const running = run([guest(1, 60_000), { at: 60_000, kind: 'llm-away' }]);
  while (!done.includes('ready')) await new Promise(setImmediate);
  over.abort(new Error('over'));
  await expect(running).rejects.toThrow('aborted');
  // Jest fails the test for a rejection that nobody handles.
  await new Promise(setImmediate);
  expect(done).toEqual(['starts', 'ready']);
});

it('does not wait behind the load for a guest, which leaves at once when it is ready', async () => {
  let letIn = () => {};
  const { done, problems, run } = setUp(() => new Promise((resolve) => (letIn = resolve)));
  await expect(run([guest(1, 20)], 200)).resolves.toEqual([]);
  expect(done).toEqual(['starts']);
  expect(problems).toEqual(['a guest was not ready before the last job was sent']);
  letIn();
  while (!done.includes('leaves')) await new Promise(setImmediate);
});

it('lets nobody stay behind the load', async () => {
  const { done, run } = setUp(() => Promise.resolve());
  const struck = await run([guest(1, 600_000)], 200);
  expect(done).toEqual(['starts', 'ready', 'leaves']);
  expect(struck.map(({ kind }) => kind)).toEqual(['join', 'leave']);
});
