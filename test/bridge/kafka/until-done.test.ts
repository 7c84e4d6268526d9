import pino from 'pino';
import { createUntilDone, StandsStill } from '../../../bridge/kafka/until-done';
import { deferred, settled, silent } from './support';

const waits: number[] = [];
let inWait: { end: () => void } | undefined;

// The only clock of the code under test: a wait lasts until the test ends it.
jest.mock('node:timers/promises', () => ({
  setTimeout: (ms: number, _: unknown, { signal }: { signal?: AbortSignal } = {}) =>
    new Promise<void>((resolve, reject) => {
      waits.push(ms);
      inWait = { end: resolve };
      signal?.addEventListener('abort', () => reject(signal.reason as Error));
    }),
}));

beforeEach(() => {
  waits.length = 0;
  inWait = undefined;
  jest.spyOn(Math, 'random').mockReturnValue(0.5);
});

const always = () => true;
const failing = async (): Promise<never> => {
  throw new Error('connection refused');
};

async function endWait(): Promise<void> {
  await settled();
  inWait?.end();
  await settled();
}

describe('untilDone', () => {
  it('returns what the work returns, at once', async () => {
    const { untilDone, current } = createUntilDone(silent);
    await expect(untilDone('start a workflow', always, async () => 7)).resolves.toBe(7);
    expect([waits, current()]).toEqual([[], undefined]);
  });

  it('tries again while the partition is held, and waits longer each time, up to a bound', async () => {
    const { untilDone } = createUntilDone(silent);
    let calls = 0;
    const done = untilDone('start a workflow', always, async () => {
      if (++calls <= 8) throw new Error('connection refused');
      return calls;
    });
    for (let wait = 0; wait < 8; wait++) await endWait();
    await expect(done).resolves.toBe(9);
    expect(waits).toEqual([200, 400, 800, 1_600, 3_200, 5_000, 5_000, 5_000]);
  });

  it('gives up trouble of its own when the patience is over, and only that', async () => {
    const now = jest.spyOn(Date, 'now').mockReturnValue(1_000);
    const { untilDone, current } = createUntilDone(silent);
    let own = false;
    const done = untilDone('write dead letters', always, failing, { isOwn: () => own, ms: 5_000 });
    done.catch(() => undefined);
    await settled();
    now.mockReturnValue(100_000);
    await endWait();
    expect(current()).toBe('write dead letters');
    own = true;
    await endWait();
    await expect(done).rejects.toThrow(StandsStill);
    expect(current()).toBeUndefined();

    const patient = untilDone('write dead letters', always, failing, { isOwn: () => true, ms: 5_000 });
    patient.catch(() => undefined);
    await settled();
    now.mockReturnValue(104_999);
    await endWait();
    expect(current()).toBe('write dead letters');
    now.mockReturnValue(105_000);
    await endWait();
    await expect(patient).rejects.toThrow('could not write dead letters');
    now.mockRestore();
  });

  it('says why it could not, also where the reason is in the cause', async () => {
    const reasons: unknown[] = [];
    const logger = pino(
      {},
      { write: (line) => reasons.push((JSON.parse(line) as { reason: unknown }).reason) },
    );
    const { untilDone } = createUntilDone(logger);
    let calls = 0;
    const done = untilDone('start a workflow', always, async () => {
      if (++calls > 1) return calls;
      throw new Error('Failed to start Workflow', { cause: new Error('14 UNAVAILABLE: no connection') });
    });
    await endWait();
    await done;
    expect(reasons[0]).toBe('Failed to start Workflow: 14 UNAVAILABLE: no connection');
  });

  it('says for how long it could not, whatever others can do meanwhile', async () => {
    const lines: { forMs: number }[] = [];
    const logger = pino({}, { write: (line) => lines.push(JSON.parse(line) as { forMs: number }) });
    const now = jest.spyOn(Date, 'now').mockReturnValue(1_000);
    const { untilDone } = createUntilDone(logger);
    let held = true;
    const stuck = untilDone('write dead letters', () => held, failing);
    await settled();
    await untilDone('write dead letters', always, async () => true);
    now.mockReturnValue(8_000);
    await endWait();
    held = false;
    await endWait();
    await stuck;
    now.mockRestore();
    expect(lines.map(({ forMs }) => forMs)).toEqual([0, 7_000]);
  });

  it('spreads the waits of many bridges', async () => {
    jest.spyOn(Math, 'random').mockReturnValueOnce(0).mockReturnValueOnce(0.75);
    const { untilDone } = createUntilDone(silent);
    let held = true;
    const done = untilDone('start a workflow', () => held, failing);
    await endWait();
    await settled();
    held = false;
    await endWait();
    await done;
    expect(waits[0]).toBe(150);
    expect(waits[1]).toBe(450);
  });

  it('counts the time that the first try hung before it failed', async () => {
    const now = jest.spyOn(Date, 'now').mockReturnValue(1_000);
    const { untilDone } = createUntilDone(silent);
    const work = deferred<never>();
    const hangs = jest.fn(() => work.promise);
    const done = untilDone('write dead letters', always, hangs, { isOwn: () => true, ms: 5_000 });
    const seen = expect(done).rejects.toThrow(StandsStill);
    now.mockReturnValue(11_000);
    work.reject(new Error('no answer within 10 s'));
    await seen;
    now.mockRestore();
    expect([hangs.mock.calls.length, waits]).toEqual([1, []]);
  });

  it('gives up, and says nothing more, where the work was no longer wanted when its turn came', async () => {
    const lines: { msg: string }[] = [];
    const logger = pino({}, { write: (line) => lines.push(JSON.parse(line) as { msg: string }) });
    const { untilDone, current } = createUntilDone(logger);
    let calls = 0;
    const done = untilDone('start a workflow', always, async () => {
      if (++calls === 1) throw new Error('connection refused');
      return undefined;
    });
    await endWait();
    await expect(done).resolves.toBeUndefined();
    expect([calls, current(), lines.map(({ msg }) => msg)]).toEqual([
      2,
      undefined,
      ['could not start a workflow; the offset stays where it is'],
    ]);
  });

  it('gives the signal that ends a wait when the bridge stops', async () => {
    const stopping = new AbortController();
    const { untilDone } = createUntilDone(silent, stopping.signal);
    let held = true;
    const done = untilDone('start a workflow', () => held, failing);
    await settled();
    held = false;
    stopping.abort();
    await expect(done).resolves.toBeUndefined();
  });

  it('begins nothing when the partition is not held', async () => {
    const { untilDone } = createUntilDone(silent);
    const work = jest.fn(failing);
    await expect(untilDone('start a workflow', () => false, work)).resolves.toBeUndefined();
    expect(work).not.toHaveBeenCalled();
  });

  it('stops trying once the partition is lost', async () => {
    const { untilDone } = createUntilDone(silent);
    let held = true;
    const work = jest.fn(failing);
    const done = untilDone('start a workflow', () => held, work);
    await endWait();
    await settled();
    expect(work).toHaveBeenCalledTimes(2);
    held = false;
    await endWait();
    await expect(done).resolves.toBeUndefined();
    expect(work).toHaveBeenCalledTimes(2);
  });

  it('says what was done even if the partition was lost meanwhile: it is durable now', async () => {
    const { untilDone } = createUntilDone(silent);
    const work = deferred<string>();
    let held = true;
    const done = untilDone(
      'start a workflow',
      () => held,
      () => work.promise,
    );
    held = false;
    work.resolve('started');
    await expect(done).resolves.toBe('started');
  });
});

