import type { PackJob } from '../../contracts/pack';
import { within } from '../../runtime/within';
import type { ClaimedJobs } from '../job-id-ledger';
import type { PackToStart, StartedPack, StartPack } from '../start-pack';
import type { Poison } from './cut-pack';
import type { ExistingPacks, FindExistingPacks } from './existing-packs';
import { createLongRequests } from './long-requests';
import { TakesLong } from './own-trouble';
import type { QueueRecord } from './queue-record';
import { createTurns, type IsWanted } from './turns';

export interface RequestsOptions {
  startPack: StartPack;
  /** Starts a pack whose payload goes to the payload store first, which may take its time. */
  startStoredPack: StartPack;
  isStored: (pack: PackToStart) => boolean;
  findExistingPacks: FindExistingPacks;
  sendDeadLetters: (poison: Poison[]) => Promise<void>;
  claim?: (jobs: PackJob[]) => Promise<ClaimedJobs>;
  /** So many of each kind at a time. */
  concurrency: number;
  /** So long trouble of one partition holds up others, milliseconds. Default: 10,000. */
  letGoMs?: number;
}

/** Requests may have to wait for their turn. What is no longer wanted then is not requested, and its answer is undefined. */
export interface Requests {
  startPack(pack: PackToStart, isWanted: IsWanted): Promise<StartedPack | undefined>;
  findExistingPacks(records: QueueRecord[], isWanted: IsWanted): Promise<ExistingPacks | undefined>;
  /** Resolves with `true` when they are written. */
  sendDeadLetters(poison: Poison[], isWanted: IsWanted): Promise<true | undefined>;
  claim?: (jobs: PackJob[], isWanted: IsWanted) => Promise<ClaimedJobs | undefined>;
  /** The assignment changed: nobody comes for an answer any more. */
  forget(): void;
}

const LET_GO_MS = 10_000;

/**
 * What the hand-over asks of servers. Each kind has turns of its own, so that who does not need what is in trouble goes on: the payload store,
 * visibility, the ledger, the dead-letter topic. And what only some partitions need is not waited for without end, since others wait behind it.
 */
export function createRequests({ concurrency, letGoMs = LET_GO_MS, ...options }: RequestsOptions): Requests {
  const startTurns = createTurns(concurrency);
  const storedStartTurns = createTurns(concurrency);
  const lookupTurns = createTurns(concurrency);
  const ledgerTurns = createTurns(concurrency);
  const deadLetterTurns = createTurns(concurrency);
  const storedStarts = createLongRequests<StartedPack | undefined>(letGoMs);
  const deadLetters = createLongRequests<true | undefined>(letGoMs);
  const { claim } = options;

  return {
    startPack(pack, isWanted) {
      if (!options.isStored(pack)) return startTurns(isWanted, () => options.startPack(pack));
      // With the end: it is another pack where more records have come.
      const key = `${pack.workflowId} ${pack.range?.lastOffset}`;
      return storedStarts.ask(key, isWanted, (isWantedNow) =>
        storedStartTurns(isWantedNow, () => options.startStoredPack(pack)),
      );
    },
    findExistingPacks: (records, isWanted) =>
      lookupTurns(isWanted, () =>
        // Temporal has deadlines; the payload store, in which a pack may lie, has none that is short.
        within(letGoMs * 1.5, options.findExistingPacks(records), () => {
          throw new TakesLong(letGoMs * 1.5);
        }),
      ),
    sendDeadLetters(poison, isWanted) {
      const places = poison.map(({ record }) => `${record.partition}:${record.offset}:${record.timestamp}`);
      return deadLetters.ask(places.join(' '), isWanted, (isWantedNow) =>
        deadLetterTurns(isWantedNow, () => options.sendDeadLetters(poison).then((): true => true)),
      );
    },
    claim: claim && ((jobs, isWanted) => ledgerTurns(isWanted, () => claim(jobs))),
    forget() {
      storedStarts.forget();
      deadLetters.forget();
    },
  };
}
