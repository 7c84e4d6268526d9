import type { Figures } from '../run';
import { colourOf, howMeasured, renderPlot, type Plot } from './plot';
import type { Written } from './written';

const BEFORE_MS = 2_000;
const AFTER_MS = 4_000;

/** LLM calls in flight over the first run of a scenario, contender by contender, with what went wrong when. Undefined without figures. */
export async function timelinePlot(written: Written, scenario: string): Promise<Plot | undefined> {
  const shown = written.contenders.flatMap(({ name, title }) => {
    const run = written.runs.find(
      (one) => one.contender === name && one.scenario === scenario && one.figures !== undefined,
    );
    return run?.figures ? [{ name, title, figures: run.figures }] : [];
  });
  if (shown.length === 0) return undefined;
  const lastSecond = Math.max(
    ...shown.map(({ figures: { timeline } }) => (timeline.inFlight.length * timeline.everyMs) / 1_000),
  );
  const highest = Math.max(1, ...shown.flatMap(({ figures }) => figures.timeline.inFlight));
  const kinds = [...new Set(shown.flatMap(({ figures }) => figures.struck.map(({ kind }) => nameOf(kind))))];
  return renderPlot(
    {
      name: `in-flight-${scenario}`,
      title: finding(shown),
      subtitle: [
        'LLM calls in flight, as the simulated provider sees them; the first run of each. A call at a provider that keeps it (background mode) goes on while its consumer is dead.',
        howMeasured(written, scenario),
      ],
    },
    {
      spacing: 14,
      vconcat: shown.map(({ name, title, figures }, index) => {
        const isLast = index === shown.length - 1;
        const x = {
          field: 'seconds',
          type: 'quantitative',
          scale: { domain: [0, lastSecond], nice: false },
          title: isLast ? 'seconds since the first job was sent' : null,
          axis: { labels: isLast, ticks: isLast },
        };
        return {
          title: { text: title, anchor: 'start', fontSize: 12, fontWeight: 'normal', offset: 4 },
          width: 680,
          height: 64,
          layer: [
            {
              data: { values: pointsOf(figures) },
              mark: { type: 'area', interpolate: 'step-after', opacity: 0.75, color: colourOf(name) },
              encoding: {
                x,
                y: {
                  field: 'calls',
                  type: 'quantitative',
                  title: null,
                  // The same for all: heights can be compared.
                  scale: { domain: [0, highest] },
                  axis: { tickCount: 3 },
                },
              },
            },
            {
              data: {
                values: figures.struck.map(({ kind, at }) => ({ kind: nameOf(kind), seconds: at / 1_000 })),
              },
              mark: { type: 'rule', strokeWidth: 1.5 },
              encoding: {
                x,
                strokeDash: {
                  field: 'kind',
                  type: 'nominal',
                  title: null,
                  scale: { domain: kinds },
                  legend: { orient: 'top', labelFontSize: 12, labelLimit: 300, symbolType: 'stroke' },
                },
              },
            },
          ],
        };
      }),
    },
  );
}

function pointsOf({ timeline: { inFlight, everyMs } }: Figures) {
  return inFlight.map((calls, index) => ({ calls, seconds: (index * everyMs) / 1_000 }));
}

const nameOf = (kind: string): string => faultNames[kind] ?? kind;

const faultNames: Record<string, string> = {
  kill: 'a consumer is killed',
  join: 'one more joins',
  leave: 'it leaves',
  'llm-away': 'the LLM is away',
  'llm-back': 'it is back',
};

function finding(shown: { title: string; figures: Figures }[]): string {
  const kept = shown.flatMap(({ title, figures }) => {
    const share = keptThrough(figures);
    return share === undefined ? [] : [{ title, percent: Math.round(100 * share) }];
  });
  kept.sort((a, b) => b.percent - a.percent);
  const [best] = kept;
  if (!best) return 'LLM calls in flight over time';
  if (best.percent === 0) return 'After a SIGKILL everybody has a moment without any call in flight';
  const idle = kept.filter(({ percent }) => percent === 0).length;
  const text = `In the seconds after a SIGKILL “${best.title}” never has less than ${best.percent} % of the calls it had before`;
  return idle === 0 ? text : `${text}; ${idle} of ${kept.length} ways have a moment without any`;
}

/** The fewest calls in flight in the seconds after a kill, new ones too, of those before it; the worst of all kills. */
export function keptThrough({ struck, timeline }: Figures): number | undefined {
  const shares = struck.flatMap(({ kind, at }) => {
    if (kind !== 'kill') return [];
    const between = (from: number, to: number) =>
      timeline.inFlight.slice(Math.ceil(from / timeline.everyMs), Math.floor(to / timeline.everyMs) + 1);
    const before = between(at - BEFORE_MS, at - 1);
    const mean = before.reduce((sum, calls) => sum + calls, 0) / Math.max(1, before.length);
    const after = between(at, at + AFTER_MS);
    return mean === 0 || after.length === 0 ? [] : [Math.min(1, Math.min(...after) / mean)];
  });
  return shares.length === 0 ? undefined : Math.min(...shares);
}