describe('current', () => {
  it('names the trouble while it lasts', async () => {
    const { untilDone, current } = createUntilDone(silent);
    let away = true;
    const done = untilDone('start a workflow', always, async () => {
      if (away) throw new Error('connection refused');
      return true;
    });
    await endWait();
    expect(current()).toBe('start a workflow');
    away = false;
    await endWait();
    await done;
    expect(current()).toBeUndefined();
  });

  it.each(['succeeds', 'is lost'])('lasts while one partition has it, and another %s', async (how) => {
    const { untilDone, current } = createUntilDone(silent);
    let [away, held] = [true, true];
    const stuck = untilDone('write dead letters', () => held, failing);
    await settled();
    const endStuckWait = inWait!.end;
    let otherHeld = true;
    const other = untilDone(
      'write dead letters',
      () => otherHeld,
      async () => {
        if (away) throw new Error('connection refused');
      },
    );
    await settled();
    if (how === 'is lost') otherHeld = false;
    away = false;
    await endWait();
    await other;
    expect(current()).toBe('write dead letters');
    held = false;
    endStuckWait();
    await stuck;
    expect(current()).toBeUndefined();
  });

  it('is over once the partition that had it belongs to somebody else', async () => {
    const { untilDone, current } = createUntilDone(silent);
    let held = true;
    const done = untilDone('write dead letters', () => held, failing);
    await settled();
    expect(current()).toBe('write dead letters');
    held = false;
    await endWait();
    await done;
    expect(current()).toBeUndefined();
  });
});
