import type { Contender } from './contender';
import { batch100 } from './batch-100';
import { bullmq } from './bullmq';
import { commitFirst } from './commit-first';
import { flink } from './flink';
import { dbos } from './dbos';
import { headway } from './headway';
import { manyPartitions } from './many-partitions';
import { parallelConsumer } from './parallel-consumer';
import { rabbitmq } from './rabbitmq';
import { restate } from './restate';
import { sequential } from './sequential';
import { shareGroup } from './share-group';
import { sqs } from './sqs';

/** In the order of tables and plots. */
export const contenders: readonly Contender[] = [
  sequential,
  batch100,
  commitFirst,
  manyPartitions,
  shareGroup,
  flink,
  parallelConsumer,
  sqs,
  rabbitmq,
  bullmq,
  restate,
  dbos,
  headway,
];
