import { amountStandsIn, dateStandsIn, nameStandsIn } from '../../../pipelines/document-triage/stands-in';

it.each([
  '1200',
  '1,200.00 EUR',
  'EUR 1.200,00',
  '1 200 €',
  "CHF 1'200.-",
  'on 12 March 2026 1,200.00',
  '-1200,0',
])('finds the amount 1200 in "%s"', (text) => expect(amountStandsIn(1200, text)).toBe(true));

it.each(['12000', '1,200.50', '120', '200.00', '12.00', 'none'])('does not find 1200 in "%s"', (text) =>
  expect(amountStandsIn(1200, text)).toBe(false),
);

it('finds amounts with decimals and those taken off', () => {
  expect(amountStandsIn(1284.6, 'Summe: 1.284,60')).toBe(true);
  expect(amountStandsIn(-96, 'Credit -96.00')).toBe(true);
  expect(amountStandsIn(1284.61, 'Summe: 1.284,60')).toBe(false);
});

it.each(['2026-03-05', '05.03.2026', '3/5/26', '5 mars 2026', 'March 5th, 2026'])(
  'finds 2026-03-05 in "%s"',
  (text) => expect(dateStandsIn('2026-03-05', text)).toBe(true),
);

it.each(['2026-03-06', '5 March', '05.04.2026', '2025-03-05', ''])(
  'does not find 2026-03-05 in "%s"',
  (text) => expect(dateStandsIn('2026-03-05', text)).toBe(false),
);

it.each(['5 March 2026', '2026-13-05', 'soon'])('takes "%s" for no date', (date) =>
  expect(dateStandsIn(date, `${date} 2026-13-05`)).toBe(false),
);

it('finds a name in any case and over a line break, but never an empty one', () => {
  expect(nameStandsIn('Northquay Forwarding', 'NORTHQUAY\n  Forwarding Ltd')).toBe(true);
  expect(nameStandsIn('Northquay', 'Southquay')).toBe(false);
  expect(nameStandsIn('  ', 'anything')).toBe(false);
});
