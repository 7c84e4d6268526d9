import type { Kafka } from 'kafkajs';
import { HeadwayError } from '../../../contracts/errors';
import { createDeadLetters } from '../../../bridge/kafka/dead-letters';
import { queueRecord } from './support';

it('leaves no connection behind for every attempt while the topic cannot be written', async () => {
  let open = 0;
  const kafka = {
    producer: () => ({
      connect: async () => void open++,
      disconnect: async () => void open--,
      send: () => Promise.reject(new Error('not enough in-sync replicas')),
    }),
  } as unknown as Kafka;
  const letters = createDeadLetters(kafka, 'dlq', 'g');
  const poison = [{ record: queueRecord(0), error: new HeadwayError('HW_JOB_INVALID', 'x') }];
  for (let attempt = 0; attempt < 10; attempt++) await letters.send(poison).catch(() => undefined);
  expect(open).toBeLessThanOrEqual(1);
});
