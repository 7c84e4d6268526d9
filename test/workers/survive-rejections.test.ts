import { killChildren, startChild } from '../support/child';

afterEach(killChildren);

const run = async (way: string) => {
  const child = startChild('workers/programs/leaves-rejections.ts', [way]);
  const code = await child.ended;
  const lines = child.stdout().split('\n').filter(Boolean);
  return { code, lines: lines.map((line) => JSON.parse(line) as Record<string, unknown>), ...child };
};

describe('a process that survives rejections', () => {
  it('goes on, and says where each comes from, once for each place and without its message', async () => {
    const { code, lines, stdout, stderr } = await run('surviving');
    expect(stderr()).toBe('');
    expect(code).toBe(0);
    expect(lines).toEqual([
      expect.objectContaining({
        level: 'error',
        error: 'TypeError',
        frames: expect.arrayContaining([expect.stringContaining('leaves-rejections.ts')]),
        times: 1,
        msg: expect.stringContaining('nobody waited for'),
      }),
      expect.objectContaining({ level: 'error', error: 'RangeError', frames: [] }),
      expect.objectContaining({ level: 'info', msg: 'still here' }),
    ]);
    expect(stdout()).not.toContain('secret');
  });

  it('ends by what is thrown all the same', async () => {
    const { code, stderr } = await run('throwing');
    expect(code).toBe(1);
    expect(stderr()).toContain('thrown in a callback');
  });

  it('is none of the others: they end', async () => {
    const { code, stderr } = await run('other');
    expect(code).toBe(1);
    expect(stderr()).toContain('failed');
  });
});
