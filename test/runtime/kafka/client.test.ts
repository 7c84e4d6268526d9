import pino from 'pino';
import { createKafka } from '../../../runtime/kafka/client';

describe('createKafka', () => {
  it('logs an attempt that is repeated as a warning, without a stack trace', async () => {
    const lines: string[] = [];
    const logger = pino({ level: 'warn' }, { write: (line) => lines.push(line) });
    const kafka = createKafka({ brokers: ['127.0.0.1:1'], clientId: 'test' }, logger, { retries: 1 });
    await expect(kafka.admin().connect()).rejects.toThrow('ECONNREFUSED');
    expect(lines.length).toBeGreaterThan(0);
    for (const line of lines) {
      expect(JSON.parse(line)).toMatchObject({ level: 40, part: 'kafka' });
      expect(JSON.parse(line)).not.toHaveProperty('stack');
    }
  });

  it('does not warn of an answer with an error code, which is part of every rebalance', () => {
    const lines: string[] = [];
    const logger = pino({ level: 'warn' }, { write: (line) => lines.push(line) });
    const kafka = createKafka({ brokers: ['127.0.0.1:1'], clientId: 'test' }, logger);
    kafka.logger().error('Response Heartbeat(key: 12, version: 3)');
    expect(lines).toEqual([]);
    kafka.logger().error('Request Heartbeat(key: 12, version: 3) timed out');
    kafka.logger().error('Response without match');
    expect(lines).toHaveLength(2);
  });
});
