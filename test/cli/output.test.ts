import { formatTable, printJsonLine, styles } from '../../cli/output';
import { formatProgress } from '../../cli/progress';
import { createContext } from './support';

test('a table lines its columns up, numbers to the right', () => {
  expect(
    formatTable([
      ['received', 1_234_567, ''],
      ['lost', 3, 'not good'],
    ]),
  ).toBe('received  1,234,567\nlost              3  not good');
});

test.each([
  [{ isTTY: true }, {}, '\x1b[1mx\x1b[22m'],
  [{ isTTY: true }, { NO_COLOR: '1' }, 'x'],
  [{ isTTY: true }, { TERM: 'dumb' }, 'x'],
  [{ isTTY: false }, {}, 'x'],
])('text is marked only on a terminal that wants it: %p %p', (output, env, marked) => {
  expect(styles({ write: () => undefined, ...output }, env).bold('x')).toBe(marked);
});

test('a progress bar fills up, and never beyond its end', () => {
  expect(formatProgress('reading', 5, 10)).toBe(`reading  ${'█'.repeat(15)}${'░'.repeat(15)}  5 of 10`);
  expect(formatProgress('reading', 12, 10)).toContain('█'.repeat(30));
  expect(formatProgress('reading', 1_200)).toBe('reading  1,200');
});

test('JSON has no raw control character, and means the same', () => {
  const { context, stdout } = createContext();
  const odd = { id: 'a\u0000\u001b[31m\u007f\u009b\u2028"\\' };
  printJsonLine(context, odd);

  expect(stdout().trimEnd()).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/);
  expect(JSON.parse(stdout())).toEqual(odd);
});
