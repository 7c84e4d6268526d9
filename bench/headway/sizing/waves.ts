import { WAVE_MS } from '../../../activities/call-llm/next-wave';
import { PollTimes } from '../../../activities/call-llm/poll-times';
import { createRandom } from '../../../stack/llm-simulator/random';
import { createAgenda } from './agenda';

/** Milliseconds of a call, any between both with the same chance. */
export interface CallTimes {
  from: number;
  to: number;
}

const CALLS = 4_000;
/** Of these, those by which the poll times are learned. */
const LEARNING = 0.4;
/** About what it makes no difference: how often they are learned anew. */
const CALLS_A_SECOND = 40;

/** As in the measured packs. Twice or half as much makes a difference of a few percent. */
const MAKING_MS = 60;
const POLL_MS = 15;
const BETWEEN_WAVES_MS = 120;

const known = new Map<string, number>();

/**
 * In how many waves the calls of a pack end, on average. By simulated calls, which are asked for at the times that a worker would learn (`PollTimes`): it sees an end
 * only then, so calls far apart do not end one by one. A wave takes up what is seen within half a second, and the rest of the pack is waited for again.
 *
 * @param packSize need not be a whole number: packs of the next less and the next more, then
 * @throws RangeError below one job a pack
 */
export function wavesOf(packSize: number, llmMs: CallTimes): number {
  if (!(packSize >= 1)) throw new RangeError(`a pack has at least one job, not ${packSize}`);
  const key = JSON.stringify([packSize, llmMs]);
  const waves = known.get(key) ?? simulate(packSize, llmMs);
  known.set(key, waves);
  return waves;
}

interface Call {
  startedAt: number;
  endsAt: number;
}

function simulate(packSize: number, { from, to }: CallTimes): number {
  const random = createRandom('waves', 1, String(packSize));
  const agenda = createAgenda();
  const times = new PollTimes();
  const count = Math.ceil(CALLS / packSize);
  let waves = 0;
  for (let pack = 0; pack < count; pack++) {
    const size = Math.floor((pack + 1) * packSize) - Math.floor(pack * packSize);
    const beginsAt = (pack * packSize * 1_000) / CALLS_A_SECOND;
    const calls = Array.from({ length: size }, (): Call => {
      const startedAt = beginsAt + random.next() * MAKING_MS;
      return { startedAt, endsAt: startedAt + from + (to - from) * random.next() };
    });
    const onWave = () => (waves += pack < count * LEARNING ? 0 : 1);
    agenda.at(beginsAt + MAKING_MS, (now) => awaitNext(new Set(calls), now, onWave));
  }
  agenda.run();
  return waves / (count - Math.ceil(count * LEARNING));

  /** As `awaitLlmCalls` does: all of them at once, until a wave has ended. */
  function awaitNext(open: Set<Call>, beganAt: number, onWave: () => void): void {
    let isOver = false;
    let isFirst = true;
    for (const call of open) pollNext(call, beganAt);

    function pollNext(call: Call, from: number): void {
      const pollAt = from + times.untilNext(from - call.startedAt);
      agenda.at(pollAt + POLL_MS, (now) => {
        if (isOver) return;
        if (call.endsAt > pollAt) return pollNext(call, now);
        open.delete(call);
        times.learn(now - call.startedAt);
        if (isFirst) agenda.at(now + WAVE_MS, endWave);
        isFirst = false;
        if (open.size === 0) endWave(now);
      });
    }

    function endWave(now: number): void {
      if (isOver) return;
      isOver = true;
      onWave();
      if (open.size > 0) agenda.at(now + BETWEEN_WAVES_MS, (then) => awaitNext(open, then, onWave));
    }
  }
}
