import { matching, wholeNumber } from './kinds';

export const payloads = {
  PAYLOAD_STORE: matching(
    /^(none|file:\/\/\/\S+|s3:\/\/[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](\/[\w!.*'()/-]*)?)$/,
    '`none`, `file:///folder` or `s3://bucket/prefix`',
    'Where inputs and results are kept that are too large for Temporal, up to 20 MB each. The same in every process; see ' +
      '[Large payloads](../guides/large-payloads.md). S3 is set up by the usual `AWS_*` variables.',
    `that of the local stack where its Temporal is used, then \`none\``,
  ),
  PAYLOAD_STORE_THRESHOLD_BYTES: wholeNumber(
    131_072,
    1_500_000,
    655_360,
    'Payloads of at least this size go there. Packs and batches of ordinary jobs are smaller than the default.',
  ),
};

export const confidentialJobs = {
  PAYLOAD_KEYS: matching(
    /^\s*[\w.-]{1,64}:[A-Za-z0-9+/_-]+=*(\s*,\s*[\w.-]{1,64}:[A-Za-z0-9+/_-]+=*)*\s*$/,
    '`id:key`, several of them separated by commas, each key 32 bytes in base64',
    'Keys that encrypt what jobs of confidential pipelines are about before Temporal gets it: the first encrypts, all decrypt. The same in every ' +
      'process; see [Confidential jobs](../guides/confidential-jobs.md). `headway payload-key` makes one.',
    'no pipeline may be confidential',
    true,
  ),
};
