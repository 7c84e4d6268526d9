/**
 * Something that a job costs in packs of some size: part of it is the job's own, part is its pack's, which shares it among its jobs, and part is there in each second in which
 * anything arrives, however little.
 */
export interface Line {
  /** A job's own. */
  perJob: number;
  /** A pack's. */
  perPack: number;
  /** A wave's: of calls that end together. */
  perWave: number;
  /** That of a second, shared by the jobs that come in it. */
  perSecond: number;
}

export type Term = keyof Line;

/** What decides what a job costs. */
export interface Shape {
  packSize: number;
  /** That the calls of a pack end in. */
  waves: number;
  /** In one process of each part. */
  jobsPerSecond: number;
}

export interface Measured extends Shape {
  /** For each job. */
  value: number;
}

/** By this factor at least rates have to differ before what is spent in a second is told apart. */
const RATES_APART = 1.5;

/** What a job costs by the model: `perJob + (perPack + perWave * waves) / packSize + perSecond / jobsPerSecond`. */
export function valueAt(line: Line, shape: Shape): number {
  return terms.reduce((sum, term) => sum + line[term] * shareOf(term, shape), 0);
}

const terms: readonly Term[] = ['perJob', 'perPack', 'perWave', 'perSecond'];
export const nothing: Line = { perJob: 0, perPack: 0, perWave: 0, perSecond: 0 };

function shareOf(term: Term, { packSize, waves, jobsPerSecond }: Shape): number {
  if (term === 'perJob') return 1;
  if (term === 'perSecond') return 1 / jobsPerSecond;
  return (term === 'perPack' ? 1 : waves) / packSize;
}

/**
 * The line with the least squares of relative deviations, since points may be 40 times apart. No part is below zero: no job gives anything back.
 *
 * @param used the parts that it may have; without one for seconds where all points have about the same rate, which cannot be told from what each job costs
 * @throws Error with fewer than three shapes: two fit any line, and show nothing
 */
export function fitLine(points: readonly Measured[], used: readonly Term[] = terms): Line {
  if (new Set(points.map(({ packSize, waves }) => `${packSize}, ${waves}`)).size < 3) {
    throw new Error('packs of at least three kinds have to be measured');
  }
  // Relative: every equation is divided by what was measured. What is zero weighs as much as the smallest that is not.
  const smallest = Math.min(...points.flatMap(({ value }) => (value > 0 ? [value] : [])));
  if (smallest === Infinity) return nothing;
  const weights = points.map(({ value }) => 1 / Math.max(value, smallest));
  const squares = (line: Line) =>
    points.reduce((sum, point, index) => {
      return sum + ((valueAt(line, point) - point.value) * weights[index]!) ** 2;
    }, 0);
  let best = nothing;
  const rates = points.map(({ jobsPerSecond }) => jobsPerSecond);
  const mayTell = Math.max(...rates) > RATES_APART * Math.min(...rates);
  for (const some of subsetsOf(used.filter((term) => mayTell || term !== 'perSecond'))) {
    const rows = points.map((point, index) => some.map((term) => shareOf(term, point) * weights[index]!));
    const solved = leastSquares(
      rows,
      points.map(({ value }, index) => value * weights[index]!),
    );
    if (!solved || solved.some((one) => one < 0)) continue;
    const line = { ...nothing, ...Object.fromEntries(some.map((term, index) => [term, solved[index]])) };
    if (squares(line) < squares(best)) best = line;
  }
  return best;
}

/** All but the empty one. With so few parts, trying them is the shortest way to one without negative parts. */
function subsetsOf(all: readonly Term[]): Term[][] {
  const subsets = all.reduce<Term[][]>((some, term) => [...some, ...some.map((one) => [...one, term])], [[]]);
  return subsets.filter(({ length }) => length > 0);
}

/** By the normal equations. Undefined where they have no single solution. */
function leastSquares(rows: readonly number[][], values: readonly number[]): number[] | undefined {
  const size = rows[0]?.length ?? 0;
  const sum = (read: (row: number[], at: number) => number) =>
    rows.reduce((all, row, at) => all + read(row, at), 0);
  const matrix = Array.from({ length: size }, (_, i) => [
    ...Array.from({ length: size }, (__, j) => sum((row) => row[i]! * row[j]!)),
    sum((row, at) => row[i]! * values[at]!),
  ]);
  for (let i = 0; i < size; i++) {
    const pivot = matrix
      .slice(i)
      .reduce((most, row) => (Math.abs(row[i]!) > Math.abs(most[i]!) ? row : most));
    if (Math.abs(pivot[i]!) < 1e-12) return undefined;
    const at = matrix.indexOf(pivot);
    [matrix[i], matrix[at]] = [pivot, matrix[i]!];
    for (const row of matrix) {
      if (row === pivot) continue;
      const factor = row[i]! / pivot[i]!;
      pivot.forEach((one, j) => (row[j]! -= factor * one));
    }
  }
  return matrix.map((row, i) => row[size]! / row[i]!);
}
