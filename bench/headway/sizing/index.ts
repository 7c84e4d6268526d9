import type { Measured, Measurement } from '../measurement';
import { readCost, readInFlight } from './figures';
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
    const cost = readCost(parts.cost?.figures);
    const model = fitModel(cost);
    const inFlight = readInFlight(parts['in-flight']?.figures);
    const sized: Sizing = {
      ...{ source: `the run of ${date} on ${machine}`, temporalVersion: cost.temporalVersion },
      ...{ model, inputs: example },
      ...(mayExtrapolate(model) && { plan: planFor(model, example, inFlight) }),
    };
    return {
      figures: sized,
      markdown: sizingMarkdown(sized),
      charts: { fit: await fitPlot(model, `Measured ${date}, ${machine}.`) },
    };
  },
};
