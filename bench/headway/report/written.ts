import type { HeadwayBenchOptions } from '../options';

/** The JSON file: everything that was measured, round by round. */
export interface Written {
  /** YYYY-MM-DD */
  date: string;
  machine: string;
  /** As it can be typed again. */
  command: string;
  versions: Record<string, string>;
  options: Pick<HeadwayBenchOptions, 'engine' | 'size' | 'seed'>;
  parts: WrittenPart[];
}

export interface WrittenPart {
  name: string;
  title: string;
  seconds: number;
  figures?: unknown;
  /** Why there are no figures. */
  problem?: string;
}

/** What goes into the other files. */
export interface PartText {
  markdown: string;
  /** SVG by file name without ending. */
  charts: Record<string, string>;
}
