import { z } from 'zod';
import { HeadwayError } from '../../../contracts/errors';
import { benchParts, systemParts, type PartName } from '../cost/parts';

const amount = z.number().nonnegative();
const eachPart = <Part extends PartName>(parts: readonly Part[]) =>
  z.object(Object.fromEntries(parts.map((part) => [part, amount])) as Record<Part, typeof amount>);

/** What the model needs of the part steady, as its JSON has it. */
const steadySchema = z.object({
  temporalVersion: z.string(),
  cases: z.array(
    z.object({
      ...{ name: z.string(), title: z.string(), perSecond: amount },
      llmMs: z.object({ from: amount, to: amount }),
    }),
  ),
  points: z.array(
    z.object({
      ...{ case: z.string(), jobsPerSecond: amount },
      cpuMsPerSecond: eachPart([...systemParts, ...benchParts]),
      megabytes: eachPart(systemParts),
      temporal: z.object({ jobsPerWorkflow: amount, transitions: amount }).optional(),
      waves: amount.optional(),
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

export type SteadyFigures = z.infer<typeof steadySchema>;
export type InFlightFigures = z.infer<typeof inFlightSchema>;

/** @throws HeadwayError HW_CONFIG_INVALID when they are not there, or not figures of that part */
export function readSteady(figures: unknown): SteadyFigures {
  const read = steadySchema.safeParse(figures);
  if (read.success) return read.data;
  throw new HeadwayError(
    'HW_CONFIG_INVALID',
    'sizing needs figures of the part steady: measure both in one run (--only steady,sizing), or name the JSON file of a run that has them (--from).',
  );
}

/** Undefined where they are not there: the plan does without. */
export function readInFlight(figures: unknown): InFlightFigures | undefined {
  return inFlightSchema.safeParse(figures).data;
}
