import { HeadwayError } from '../contracts/errors';

const units: Record<string, number> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/**
 * A time as an option gives it: `2h` for two hours ago, or ISO 8601. Milliseconds since 1970.
 *
 * @throws HeadwayError `HW_CONFIG_INVALID`, naming the option
 */
export function readTime(option: string, text: string, now: number): number {
  const ago = /^(\d{1,6})([smhd])$/.exec(text);
  if (ago) return now - Number(ago[1]) * (units[ago[2] ?? ''] ?? 0);
  const time = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : NaN;
  if (!Number.isNaN(time)) return time;
  throw new HeadwayError(
    'HW_CONFIG_INVALID',
    `${option} must be a time such as 2026-01-31T08:00:00Z, or how long ago, such as 90s, 30m, 2h, 7d; not '${text}'.`,
  );
}
