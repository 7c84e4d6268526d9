import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isGroupAlive } from '../../stack/process-group';
import { runTool } from '../../stack/run-tool';
import { fakePrograms } from './fake-programs';
import { temporaryFolder } from './temporary-folder';
import { until } from './until';

const folder = temporaryFolder();
const program = (script: string) => join(fakePrograms(folder(), { tool: script }), 'tool');

it('returns the output and reports each line, without colours', async () => {
  const onLine = jest.fn();
  const output = await runTool({
    command: program(`printf 'one\\n\\033[1mtwo\\033[0m\\n'`),
    args: [],
    onLine,
  });
  expect(output).toBe('one\ntwo');
  expect(onLine.mock.calls).toEqual([['one'], ['two']]);
});

it('fails with the end of the output', async () => {
  const running = runTool({ command: program('seq 1 100; echo broken >&2; exit 2'), args: ['install'] });
  await expect(running).rejects.toMatchObject({
    code: 'HW_STACK_FAILED',
    message: expect.stringMatching(/tool install failed:\n(?!1\n)[^]*broken/) as string,
  });
});

it('fails with a sentence when the program is not there', async () => {
  await expect(runTool({ command: join(folder(), 'none'), args: [] })).rejects.toMatchObject({
    code: 'HW_STACK_FAILED',
  });
});

it('ends the program and what it started when it is given up', async () => {
  const pidFile = join(folder(), 'pid');
  const controller = new AbortController();
  const running = runTool({
    command: program(`sleep 600 & echo $$ > ${pidFile}.new; mv ${pidFile}.new ${pidFile}; wait`),
    args: [],
    signal: controller.signal,
  });
  await until(() => existsSync(pidFile));
  controller.abort(new Error('given up'));
  await expect(running).rejects.toThrow('given up');
  await until(() => !isGroupAlive(Number(readFileSync(pidFile, 'utf8'))));
});
