import { killChildren, startChild } from '../support/child';
import { eventually } from '../support/eventually';
import { endProcesses } from '../support/processes';
import { briefs, createRig, idsOf, type Rig } from '../support/rig';

let rig: Rig;

beforeEach(async () => {
  rig = await createRig();
});

afterEach(async () => {
  await killChildren();
  await endProcesses();
  await rig.close();
});

test('a result published again after a crash has the same id and the same bytes', async () => {
  const jobs = [...briefs(20, `${rig.name}-again`), ...briefs(2, `${rig.name}-failed`, 'refusal')];
  await rig.produce(jobs);
  await rig.startBridge();
  const dying = startChild('faults/programs/worker-that-dies.ts', [], { ...process.env, ...rig.env });
  await dying.says('worker is up');
  expect(await dying.ended).toBe('SIGKILL');
  await rig.startWorker();

  await eventually('results are published a second time', () => rig.results.length > jobs.length);
  const results = await rig.resultsFor(idsOf(jobs));
  for (const records of results.values()) expect(new Set(records.map(({ bytes }) => bytes)).size).toBe(1);
});
