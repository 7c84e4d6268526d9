import type { Contender } from './contender';
import { batch100 } from './batch-100';
import { commitFirst } from './commit-first';
import { headway } from './headway';
import { manyPartitions } from './many-partitions';
import { sequential } from './sequential';

/** In the order of tables and plots. */
export const contenders: readonly Contender[] = [sequential, batch100, commitFirst, manyPartitions, headway];
