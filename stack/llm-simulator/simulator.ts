import type { AddressInfo } from 'node:net';
import { createLog, type Log } from './log';
import { parseOptions, type SimulatorOptions } from './options';
import { createSimulatorServer } from './server';
import { Simulation } from './simulation';

export interface RunningSimulator {
  /** For `OPENAI_BASE_URL`: ends with `/v1`. */
  baseUrl: string;
  /** `http://127.0.0.1:<port>`, below which `/simulator/` and `/healthz` are. */
  origin: string;
  /** Resolves within a second; calls that are still open are cut off. */
  stop(): Promise<void>;
}

/**
 * Starts the simulator in this process, on 127.0.0.1, for tests: a free port and no log, unless said otherwise.
 * @throws HeadwayError HW_CONFIG_INVALID for an option that cannot be used; the error of `listen` when the port is taken
 */
export async function startSimulator(
  given: Parameters<typeof parseOptions>[0] = {},
): Promise<RunningSimulator> {
  const options = parseOptions({ port: 0, log: 'quiet', ...given });
  return runSimulator(options, createLog(options.log));
}

/** As startSimulator, with all options and the log given. */
export async function runSimulator(options: SimulatorOptions, log: Log): Promise<RunningSimulator> {
  const simulation = new Simulation(options, log);
  const server = createSimulatorServer(simulation);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    // Thousands of clients may connect in the same instant.
    server.listen({ port: options.port, host: '127.0.0.1', backlog: 4_096 }, resolve);
  });
  const stopReporting = reportActivity(simulation, log);
  const stopSimulation = simulation.start();
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  async function stop(): Promise<void> {
    stopReporting();
    stopSimulation();
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    server.closeIdleConnections();
    simulation.waiting.resetAll();
    // Answers on their way get a moment.
    const cut = setTimeout(() => server.closeAllConnections(), 300);
    await closed;
    clearTimeout(cut);
  }

  return { baseUrl: `${origin}/v1`, origin, stop };
}

/** One line at most every five seconds, and only when something happened. */
function reportActivity(simulation: Simulation, log: Log): () => void {
  let last = '';
  const timer = setInterval(() => {
    simulation.responses.settle(simulation.now());
    const { inFlight, peakInFlight, accepted, polls } = simulation.counters.readTotals();
    const text = `${inFlight} calls in flight (peak ${peakInFlight}), ${accepted} accepted, ${polls} polls`;
    if (text !== last && accepted + polls > 0) log.line(text);
    last = text;
  }, 5_000);
  timer.unref();
  return () => clearInterval(timer);
}
