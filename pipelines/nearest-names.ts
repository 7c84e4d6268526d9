/** Those of `known` that a mistyped `name` is nearest to, all that are as near; none when none is near. Capitals, hyphens and underscores count for nothing. */
export function nearestNames(name: string, known: readonly string[]): string[] {
  const distances = known.map((other) => ({ other, distance: distance(plain(name), plain(other)) }));
  const least = Math.min(...distances.map((each) => each.distance));
  // A third of a word: `polcy` and `policy`, `prompts` and `prompt`, but not `tool` and `name`.
  if (least > Math.floor(Math.max(3, name.length) / 3)) return [];
  return distances.filter((each) => each.distance === least).map(({ other }) => other);
}

function plain(name: string): string {
  return name
    .replace(/[-_\s]/g, '')
    .toLowerCase()
    .slice(0, 100);
}

/** Letters to put in, take out or change, or neighbours to swap. https://en.wikipedia.org/wiki/Damerau–Levenshtein_distance */
function distance(a: string, b: string): number {
  const rows = Array.from({ length: a.length + 1 }, (_, i) => [i]);
  const at = (i: number, j: number) => rows[i]?.[j] ?? Infinity;
  rows[0] = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    for (let j = 1; j <= b.length; j++) {
      const change = a[i - 1] === b[j - 1] ? 0 : 1;
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      rows[i]![j] = Math.min(
        at(i - 1, j) + 1,
        at(i, j - 1) + 1,
        at(i - 1, j - 1) + change,
        swapped ? at(i - 2, j - 2) + 1 : Infinity,
      );
    }
  }
  return at(a.length, b.length);
}
