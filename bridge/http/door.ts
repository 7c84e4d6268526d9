import type { Pipeline } from '../../pipelines/define-pipeline';
import type { ApiScope } from '../../runtime/api-keys';
import type { Logger } from '../../runtime/logger';
import type { HttpMetrics } from '../../runtime/metrics';
import type { Jobs } from '../jobs/jobs';
import type { Caller } from './authentication';
import type { Memories } from './memory';
import type { Places } from './places';
import type { Submit } from './submit';
import type { Waits } from './waits';

/** What the routes share. */
export interface Door {
  jobsOf: (tenant?: string) => Jobs;
  submit: Submit;
  waits: Waits;
  /** For requests that are held open. */
  places: Places;
  /** For what was read of requests. */
  memory: Memories;
  pipelines: readonly Pipeline[];
  pipelineNamed: (name: string) => Pipeline;
  bodyMaxBytes: number;
  heartbeatMs: number;
  /** Aborted when the door is being closed. */
  closing: AbortSignal;
  metrics: HttpMetrics;
  logger: Logger;
}

declare module 'fastify' {
  interface FastifyRequest {
    caller: Caller;
    /** For the log. */
    jobId?: string;
    /** Held open on purpose. */
    waited?: boolean;
    /** Takes memory for what arrives of a body that did not say how long it is. */
    takeForBody?: (bytes: number) => boolean;
    /** Gives back the memory of its body, which is not needed any more. */
    letGoOfBody?: () => void;
  }
  interface FastifyContextConfig {
    /** What a key must be allowed to do. */
    scope?: ApiScope;
    /** It may take long, and has no body that is read as a whole. */
    streams?: boolean;
    /** Its sender is known by a signature, wherever the request seems to come from. */
    signed?: boolean;
  }
}
