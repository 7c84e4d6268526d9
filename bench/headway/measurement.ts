import type { Report } from '../flood/report';

/** What Temporal keeps its state in: SQLite inside the development server, or a full server on PostgreSQL. */
export type EngineName = 'embedded' | 'postgres';

/** One part of `npm run bench:headway`, which `--only` can choose by its name. */
export interface Measurement {
  name: string;
  /** As the heading of its part of the report. */
  title: string;
  /** Milliseconds it takes about, for the estimate at the beginning. */
  estimateMs(options: MeasurementOptions): number;
  run(options: MeasurementOptions): Promise<Measured>;
}

export interface MeasurementOptions {
  engine: EngineName;
  /** Quick: the smallest that says something, once. Full: what is published. */
  size: 'quick' | 'full';
  seed: number;
  report: Report;
  /** A line that stays, beside the progress line. */
  log: (line: string) => void;
  /** What there is by now: the parts of this run that came before, or those of the files of `--from`. */
  earlier: Earlier;
}

/** As much of a written run as a part may build on. */
export interface Earlier {
  date: string;
  machine: string;
  versions: Record<string, string>;
  options: { engine: EngineName; size: MeasurementOptions['size']; seed: number };
  parts: Record<string, { figures?: unknown }>;
}

export interface Measured {
  /** Goes into the JSON as it is: every single round, so that medians can be computed anew. */
  figures: unknown;
  /** A Markdown part without its heading: tables with medians and spread, and a sentence for each goal that was or was not met. */
  markdown: string;
  /** SVG by file name without ending. */
  charts?: Record<string, string>;
}
