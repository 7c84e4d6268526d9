import { installedKafka, installKafka, kafkaVersion } from './kafka/install';
import type { Leash } from './leash';
import { requireJava, requireMaven, requireNode } from './prerequisites';
import { type OnProgress, withProgress } from './progress';
import { findTemporal, installTemporal } from './temporal/find-binary';
import type { Component } from './types';

/** The programs the servers are run with; undefined for what is not to be started. */
export interface Programs {
  java?: string;
  kafkaJars?: string;
  temporal?: string;
}

/**
 * Checks what has to be on the machine, then fetches into the cache what is missing. Starts no server.
 * Throws HW_PREREQUISITE_MISSING, HW_STACK_FAILED when a fetch fails, or the reason of `signal`.
 */
export async function install(options: {
  components: readonly Component[];
  env: NodeJS.ProcessEnv;
  leash: Leash;
  signal: AbortSignal;
  onProgress: OnProgress;
}): Promise<Programs> {
  const { components, env, leash, onProgress } = options;
  requireNode();
  const wantsKafka = components.includes('kafka');
  const java = wantsKafka ? await requireJava(env) : undefined;
  const kafka = wantsKafka ? installedKafka(env) : undefined;
  const fetchKafka = wantsKafka && kafka === undefined;
  if (fetchKafka) await requireMaven(env);
  const temporal = components.includes('temporal') ? await findTemporal(env) : undefined;
  const fetchTemporal = components.includes('temporal') && temporal === undefined;

  // One that fails ends the other: nobody wants to wait four minutes to be told that Go is missing.
  const failed = new AbortController();
  const signal = AbortSignal.any([options.signal, failed.signal]);
  const fetch = (step: string, work: (report: (detail: string) => void) => Promise<string>) =>
    withProgress(onProgress, step, work, () => 'fetched').catch((error: unknown) => {
      failed.abort(error);
      throw error;
    });
  const fetches = [
    fetchKafka
      ? fetch(`Kafka ${kafkaVersion()}`, (report) => installKafka({ env, leash, signal, report }))
      : Promise.resolve(kafka),
    fetchTemporal
      ? fetch('Temporal CLI', (report) => installTemporal({ env, leash, signal, report }))
      : Promise.resolve(temporal),
  ];
  await Promise.allSettled(fetches);
  const [kafkaJars, temporalProgram] = await Promise.all(fetches);
  return { java, kafkaJars, temporal: temporalProgram };
}
