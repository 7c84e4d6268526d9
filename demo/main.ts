import { loadRegistry } from '../pipelines/load-pipelines';
import { loadConfig } from '../runtime/config/config';
import { explain } from '../runtime/run-main';
import { interruption } from '../stack/interruption';
import { createProgressPrinter } from '../stack/progress-printer';
import { help, readArguments } from './arguments';
import { chooseLlm, type LlmChoice } from './choose-llm';
import { createCleanup } from './cleanup';
import { conclude } from './conclude';
import { lookAround } from './look-around';
import { planJobs, type DemoPlan } from './read-jobs';
import { runJobs } from './run-jobs';
import { startSystem } from './start-system';
import { until } from './waiting';

const output = process.stdout;

/** Returns the exit status. */
async function main(): Promise<number> {
  const given = readArguments(process.argv.slice(2));
  if (given.help) {
    output.write(help);
    return 0;
  }
  // Checks every variable, before anything takes time.
  const config = loadConfig(process.env, ['log', 'pipelines']);
  const { pipelineNamed } = await loadRegistry(config.pipelines);
  const llm = chooseLlm(process.env, given);
  const plan = await planJobs({ ...given, ...llm, pipelineNamed });
  output.write(introduce(plan, llm));
  return runDemo(plan, llm, given.keep);
}

async function runDemo(plan: DemoPlan, llm: LlmChoice, keep: boolean): Promise<number> {
  const interrupted = interruption();
  const failed = new AbortController();
  const fail = (error: unknown) => failed.abort(error);
  const signal = AbortSignal.any([interrupted.signal, failed.signal]);
  // Whatever goes wrong where nobody waits for it, the servers have to be stopped in order.
  process.on('unhandledRejection', fail);
  process.on('uncaughtException', fail);
  output.on('error', () => fail(new Error('nobody reads the output any more')));

  const printer = createProgressPrinter(output);
  const cleanup = createCleanup();
  let verdict: number | undefined;
  try {
    const { onProgress } = printer;
    const system = await startSystem({ env: process.env, signal, fail, onProgress, cleanup });
    printer.close();
    const report = await runJobs({ system, plan, llm, output, signal, fail, cleanup });
    verdict = await conclude({ system, report, llm, output });
    if (keep) {
      output.write(lookAround(system));
      await until(() => false, signal);
    }
  } catch (error) {
    if (failed.signal.aborted) throw failed.signal.reason;
    if (!interrupted.signal.aborted) throw error;
  } finally {
    printer.close();
    output.write('\nStopping ...\n');
    await cleanup.run();
    output.write('Stopped.\n');
  }
  return verdict ?? interrupted.exitCode();
}

function introduce({ oneByOne, atOnce }: DemoPlan, llm: LlmChoice): string {
  const count = oneByOne.length + atOnce.length;
  const who = llm.simulated
    ? 'The LLM is a SIMULATOR: every answer below is made up.'
    : 'REAL LLM: every call goes to the provider in OPENAI_BASE_URL or OpenAI, and may cost money.';
  return `Headway demo: ${count} records from Kafka through Temporal and an LLM back to Kafka.\n${who}\n\n`;
}

main().then(
  (exitCode) => process.exit(exitCode),
  (error: unknown) => {
    console.error(explain('demo', error));
    process.exit(1);
  },
);
