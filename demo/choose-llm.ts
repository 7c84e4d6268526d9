import { HeadwayError } from '../contracts/errors';

export interface LlmChoice {
  simulated: boolean;
  /** Jobs when the command line does not say how many. */
  defaultJobs: number;
  /** Stands in every line that shows answers or progress. */
  label: string;
}

/**
 * Who answers: the simulator, unless the environment names a provider.
 *
 * @throws HeadwayError `HW_CONFIG_INVALID` when calls would cost money and nobody has said yes to that
 */
export function chooseLlm(env: NodeJS.ProcessEnv, { jobs, yes }: { jobs?: number; yes: boolean }): LlmChoice {
  const isSet = (value: string | undefined) => (value ?? '').trim() !== '';
  if (!isSet(env.OPENAI_API_KEY) && !isSet(env.OPENAI_BASE_URL)) {
    return { simulated: true, defaultJobs: 600, label: 'LLM SIMULATOR' };
  }
  const defaultJobs = 10;
  // A key that lies around in a shell must not be charged for by a command that is tried out.
  if (isSet(env.OPENAI_API_KEY) && !yes) {
    throw new HeadwayError(
      'HW_CONFIG_INVALID',
      `OPENAI_API_KEY is set, so the demo would make about ${jobs ?? defaultJobs} real LLM calls, which cost money. ` +
        'Allow that with `npm run demo -- --yes`, or use the simulator with `env -u OPENAI_API_KEY -u OPENAI_BASE_URL npm run demo`.',
    );
  }
  return { simulated: false, defaultJobs, label: 'REAL LLM' };
}
