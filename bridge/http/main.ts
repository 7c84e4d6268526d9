#!/usr/bin/env node
import { runMain } from '../../runtime/run-main';
import { onShutdown } from '../../runtime/shutdown';
import { runHttpBridge } from './run-http-bridge';

void runMain('http', () => runHttpBridge({ openShutdown: onShutdown }));
