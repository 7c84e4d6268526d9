/** Whether the text has a name, in any case and with any white space. */
export function nameStandsIn(name: string, text: string): boolean {
  const plain = (value: string) => value.toLowerCase().replace(/\s+/g, ' ').trim();
  return name.trim() !== '' && plain(text).includes(plain(name));
}

/** Whether the text has an amount, in any usual writing: 1200, 1,200.00, 1.200,00, 1 200, 1'200.-. */
export function amountStandsIn(amount: number, text: string): boolean {
  return numbersOf(text).has(Math.round(Math.abs(amount) * 100));
}

/** Whether day and year of a date (YYYY-MM-DD) stand in the text; a month may be written in any language. */
export function dateStandsIn(date: string, text: string): boolean {
  const [, year, month, day] = /^(\d{4})-(\d{2})-(\d{2})$/.exec(date) ?? [];
  if (year === undefined || Number.isNaN(Date.parse(date))) return false;
  const numbers = new Set((text.match(/\d+/g) ?? []).map(Number));
  const hasYear = numbers.has(Number(year)) || numbers.has(Number(year.slice(2)));
  return hasYear && numbers.has(Number(day)) && (numbers.has(Number(month)) || /\p{L}{3}/u.test(text));
}

/** In hundredths. What follows the last separator are decimals when it is one or two digits. */
function numbersOf(text: string): Set<number> {
  const found = text.match(/\d+(?:[.,'’\u00a0\u202f ]\d+)*/g) ?? [];
  return new Set(
    found.flatMap((number) => {
      // A space may stand between thousands, or between two numbers.
      return [number, ...number.split(/[\u00a0\u202f ]/)].map(hundredths);
    }),
  );
}

function hundredths(number: string): number {
  const [, whole = number, decimals = ''] = /^(.*)[.,](\d{1,2})$/.exec(number) ?? [];
  return Number(whole.replace(/\D/g, '')) * 100 + Number(decimals.padEnd(2, '0'));
}
