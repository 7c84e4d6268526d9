import { colourOf, howMeasured, renderPlot, round, type Plot } from './plot';
import { summarise, type Row } from './summary';
import type { Written } from './written';

const kinds = [
  { name: 'lost', title: 'jobs lost' },
  { name: 'duplicated', title: 'jobs with two results' },
  { name: 'wastedCalls', title: 'LLM calls made again' },
];

/** What a scenario cost: for every 1,000 jobs, those lost, those done twice, and calls paid for twice. Undefined without figures. */
export async function lostPlot(written: Written, scenario: string): Promise<Plot | undefined> {
  const rows = summarise(written.contenders, written.runs).filter(
    (row) => row.scenario === scenario && row.runs > 0,
  );
  if (rows.length === 0) return undefined;
  const values = rows.map(({ contender, spreads }) => ({
    title: contender.title,
    colour: colourOf(contender.name),
    ...Object.fromEntries(
      kinds.flatMap(({ name }) => [
        [name, perThousand(spreads, name)],
        [`${name} lowest`, perThousand(spreads, name, 'lowest')],
        [`${name} highest`, perThousand(spreads, name, 'highest')],
      ]),
    ),
  }));
  return renderPlot(
    {
      name: `lost-${scenario}`,
      title: finding(rows),
      subtitle: [
        `For every 1,000 jobs sent. Lost: no result, no dead letter, and the system does not know the job any more.${rows.some(({ runs }) => runs > 1) ? ' Bars and figures are medians, lines from the best run to the worst.' : ''}`,
        howMeasured(written, scenario),
      ],
    },
    {
      data: { values },
      spacing: 24,
      hconcat: kinds.map(({ name, title }, index) => {
        const y = {
          field: 'title',
          type: 'nominal',
          sort: null,
          title: null,
          axis: index === 0 ? { domain: false, ticks: false, labelLimit: 480 } : null,
        };
        const x = {
          field: name,
          type: 'quantitative',
          title,
          // Room for the label behind the longest bar.
          scale: {
            domain: [0, 1.35 * Math.max(1, ...values.map((one) => Number(one[`${name} highest` as never])))],
          },
          axis: { tickCount: 3 },
        };
        return {
          width: 180,
          height: { step: 26 },
          layer: [
            {
              mark: { type: 'bar', height: 15 },
              encoding: { x, y, color: { field: 'colour', type: 'nominal', scale: null } },
            },
            {
              mark: { type: 'rule', strokeWidth: 1.5, color: '#333' },
              encoding: { x: { ...x, field: `${name} lowest` }, x2: { field: `${name} highest` }, y },
            },
            {
              mark: { type: 'text', align: 'left', dx: 4, fontSize: 12, color: '#333' },
              encoding: {
                x: { ...x, field: `${name} highest` },
                y,
                text: { field: name, type: 'quantitative', format: '~g' },
              },
            },
          ],
        };
      }),
    },
  );
}

function perThousand(
  spreads: Row['spreads'],
  name: string,
  which: 'lowest' | 'median' | 'highest' = 'median',
): number {
  const jobs = spreads.jobs?.median ?? 0;
  return jobs === 0 ? 0 : round((1_000 * (spreads[name]?.[which] ?? 0)) / jobs);
}

function finding(rows: Row[]): string {
  const losing = rows
    .map(({ contender, spreads }) => ({ title: contender.title, lost: perThousand(spreads, 'lost') }))
    .filter(({ lost }) => lost > 0)
    .sort((a, b) => b.lost - a.lost);
  const [most] = losing;
  const everyRun = rows.some(({ runs }) => runs > 1) ? ' in every run' : '';
  const clean = rows.filter(({ spreads }) =>
    ['unfinished', 'setAside', ...kinds.map(({ name }) => name)].every(
      (name) => (spreads[name]?.highest ?? 0) === 0,
    ),
  );
  const cleanText =
    clean.length === 0
      ? `nobody finished${everyRun} without a loss, a second result or a second call`
      : `finished${everyRun} without a loss, a second result or a second call: ${clean.map(({ contender }) => contender.title).join(', ')}`;
  if (!most) return `Nobody lost a job; ${cleanText}`;
  return `“${most.title}” lost ${most.lost} of 1,000 jobs; ${cleanText}`;
}
