import {
  comesBackAfterMs,
  keptThrough,
  timelineFinding,
} from '../../../../bench/compare/report/timeline-finding';

const EVERY_MS = 500;

/** Calls in flight at each half second, and what went wrong at which second. */
const inTime = (inFlight: number[], struck: Record<string, number>) => ({
  timeline: { inFlight, everyMs: EVERY_MS },
  struck: Object.entries(struck).map(([kind, second]) => ({ kind, at: second * 1_000 })),
});

describe('the finding of a timeline', () => {
  // 2 s before, then the kill, then 4 s.
  const holds = inTime([8, 8, 8, 8, 4, 6, 8, 8, 8, 8, 8, 8, 8], { kill: 2 });
  const stands = inTime([8, 8, 8, 8, 4, 0, 0, 0, 8, 8, 8, 8, 8], { kill: 2 });

  it('says who has calls in flight after a kill, and how many have none', () => {
    expect(keptThrough(holds, ['kill'])).toBe(0.5);
    expect(
      timelineFinding([
        { title: 'stands', figures: stands },
        { title: 'holds', figures: holds },
      ]),
    ).toBe(
      'In the seconds after a SIGKILL “holds” never has less than 50 % of the calls it had before; 1 of 2 ways have a moment without any',
    );
    expect(timelineFinding([{ title: 'stands', figures: stands }])).toBe(
      'In the seconds after a SIGKILL everybody has a moment without any call in flight',
    );
  });

  it('takes the worst of several kills', () => {
    const quiet = Array.from({ length: 8 }, () => 8);
    const inFlight = [...quiet.slice(4), 4, ...quiet, 2, ...quiet];
    const struck = [2, 6.5].map((second) => ({ kind: 'kill', at: second * 1_000 }));
    expect(keptThrough({ timeline: { inFlight, everyMs: EVERY_MS }, struck }, ['kill'])).toBe(0.25);
  });

  it('says who has as many calls as before an outage first, and who last', () => {
    const soon = inTime([4, 4, 4, 4, 0, 0, 0, 0, 2, 4, 9, 9], { 'llm-away': 2, 'llm-back': 4 });
    const late = inTime([4, 4, 4, 4, 0, 0, 0, 0, 0, 0, 3, 5], { 'llm-away': 2, 'llm-back': 4 });
    const never = inTime([4, 4, 4, 4, 0, 0, 0, 0, 0, 0, 3, 3], { 'llm-away': 2, 'llm-back': 4 });
    expect([soon, late, never].map(comesBackAfterMs)).toEqual([500, 1_500, Infinity]);
    const titled = { soon, late, never };
    const finding = (...names: (keyof typeof titled)[]) =>
      timelineFinding(names.map((title) => ({ title, figures: titled[title] })));
    const first = '“soon” has as many calls in flight as before 0.5 s after the LLM is back';
    expect(finding('late', 'soon')).toBe(`${first}, “late” after 1.5 s`);
    expect(finding('never', 'late', 'soon')).toBe(`${first}, “never” not until the end`);
    expect(finding('soon')).toBe(first);
    expect(finding('never')).toBe('After the LLM is back nobody has as many calls in flight as before');
  });

  it('says who has calls in flight while consumers join and leave', () => {
    const eights = Array.from({ length: 14 }, () => 8);
    const calm = inTime([...eights, 6, ...eights], { join: 2, leave: 7 });
    expect(timelineFinding([{ title: 'calm', figures: calm }])).toBe(
      'In the seconds after a consumer joins or leaves “calm” never has less than 75 % of the calls it had before',
    );
  });

  it('claims nothing where nothing went wrong', () => {
    expect(timelineFinding([{ title: 'one', figures: inTime([1, 2, 3], {}) }])).toBe(
      'LLM calls in flight over time',
    );
  });
});
