/** Records into Temporal, once. */
export interface Round {
  way: Way;
  /** Rounds of one number stand side by side. */
  round: number;
  records: number;
  ms: number;
  perSecond: number;
  /** Of the process that hands over: the bridge, or the loop with its client. */
  cpuMsPerRecord: number;
  /** Of the Temporal server and its database. */
  serverCpuMsPerRecord: number;
}

export type Way = 'bare' | 'consumer' | 'packs-1' | 'packs-50';

export const ways: readonly Way[] = ['bare', 'consumer', 'packs-1', 'packs-50'];

export const titles: Record<Way, string> = {
  bare: 'bare loop of `client.workflow.start`',
  consumer: 'plain consumer that starts and commits',
  'packs-1': 'bridge, packs of 1',
  'packs-50': 'bridge, packs of 50',
};

export function toRound(
  measured: Pick<Round, 'way' | 'round' | 'records' | 'ms'>,
  cpuMs: { own: number; server: number },
): Round {
  const { records, ms } = measured;
  return {
    ...measured,
    perSecond: (records / ms) * 1_000,
    cpuMsPerRecord: cpuMs.own / records,
    serverCpuMsPerRecord: cpuMs.server / records,
  };
}
