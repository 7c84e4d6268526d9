import { isOwnTrouble, TakesLong } from '../../../bridge/kafka/own-trouble';
import {
  createRequests,
  type Asker,
  type Requests,
  type RequestsOptions,
} from '../../../bridge/kafka/requests';
import type { PackToStart } from '../../../bridge/start-pack';
import { HeadwayError } from '../../../contracts/errors';
import { deferred, queueRecord, settled } from './support';

const packOf = (workflowId: string, lastOffset = 0n, partition = 'x-0'): PackToStart => ({
  ...{ workflowId, jobs: [] },
  range: { partition, firstOffset: 0n, lastOffset },
});
const poisonOf = (offset: number, partition = 0) => [
  {
    record: queueRecord(offset, { partition }),
    error: new HeadwayError('HW_JOB_INVALID', 'input: is wrong'),
  },
];
const wanted = () => true;
/** Of a partition that is in no trouble yet. */
const asker: Asker = { owned: wanted, patienceMs: () => 5_000 };
const never = new Promise<never>(() => undefined);

/** What was asked for, in order. What is not given answers at once. */
function open(given: Partial<RequestsOptions> = {}) {
  const asked: string[] = [];
  const noting =
    <Given extends unknown[], T>(name: string, answer: (...of: Given) => Promise<T>) =>
    (...of: Given) => {
      asked.push(name);
      return answer(...of);
    };
  const all: RequestsOptions = {
    startPack: () => Promise.resolve({ kind: 'started', runId: '' }),
    startStoredPack: () => Promise.resolve({ kind: 'started', runId: 'stored' }),
    isStored: ({ workflowId }) => workflowId.startsWith('large'),
    findExistingPacks: () => Promise.resolve({ packs: [], more: false }),
    sendDeadLetters: () => Promise.resolve(),
    claim: (jobs) => Promise.resolve({ own: jobs, duplicates: [] }),
    concurrency: 1,
    stopping: new AbortController().signal,
    limits: { firstMs: 50, againMs: 50 },
    ...given,
  };
  const requests = createRequests({
    ...all,
    startPack: noting('start', all.startPack),
    startStoredPack: noting('stored start', all.startStoredPack),
    findExistingPacks: noting('look-up', all.findExistingPacks),
    sendDeadLetters: noting('dead letters', all.sendDeadLetters),
    claim: noting('claim', all.claim!),
  });
  return { requests, asked };
}

type Ask = (requests: Requests, isWanted: () => boolean) => Promise<unknown>;
const kinds: [string, keyof RequestsOptions, Ask][] = [
  ['start', 'startPack', (requests, isWanted) => requests.startPack(packOf('p'), isWanted, asker)],
  [
    'stored start',
    'startStoredPack',
    (requests, owned) => requests.startPack(packOf('large'), wanted, { ...asker, owned }),
  ],
  ['look-up', 'findExistingPacks', (requests, isWanted) => requests.findExistingPacks([], isWanted)],
  [
    'dead letters',
    'sendDeadLetters',
    (requests, owned) => requests.sendDeadLetters(poisonOf(0), { ...asker, owned }),
  ],
  ['claim', 'claim', (requests, isWanted) => requests.claim!([], isWanted)],
];

describe.each(kinds)('%s', (name, option, ask) => {
  it('that hangs keeps nothing of another kind waiting', async () => {
    const { requests, asked } = open({ [option]: () => never });
    ask(requests, wanted).catch(() => undefined);
    const others = kinds.filter(([other]) => other !== name);
    await Promise.all(others.map(([, , askOther]) => askOther(requests, wanted)));
    expect(asked.sort()).toEqual(kinds.map(([kind]) => kind).sort());
  });

  it('is not made where it is wanted no more when its turn comes', async () => {
    const first = deferred<never>();
    const { requests, asked } = open({
      [option]: () => first.promise,
      limits: { firstMs: 10_000, againMs: 10_000 },
    });
    const begun = ask(requests, wanted).catch(() => undefined);
    let isWanted = true;
    // Of another partition: the same again would get the answer of the first.
    const late =
      name === 'stored start'
        ? requests.startPack(packOf('large too', 0n, 'x-1'), wanted, { ...asker, owned: () => isWanted })
        : name === 'dead letters'
          ? requests.sendDeadLetters(poisonOf(7, 1), { ...asker, owned: () => isWanted })
          : ask(requests, () => isWanted);
    isWanted = false;
    first.reject(new Error('over'));
    await expect(late).resolves.toBeUndefined();
    await begun;
    expect(asked).toEqual([name]);
  });
});

const late = { kind: 'started', runId: 'late' } as const;

