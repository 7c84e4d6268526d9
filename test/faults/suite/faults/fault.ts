import type { ErrorCode } from '../../../../contracts/errors';
import type { Random } from '../../../../stack/llm-simulator/random';
import type { Load } from '../load';
import type { QueueHistory } from '../queue-history';
import type { WatermarkMonitor } from '../watermark-monitor';
import type { World } from '../world';

export interface Scene {
  world: World;
  load: Load;
  watermark: WatermarkMonitor;
  history: QueueHistory;
  /** Of this strike alone: the same seed strikes in the same way. */
  random: Random;
}

export interface Fault {
  name: string;
  about: string;
  /** Where it can strike only with so many brokers. */
  brokers?: 1 | 3;
  /** Not beside another fault: it needs a quiet moment of its own, or the other would undo it. */
  alone?: boolean;
  /** Codes with which it makes jobs fail for good, as they should, and of what share of the jobs it meets. Every other failure is one too many. */
  failsJobs?: Partial<Record<ErrorCode, number>>;
  /** How often one strike can make the LLM call of the same job be made again, since it cuts off an attempt. Default: never. */
  repeatsLlmCalls?: number;
  /** Injects it, lets it last, and takes it back. Resolves when everything is in place again. */
  strike(scene: Scene): Promise<void>;
}
