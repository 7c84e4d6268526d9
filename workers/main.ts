#!/usr/bin/env node
import { runMain } from '../runtime/run-main';
import { onShutdown } from '../runtime/shutdown';
import { explainUncaught } from './explain-uncaught';
import { runWorker } from './run-worker';
import { surviveRejections } from './survive-rejections';

void runMain(
  'worker',
  () =>
    runWorker({
      openShutdown(logger, options) {
        surviveRejections(logger);
        return onShutdown(logger, options);
      },
    }),
  explainUncaught,
);
