import { createProgressPrinter } from '../../stack/progress-printer';

function screen(isTTY: boolean) {
  let text = '';
  const stream = { isTTY, columns: 60, write: (part: string) => ((text += part), true) };
  return { stream: stream as unknown as NodeJS.WriteStream, text: () => text };
}

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

it('says a line about every ten seconds, with elapsed time and detail, where there is no terminal', () => {
  const { stream, text } = screen(false);
  const { onProgress, close } = createProgressPrinter(stream);
  onProgress({ step: 'Temporal CLI', state: 'started', elapsedMs: 0 });
  onProgress({ step: 'Temporal CLI', state: 'running', detail: 'net/http', elapsedMs: 5 });
  jest.advanceTimersByTime(25_000);
  onProgress({ step: 'Temporal CLI', state: 'done', detail: 'fetched', elapsedMs: 25_000 });
  jest.advanceTimersByTime(60_000);
  close();
  expect(
    text()
      .trimEnd()
      .split('\n')
      .map((line) => line.trim()),
  ).toEqual([
    '... Temporal CLI 10 s: net/http',
    '... Temporal CLI 20 s: net/http',
    'ok  Temporal CLI: fetched (25 s)',
  ]);
});

it('keeps one live line on a terminal, never wider than that, and leaves none behind', () => {
  const { stream, text } = screen(true);
  const { onProgress, close } = createProgressPrinter(stream);
  onProgress({ step: 'Kafka', state: 'started', elapsedMs: 0 });
  onProgress({ step: 'Temporal', state: 'running', detail: 'x'.repeat(100), elapsedMs: 0 });
  jest.advanceTimersByTime(1_000);
  const lines = text().split('\r\x1b[2K');
  expect(lines.at(-1)).toContain('Kafka 1.0 s | Temporal 1.0 s: xxx');
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThan(60);
  expect(text()).not.toContain('\n');
  close();
  expect(text().endsWith('\r\x1b[2K')).toBe(true);
});
