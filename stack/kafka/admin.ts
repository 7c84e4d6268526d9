import { type Admin, Kafka, logLevel } from 'kafkajs';

/**
 * Runs `work` with an admin client. It gives up quickly, for callers that try again by themselves.
 * Throws what `work` throws, or kafkajs' connection error.
 */
export async function withAdmin<T>(
  brokers: readonly string[],
  work: (admin: Admin) => Promise<T>,
): Promise<T> {
  const kafka = new Kafka({
    clientId: 'headway-stack',
    brokers: [...brokers],
    connectionTimeout: 2_000,
    requestTimeout: 15_000,
    retry: { retries: 1, initialRetryTime: 50 },
    logLevel: logLevel.NOTHING,
  });
  const admin = kafka.admin();
  try {
    await admin.connect();
    return await work(admin);
  } finally {
    await admin.disconnect().catch(() => {});
  }
}
