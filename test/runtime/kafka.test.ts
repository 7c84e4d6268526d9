import pino from 'pino';
import { createKafka } from '../../runtime/kafka';

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
});
