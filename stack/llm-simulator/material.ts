import type { Random } from './random';
import type { Sources } from './sources';
import type { Writer } from './writer';

/** What generated values are made of. */
export interface Material {
  random: Random;
  writer: Writer;
  sources: Sources;
}
