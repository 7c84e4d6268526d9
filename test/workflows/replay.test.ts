import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundlePath } from '../../workers/bundle-path';
import { replayHistories } from '../../workers/replay/replay-histories';
import { historiesFolder, readHistory } from '../support/record-history';

/**
 * Histories of workflows as released versions wrote them. One that no longer replays means that workflows in flight would
 * break with the next deployment: put the change behind `patched()`, and record what the new code does beside the old.
 */
const names = readdirSync(historiesFolder).map((file) => file.replace(/\.json$/, ''));

const folder = mkdtempSync(join(tmpdir(), 'headway-replay-'));
afterAll(() => rmSync(folder, { recursive: true }));

beforeAll(() => {
  if (!existsSync(bundlePath)) throw new Error('The workflow bundle is missing; make it with: npm run build');
});

/** What is wrong with this history on this bundle. */
async function problemOf(
  name: string,
  history = readHistory(name),
  bundle?: string,
): Promise<string | undefined> {
  for await (const { problem } of replayHistories([{ name, history }], { bundle })) return problem;
  throw new Error('nothing was replayed');
}

test.each(names)('%s replays on the built bundle', async (name) => {
  const problem = await problemOf(name);
  if (problem !== undefined) throw new Error(problem);
});

test('a history that does not fit the code is found', async () => {
  const history = readHistory('pack-of-many');
  const scheduled = history.events?.find((event) => event.activityTaskScheduledEventAttributes);
  if (!scheduled?.activityTaskScheduledEventAttributes) throw new Error('no activity in the history');
  scheduled.activityTaskScheduledEventAttributes.activityType = { name: 'somethingElse' };
  expect(await problemOf('changed', history)).toMatch(/History changed does not replay .*somethingElse/);
});

describe('a change of the workflow code', () => {
  const begin = 'await beginAll(pack);';
  const pause = 'await (0, workflow_1.sleep)(1000);';

  /** The built bundle with another beginning of `processPack`. */
  function bundleWith(name: string, beginning: string): string {
    const code = readFileSync(bundlePath, 'utf8');
    expect(code.split(begin)).toHaveLength(2);
    const path = join(folder, `${name}.js`);
    writeFileSync(path, code.replace(begin, beginning));
    return path;
  }

  it('that packs in flight would stand still with is refused, with the history and what to do', async () => {
    const bundle = bundleWith('pause', `${pause} ${begin}`);
    const problem = await problemOf('pack-of-many', readHistory('pack-of-many'), bundle);
    expect(problem).toMatch(/^History pack-of-many does not replay on this build: \S.*\. A workflow /);
    expect(problem).toContain('patched()');
    expect(problem).toContain('HEADWAY_BUILD_ID');
    expect(problem).toContain('docs/guides/change-a-pipeline.md');
  });

  it('passes when it is behind patched()', async () => {
    const bundle = bundleWith('patched', `if ((0, workflow_1.patched)('pause')) ${pause} ${begin}`);
    expect(await problemOf('pack-of-many', readHistory('pack-of-many'), bundle)).toBeUndefined();
  });

  it('that throws is refused with what it throws', async () => {
    const bundle = bundleWith('broken', `pack.jobs[99].job; ${begin}`);
    const problem = await problemOf('pack-of-many', readHistory('pack-of-many'), bundle);
    expect(problem).toContain('its code throws "Cannot read properties of undefined');
  });
});
