import type { Figures } from '../run';

type InTime = Pick<Figures, 'struck' | 'timeline'>;

interface Shown {
  title: string;
  figures: InTime;
}

const BEFORE_MS = 2_000;
const AFTER_MS = 4_000;

/** What the calls in flight of all ways show of what went wrong, in one sentence. */
export function timelineFinding(shown: Shown[]): string {
  return (
    kept(shown, ['kill'], 'In the seconds after a SIGKILL') ??
    backAfter(shown) ??
    kept(shown, ['join', 'leave'], 'In the seconds after a consumer joins or leaves') ??
    'LLM calls in flight over time'
  );
}

function kept(shown: Shown[], kinds: string[], when: string): string | undefined {
  const all = shown.flatMap(({ title, figures }) => {
    const share = keptThrough(figures, kinds);
    return share === undefined ? [] : [{ title, percent: Math.round(100 * share) }];
  });
  all.sort((a, b) => b.percent - a.percent);
  const [best] = all;
  if (!best) return undefined;
  if (best.percent === 0) return `${when} everybody has a moment without any call in flight`;
  const idle = all.filter(({ percent }) => percent === 0).length;
  const text = `${when} “${best.title}” never has less than ${best.percent} % of the calls it had before`;
  return idle === 0 ? text : `${text}; ${idle} of ${all.length} ways have a moment without any`;
}

/** The fewest calls in flight in the seconds after such a moment, new ones too, of those before it; the worst of all. Undefined where there was none. */
export function keptThrough({ struck, timeline }: InTime, kinds: string[]): number | undefined {
  const shares = struck.flatMap(({ kind, at }) => {
    if (!kinds.includes(kind)) return [];
    const before = meanBefore(timeline, at);
    const after = between(timeline, at, at + AFTER_MS);
    return before === 0 || after.length === 0 ? [] : [Math.min(1, Math.min(...after) / before)];
  });
  return shares.length === 0 ? undefined : Math.min(...shares);
}

function backAfter(shown: Shown[]): string | undefined {
  const all = shown.flatMap(({ title, figures }) => {
    const ms = comesBackAfterMs(figures);
    return ms === undefined ? [] : [{ title, ms }];
  });
  all.sort((a, b) => a.ms - b.ms);
  const first = all[0];
  const last = all.at(-1);
  if (!first || !last) return undefined;
  if (first.ms === Infinity) return 'After the LLM is back nobody has as many calls in flight as before';
  const text = `“${first.title}” has as many calls in flight as before ${inSeconds(first.ms)} after the LLM is back`;
  if (last === first) return text;
  return `${text}, “${last.title}” ${last.ms === Infinity ? 'not until the end' : `after ${inSeconds(last.ms)}`}`;
}

/** From the end of an outage until as many calls are in flight as before it, in milliseconds: Infinity if that never came. Undefined where there was none. */
export function comesBackAfterMs({ struck, timeline }: InTime): number | undefined {
  const away = struck.find(({ kind }) => kind === 'llm-away');
  const back = struck.find(({ kind }) => kind === 'llm-back');
  if (!away || !back) return undefined;
  const before = meanBefore(timeline, away.at);
  if (before === 0) return undefined;
  const from = Math.ceil(back.at / timeline.everyMs);
  const index = timeline.inFlight.findIndex((calls, at) => at >= from && calls >= before);
  return index === -1 ? Infinity : index * timeline.everyMs - back.at;
}

const inSeconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`;

function meanBefore(timeline: InTime['timeline'], at: number): number {
  const before = between(timeline, at - BEFORE_MS, at - 1);
  return before.reduce((sum, calls) => sum + calls, 0) / Math.max(1, before.length);
}

const between = ({ inFlight, everyMs }: InTime['timeline'], from: number, to: number): number[] =>
  inFlight.slice(Math.max(0, Math.ceil(from / everyMs)), Math.floor(to / everyMs) + 1);
