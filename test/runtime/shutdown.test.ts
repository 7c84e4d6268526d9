import { killChildren, startChild } from '../support/child';

const program = 'runtime/programs/shutdown-program.ts';

afterEach(killChildren);

describe('onShutdown', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)(
    '%s runs every step once, the last one added first, and exits with 0',
    async (signal) => {
      const child = startChild(program);
      await child.says('up');
      child.process.kill(signal);
      expect(await child.ended).toBe(0);
      expect(child.stdout().match(/ran \w+/g)).toEqual(['ran second', 'ran first']);
      expect(child.stdout()).toContain(`"reason":"${signal}"`);
    },
  );

  it('aborts its signal before the first step', async () => {
    const child = startChild(program);
    await child.says('up');
    child.process.kill('SIGTERM');
    await child.ended;
    const output = child.stdout();
    expect(output).toContain('aborted: ShuttingDown');
    expect(output.indexOf('aborted')).toBeLessThan(output.indexOf('ran second'));
  });

  it('goes on with the other steps when one fails, and exits with 1', async () => {
    const child = startChild(program, ['fails']);
    await child.says('up');
    child.process.kill('SIGTERM');
    expect(await child.ended).toBe(1);
    expect(child.stdout()).toContain('ran first');
    expect(child.stdout()).toContain('cannot stop');
  });

  it('exits at once on a second signal', async () => {
    const child = startChild(program, ['hangs']);
    await child.says('up');
    child.process.kill('SIGINT');
    await child.says('ran second');
    child.process.kill('SIGINT');
    expect(await child.ended).toBe(130);
    expect(child.stdout()).not.toContain('ran first');
  });

  it('takes a Ctrl-C that npm passes on, after the terminal has sent it, for one', async () => {
    const child = startChild(program, ['hangs-briefly'], { npm_lifecycle_event: 'bridge' });
    await child.says('up');
    child.process.kill('SIGINT');
    await child.says('ran second');
    child.process.kill('SIGINT');
    expect(await child.ended).toBe(1);
    expect(child.stdout()).toContain('shutdown took too long');
  });

  it('exits with 1 at the deadline when a step never ends', async () => {
    const child = startChild(program, ['hangs-briefly']);
    await child.says('up');
    child.process.kill('SIGTERM');
    expect(await child.ended).toBe(1);
    expect(child.stdout()).toContain('shutdown took too long');
  });

  it('exits with 1 when begun because something failed', async () => {
    const child = startChild(program, ['begins']);
    expect(await child.ended).toBe(1);
    expect(child.stdout()).toContain('ran first');
  });

  it('begins when standard input closes, with HEADWAY_EXIT_WITH_PARENT', async () => {
    const child = startChild(program, [], { HEADWAY_EXIT_WITH_PARENT: '1' });
    await child.says('up');
    child.process.stdin.destroy();
    expect(await child.ended).toBe(0);
    expect(child.stdout()).toContain('parent is gone');
  });

  it('lives on when standard input closes without it', async () => {
    const child = startChild(program);
    await child.says('up');
    child.process.stdin.destroy();
    child.process.kill('SIGTERM');
    await child.ended;
    expect(child.stdout()).toContain('"reason":"SIGTERM"');
  });
});
