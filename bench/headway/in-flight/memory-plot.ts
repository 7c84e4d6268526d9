import { renderPlot } from '../../compare/report/plot';
import { rounded } from '../spread';
import { memoryParts, memoryTitles, type Point } from './point';

const colours = ['#d1495b', '#1d3557', '#7a5195', '#e9a23b'];

/** Memory that came with the jobs, stacked by who has it: a bar for each count. As SVG text. */
export async function memoryPlot(points: readonly Point[], subtitle: string): Promise<string> {
  const values = points.flatMap(({ jobs, megabytes }) =>
    memoryParts.flatMap((part, order) => {
      const own = megabytes[part];
      // A process that gave memory back has no bar.
      return own
        ? [{ jobs, order, part: memoryTitles[part], more: Math.max(0, own.inFlight - own.before) }]
        : [];
    }),
  );
  const sums = points.map(({ jobs, atOnce }) => {
    const more = values.filter((one) => one.jobs === jobs).reduce((sum, one) => sum + one.more, 0);
    return { jobs, more, label: `${rounded(more)} MB, ${rounded((more * 1_024) / atOnce)} KB a job` };
  });
  // Room for the text behind the longest bar.
  const domainMax = 1.5 * Math.max(...sums.map(({ more }) => more));
  const y = {
    ...{ field: 'jobs', type: 'ordinal', sort: null, title: 'jobs in flight' },
    axis: { domain: false, ticks: false, format: ',d' },
  };
  const { svg } = await renderPlot(
    { name: 'in-flight', title: 'Memory that comes with jobs that wait for the LLM', subtitle: [subtitle] },
    {
      ...{ width: 560, height: { step: 38 } },
      layer: [
        {
          data: { values },
          mark: { type: 'bar', height: 22 },
          encoding: {
            y,
            x: {
              field: 'more',
              type: 'quantitative',
              title: 'MB more than before',
              stack: 'zero',
              scale: { domainMax },
            },
            order: { field: 'order', type: 'quantitative' },
            color: {
              ...{ field: 'part', type: 'nominal', title: null, legend: { orient: 'bottom' } },
              scale: { domain: memoryParts.map((part) => memoryTitles[part]), range: colours },
            },
          },
        },
        {
          data: { values: sums },
          mark: { type: 'text', align: 'left', dx: 4, fontSize: 12, color: '#333' },
          encoding: { y, x: { field: 'more', type: 'quantitative' }, text: { field: 'label' } },
        },
      ],
    },
  );
  return svg;
}
