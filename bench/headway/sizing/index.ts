import type { Measured, Measurement } from '../measurement';
import { readInFlight, readSteady } from './figures';
import { fitPlot } from './fit-plot';
import { example } from './inputs';
import { fitModel, mayExtrapolate } from './model';
import { planFor } from './plan';
import { sizingMarkdown, type Sizing } from './summary';

/** Measures nothing: a model of what other parts have measured, and what it says about 5,000 jobs/s. */
export const sizing: Measurement = {
  name: 'sizing',
  title: 'Sizing: 5,000 jobs/s, 50,000 in flight',
  estimateMs: () => 0,

  async run({ earlier }): Promise<Measured> {
    const { date, machine, parts } = earlier;
    const figures = readSteady(parts.steady?.figures);
    const model = fitModel(figures);
    const inFlight = readInFlight(parts['in-flight']?.figures);
    const { temporalVersion } = figures;
    const sized: Sizing = {
      ...{ source: `the run of ${date} on ${machine}`, temporalVersion },
      ...{ model, inputs: example },
      ...(mayExtrapolate(model) && { plan: planFor(model, example, inFlight) }),
    };
    return {
      figures: sized,
      markdown: sizingMarkdown(sized),
      charts: { fit: await fitPlot(model, `Measured ${date}, ${machine}, Temporal ${temporalVersion}.`) },
    };
  },
};
