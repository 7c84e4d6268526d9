import { rounded, table } from '../spread';
import { kilobytesPerJob, memoryParts, memoryTitles, phases, type LoopDelay, type Point } from './point';

export interface InFlight {
  temporalVersion: string;
  points: readonly Point[];
  /** Why a count has no point. */
  problems: readonly string[];
}

export function inFlightMarkdown({ points, problems, temporalVersion }: InFlight): string {
  const short = points.filter(({ jobs, atOnce }) => atOnce < 0.98 * jobs);
  return [
    'That many jobs wait for the LLM at once: one bridge and one worker as they are set up by default, packs of 50, calls in background mode, Kafka in to Kafka ' +
      'out; servers and processes are started afresh for each row, each row is one run. A call takes as long as the row says, each its own time, so that all of ' +
      `them have begun before the first ends. Temporal server ${temporalVersion}.`,
    table(
      ['jobs', 'in flight at once', 'LLM, s', 'all calls made after, s', ...lagHead],
      points.map(({ jobs, atOnce, llmMs, startMs, lagMs }) => [
        ...[jobs, atOnce].map(String),
        `${llmMs.from / 1_000}-${llmMs.to / 1_000}`,
        String(rounded(startMs / 1_000, 1)),
        ...[lagMs.p50, lagMs.p95, lagMs.p99].map((ms) => String(rounded(ms / 1_000, 2))),
      ]),
    ),
    'The result lag is the time from the end of the LLM call to the result on its topic. All jobs are sent at the same moment, so their calls end about as close together as ' +
      'this machine could make them, and on a machine that is busy with that the lag is mostly the queue of the results before.',
    table(
      ['KB a job in flight', ...memoryParts.map((part) => memoryTitles[part]), 'together'],
      points.map((point) => {
        const each = memoryParts.map((part) => kilobytesPerJob(point, part));
        const sum = each.reduce<number>((all, one) => all + (one ?? 0), 0);
        return [String(point.jobs), ...each.map((one) => (one === undefined ? '-' : whole(one))), whole(sum)];
      }),
    ),
    table(
      ['MB before, then in flight', ...memoryParts.map((part) => memoryTitles[part])],
      points.map(({ jobs, megabytes }) => [
        String(jobs),
        ...memoryParts.map((part) => {
          const own = megabytes[part];
          return own ? `${whole(own.before)} → ${whole(own.inFlight)}` : '-';
        }),
      ]),
    ),
    'Memory while the most calls are in flight, less what the same processes had after a warm-up of 600 jobs. A runtime keeps what it once took and uses it again, so few jobs ' +
      'seem cheaper, or dearer, than many; the row with most jobs says most. SQLite is inside Temporal.',
    table(
      ['event-loop delay of the worker, ms: p50 / p99 / max', ...phases],
      points.map(({ jobs, loopDelayMs }) => [
        String(jobs),
        ...phases.map((phase) => delayText(loopDelayMs[phase])),
      ]),
    ),
    'Between two turns of a timer of 10 ms: a loop that is never late has 10. Starting is until the last call has begun, waiting until the first has ended.',
    ...short.map(
      ({ jobs, atOnce }) =>
        `- Of ${jobs} jobs no more than ${atOnce} were in flight at once: the first calls had ended before the last were made. Memory is per job in flight.`,
    ),
    ...problems.map((problem) => `- Not measured: ${problem}`),
  ].join('\n\n');
}

const lagHead = ['result lag p50, s', 'p95, s', 'p99, s'];

const whole = (value: number): string => String(rounded(value));

function delayText(delay: LoopDelay | undefined): string {
  return delay ? [delay.p50, delay.p99, delay.max].map(whole).join(' / ') : '-';
}
