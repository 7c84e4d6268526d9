import { createRandom, type Random } from '../../stack/llm-simulator/random';
import { JOB_SECONDS, type Scenario } from './scenarios';

export interface PlannedRecord {
  /** Milliseconds after the beginning. */
  at: number;
  id: string;
  poison: boolean;
  /** One of those that take much longer than the rest. */
  slow: boolean;
  /** Of its LLM call, before the time scale: the simulator applies that itself. */
  latencyMs: number;
}

export type PlannedFault =
  /** `consumer` is the place of the one that is killed. */
  | { at: number; kind: 'kill'; consumer: number }
  | { at: number; kind: 'llm-away' | 'llm-back' }
  /** One consumer more, which leaves again `stayMs` after it was ready. How long it takes to start is its own. */
  | { at: number; kind: 'join'; stayMs: number };

export interface Schedule {
  records: PlannedRecord[];
  faults: PlannedFault[];
  /** How long jobs are sent. */
  loadMs: number;
  /** Records a second, over all of it. */
  offeredPerSecond: number;
}

export interface ScheduleOptions {
  seed: number;
  repetition: number;
  timeScale: number;
  /** Jobs at a time that everybody may have. */
  slots: number;
  consumers: number;
}

/** When which record is sent, and when what goes wrong: the same for every contender, by the seed. */
export function planSchedule(scenario: Scenario, options: ScheduleOptions): Schedule {
  const random = createRandom('compare', options.seed, scenario.name, options.repetition);
  const scale = 1_000 * options.timeScale;
  const loadMs = scenario.seconds * scale;
  const records = planRecords(scenario, options, random, loadMs);
  const faults = [
    ...planKills(scenario, options, random, loadMs),
    ...planGuests(scenario, loadMs),
    ...(scenario.llmAway
      ? [
          { at: scenario.llmAway.from * scale, kind: 'llm-away' as const },
          { at: scenario.llmAway.to * scale, kind: 'llm-back' as const },
        ]
      : []),
  ].sort((a, b) => a.at - b.at);
  return { records, faults, loadMs, offeredPerSecond: records.length / (loadMs / 1_000) };
}

/** Open loop: independent arrivals (exponential gaps), whatever becomes of them. */
function planRecords(
  { name, load, slow = 0, poison = 0, burst }: Scenario,
  { slots, timeScale, repetition }: ScheduleOptions,
  random: Random,
  loadMs: number,
): PlannedRecord[] {
  const jobMs = ((JOB_SECONDS.from + JOB_SECONDS.to) / 2) * 1_000 * timeScale;
  const perMs = (load * slots) / jobMs;
  const inBurst = (at: number) =>
    burst !== undefined && at >= burst.from * 1_000 * timeScale && at < burst.to * 1_000 * timeScale;
  const records: PlannedRecord[] = [];
  // At the highest rate, and outside of the burst thinned out to the ordinary one.
  const highest = perMs * (burst?.factor ?? 1);
  for (let at = 0; ;) {
    at += -Math.log(1 - random.next()) / highest;
    if (at >= loadMs) return records;
    if (burst && !inBurst(at) && !random.chance(1 / burst.factor)) continue;
    const isPoison = random.chance(poison);
    const isSlow = !isPoison && random.chance(slow);
    const spread = (JOB_SECONDS.to - JOB_SECONDS.from) * random.next();
    records.push({
      at,
      id: `${name}-${repetition}-${records.length}`,
      poison: isPoison,
      slow: isSlow,
      latencyMs: Math.round(1_000 * (isSlow ? JOB_SECONDS.slow : JOB_SECONDS.from + spread)),
    });
  }
}

/** One in each of as many equal parts of the middle, so that every one meets a system at work. */
function planKills(
  { kills = 0 }: Scenario,
  { consumers }: ScheduleOptions,
  random: Random,
  loadMs: number,
): PlannedFault[] {
  const [from, to] = [0.2 * loadMs, 0.8 * loadMs];
  const part = (to - from) / Math.max(1, kills);
  return Array.from({ length: kills }, (_, index) => ({
    // At the beginning of its part: a restart takes a while, and the next one should not meet it.
    at: from + part * (index + 0.3 * random.next()),
    kind: 'kill',
    consumer: random.integer(0, consumers - 1),
  }));
}

function planGuests({ guests = 0 }: Scenario, loadMs: number): PlannedFault[] {
  const part = (0.8 * loadMs) / Math.max(1, guests);
  return Array.from({ length: guests }, (_, index) => ({
    at: 0.1 * loadMs + part * index,
    ...{ kind: 'join', stayMs: 0.4 * part },
  }));
}

/** The bytes of a record. A poison record names itself, so that it can be found among the dead letters. */
export function valueOf({ id, poison, latencyMs }: PlannedRecord): Buffer {
  if (poison) return Buffer.from(`no JSON: <${id}>`);
  const question = `Who are their competitors? [[simulate: latency=${latencyMs}]]`;
  const input = { company: 'Vantorp Steel', domain: 'vantorp.example', question };
  return Buffer.from(JSON.stringify({ id, pipeline: 'company-brief', input, tenant: 'bench' }));
}

/** The id in a dead letter, whether it was poison or a job; undefined for what we have not sent. */
export function idInValue(value: string): string | undefined {
  return /^no JSON: <(.+)>$/.exec(value)?.[1] ?? /"id":"([^"]+)"/.exec(value)?.[1];
}
