import type { Client } from '@temporalio/client';
import { HeadwayError } from '../../contracts/errors';
import type { PipelinePolicy } from '../../contracts/policy';
import type { Pipeline } from '../../pipelines/define-pipeline';
import type { HeadwayCodec } from './codec';
import type { PayloadKey } from './payload-keys';

/**
 * For the start of a process.
 *
 * @throws HeadwayError `HW_CONFIG_INVALID` when a pipeline is confidential and there is no key
 */
export function requireKeys(
  pipelines: readonly Pick<Pipeline, 'name' | 'policy'>[],
  { payloadKeys }: { payloadKeys?: readonly PayloadKey[] },
): void {
  const confidential = pipelines.find(({ policy }) => policy.confidential);
  if (confidential && !payloadKeys) throw missing(`the pipeline "${confidential.name}" is confidential`);
}

/**
 * For whoever starts a workflow, whose program may not be one of ours.
 *
 * @throws HeadwayError `HW_CONFIG_INVALID` when a policy says that the jobs are confidential and `client` cannot encrypt
 */
export function requireEncryption(
  client: Client,
  policies: readonly Pick<PipelinePolicy, 'confidential'>[],
): void {
  if (!policies.some(({ confidential }) => confidential)) return;
  const codecs = client.options.loadedDataConverter.payloadCodecs as Partial<HeadwayCodec>[];
  if (!codecs.some(({ encrypts }) => encrypts)) throw missing('the job is confidential');
}

function missing(why: string): HeadwayError {
  return new HeadwayError(
    'HW_CONFIG_INVALID',
    `PAYLOAD_KEYS must be set, the same in every process, since ${why}; \`headway payload-key\` makes a key.`,
  );
}
