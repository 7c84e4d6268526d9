import { readPostgresOptions } from '../../../../bench/headway/engines/postgres-options';

it('leaves what is not set, or empty, to the engine', () => {
  const unset = { historyShards: undefined, synchronousCommit: undefined };
  expect(readPostgresOptions({})).toEqual(unset);
  expect(readPostgresOptions({ BENCH_HISTORY_SHARDS: '', BENCH_SYNCHRONOUS_COMMIT: '' })).toEqual(unset);
});

it('reads shards and whether a transaction waits for the disk', () => {
  expect(readPostgresOptions({ BENCH_HISTORY_SHARDS: '512', BENCH_SYNCHRONOUS_COMMIT: 'off' })).toEqual({
    historyShards: 512,
    synchronousCommit: false,
  });
  expect(readPostgresOptions({ BENCH_SYNCHRONOUS_COMMIT: 'on' }).synchronousCommit).toBe(true);
});

it.each([
  ['BENCH_HISTORY_SHARDS', '0'],
  ['BENCH_HISTORY_SHARDS', '1.5'],
  ['BENCH_HISTORY_SHARDS', 'many'],
  ['BENCH_SYNCHRONOUS_COMMIT', 'false'],
])('refuses %s=%s, and names it', (name, value) => {
  expect(() => readPostgresOptions({ [name]: value })).toThrow(
    expect.objectContaining({
      code: 'HW_CONFIG_INVALID',
      message: expect.stringMatching(new RegExp(`^${name} must be .*'${value}'`)) as string,
    }),
  );
});
