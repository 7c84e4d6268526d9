import type { ErrorCode } from '../../../../contracts/errors';
import type { Random } from '../../../../stack/llm-simulator/random';
import type { Load } from '../load';
import type { QueueHistory } from '../queue-history';
import type { ResultsWatch } from '../results-watch';
import type { WatermarkMonitor } from '../watermark-monitor';
import type { World } from '../world';
import type { Resource } from './resources';

export interface Scene {
  world: World;
  load: Load;
  watch: ResultsWatch;
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
  /** Never beside another fault that needs one of these: they would undo each other. */
  needs: readonly Resource[];
  /** Codes with which it makes jobs fail for good, as they should, and of what share of the jobs it meets. Every other failure is one too many. */
  failsJobs?: Partial<Record<ErrorCode, number>>;
  /** How often one strike can make the LLM call of the same job be made again, since it cuts off an attempt. Default: never. */
  repeatsLlmCalls?: number;
  /**
   * Injects it, lets it last, and takes it back. Resolves when everything is in place again, with what was seen of its effect.
   *
   * @throws NoEffect when it had none; other errors when something is not as it should be afterwards
   */
  strike(scene: Scene): Promise<string>;
}

/** A fault could not do what it is there for. What it had changed is back in place. */
export class NoEffect extends Error {}
