import { InvalidArgumentError } from 'commander';

/** For options that count something. */
export function readCount(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It must be a whole number.');
}

/** For options that are amounts of money, in US dollars. */
export function readUsd(text: string): number {
  if (/^\d{1,9}(\.\d{1,9})?$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It must be an amount in US dollars, such as 0.05.');
}
