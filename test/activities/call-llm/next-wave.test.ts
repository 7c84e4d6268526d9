import { nextWave } from '../../../activities/call-llm/next-wave';

beforeEach(() => jest.useFakeTimers());
afterEach(() => {
  expect(jest.getTimerCount()).toBe(0);
  jest.useRealTimers();
});

const none = () => new AbortController().signal;
/** Each item is the number of milliseconds it takes. Stops when it is told to, as a call does. */
const wait = (ms: number, signal: AbortSignal) =>
  new Promise<string>((resolve, reject) => {
    const timer = setTimeout(() => resolve(`after ${ms}`), ms);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      reject(signal.reason as Error);
    });
  });

describe('the next wave', () => {
  it('is what ends within its width of the first, in order of ending', async () => {
    const wave = nextWave([700, 100, 9_000, 500], none(), wait, 500);
    await jest.advanceTimersByTimeAsync(600);
    await expect(wave).resolves.toEqual(['after 100', 'after 500']);
  });

  it('comes no later for a slow one', async () => {
    let ended = false;
    const wave = nextWave([100, 1_000_000], none(), wait, 500).then(() => (ended = true));
    await jest.advanceTimersByTimeAsync(599);
    expect(ended).toBe(false);
    await jest.advanceTimersByTimeAsync(1);
    await wave;
  });

  it('comes at once when nothing is left to wait for', async () => {
    const wave = nextWave([100, 200], none(), wait, 500);
    await jest.advanceTimersByTimeAsync(200);
    await expect(wave).resolves.toEqual(['after 100', 'after 200']);
  });

  it('stops waiting for those that are not in it', async () => {
    const signals: AbortSignal[] = [];
    const wave = nextWave(
      [100, 9_000],
      none(),
      (ms, signal) => {
        signals.push(signal);
        return wait(ms, signal);
      },
      500,
    );
    await jest.advanceTimersByTimeAsync(600);
    await wave;
    expect(signals.map((signal) => signal.aborted)).toEqual([true, true]);
  });

  it.each([
    ['before anything ended', 50],
    ['while the first ones are in', 300],
  ])('is given up when the activity shall stop, %s', async (_, at) => {
    const stop = new AbortController();
    const wave = nextWave([100, 9_000], stop.signal, wait, 500);
    const seen = expect(wave).rejects.toThrow('worker stops');
    await jest.advanceTimersByTimeAsync(at);
    stop.abort(new Error('worker stops'));
    await seen;
  });

  it('is given up at once when the activity was to stop before it began', async () => {
    const wave = nextWave([100], AbortSignal.abort(new Error('worker stops')), wait, 500);
    await expect(wave).rejects.toThrow('worker stops');
    await jest.advanceTimersByTimeAsync(100);
  });

  it('is given up also when what it waits for does not listen', async () => {
    const stop = new AbortController();
    const deaf = (ms: number) => (ms === 100 ? Promise.resolve('') : new Promise<string>(() => undefined));
    const wave = nextWave([100, 9_000], stop.signal, deaf, 500);
    const seen = expect(wave).rejects.toThrow('worker stops');
    await jest.advanceTimersByTimeAsync(50);
    stop.abort(new Error('worker stops'));
    await seen;
  });

  it('fails with what waiting throws', async () => {
    const wave = nextWave([100, 200], none(), (ms) =>
      ms === 100 ? Promise.reject(new Error('a defect')) : Promise.resolve(''),
    );
    await expect(wave).rejects.toThrow('a defect');
  });
});
