#!/usr/bin/env node
import { runMain } from '../../runtime/run-main';
import { onShutdown } from '../../runtime/shutdown';
import { runKafkaBridge } from './run-bridge';

void runMain('bridge', () => runKafkaBridge({ openShutdown: onShutdown }));
