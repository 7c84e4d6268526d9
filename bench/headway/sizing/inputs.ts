/** What is asked for, and what no measurement here can say. Every one of them stands in the report. */
export interface Inputs {
  jobsPerSecond: number;
  inFlight: number;
  /** Jobs of a pack on average. `PACK_MAX` where as many arrive in each partition within `PACK_LINGER_MS`, as they do here. */
  packSize: number;
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
  /** Partitions for each bridge. */
  partitionsPerBridge: number;
  /** US dollars for a virtual core and hour. */
  coreHourUsd: number;
  /** US dollars for a GB of memory and hour. */
  memoryHourUsd: number;
}

/** Prices are no offer of anybody: they are there so that the formula gives something. Put in those of your provider. */
export const example: Inputs = {
  ...{ jobsPerSecond: 5_000, inFlight: 50_000, packSize: 50 },
  ...{ coreShare: 0.6, coresPerHost: 8, inFlightPerWorker: 20_000 },
  ...{ writeMs: 5, shardShare: 0.3, visibilityWrites: 3, partitionsPerBridge: 12 },
  ...{ coreHourUsd: 0.05, memoryHourUsd: 0.005 },
};
