/** The label of everything beyond the bound. */
export const OTHER = 'other';

/** A label whose values others choose: the first `max` different ones of this process as they are, all others as `other`. */
export function createBoundedLabel(max: number): (value: string) => string {
  const known = new Set<string>();
  return (value) => {
    if (known.has(value)) return value;
    if (known.size >= max) return OTHER;
    known.add(value);
    return value;
  };
}
