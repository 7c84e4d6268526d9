#!/usr/bin/env node
import { runMain } from '../runtime/run-main';
import { onShutdown } from '../runtime/shutdown';
import { runWorker } from './run-worker';

void runMain('worker', () => runWorker({ openShutdown: onShutdown }));
