/** Something that a job costs in packs of some size: part of it is the job's own, part of it the pack's, which its jobs share. */
export interface Line {
  /** A job's own. */
  perJob: number;
  /** A pack's. */
  perPack: number;
}

export interface Measured {
  packSize: number;
  /** For each job. */
  value: number;
}

/** What a job costs by the model: `perJob + perPack / packSize`. */
export function valueAt({ perJob, perPack }: Line, packSize: number): number {
  return perJob + perPack / packSize;
}

/**
 * The line with the least squares of relative deviations, since points are 40 times apart. Neither part is below zero: no job gives anything back.
 *
 * @throws Error with fewer than three sizes of packs: two fit any line, and show nothing
 */
export function fitLine(points: readonly Measured[]): Line {
  if (new Set(points.map(({ packSize }) => packSize)).size < 3) {
    throw new Error('packs of at least three sizes have to be measured');
  }
  // Relative: every equation is divided by what was measured. What is zero weighs as much as the smallest that is not.
  const smallest = Math.min(...points.flatMap(({ value }) => (value > 0 ? [value] : [])));
  if (smallest === Infinity) return { perJob: 0, perPack: 0 };
  const rows = points.map(({ packSize, value }) => {
    const weight = 1 / Math.max(value, smallest);
    return { job: weight, pack: weight / packSize, value: value * weight };
  });
  const sum = (read: (row: (typeof rows)[number]) => number) => rows.reduce((all, row) => all + read(row), 0);
  const [jj, jp, pp] = [
    sum(({ job }) => job * job),
    sum(({ job, pack }) => job * pack),
    sum(({ pack }) => pack * pack),
  ];
  const [jv, pv] = [sum(({ job, value }) => job * value), sum(({ pack, value }) => pack * value)];
  const determinant = jj * pp - jp * jp;
  const perJob = (jv * pp - pv * jp) / determinant;
  const perPack = (pv * jj - jv * jp) / determinant;
  if (perJob < 0) return { perJob: 0, perPack: pv / pp };
  if (perPack < 0) return { perJob: jv / jj, perPack: 0 };
  return { perJob, perPack };
}
