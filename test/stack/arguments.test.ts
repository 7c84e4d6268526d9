import { readArguments } from '../../stack/arguments';

it('reads every option', () => {
  expect(
    readArguments(['--brokers', '3', '--data-dir', '/d', '--fresh', '--time-scale=0.1', '--seed', '7']),
  ).toEqual({
    help: false,
    brokers: 3,
    dataDir: '/d',
    fresh: true,
    simulator: { seed: 7, timeScale: 0.1 },
  });
});

it.each([
  [['--foo'], /^Unknown option '--foo'\. Use --help/],
  [['foo'], /^Unexpected argument 'foo'\. Use --help/],
  [['--brokers', '2'], /^--brokers must be 1 or 3, not '2'\.$/],
  [['--seed', 'x'], /^--seed cannot be 'x'\.$/],
  [['--time-scale=-1'], /^--time-scale cannot be '-1'\.$/],
  [['--data-dir'], /--data-dir.* argument missing\. Use --help/],
])('answers %j with one sentence', (args, message) => {
  expect(() => readArguments(args)).toThrow(
    expect.objectContaining({
      code: 'HW_CONFIG_INVALID',
      message: expect.stringMatching(message) as string,
    }) as Error,
  );
});
