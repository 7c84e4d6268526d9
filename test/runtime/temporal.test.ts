import pino from 'pino';
import { ShuttingDown } from '../../runtime/shutdown';
import { connectTemporalClient, connectTemporalWorker } from '../../runtime/temporal';

/** Nothing listens on port 1. */
const away = { address: '127.0.0.1:1', namespace: 'default', taskQueue: 'q', llmTaskQueue: 'l' };

describe.each([
  ['connectTemporalClient', connectTemporalClient],
  ['connectTemporalWorker', connectTemporalWorker],
])('%s', (_name, connect) => {
  it('waits for a server that is away, saying so, until it is told to stop', async () => {
    const controller = new AbortController();
    const lines: string[] = [];
    const logger = pino(
      {},
      { write: (line) => lines.push(line) > 1 && controller.abort(new ShuttingDown()) },
    );
    await expect(connect(away, { logger, signal: controller.signal })).rejects.toBeInstanceOf(ShuttingDown);
    expect(lines).toHaveLength(2);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ level: 40, address: '127.0.0.1:1' });
  }, 20_000);

  it('does not even try when it was told to stop already', async () => {
    const lines: string[] = [];
    const logger = pino({}, { write: (line) => lines.push(line) });
    const signal = AbortSignal.abort(new ShuttingDown());
    await expect(connect(away, { logger, signal })).rejects.toBeInstanceOf(ShuttingDown);
    expect(lines).toEqual([]);
  });
});
