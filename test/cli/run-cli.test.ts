import { commands } from '../../cli/commands';
import { exitCodes } from '../../cli/exit-codes';
import { HeadwayCommand } from '../../cli/headway-command';
import { Interrupted } from '../../cli/interrupted';
import { runCli } from '../../cli/run-cli';
import { HeadwayError } from '../../contracts/errors';
import { createContext } from './support';

/** A command that does what the test says. */
const doing = (action: () => void) => () =>
  new HeadwayCommand('probe').option('--depth <n>', 'how deep').action(action);

const usage = 'Usage: headway probe [options]\n';
const hint = '`headway --help` lists the commands.\n';

test('a command that sets no exit code ends with 0', async () => {
  const { context, stderr } = createContext();
  expect(await runCli(['probe'], context, [doing(() => undefined)])).toBe(exitCodes.ok);
  expect(stderr()).toBe('');
});

test('a command says with its exit code that the finding is bad', async () => {
  const { context } = createContext();
  const bad = doing(() => (context.exitCode = exitCodes.badFinding));
  expect(await runCli(['probe'], context, [bad])).toBe(exitCodes.badFinding);
});

test.each([
  [['probe', '--dept', '3'], `headway: unknown option '--dept'\n(Did you mean --depth?)\n${usage}`],
  [['probe', '--depth'], `headway: option '--depth <n>' argument missing\n${usage}`],
  [['prob'], `headway: unknown command 'prob'\n(Did you mean probe?)\n${hint}`],
  [['prob', '--help'], `headway: unknown command 'prob'\n(Did you mean probe?)\n${hint}`],
  [['help', 'nonsense'], `headway: unknown command 'nonsense'\n${hint}`],
])('wrong usage ends with 2, says what is wrong and how it is right: %p', async (args, sentence) => {
  const { context, stderr, stdout } = createContext();
  expect(await runCli(args, context, [doing(() => undefined)])).toBe(exitCodes.usage);
  expect(stderr()).toBe(sentence);
  expect(stdout()).toBe('');
});

test('an error of the configuration ends with 2, any other with 3, and neither shows a stack trace', async () => {
  const invalid = new HeadwayError('HW_CONFIG_INVALID', 'KAFKA_BROKERS is not set.');
  for (const [error, status] of [
    [invalid, exitCodes.usage],
    [new Error('broken pipe to nowhere'), exitCodes.failed],
  ] as const) {
    const { context, stderr } = createContext();
    const failing = doing(() => {
      throw error;
    });
    expect(await runCli(['probe'], context, [failing])).toBe(status);
    expect(stderr()).toContain(error.message);
    expect(stderr()).not.toMatch(/^\s+at /m);
  }
});

test('Ctrl-C ends with 130 and says nothing', async () => {
  const { context, interrupt, stderr } = createContext();
  const interrupted = doing(() => {
    interrupt();
    throw new Error('cut off');
  });
  expect(await runCli(['probe'], context, [interrupted])).toBe(exitCodes.interrupted);
  expect(stderr()).toBe('');
});

test.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)('%s ends with %d, also a command that then ends in order', async (name, status) => {
  const { context } = createContext();
  const controller = new AbortController();
  const inOrder = doing(() => controller.abort(new Interrupted(name)));
  expect(await runCli(['probe'], { ...context, signal: controller.signal }, [inOrder])).toBe(status);
});

test('the help page fits a screen of 80 columns and 24 lines', async () => {
  const { context, stdout } = createContext();
  expect(await runCli(['--help'], context, commands)).toBe(exitCodes.ok);
  const lines = stdout().split('\n');
  expect(lines.length).toBeLessThanOrEqual(24);
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
});

test.each(commands.map((make) => [make(createContext().context).name()]))(
  'the help of %s fits 80 columns, and has an example that is one of that command',
  async (name) => {
    const { context, stdout } = createContext();
    expect(await runCli([name, '--help'], context, commands)).toBe(exitCodes.ok);
    expect(
      Math.max(
        ...stdout()
          .split('\n')
          .map((line) => line.length),
      ),
    ).toBeLessThanOrEqual(80);
    expect(stdout()).toContain(`\nExample:\n  headway ${name}`);
  },
);

test.each([[['audit', '--help']], [['help', 'audit']], [['audit', '-h']]])(
  '%p prints the help of a command',
  async (args) => {
    const { context, stdout } = createContext();
    expect(await runCli(args, context, commands)).toBe(exitCodes.ok);
    expect(stdout()).toContain('Usage: headway audit');
  },
);
