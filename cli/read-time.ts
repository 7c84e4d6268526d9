import { InvalidArgumentError } from 'commander';
import { HeadwayError } from '../contracts/errors';

/** Timers of Node.js take no more: beyond 2^31 ms they fire at once. */
const DURATION_MAX_MS = 24 * 86_400_000;

const units: Record<string, number> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/**
 * A time as an option gives it: `2h` for two hours ago, or ISO 8601. Milliseconds since 1970.
 *
 * @throws HeadwayError `HW_CONFIG_INVALID`, naming the option
 */
export function readTime(option: string, text: string, now: number): number {
  const ago = inMs(text);
  const time = ago === undefined ? isoTime(text) : now - ago;
  if (time !== undefined) return time;
  throw new HeadwayError(
    'HW_CONFIG_INVALID',
    `${option} must be a time such as 2026-01-31T08:00:00Z, or how long ago, such as 90s, 30m, 2h, 7d; not '${text}'.`,
  );
}

/** For options that are durations, such as `90s`. Milliseconds. */
export function readDuration(text: string): number {
  const ms = inMs(text);
  if (ms !== undefined && ms <= DURATION_MAX_MS) return ms;
  throw new InvalidArgumentError('It must be a duration such as 90s, 30m, 2h, 7d; at most 24d.');
}

/**
 * A time to come: `30m` for half an hour from now, or ISO 8601. As ISO 8601 in UTC.
 *
 * @throws HeadwayError `HW_CONFIG_INVALID`, naming the option
 */
export function readTimeToCome(option: string, text: string, now: number): string {
  const ms = inMs(text);
  const time = ms === undefined ? isoTime(text) : now + ms;
  if (time !== undefined) return new Date(time).toISOString();
  throw new HeadwayError(
    'HW_CONFIG_INVALID',
    `${option} must be a time such as 2026-01-31T08:00:00Z, or how long from now, such as 90s, 30m, 2h, 7d; not '${text}'.`,
  );
}

function inMs(text: string): number | undefined {
  const found = /^(\d{1,6})([smhd])$/.exec(text);
  return found ? Number(found[1]) * (units[found[2] ?? ''] ?? 0) : undefined;
}

function isoTime(text: string): number | undefined {
  const time = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : NaN;
  return Number.isNaN(time) ? undefined : time;
}
