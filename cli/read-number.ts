import { InvalidArgumentError } from 'commander';

/** For options that count something. */
export function readCount(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It must be a whole number.');
}

/** For options that take at most so many of something: 0 would look like there is nothing. */
export function readLimit(text: string): number {
  if (/^\d{1,9}$/.test(text) && Number(text) > 0) return Number(text);
  throw new InvalidArgumentError('It must be a whole number, at least 1.');
}

/** For options that are amounts of money, in US dollars. */
export function readUsd(text: string): number {
  if (/^\d{1,9}(\.\d{1,9})?$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It must be an amount in US dollars, such as 0.05.');
}
