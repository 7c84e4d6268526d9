import { join } from 'node:path';
import { tmpdir } from 'node:os';
import { killChildren, startChild, type Child } from '../support/child';

afterEach(killChildren);

const noStack = { HEADWAY_STACK_FILE: join(tmpdir(), 'headway-no-such-stack.json') };

async function run(way: string, env: NodeJS.ProcessEnv = {}): Promise<Child & { code: unknown }> {
  const child = startChild('runtime/programs/failing-program.ts', [way], { ...noStack, ...env });
  return { ...child, code: await child.ended };
}

describe('runMain', () => {
  it('says a mistake as a sentence with its code and what to do', async () => {
    const { code, stderr } = await run('mistake');
    expect(code).toBe(1);
    expect(stderr()).toBe(
      'headway-test: Kafka ended by itself; see kafka.log.\nHW_STACK_FAILED: Read the message, and the log file if it names one.\n',
    );
  });

  it('names every variable of a bad configuration, without a stack trace', async () => {
    const { code, stderr } = await run('config', { PACK_MAX: 'many', LOG_FORMAT: 'xml' });
    expect(code).toBe(1);
    expect(stderr()).toContain('PACK_MAX must be');
    expect(stderr()).toContain('LOG_FORMAT must be');
    expect(stderr()).not.toMatch(/^\s+at /m);
  });

  it.each([
    ['defect', 'x is not a function'],
    ['nobody waits', 'left alone'],
    ['in a callback', 'x is not a function'],
    ['aggregate', 'ECONNREFUSED'],
  ])('says anything else (%s) on one line', async (way, message) => {
    const { code, stderr } = await run(way);
    expect(code).toBe(1);
    expect(stderr()).toMatch(/^headway-test failed: .*\n$/);
    expect(stderr()).toContain(message);
  });

  it('shows where with LOG_LEVEL=debug', async () => {
    const { stderr } = await run('defect', { LOG_LEVEL: 'debug' });
    expect(stderr()).toMatch(/^\s+at .*failing-program/m);
  });

  it('hides the password in a message', async () => {
    const { stderr } = await run('secret', { LOG_LEVEL: 'debug' });
    expect(stderr()).toContain('cannot reach postgres://user:[redacted]@host/db');
    expect(stderr()).not.toContain('hunter2');
  });

  it.each(['nothing', 'shutting down'])(
    'says nothing and exits with 0 when there was no failure (%s)',
    async (way) => {
      const { code, stderr } = await run(way);
      expect({ code, stderr: stderr() }).toEqual({ code: 0, stderr: '' });
    },
  );
});
