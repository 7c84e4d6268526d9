/** Who CPU is spent by, in the order of the bars. */
export const systemParts = ['broker', 'engine', 'database', 'bridge', 'worker', 'enrichment'] as const;
/** What is there for the measurement only. */
export const benchParts = ['simulator', 'load'] as const;

export type SystemPart = (typeof systemParts)[number];
export type PartName = SystemPart | (typeof benchParts)[number];

export const partNames: readonly PartName[] = [...systemParts, ...benchParts];

export const partTitles: Record<PartName, string> = {
  broker: 'Kafka',
  engine: 'Temporal / Restate',
  database: 'its PostgreSQL',
  bridge: 'bridge / consumer',
  worker: 'worker',
  enrichment: 'database of the pipeline',
  simulator: 'LLM simulator',
  load: 'producer and reader of results',
};
