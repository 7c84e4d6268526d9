import type { Kafka } from 'kafkajs';
import { resultLimit } from '../../workers/result-limit';

/** What a worker may publish when the topic takes so many bytes, and what it says. */
async function limitOf(taken: string | Error | undefined, maxBytes = 900_000) {
  const warnings: string[] = [];
  const configEntries = taken === undefined ? [] : [{ configName: 'max.message.bytes', configValue: taken }];
  const admin = {
    connect: () => Promise.resolve(),
    disconnect: () => Promise.resolve(),
    describeConfigs: () =>
      taken instanceof Error
        ? Promise.reject(taken)
        : Promise.resolve({ resources: [{ resourceName: 'results', configEntries }] }),
  };
  const logger = { warn: (...said: unknown[]) => void warnings.push(String(said.at(-1))) };
  const kafka = { admin: () => admin } as unknown as Kafka;
  return {
    limit: await resultLimit({ kafka, topic: 'results', maxBytes, logger: logger as never }),
    warnings,
  };
}

it.each(['1048588', '902000', undefined])(
  'is RESULT_MAX_BYTES where the topic takes that: %s',
  async (taken) => {
    expect(await limitOf(taken)).toEqual({ limit: 900_000, warnings: [] });
  },
);

it('is what the topic takes where that is less, and says so', async () => {
  const { limit, warnings } = await limitOf('500000');
  expect(limit).toBe(498_000);
  expect(warnings).toEqual([
    'RESULT_MAX_BYTES is 900000, but topic results takes only 500000 bytes (max.message.bytes): jobs with a result of more than 498000 fail',
  ]);
});

it('is never so small that a result which is surely fine for one worker is not for another', async () => {
  const { limit, warnings } = await limitOf('2000');
  expect(limit).toBe(200_000);
  expect(warnings[0]).toContain('those between the two wait until the topic takes them');
});

it('is RESULT_MAX_BYTES where Kafka does not tell, and says why', async () => {
  expect(await limitOf(new Error('Topic authorization failed'))).toEqual({
    limit: 900_000,
    warnings: ['could not read what the results topic takes; RESULT_MAX_BYTES is 900000'],
  });
});
