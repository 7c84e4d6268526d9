import { renderPlot } from '../../compare/report/plot';
import { middleOf, rounded } from '../spread';
import { partNames, partTitles } from './parts';
import type { Measured } from './summary';
import { systemCpuMs, wholeCpuMs } from './sums';

const colours = ['#8c8c8c', '#1d3557', '#7a5195', '#e9a23b', '#d1495b', '#5b9279', '#cfd8dc', '#e8e8e8'];

/** CPU-ms a job: a bar for each way, out of the medians of its parts; a row of bars for each scenario. As SVG text. */
export async function cpuPlot({ ways, scenarios, rounds }: Measured, subtitle: string): Promise<string> {
  const bars = scenarios.flatMap((scenario) =>
    ways.flatMap(({ name, title }) => {
      const own = rounds.filter((round) => round.way === name && round.scenario === scenario.name);
      return own.length === 0 ? [] : [{ scenario: scenario.title, title, own }];
    }),
  );
  const values = bars.flatMap(({ own, ...bar }) =>
    partNames.map((part, order) => ({
      ...{ ...bar, order, part: partTitles[part] },
      cpuMs: middleOf(own.map(({ cpuMsPerJob }) => cpuMsPerJob[part])),
    })),
  );
  const sums = bars.map(({ own, ...bar }) => ({
    ...bar,
    whole: middleOf(own.map(wholeCpuMs)),
    label: String(rounded(middleOf(own.map(systemCpuMs)), 1)),
  }));
  const y = {
    field: 'title',
    type: 'nominal',
    sort: ways.map(({ title }) => title),
    title: null,
    axis: { domain: false, ticks: false, labelLimit: 480 },
  };
  const { svg } = await renderPlot(
    {
      name: 'cpu',
      title: finding({ scenarios, rounds }),
      subtitle: [
        `CPU-milliseconds a job, by who spends them. The number is the sum without the simulator and the load. ${subtitle}`,
      ],
    },
    {
      resolve: { scale: { x: 'shared' } },
      vconcat: scenarios.map((scenario) => ({
        title: { text: scenario.title, anchor: 'start', fontSize: 13 },
        width: 560,
        height: { step: 26 },
        layer: [
          {
            data: { values: values.filter((one) => one.scenario === scenario.title) },
            mark: { type: 'bar', height: 15 },
            encoding: {
              y,
              x: { field: 'cpuMs', type: 'quantitative', title: 'CPU-ms a job', stack: 'zero' },
              order: { field: 'order', type: 'quantitative' },
              color: {
                field: 'part',
                type: 'nominal',
                title: null,
                legend: { labelLimit: 300 },
                scale: { domain: partNames.map((part) => partTitles[part]), range: colours },
              },
            },
          },
          {
            data: { values: sums.filter((one) => one.scenario === scenario.title) },
            mark: { type: 'text', align: 'left', dx: 4, fontSize: 12, color: '#333' },
            encoding: { y, x: { field: 'whole', type: 'quantitative' }, text: { field: 'label' } },
          },
        ],
      })),
    },
  );
  return svg;
}

/** Of the last scenario, which is most like real jobs. */
function finding({ scenarios, rounds }: Pick<Measured, 'scenarios' | 'rounds'>): string {
  const scenario = scenarios.at(-1);
  const [packed, straightforward] = ['headway-50', 'straightforward'].map((way) =>
    middleOf(rounds.filter((one) => one.way === way && one.scenario === scenario?.name).map(systemCpuMs)),
  ) as [number, number];
  const times = rounded(straightforward / packed, 1);
  if (Number.isNaN(times)) return 'What a job costs';
  const figures = `${rounded(packed, 1)} instead of ${rounded(straightforward, 1)} CPU-ms`;
  return `Packs of 50 make a job ${times} times cheaper than a workflow for each: ${figures} (${scenario?.title})`;
}
