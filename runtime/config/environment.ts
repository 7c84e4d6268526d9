import { z } from 'zod';
import { bridge } from './variables/bridge';
import { http } from './variables/http';
import { kafka } from './variables/kafka';
import { llm } from './variables/llm';
import { commandLine, operation } from './variables/operation';
import { confidentialJobs, payloads } from './variables/payloads';
import { temporal } from './variables/temporal';
import { pipelines, versions, worker } from './variables/worker';

export type { VariableFacts } from './variables/kinds';

/** All variables, in the order of the documentation. */
export const variableGroups = {
  Kafka: kafka,
  Temporal: temporal,
  'Large payloads': payloads,
  'Confidential jobs': confidentialJobs,
  Bridge: bridge,
  'HTTP door': http,
  LLM: llm,
  Worker: worker,
  'Worker versions': versions,
  Pipelines: pipelines,
  'Command line': commandLine,
  Operation: operation,
};

/** The one schema of everything that is configured. A variable that is not set is absent or has its default. */
export const environmentSchema = z.object({
  ...kafka,
  ...temporal,
  ...payloads,
  ...confidentialJobs,
  ...bridge,
  ...http,
  ...llm,
  ...worker,
  ...versions,
  ...pipelines,
  ...commandLine,
  ...operation,
});

export type Environment = z.output<typeof environmentSchema>;
export type VariableName = keyof Environment;
