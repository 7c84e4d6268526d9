import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '../../support/eventually';
import { endProcesses } from '../../support/processes';
import { briefs, createRig, type Rig } from '../../support/rig';
import { createStuckDetector, type StuckDetector } from './stuck-detector';

let rig: Rig;
let detector: StuckDetector;
let folder: string;
let lines: string[];
let calm: boolean;

beforeEach(async () => {
  rig = await createRig();
  folder = await mkdtemp(join(tmpdir(), 'headway-stuck-'));
  lines = [];
  calm = true;
  detector = createStuckDetector({
    client: rig.client,
    taskQueue: rig.name,
    quietMs: 1_000,
    dumpFolder: folder,
    isCalm: () => calm,
    onStuck: ({ line, inCalm }) => lines.push(`${line}${inCalm ? ', in calm' : ''}`),
  });
});

afterEach(async () => {
  await endProcesses();
  await detector.stop();
  await rig.close();
  await rm(folder, { recursive: true, force: true });
});

test('a pack that no worker takes is told of once, with its history in a file', async () => {
  await rig.startBridge({ PACK_MAX: '1' });
  await rig.produce(briefs(1, 'first'));
  detector.start();
  await eventually('the first pack is told of', () => lines.length > 0);
  await rig.produce(briefs(1, 'second'));
  await eventually('the second one is told of', () => lines.length > 1);
  // Meanwhile the first one had twice the time to be told of again.
  expect(lines).toEqual([
    expect.stringMatching(
      new RegExp(`^${rig.queue}-0-0-\\d+ is stuck: nothing moved for 1 s; .*with no worker`),
    ),
    expect.stringMatching(new RegExp(`^${rig.queue}-0-1-`)),
  ]);
  const files = await readdir(folder);
  expect(files).toHaveLength(2);
  const dump = JSON.parse(await readFile(join(folder, files.sort()[0] ?? ''), 'utf8'));
  expect(dump.history.events[0].eventType).toBe('EVENT_TYPE_WORKFLOW_EXECUTION_STARTED');
  expect(dump.description.pendingWorkflowTask.state).toBe('PENDING_WORKFLOW_TASK_STATE_SCHEDULED');
});

test('one that stands still while something strikes is told of again when it does so in calm', async () => {
  calm = false;
  await rig.startBridge({ PACK_MAX: '1' });
  await rig.produce(briefs(1, 'first'));
  detector.start();
  await eventually('it is told of', () => lines.length > 0);
  calm = true;
  await eventually('it is told of again', () => lines.length > 1);
  expect(lines).toEqual([
    expect.stringMatching(/ is stuck: .*json\)$/),
    expect.stringMatching(/ is stuck, with no fault under way either: .*json\), in calm$/),
  ]);
});
