import { judgeFailures, unexplainedCalls } from './judge-jobs';

const llm = { name: 'llm', failsJobs: { HW_LLM_UNAVAILABLE: 0.05 }, repeatsLlmCalls: 2 };
const topic = { name: 'topic', failsJobs: { HW_RESULT_TOO_LARGE: 1 } };
const kafka = { name: 'kafka' };
const faults = [llm, topic, kafka];
/** From second 100 to 140. */
const strike = (fault: string, from = 100, to = 140) => ({ fault, beganAt: from, endedAt: to });
const lived = (producedAt: number, endedAt: number) => ({ id: 'job', producedAt, endedAt });
const unavailable = 'HW_LLM_UNAVAILABLE';
/** Jobs that came and went during the strike, so many of them failed. */
const jobs = (count: number, failing: number, failure = unavailable) =>
  Array.from({ length: count }, (_, index) => ({
    ...lived(110, 120),
    failure: index < failing ? failure : undefined,
  }));

test.each([
  ['while the fault strikes', lived(110, 120), true],
  ['from before the strike into it', lived(90, 101), true],
  ['from within the strike to long after it', lived(139, 400), true],
  ['around the strike', lived(50, 400), true],
  ['over before the strike', lived(90, 99), false],
  ['produced after the strike', lived(141, 150), false],
])('a failure is excused only in a job that lived in a strike of its fault: %s', (_, life, isExcused) => {
  const { failed, excused } = judgeFailures([{ ...life, failure: unavailable }], [strike('llm')], faults);
  expect(excused).toEqual(isExcused ? { 'HW_LLM_UNAVAILABLE (llm)': 1 } : {});
  expect(failed).toEqual(isExcused ? {} : { HW_LLM_UNAVAILABLE: 1 });
});

test.each([
  ['a code of another fault', 'HW_RESULT_TOO_LARGE'],
  ['a code of no fault', 'HW_LLM_REJECTED'],
  ['a status', 'cancelled'],
])('a strike excuses none of the failures that it does not make: %s', (_, failure) => {
  const verdict = judgeFailures([{ ...lived(110, 120), failure }], [strike('llm'), strike('kafka')], faults);
  expect(verdict).toEqual({ failed: { [failure]: 1 }, excused: {} });
});

test.each([
  ['5 of 100', jobs(100, 5), true],
  ['as many as chance allows', jobs(100, 12), true],
  ['one more', jobs(100, 13), false],
  ['all of 100', jobs(100, 100), false],
  ['all of 5', jobs(5, 5), false],
  ['one of 5', jobs(5, 1), true],
])('a strike excuses no more failures than its fault makes: %s', (_, material, isExcused) => {
  const { failed, excused } = judgeFailures(material, [strike('llm')], faults);
  expect(Object.keys(failed)).toEqual(isExcused ? [] : ['HW_LLM_UNAVAILABLE (more than llm explains)']);
  expect(Object.keys(excused)).toEqual(isExcused ? ['HW_LLM_UNAVAILABLE (llm)'] : []);
});

test('jobs outside a strike do not raise what it excuses', () => {
  const others = Array.from({ length: 1_000 }, () => lived(200, 210));
  const { excused } = judgeFailures([...jobs(20, 15), ...others], [strike('llm')], faults);
  expect(excused).toEqual({});
});

test('where every job fails as it should, all are excused', () => {
  const material = jobs(30, 30, 'HW_RESULT_TOO_LARGE');
  expect(judgeFailures(material, [strike('topic')], faults)).toEqual({
    failed: {},
    excused: { 'HW_RESULT_TOO_LARGE (topic)': 30 },
  });
});

test.each([
  ['none repeated', 0, lived(110, 120), [], 0],
  ['repeated while nothing struck', 1, lived(110, 120), [], 1],
  ['repeated while a fault struck that interrupts no call', 1, lived(110, 120), [strike('kafka')], 1],
  ['repeated before the strike', 1, lived(90, 99), [strike('llm')], 1],
  ['as often as a strike may interrupt', 2, lived(110, 300), [strike('llm')], 0],
  ['more often', 3, lived(110, 300), [strike('llm')], 1],
  ['as often as two strikes may', 4, lived(110, 300), [strike('llm'), strike('llm', 200, 240)], 0],
])(
  'LLM calls made again are explained by strikes that interrupt them: %s',
  (_, repeated, life, strikes, lines) => {
    expect(unexplainedCalls([{ ...life, repeated }], strikes, faults)).toHaveLength(lines);
  },
);
