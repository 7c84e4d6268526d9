import { z } from 'zod';
import { HeadwayError } from '../../contracts/errors';
import { faultNames, type FaultRates } from './fault-names';

const number = () => z.coerce.number<string | number>();
const milliseconds = number().min(0);

/** Every option, its environment variable and its default. All times are in milliseconds before `timeScale`. */
const simulatorOptionsSchema = z
  .object({
    port: number().int().min(0).max(65535).default(8089),
    seed: number().int().default(1),
    /** Every simulated time is multiplied by this: 0.02 makes a call of 5 s take 100 ms. */
    timeScale: number().min(0).max(100).default(1),
    log: z.enum(['normal', 'quiet']).default('normal'),
    latencyMinMs: milliseconds.default(5_000),
    latencyMaxMs: milliseconds.default(10_000),
    latencySlowMs: milliseconds.default(30_000),
    latencySlowRatio: number().min(0).max(1).default(0.01),
    /** `rate_limit=0.02,malformed=0.01`: the share of calls each fault hits. */
    faults: z
      .string()
      .default('')
      .transform((text, context) => {
        try {
          return parseFaultRates(text);
        } catch (error) {
          context.addIssue({ code: 'custom', message: (error as Error).message });
          return z.NEVER;
        }
      }),
    /** How long a finished response can still be read (the real API promises about 10 minutes); not scaled. */
    retainMs: milliseconds.default(600_000),
    /** How many finished responses are kept at most. */
    retainMax: number().int().min(1).default(50_000),
    /** How many beginnings and ends of calls are kept for `GET /simulator/events`. */
    events: number().int().min(0).max(10_000_000).default(0),
    /** Limits of each model, told in headers and enforced; real minutes. Without one nothing is limited. */
    requestsPerMinute: number().min(1).optional(),
    tokensPerMinute: number().min(1).optional(),
    /** So much of a limit can be saved up. 60 is what the headers of the real API show. */
    limitBurstSeconds: number().positive().default(60),
    /** `reserved`: prompt and `max_output_tokens` when the call is made, as the real API documents it; `used`: what was used, when it has ended. */
    tokensCounted: z.enum(['reserved', 'used']).default('reserved'),
    /** Where the end of each background call is told. */
    webhookUrl: z.url({ protocol: /^https?$/ }).optional(),
    webhookSecret: z
      .string()
      .regex(/^whsec_[A-Za-z0-9+/]{16,}={0,2}$/, 'must be `whsec_` and base64')
      .optional(),
  })
  .refine((options) => (options.webhookUrl === undefined) === (options.webhookSecret === undefined), {
    path: ['webhookUrl'],
    message: 'must be set together with SIMULATOR_WEBHOOK_SECRET',
  })
  .refine((options) => options.latencyMinMs <= options.latencyMaxMs, {
    path: ['latencyMinMs'],
    message: 'must not be greater than SIMULATOR_LATENCY_MAX_MS',
  });

export type SimulatorOptions = z.output<typeof simulatorOptionsSchema>;
type OptionName = keyof SimulatorOptions;

const variables: Record<OptionName, string> = {
  port: 'SIMULATOR_PORT',
  seed: 'SIMULATOR_SEED',
  timeScale: 'SIMULATOR_TIME_SCALE',
  log: 'SIMULATOR_LOG',
  latencyMinMs: 'SIMULATOR_LATENCY_MIN_MS',
  latencyMaxMs: 'SIMULATOR_LATENCY_MAX_MS',
  latencySlowMs: 'SIMULATOR_LATENCY_SLOW_MS',
  latencySlowRatio: 'SIMULATOR_LATENCY_SLOW_RATIO',
  faults: 'SIMULATOR_FAULTS',
  retainMs: 'SIMULATOR_RETAIN_MS',
  retainMax: 'SIMULATOR_RETAIN_MAX',
  events: 'SIMULATOR_EVENTS',
  requestsPerMinute: 'SIMULATOR_REQUESTS_PER_MINUTE',
  tokensPerMinute: 'SIMULATOR_TOKENS_PER_MINUTE',
  limitBurstSeconds: 'SIMULATOR_LIMIT_BURST_SECONDS',
  tokensCounted: 'SIMULATOR_TOKENS_COUNTED',
  webhookUrl: 'SIMULATOR_WEBHOOK_URL',
  webhookSecret: 'SIMULATOR_WEBHOOK_SECRET',
};

/**
 * The options from the environment; an empty variable counts as not set.
 * @throws HeadwayError HW_CONFIG_INVALID, one sentence that names the variable.
 */
export function readOptions(env: NodeJS.ProcessEnv = process.env): SimulatorOptions {
  const given: Partial<Record<OptionName, string>> = {};
  for (const [option, variable] of Object.entries(variables) as [OptionName, string][]) {
    if (env[variable]) given[option] = env[variable];
  }
  return parse(given);
}

/**
 * Options given in code, with defaults for the rest.
 * @throws HeadwayError HW_CONFIG_INVALID, one sentence that names the variable.
 */
export function parseOptions(given: z.input<typeof simulatorOptionsSchema>): SimulatorOptions {
  return parse(given);
}

function parse(given: Partial<Record<OptionName, unknown>>): SimulatorOptions {
  const parsed = simulatorOptionsSchema.safeParse(given);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0]!;
  const option = issue.path[0] as OptionName;
  const reason = issue.message.charAt(0).toLowerCase() + issue.message.slice(1);
  throw new HeadwayError(
    'HW_CONFIG_INVALID',
    `${variables[option]}${option === 'webhookSecret' ? '' : `=${String(given[option])}`} cannot be used: ${reason}.`,
  );
}

/** @throws Error when a fault is unknown, a rate is not a number from 0 to 1, or all rates add up to more than 1. */
function parseFaultRates(text: string): FaultRates {
  const rates: FaultRates = {};
  for (const part of text.split(',').filter((part) => part.trim())) {
    const [name = '', rate] = part.split('=').map((side) => side.trim());
    if (!(faultNames as readonly string[]).includes(name)) {
      throw new Error(`"${name}" is not one of ${faultNames.join(', ')}`);
    }
    rates[name as keyof FaultRates] = Number(rate);
  }
  return checkFaultRates(rates);
}

/** @throws Error when a rate is not a number from 0 to 1, or all together are more than 1. */
export function checkFaultRates(rates: FaultRates): FaultRates {
  let sum = 0;
  for (const [name, rate] of Object.entries(rates)) {
    if (!(rate >= 0 && rate <= 1)) throw new Error(`the rate of ${name} must be a number from 0 to 1`);
    sum += rate;
  }
  if (sum > 1 + 1e-9) throw new Error('the rates add up to more than 1');
  return rates;
}
