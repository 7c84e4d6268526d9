import { HeadwayError } from '../../contracts/errors';
import { readTime } from '../read-time';
import type { OffsetSelection, RangeSelection } from './select-ranges';

export interface AuditArguments {
  from?: string;
  to?: string;
  since?: string;
  until?: string;
}

/**
 * @param now milliseconds since 1970, for times such as `2h`
 * @throws HeadwayError `HW_CONFIG_INVALID` with one sentence that names the option at fault
 */
export function readSelection(given: AuditArguments, now: number): RangeSelection {
  const select: RangeSelection = {
    from: given.from === undefined ? undefined : readOffsets('--from', given.from),
    to: given.to === undefined ? undefined : readOffsets('--to', given.to),
    since: given.since === undefined ? undefined : readTime('--since', given.since, now),
    until: given.until === undefined ? undefined : readTime('--until', given.until, now),
  };
  if (select.since !== undefined && select.until !== undefined && select.since >= select.until) {
    throw invalid('--since must be a time before that of --until.');
  }
  refuseEmpty(select);
  return select;
}

/** A range that ends before it begins is a slip, and an audit of nothing would find nothing wrong. */
function refuseEmpty({ from, to }: RangeSelection): void {
  if (from === undefined || to === undefined) return;
  const at = (selection: OffsetSelection, partition: number) =>
    typeof selection === 'number' ? selection : selection.get(partition);
  const named = [from, to].flatMap((selection) =>
    typeof selection === 'number' ? [] : [...selection.keys()],
  );
  // With one offset each for all partitions any of them will do.
  for (const partition of named.length === 0 ? [0] : named) {
    const [first, end] = [at(from, partition), at(to, partition)];
    if (first === undefined || end === undefined || first < end) continue;
    const where = named.length === 0 ? '' : ` in partition ${partition}`;
    throw invalid(`--to must be an offset behind that of --from: ${end} is not behind ${first}${where}.`);
  }
}

/** `100`, or `0:100,3:250` */
function readOffsets(option: string, text: string): OffsetSelection {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  const pairs = text.split(',').map((pair) => /^(\d{1,9}):(\d{1,15})$/.exec(pair.trim()));
  if (pairs.every((pair) => pair !== null)) {
    return new Map(pairs.map((pair) => [Number(pair[1]), Number(pair[2])]));
  }
  throw invalid(
    `${option} must be an offset for all partitions, such as 100, or partitions with theirs, such as 0:100,3:250; not '${text}'.`,
  );
}

function invalid(sentence: string): HeadwayError {
  return new HeadwayError('HW_CONFIG_INVALID', sentence);
}
