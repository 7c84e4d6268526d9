import type { Findings } from './findings';
import type { Random } from './random';
import type { Sources } from './sources';
import type { Writer } from './writer';

/** What generated values are made of. */
export interface Material {
  random: Random;
  writer: Writer;
  sources: Sources;
  /** What the prompt itself says, to be repeated rather than invented. */
  findings?: Findings;
}
