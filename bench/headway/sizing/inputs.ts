/** What is asked for, and what no measurement here can say. Every one of them stands in the report. */
export interface Inputs {
  jobsPerSecond: number;
  /** Milliseconds of an LLM call, any between both with the same chance. With `jobsPerSecond` they say how many are in flight. */
  callFromMs: number;
  callToMs: number;
  /** Jobs of a pack on average: what arrives in one partition within `PACK_LINGER_MS`, where `PACK_MAX` is so much more that it seldom ends a pack. */
  packSize: number;
  /** Milliseconds: `PACK_LINGER_MS`. */
  packLingerMs: number;
  /** Of a core that is used, the rest is for peaks and for whoever fails. */
  coreShare: number;
  /** Of a host of the Temporal server. */
  coresPerHost: number;
  /** Jobs in flight in one worker, at most. */
  inFlightPerWorker: number;
  /** Milliseconds of a write to the database. A shard of the history does one after the other. */
  writeMs: number;
  /** Of a shard's time that writes take. */
  shardShare: number;
  /** Writes to visibility for each workflow: begun, what it shows meanwhile, closed. */
  visibilityWrites: number;
  /** US dollars for a virtual core and hour. */
  coreHourUsd: number;
  /** US dollars for a GB of memory and hour. */
  memoryHourUsd: number;
}

/** Prices are no offer of anybody: they are there so that the formula gives something. Put in those of your provider. */
export const example: Inputs = {
  ...{ jobsPerSecond: 5_000, callFromMs: 5_000, callToMs: 15_000, packSize: 50, packLingerMs: 500 },
  ...{ coreShare: 0.6, coresPerHost: 8, inFlightPerWorker: 20_000 },
  ...{ writeMs: 5, shardShare: 0.3, visibilityWrites: 3 },
  ...{ coreHourUsd: 0.05, memoryHourUsd: 0.005 },
};
