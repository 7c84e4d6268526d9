import { existsSync, readdirSync } from 'node:fs';
import { Runtime, DefaultLogger, Worker } from '@temporalio/worker';
import { bundlePath } from '../../workers/bundle-path';
import { historiesFolder, readHistory } from '../support/record-history';

/**
 * Histories of workflows as released versions wrote them. One that no longer replays means that workflows in flight would
 * break with the next deployment: put the change behind `patched()`, and record what the new code does beside the old.
 */
const names = readdirSync(historiesFolder).map((file) => file.replace(/\.json$/, ''));

beforeAll(() => {
  if (!existsSync(bundlePath)) throw new Error('The workflow bundle is missing; make it with: npm run build');
  Runtime.install({ logger: new DefaultLogger('ERROR') });
});

test.each(names)('%s replays on the built bundle', async (name) => {
  await Worker.runReplayHistory({ workflowBundle: { codePath: bundlePath } }, readHistory(name), name);
});

test('a history that does not fit the code is found', async () => {
  const history = readHistory('pack-of-many');
  const scheduled = history.events?.find((event) => event.activityTaskScheduledEventAttributes);
  if (!scheduled?.activityTaskScheduledEventAttributes) throw new Error('no activity in the history');
  scheduled.activityTaskScheduledEventAttributes.activityType = { name: 'somethingElse' };
  await expect(
    Worker.runReplayHistory({ workflowBundle: { codePath: bundlePath } }, history, 'changed'),
  ).rejects.toThrow(/Nondeterminism|nondeterminism/i);
});
