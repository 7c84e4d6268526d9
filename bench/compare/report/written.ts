import type { Run } from '../run';

/** The JSON file: everything that tables and plots are made of. */
export interface Written {
  /** YYYY-MM-DD */
  date: string;
  machine: string;
  /** As it can be typed again. */
  command: string;
  versions: Record<string, string>;
  options: {
    mode: string;
    repetitions: number;
    seed: number;
    timeScale: number;
    slots: number;
    consumers: number;
  };
  contenders: { name: string; title: string; about: string; withoutSlots?: string }[];
  notRun: { name: string; title: string; reason: string }[];
  runs: Run[];
}
