import OpenAI from 'openai';
import type { Response } from 'openai/resources/responses/responses';
import type { CallCounts, Totals } from '../../../stack/llm-simulator/counters';
import { startSimulator } from '../../../stack/llm-simulator/simulator';

interface Counts {
  totals: Totals;
  jobs: Record<string, CallCounts>;
}

/** A simulator in this process and the official client in front of it. Calls take 5 to 10 ms unless said otherwise. */
export async function openSimulator(options: Parameters<typeof startSimulator>[0] = {}) {
  const simulator = await startSimulator({ timeScale: 0.001, latencySlowRatio: 0, ...options });
  const client = new OpenAI({ apiKey: 'any', baseURL: simulator.baseUrl, maxRetries: 0 });

  async function control(method: string, path: string, body?: unknown) {
    const response = await fetch(`${simulator.origin}/simulator/${path}`, {
      method,
      body: JSON.stringify(body),
    });
    return { status: response.status, body: (await response.json()) as Counts };
  }

  return {
    ...simulator,
    client,
    setFaults: (faults: unknown) => control('PUT', 'faults', faults),
    reset: () => control('POST', 'reset'),
    totals: async (): Promise<Totals> => (await control('GET', 'calls?totals=only')).body.totals,
    countsOf: async (job: string): Promise<CallCounts> =>
      (await control('GET', `calls?job=${encodeURIComponent(job)}`)).body.jobs[job]!,
    allCounts: async () => (await control('GET', 'calls')).body,
    /** Asks until the response has ended. */
    ended: (id: string): Promise<Response> =>
      until(
        () => client.responses.retrieve(id),
        ({ status }) => status !== 'queued' && status !== 'in_progress',
      ),
  };
}

export type Opened = Awaited<ReturnType<typeof openSimulator>>;

/** Asks until the condition holds. Throws after ten seconds, so that a failed test does not go on asking. */
export async function until<Value>(
  read: () => Promise<Value>,
  holds: (value: Value) => boolean,
): Promise<Value> {
  const deadline = performance.now() + 10_000;
  for (;;) {
    const value = await read();
    if (holds(value)) return value;
    if (performance.now() > deadline) throw new Error(`Still ${JSON.stringify(value).slice(0, 500)}`);
  }
}

/** What a promise was rejected with; most often an error of the client. */
export async function rejectionOf(promise: Promise<unknown>): Promise<InstanceType<typeof OpenAI.APIError>> {
  const error: unknown = await promise.then(
    () => Promise.reject(new Error('was not rejected')),
    (reason: unknown) => reason,
  );
  return error as InstanceType<typeof OpenAI.APIError>;
}
