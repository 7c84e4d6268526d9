import { messageOf } from '../../contracts/errors';
import { createLog } from './log';
import { readOptions, type SimulatorOptions } from './options';
import { runSimulator } from './simulator';

const signals = ['SIGTERM', 'SIGINT'] as const;

async function main(): Promise<void> {
  const options = readOptions();
  const simulator = await runSimulator(options, createLog(options.log));
  announce(options, simulator.origin);

  let stopping = false;
  function stop(reason: string): void {
    if (stopping) return;
    stopping = true;
    // Whatever hangs: nobody waits longer than a second for a simulator.
    setTimeout(() => process.exit(0), 900).unref();
    console.log(`LLM SIMULATOR stops: ${reason}`);
    void simulator.stop().then(() => process.exit(0));
  }
  for (const signal of signals) process.on(signal, () => stop(signal));
  if (process.env.HEADWAY_EXIT_WITH_PARENT === '1') {
    // The parent holds the other end of this pipe; it closes even when the parent is killed.
    process.stdin.resume();
    for (const event of ['end', 'close', 'error']) process.stdin.on(event, () => stop('its parent has gone'));
  }
}

function announce(options: SimulatorOptions, origin: string): void {
  const { latencyMinMs, latencyMaxMs, latencySlowMs, latencySlowRatio, timeScale } = options;
  const scaled = (ms: number) => `${Math.round(ms * timeScale)} ms`;
  const slow = `${(latencySlowRatio * 100).toFixed(1)} % take ${scaled(latencySlowMs)}`;
  console.log(
    'LLM SIMULATOR: this is not OpenAI. No model is asked; every answer and every source is made up.',
  );
  console.log(
    `LLM SIMULATOR seed ${options.seed}; calls take ${scaled(latencyMinMs)} to ${scaled(latencyMaxMs)}, ${slow}`,
  );
  console.log(`LLM SIMULATOR listening on ${origin}`);
}

main().catch((error: unknown) => {
  console.error(`LLM SIMULATOR did not start: ${messageOf(error)}`);
  process.exit(1);
});
