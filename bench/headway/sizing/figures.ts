import { z } from 'zod';
import { HeadwayError } from '../../../contracts/errors';
import { systemParts, type SystemPart } from '../cost/parts';

const amount = z.number().nonnegative();

/** What the model needs of the cost part, as its JSON has it. */
const costSchema = z.object({
  temporalVersion: z.string(),
  scenarios: z.array(
    z.object({ name: z.string(), title: z.string(), fromMs: amount.default(0), toMs: amount.default(0) }),
  ),
  rounds: z.array(
    z.object({
      ...{ way: z.string(), scenario: z.string() },
      cpuMsPerJob: z.object(
        Object.fromEntries(systemParts.map((part) => [part, amount])) as Record<SystemPart, typeof amount>,
      ),
      temporal: z.object({ jobsPerWorkflow: amount, transitions: amount }).optional(),
    }),
  ),
});

/** The same of the part in-flight. */
const inFlightSchema = z.object({
  points: z.array(
    z.object({
      atOnce: amount,
      megabytes: z.record(z.string(), z.object({ before: amount, inFlight: amount })),
    }),
  ),
});

export type CostFigures = z.infer<typeof costSchema>;
export type InFlightFigures = z.infer<typeof inFlightSchema>;

/** @throws HeadwayError HW_CONFIG_INVALID when they are not there, or not figures of that part */
export function readCost(figures: unknown): CostFigures {
  const read = costSchema.safeParse(figures);
  if (read.success) return read.data;
  throw new HeadwayError(
    'HW_CONFIG_INVALID',
    'sizing needs figures of the part cost: measure both in one run (--only cost,sizing), or name the JSON file of a run that has them (--from).',
  );
}

/** Undefined where they are not there: the plan does without. */
export function readInFlight(figures: unknown): InFlightFigures | undefined {
  return inFlightSchema.safeParse(figures).data;
}
