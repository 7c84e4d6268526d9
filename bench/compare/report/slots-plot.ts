import { colourOf, howMeasured, renderPlot, type Plot } from './plot';
import { summarise } from './summary';
import type { Written } from './written';

/** Which share of the slots had a call while jobs waited. Undefined when it is known of nobody. */
export async function slotsPlot(written: Written, scenario: string): Promise<Plot | undefined> {
  const without = new Map(written.contenders.map(({ name, withoutSlots }) => [name, withoutSlots]));
  const rows = summarise(written.contenders, written.runs).filter(
    (row) => row.scenario === scenario && row.runs > 0,
  );
  const values = rows.map(({ contender: { name, title }, spreads }) => {
    const { slotUse, peakInFlight } = spreads;
    const label =
      slotUse !== undefined
        ? `${Math.round(100 * slotUse.median)} %`
        : without.get(name) === undefined
          ? 'no job waited'
          : `no slots; ${peakInFlight?.median ?? 0} calls at once at most`;
    return {
      title,
      colour: colourOf(name),
      label,
      percent: 100 * (slotUse?.median ?? 0),
      known: slotUse !== undefined,
    };
  });
  const known = values.filter((one) => one.known).sort((a, b) => b.percent - a.percent);
  const [best, worst] = [known[0], known.at(-1)];
  if (!best || !worst) return undefined;
  const y = {
    field: 'title',
    type: 'nominal',
    sort: null,
    title: null,
    axis: { domain: false, ticks: false, labelLimit: 480 },
  };
  const x = {
    field: 'percent',
    type: 'quantitative',
    title: 'slots with a call, %',
    scale: { domain: [0, 100] },
  };
  return renderPlot(
    {
      name: `slots-${scenario}`,
      title: `While jobs wait, “${best.title}” keeps ${best.label} of its slots busy${best === worst ? '' : `, “${worst.title}” ${worst.label}`}`,
      subtitle: [
        'LLM calls in flight of those its slots allow, over all the time in which some job had waited over 0.1 s.',
        howMeasured(written, scenario),
      ],
    },
    {
      width: 520,
      height: { step: 26 },
      data: { values },
      layer: [
        {
          mark: { type: 'bar', height: 15 },
          encoding: { x, y, color: { field: 'colour', type: 'nominal', scale: null } },
        },
        {
          mark: { type: 'text', align: 'left', dx: 4, fontSize: 12, color: '#333' },
          encoding: { x, y, text: { field: 'label' } },
        },
      ],
    },
  );
}
