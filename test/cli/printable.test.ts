import { printable, printableCell, printableLine } from '../../cli/printable';

test('what could command a terminal stands as its escape, and text stays as it is', () => {
  expect(printable('red \x1b[31m\x07 \x9b2J\r\x7f')).toBe('red \\u001b[31m\\u0007 \\u009b2J\\u000d\\u007f');
  expect(printable('Zürich – 東京\n\tnext')).toBe('Zürich – 東京\n\tnext');
  expect(printableLine('one\ntwo\tthree')).toBe('one\\ntwo\\tthree');
});

test('a cell is one line, cut where it is long', () => {
  expect(printableCell('one\ntwo', 8)).toBe('one\\ntwo');
  expect(printableCell('one\ntwo', 7)).toBe('one\\nt…');
  expect(printableCell('x'.repeat(1_000_000), 5)).toBe('xxxx…');
});
