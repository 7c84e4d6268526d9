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
  /** So long trouble of one partition holds up others, milliseconds: the first time, and when it is tried again. Default: 10,000 and 500. */
  letGoMs?: { first: number; again: number };
}

/** The batch that a request is for. */
export type Asker = Pick<QueueBatch, 'owned' | 'patienceMs'>;

/** Requests may have to wait for their turn. What is no longer wanted then is not requested, and its answer is undefined. */
export interface Requests {
  /** Through the payload store it is wanted as long as its partition is `owned`, also while that is set aside. */
  startPack(pack: PackToStart, isWanted: IsWanted, asker: Asker): Promise<StartedPack | undefined>;
  findExistingPacks(records: QueueRecord[], isWanted: IsWanted): Promise<ExistingPacks | undefined>;
  /** Resolves with `true` when they are written. They are wanted as long as their partition is `owned`, also while that is set aside. */
  sendDeadLetters(poison: Poison[], asker: Asker): Promise<true | undefined>;
  claim?: (jobs: PackJob[], isWanted: IsWanted) => Promise<ClaimedJobs | undefined>;
  /** The assignment changed: nobody comes for an answer any more. */
  forget(): void;
}

const LET_GO_MS = { first: 10_000, again: 500 };
/** Temporal has a deadline of 10 s; the payload store, in which a pack may lie, has none that is short. */
const LOOK_UP_MS = 15_000;
/** A start that has not ended by then gives its turn to another. It is safe to begin again. */
const STORED_START_END_MS = 200_000;

/**
 * What the hand-over asks of servers. Each kind has turns of its own, so that who does not need what is in trouble goes on: the payload store,
 * visibility, the ledger, the dead-letter topic. And what only some partitions need is not waited for without end, since others wait behind it.
 */
export function createRequests({
  concurrency,
  stopping,
  letGoMs = LET_GO_MS,
  ...options
}: RequestsOptions): Requests {
  const startTurns = createTurns(concurrency);
  const storedStartTurns = createTurns(concurrency);
  const lookupTurns = createTurns(concurrency);
  const ledgerTurns = createTurns(concurrency);
  const deadLetterTurns = createTurns(concurrency);
  const storedStarts = createLongRequests<{ started: StartedPack; lastOffset?: bigint } | undefined>();
  const deadLetters = createLongRequests<true | undefined>();
  const { claim } = options;
  const waitMs = ({ patienceMs }: Asker) => (patienceMs > 0 ? letGoMs.first : letGoMs.again);
  const ownedBy =
    ({ owned }: Asker): IsWanted =>
    () =>
      owned() && !stopping.aborted;

  return {
    async startPack(pack, isWanted, asker) {
      if (!options.isStored(pack)) return await startTurns(isWanted, () => options.startPack(pack));
      const lastOffset = pack.range?.lastOffset;
      const answer = await storedStarts.ask(pack.workflowId, ownedBy(asker), waitMs(asker), (isWantedNow) =>
        storedStartTurns(isWantedNow, async () => {
          const started = await endsWithin(STORED_START_END_MS, options.startStoredPack(pack));
          return { started, lastOffset };
        }),
      );
      if (!answer || answer.lastOffset === lastOffset) return answer?.started;
      // More records have come since it was asked for. It ends where it ended then, as the server would say.
      return answer.started.kind === 'exists'
        ? answer.started
        : { kind: 'exists', lastOffset: answer.lastOffset };
    },
    findExistingPacks: (records, isWanted) =>
      lookupTurns(isWanted, () => endsWithin(LOOK_UP_MS, options.findExistingPacks(records))),
    sendDeadLetters(poison, asker) {
      const places = poison.map(({ record }) => `${record.partition}:${record.offset}:${record.timestamp}`);
      return deadLetters.ask(places.join(' '), ownedBy(asker), waitMs(asker), (isWantedNow) =>
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

async function endsWithin<T>(ms: number, request: Promise<T>): Promise<T> {
  return await within(ms, request, () => {
    throw new TakesLong(ms);
  });
}
