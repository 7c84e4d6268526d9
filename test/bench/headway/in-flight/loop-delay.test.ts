import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { takeLoopDelay } from '../../../../bench/headway/in-flight/loop-delay';

it('reads milliseconds out of the metrics of a process', async () => {
  const page = ['p50', 'p90', 'p99', 'max'].map(
    (quantile, index) => `nodejs_eventloop_lag_${quantile}_seconds{process="worker"} 0.01${index}04`,
  );
  const server = createServer((_, response) => response.end(page.join('\n')));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    const { port } = server.address() as AddressInfo;
    expect(await takeLoopDelay(`http://127.0.0.1:${port}`)).toEqual({ p50: 10, p99: 12, max: 13 });
  } finally {
    server.close();
  }
});
