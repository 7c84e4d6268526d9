/** Workflow types. Bridge, CLI and workers agree on them here. */
export const PROCESS_PACK = 'processPack';
export const PROCESS_JOB = 'processJob';
