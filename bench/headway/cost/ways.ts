import { dbos } from '../../contenders/dbos';
import { restate } from '../../contenders/restate';
import { contenderWay } from './contender-way';
import { headwayWay } from './headway-way';
import { straightforwardWay } from './straightforward-way';
import type { Way } from './way';

/** In the order of the tables. Jobs are multiples of 12 partitions times the pack, so that packs are full. */
export const ways: readonly Way[] = [
  straightforwardWay,
  headwayWay(1, { quick: 180, full: 360 }, 96),
  headwayWay(10, { quick: 600, full: 1_200 }, 240),
  headwayWay(50, { quick: 1_800, full: 3_600 }, 600),
  headwayWay(100, { quick: 2_400, full: 4_800 }, 1_200),
  contenderWay(restate, 'engine', { quick: 600, full: 1_200 }, 240),
  contenderWay(dbos, 'database', { quick: 240, full: 480 }, 96),
];
