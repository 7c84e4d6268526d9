import pino from 'pino';
import { watchTemporal } from '../../runtime/watch-temporal';
import { eventually } from '../support/eventually';

test('says that Temporal is away while it does not answer, once in the log, and once when it does again', async () => {
  const lines: string[] = [];
  const logger = pino({ base: null, timestamp: false }, { write: (line) => void lines.push(line) });
  let answers = true;
  let asked = 0;
  const watch = watchTemporal({
    temporal: {
      withDeadline: (_, work) => work(),
      workflowService: {
        getSystemInfo: (() => {
          asked += 1;
          return answers ? Promise.resolve({}) : Promise.reject(new Error('refused'));
        }) as never,
      },
    },
    ...{ logger, consequence: 'jobs wait', everyMs: 1, everyMsAway: 1 },
  });
  expect(watch.away()).toBeUndefined();
  answers = false;
  await eventually('away', () => watch.away() === 'Temporal does not answer');
  const before = asked;
  await eventually('asked again', () => asked > before + 3);
  answers = true;
  await eventually('there again', () => watch.away() === undefined);
  watch.stop();
  expect(lines.map((line) => (JSON.parse(line) as { msg: string }).msg)).toEqual([
    'Temporal does not answer: jobs wait',
    'Temporal answers again',
  ]);
});
