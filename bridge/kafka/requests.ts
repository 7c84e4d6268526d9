import type { PackJob } from '../../contracts/pack';
import { within } from '../../runtime/within';
import type { ClaimedJobs } from '../job-id-ledger';
import type { PackToStart, StartedPack, StartPack } from '../start-pack';
import type { Poison } from './cut-pack';
import type { ExistingPacks, FindExistingPacks } from './existing-packs';
import { createLongRequests } from './long-requests';
import { TakesLong } from './own-trouble';
import type { QueueBatch, QueueRecord } from './queue-record';
import { createTurns, type IsWanted } from './turns';

export interface RequestsOptions {
  startPack: StartPack;
  /** Starts a pack whose payload goes to the payload store first, which may take its time. */
  startStoredPack: StartPack;
  isStored: (pack: PackToStart) => boolean;
  findExistingPacks: FindExistingPacks;
  sendDeadLetters: (poison: Poison[]) => Promise<void>;
  claim?: (jobs: PackJob[]) => Promise<ClaimedJobs>;
  /** Aborted when the bridge stops. */
  stopping: AbortSignal;
  /** So many of each kind at a time. */
  concurrency: number;
  limits?: Partial<RequestLimits>;
}

/** Milliseconds. */
export interface RequestLimits {
  /** So long what only one partition needs holds up others. Default: 10,000. */
  firstMs: number;
  /** So long when it is in trouble for it already. Default: 500. */
  againMs: number;
  /** Temporal has a deadline of 10 s; the payload store, in which a pack may lie, has none that is short. Default: 15,000. */
  lookUpMs: number;
  /** A start that has not ended by then gives its turn to another. It is safe to begin again. Default: 200,000. */
  storedStartMs: number;
}

/** The batch that a request is for. */
export type Asker = Pick<QueueBatch, 'owned' | 'patienceMs'>;

/** Requests may have to wait for their turn. What is no longer wanted then is not requested, and its answer is undefined. */
export interface Requests {
  /** Through the payload store it is wanted as long as its partition is `owned`, also while that is set aside. */
  startPack(pack: PackToStart, isWanted: IsWanted, asker: Asker): Promise<StartedPack | undefined>;
  findExistingPacks(records: QueueRecord[], isWanted: IsWanted): Promise<ExistingPacks | undefined>;
  /**
   * Writes dead letters of one partition, which are wanted as long as it is `owned`, also while it is set aside. Resolves with those that are written,
   * which are others than these where some were under way already: ask again for those that are left.
   */
  sendDeadLetters(poison: Poison[], asker: Asker): Promise<Poison[] | undefined>;
  claim?: (jobs: PackJob[], isWanted: IsWanted) => Promise<ClaimedJobs | undefined>;
  /** The assignment changed: nobody comes for an answer any more. */
  forget(): void;
}

const LIMITS: RequestLimits = { firstMs: 10_000, againMs: 500, lookUpMs: 15_000, storedStartMs: 200_000 };

/**
 * What the hand-over asks of servers. Each kind has turns of its own, so that who does not need what is in trouble goes on: the payload store,
 * visibility, the ledger, the dead-letter topic. And what only some partitions need is not waited for without end, since others wait behind it.
 */
export function createRequests({
  concurrency,
  stopping,
  limits: given = {},
  ...options
}: RequestsOptions): Requests {
  const limits = { ...LIMITS, ...given };
  const startTurns = createTurns(concurrency);
  const storedStartTurns = createTurns(concurrency);
  const lookupTurns = createTurns(concurrency);
  const ledgerTurns = createTurns(concurrency);
  const deadLetterTurns = createTurns(concurrency);
  const storedStarts = createLongRequests<StoredStart | undefined>();
  const deadLetters = createLongRequests<Poison[] | undefined>();
  const { claim } = options;
  /** Who asks, and for how long. */
  const from = ({ owned, patienceMs }: Asker) => ({
    isWanted: () => owned() && !stopping.aborted,
    waitMs: patienceMs() > 0 ? limits.firstMs : limits.againMs,
  });

  return {
    async startPack(pack, isWanted, asker) {
      if (!options.isStored(pack)) return await startTurns(isWanted, () => options.startPack(pack));
      const { workflowId, range } = pack;
      const lastOffset = range?.lastOffset;
      const start = async (): Promise<StoredStart> => {
        const started = await endsWithin(limits.storedStartMs, options.startStoredPack(pack));
        return { started, lastOffset };
      };
      const answer = await storedStarts.ask({
        ...{ key: range?.partition ?? '', name: workflowId, ...from(asker) },
        request: (isWantedNow) => storedStartTurns(isWantedNow, start),
      });
      if (!answer || answer.lastOffset === lastOffset) return answer?.started;
      // More records have come since it was asked for. It ends where it ended then, as the server would say.
      return answer.started.kind === 'exists'
        ? answer.started
        : { kind: 'exists', lastOffset: answer.lastOffset };
    },
    findExistingPacks: (records, isWanted) =>
      lookupTurns(isWanted, () => endsWithin(limits.lookUpMs, options.findExistingPacks(records))),
    sendDeadLetters(poison, asker) {
      const send = () => options.sendDeadLetters(poison).then(() => poison);
      return deadLetters.ask({
        ...{ key: String(poison[0]?.record.partition), name: 'dead letters', ...from(asker) },
        request: (isWantedNow) => deadLetterTurns(isWantedNow, send),
      });
    },
    claim: claim && ((jobs, isWanted) => ledgerTurns(isWanted, () => claim(jobs))),
    forget() {
      storedStarts.forget();
      deadLetters.forget();
    },
  };
}

interface StoredStart {
  started: StartedPack;
  lastOffset?: bigint;
}

async function endsWithin<T>(ms: number, request: Promise<T>): Promise<T> {
  return await within(ms, request, () => {
    throw new TakesLong(ms);
  });
}