describe.each([
  [
    'a start with a payload to store',
    'startStoredPack',
    (requests: Requests, by = asker): Promise<unknown> => requests.startPack(packOf('large'), wanted, by),
  ],
  [
    'a dead letter',
    'sendDeadLetters',
    (requests: Requests, by = asker): Promise<unknown> => requests.sendDeadLetters(poisonOf(0), by),
  ],
] as const)('%s that takes long', (_, option, ask) => {
  it('is let go as trouble of its partition, and not made twice: who comes again gets its answer', async () => {
    const answer = deferred<never>();
    const { requests, asked } = open({ [option]: () => answer.promise });
    const error: unknown = await ask(requests).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(TakesLong);
    expect(isOwnTrouble(error)).toBe(true);
    await expect(ask(requests)).rejects.toBeInstanceOf(TakesLong);
    answer.resolve(late as never);
    await settled();
    await expect(ask(requests)).resolves.toBeDefined();
    expect(asked).toHaveLength(1);
    await ask(requests);
    expect(asked).toHaveLength(2);
  });

  it('holds up others only shortly when its partition is tried again', async () => {
    const { requests } = open({ [option]: () => never, limits: { firstMs: 3_600_000, againMs: 20 } });
    await expect(ask(requests, { ...asker, patienceMs: () => 0 })).rejects.toThrow('within 20 ms');
  });

  it('holds them up for longer the first time', async () => {
    const { requests } = open({ [option]: () => never, limits: { firstMs: 20, againMs: 3_600_000 } });
    await expect(ask(requests)).rejects.toThrow('within 20 ms');
  });

  it('is made again once it has failed, with nobody waiting', async () => {
    const answer = deferred<never>();
    const { requests, asked } = open({ [option]: () => answer.promise });
    await expect(ask(requests)).rejects.toBeInstanceOf(TakesLong);
    answer.reject(new Error('not enough in-sync replicas'));
    await settled();
    await expect(ask(requests)).rejects.toThrow('in-sync');
    expect(asked).toHaveLength(2);
  });

  it('is made again for whoever has the partition next', async () => {
    const { requests, asked } = open({ concurrency: 2, [option]: () => never });
    await expect(ask(requests)).rejects.toBeInstanceOf(TakesLong);
    requests.forget();
    await expect(ask(requests)).rejects.toBeInstanceOf(TakesLong);
    expect(asked).toHaveLength(2);
  });

  it('is not begun any more when the bridge stops', async () => {
    const first = deferred<never>();
    const stopping = new AbortController();
    const { requests, asked } = open({ [option]: () => first.promise, stopping: stopping.signal });
    const begun = ask(requests).catch(() => undefined);
    const queued =
      option === 'sendDeadLetters'
        ? requests.sendDeadLetters(poisonOf(7, 1), asker)
        : requests.startPack(packOf('large too', 0n, 'x-1'), wanted, asker);
    stopping.abort();
    first.reject(new Error('over'));
    await expect(queued).resolves.toBeUndefined();
    await begun;
    expect(asked).toHaveLength(1);
  });
});

it('a stored pack that has grown meanwhile ends where it ended when it was asked for', async () => {
  const answer = deferred<typeof late>();
  const { requests, asked } = open({ startStoredPack: () => answer.promise });
  await expect(requests.startPack(packOf('large', 3n), wanted, asker)).rejects.toBeInstanceOf(TakesLong);
  answer.resolve(late);
  const grown = await requests.startPack(packOf('large', 9n), wanted, asker);
  expect([grown, asked.length]).toEqual([{ kind: 'exists', lastOffset: 3n }, 1]);
});

it('a turn that comes while the partition is set aside is taken', async () => {
  const first = deferred();
  const { requests, asked } = open({
    sendDeadLetters: ([one]) => (one?.record.offset === 0n ? first.promise : Promise.resolve()),
  });
  requests.sendDeadLetters(poisonOf(0), asker).catch(() => undefined);
  await expect(requests.sendDeadLetters(poisonOf(1, 1), asker)).rejects.toBeInstanceOf(TakesLong);
  first.resolve();
  await settled();
  expect(asked).toHaveLength(2);
});

it('whoever asks last says whether a turn is still wanted', async () => {
  const first = deferred();
  const { requests, asked } = open({
    sendDeadLetters: ([one]) => (one?.record.offset === 0n ? first.promise : Promise.resolve()),
  });
  requests.sendDeadLetters(poisonOf(0), asker).catch(() => undefined);
  let isOwned = true;
  const before = { ...asker, owned: () => isOwned };
  await expect(requests.sendDeadLetters(poisonOf(1, 1), before)).rejects.toBeInstanceOf(TakesLong);
  isOwned = false;
  const again = requests.sendDeadLetters(poisonOf(1, 1), asker);
  first.resolve();
  await expect(again).resolves.toHaveLength(1);
  expect(asked).toHaveLength(2);
});

it('what is asked for now takes the place of what still waits for its turn in that partition', async () => {
  const first = deferred<typeof late>();
  const started: string[] = [];
  const { requests } = open({
    startStoredPack: ({ workflowId }) => {
      started.push(workflowId);
      return workflowId === 'large 1' ? first.promise : Promise.resolve(late);
    },
  });
  requests.startPack(packOf('large 1', 0n, 'x-1'), wanted, asker).catch(() => undefined);
  const before = requests.startPack(packOf('large 2'), wanted, asker);
  const now = requests.startPack(packOf('large 3'), wanted, asker);
  first.resolve(late);
  await expect(Promise.all([before, now])).resolves.toEqual([undefined, late]);
  expect(started).toEqual(['large 1', 'large 3']);
});

it('a look-up, and a start that goes on without end, give their turns to others', async () => {
  const { requests, asked } = open({
    findExistingPacks: () => never,
    startStoredPack: () => never,
    limits: { lookUpMs: 20, storedStartMs: 20, firstMs: 3_600_000 },
  });
  await expect(requests.findExistingPacks([], wanted)).rejects.toBeInstanceOf(TakesLong);
  await expect(requests.findExistingPacks([], wanted)).rejects.toBeInstanceOf(TakesLong);
  for (const partition of ['x-0', 'x-1'])
    await expect(requests.startPack(packOf('large', 0n, partition), wanted, asker)).rejects.toThrow(
      'within 20',
    );
  expect(asked).toHaveLength(4);
});
