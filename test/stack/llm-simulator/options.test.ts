import { parseOptions, readOptions } from '../../../stack/llm-simulator/options';

it('has a default for everything, and takes an empty variable for one that is not set', () => {
  expect(readOptions({ SIMULATOR_PORT: '' })).toEqual({
    port: 8089,
    seed: 1,
    timeScale: 1,
    events: 0,
    log: 'normal',
    latencyMinMs: 5_000,
    latencyMaxMs: 10_000,
    latencySlowMs: 30_000,
    latencySlowRatio: 0.01,
    faults: {},
    retainMs: 600_000,
    limitBurstSeconds: 60,
    tokensCounted: 'reserved',
    retainMax: 50_000,
  });
});

it('reads the environment', () => {
  const env = { SIMULATOR_TIME_SCALE: '0.02', SIMULATOR_FAULTS: 'rate_limit=0.02, malformed=0.1' };
  expect(readOptions(env)).toMatchObject({ timeScale: 0.02, faults: { rate_limit: 0.02, malformed: 0.1 } });
});

it.each([
  ['SIMULATOR_PORT', '70000'],
  ['SIMULATOR_PORT', 'http'],
  ['SIMULATOR_SEED', '1.5'],
  ['SIMULATOR_TIME_SCALE', '-1'],
  ['SIMULATOR_LOG', 'loud'],
  ['SIMULATOR_LATENCY_SLOW_RATIO', '2'],
  ['SIMULATOR_LATENCY_MIN_MS', '20000'],
  ['SIMULATOR_WEBHOOK_URL', 'ftp://127.0.0.1'],
  ['SIMULATOR_WEBHOOK_URL', 'http://127.0.0.1:1'],
  ['SIMULATOR_FAULTS', 'rate_limit'],
  ['SIMULATOR_FAULTS', 'sloow=0.1'],
  ['SIMULATOR_FAULTS', 'rate_limit=0.6,slow=0.6'],
])('names the variable at fault in one sentence: %s=%s', (variable, value) => {
  const sentence = expect.stringMatching(new RegExp(`^${variable}=.+ cannot be used: [^\n]+\\.$`));
  expect(() => readOptions({ [variable]: value })).toThrow(
    expect.objectContaining({ code: 'HW_CONFIG_INVALID', message: sentence }),
  );
});

it('checks options that are given in code in the same way', () => {
  expect(() => parseOptions({ timeScale: -1 })).toThrow(/SIMULATOR_TIME_SCALE/);
});

it('never repeats a secret', () => {
  expect(() => readOptions({ SIMULATOR_WEBHOOK_SECRET: 'hunter2' })).toThrow(
    /^SIMULATOR_WEBHOOK_SECRET cannot be used/,
  );
});
