import { ownBytes, readProcessTable, treeOf, type ProcessRow } from '../../../bench/compare/process-table';
import { startUsageMeter, type Part } from '../../../bench/compare/usage';

const row = (pid: number, parent: number, cpuMs = 0, megabytes = 0, startTime = '1'): ProcessRow => ({
  ...{ pid, parent, cpuMs, startTime },
  residentBytes: megabytes * 1_048_576,
});
const tableOf = (...rows: ProcessRow[]) => new Map(rows.map((one) => [one.pid, one] as const));
const roots: Record<Part, number[]> = { consumers: [10], servers: [20], broker: [], simulator: [] };

it('finds children and their children, and nobody else', () => {
  const table = tableOf(row(1, 0), row(10, 1), row(11, 10), row(12, 11), row(20, 1));
  const pids = treeOf(table, [10]).map(({ pid }) => pid);
  expect(pids.sort()).toEqual([10, 11, 12]);
  expect(treeOf(table, [99])).toEqual([]);
});

describe('the meter', () => {
  it('counts what trees spend from the start on, their memory at its highest', () => {
    const tables = [
      tableOf(row(10, 1, 500, 10), row(11, 10, 100, 5), row(20, 1, 7_000, 50)),
      tableOf(row(10, 1, 530, 20), row(11, 10, 140, 5), row(20, 1, 7_010, 40)),
    ];
    const meter = startUsageMeter(
      () => roots,
      () => tables.shift()!,
      ({ residentBytes }) => residentBytes,
    );
    const usage = meter.stop();
    expect(usage.consumers).toEqual({ cpuMs: 70, peakMegabytes: 25 });
    expect(usage.servers).toEqual({ cpuMs: 10, peakMegabytes: 50 });
    expect(usage.broker).toEqual({ cpuMs: 0, peakMegabytes: 0 });
  });

  it('keeps what a killed process had spent, and counts all of one that came later', () => {
    const tables = [tableOf(row(10, 1, 500)), tableOf(row(10, 1, 30, 0, '2'))];
    const meter = startUsageMeter(
      () => roots,
      () => tables.shift()!,
    );
    // The pid is that of another process now: nothing is subtracted from it.
    expect(meter.stop().consumers.cpuMs).toBe(30);
  });

  it('weighs a process by its part of what it shares', () => {
    const self = readProcessTable().get(process.pid)!;
    const bytes = ownBytes(self);
    expect(bytes).toBeGreaterThan(10 * 1_048_576);
    expect(bytes).toBeLessThan(self.residentBytes);
    expect(ownBytes(row(2 ** 30, 1, 0, 7))).toBe(7 * 1_048_576);
  });
});
