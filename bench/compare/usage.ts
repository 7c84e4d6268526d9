import { ownBytes, readProcessTable, treeOf, type ProcessRow } from './process-table';

/** Who a process works for. */
export type Part = 'consumers' | 'servers' | 'broker' | 'simulator';

export interface PartUsage {
  cpuMs: number;
  /** Of all its processes together, at the most expensive moment; what several of them share is counted once. */
  peakMegabytes: number;
}

export interface UsageMeter<Name extends string = Part> {
  /** Between the start and now. */
  stop(): Record<Name, PartUsage>;
}

const EVERY_MS = 400;
/** To weigh a process makes the kernel walk through its memory: only with each fifth look. */
const WEIGHED_EVERY = 5;

/**
 * Samples CPU and memory of process trees. What a process spends after the last look at it, before it ends, is missed: less than half a
 * second for each that is killed.
 */
export function startUsageMeter<Name extends string = Part>(
  roots: () => Record<Name, number[]>,
  readTable = readProcessTable,
  bytesOf = ownBytes,
): UsageMeter<Name> {
  const parts = new Map<string, ReturnType<typeof createPart>>();
  let looks = 0;
  const look = (weigh = looks++ % WEIGHED_EVERY === 0) => {
    const table = readTable();
    for (const [name, pids] of Object.entries<number[]>(roots())) {
      const part = parts.get(name) ?? createPart();
      parts.set(name, part);
      const rows = treeOf(table, pids);
      part.add(rows);
      if (weigh) part.weigh(rows.reduce((total, row) => total + bytesOf(row), 0));
    }
  };
  look();
  for (const part of parts.values()) part.begin();
  const timer = setInterval(() => look(), EVERY_MS);
  // Where what is measured fails, nobody stops it.
  timer.unref();
  return {
    stop() {
      clearInterval(timer);
      look(true);
      const usages = [...parts].map(([name, part]) => [name, part.usage()] as const);
      return Object.fromEntries(usages) as Record<Name, PartUsage>;
    },
  };
}

function createPart() {
  const spent = new Map<string, { before: number; now: number }>();
  let peakBytes = 0;
  return {
    add(rows: ProcessRow[]) {
      for (const { pid, startTime, cpuMs } of rows) {
        const key = `${pid}-${startTime}`;
        const known = spent.get(key);
        if (known) known.now = cpuMs;
        else spent.set(key, { before: 0, now: cpuMs });
      }
    },
    weigh: (bytes: number) => void (peakBytes = Math.max(peakBytes, bytes)),
    /** What those that run already have spent is not counted. */
    begin() {
      for (const one of spent.values()) one.before = one.now;
    },
    usage: (): PartUsage => ({
      cpuMs: [...spent.values()].reduce((total, { before, now }) => total + now - before, 0),
      peakMegabytes: Math.round(peakBytes / 1_048_576),
    }),
  };
}
