import { ApiError } from './api-error';
import { faultMeanings } from './fault-names';
import { faultSettingsSchema } from './faults';
import { readJson, sendJson } from './http';
import type { Exchange } from './responses-routes';
import type { Simulation } from './simulation';

/** The handlers under `/simulator/`: what tests and the demo read and set. They answer also while it is away. */
export function createControlRoutes(simulation: Simulation) {
  const { counters, responses } = simulation;

  /** `?job=KEY` for one job, `?totals=only` without the jobs. */
  function calls({ response, query }: Exchange): void {
    responses.settle(simulation.now());
    const job = query.get('job');
    const totals = counters.readTotals();
    let jobs = {};
    if (job !== null) jobs = { [job]: counters.readJob(job) };
    else if (query.get('totals') !== 'only') jobs = counters.readJobs();
    sendJson(response, 200, JSON.stringify({ totals, jobs }));
  }

  /** `?since=CURSOR`: what happened from there on; empty without SIMULATOR_EVENTS. */
  function events({ response, query }: Exchange): void {
    responses.settle(simulation.now());
    const cursor = Number(query.get('since') ?? 0);
    if (!Number.isSafeInteger(cursor) || cursor < 0) {
      throw new ApiError(400, {
        message: 'LLM SIMULATOR: since: must be a whole number, the `next` of an earlier answer.',
        param: 'since',
      });
    }
    sendJson(response, 200, JSON.stringify(simulation.events.since(cursor)));
  }

  /** What of the limits was taken, and how often one was in the way. */
  function readLimits({ response }: Exchange): void {
    sendJson(response, 200, JSON.stringify(simulation.limits.read(simulation.now())));
  }

  /** How many ends were to be told, and were. */
  function readWebhooks({ response }: Exchange): void {
    sendJson(response, 200, JSON.stringify(simulation.webhooks.readCounts()));
  }

  function readLateness({ response }: Exchange): void {
    sendJson(response, 200, JSON.stringify(simulation.lateness.read()));
  }

  function readFaults({ response }: Exchange): void {
    sendJson(response, 200, JSON.stringify({ ...simulation.faults, known: faultMeanings }));
  }

  async function setFaults({ request, response }: Exchange): Promise<void> {
    const parsed = faultSettingsSchema.safeParse((await readJson(request)) ?? {});
    if (!parsed.success) {
      const { message, path } = parsed.error.issues[0]!;
      throw new ApiError(400, {
        message: `LLM SIMULATOR: ${path.join('.')}: ${message}`,
        param: path.join('.'),
      });
    }
    simulation.setFaults(parsed.data);
    sendJson(response, 200, JSON.stringify(parsed.data));
  }

  function reset({ response }: Exchange): void {
    simulation.reset();
    sendJson(response, 200, '{"reset":true}');
  }

  return { calls, events, readLimits, readWebhooks, readLateness, readFaults, setFaults, reset };
}
