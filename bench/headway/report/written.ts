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
  /** By name, in the order in which they ran. */
  parts: Record<string, WrittenPart>;
}

export interface WrittenPart {
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
