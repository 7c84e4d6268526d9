/** Exit codes of the `headway` command, the same for all its commands; docs/reference/commands.md lists them. */
export const exitCodes = {
  /** Done, and nothing is wrong. */
  ok: 0,
  /** Done, and what was found is bad: lost jobs, for example. */
  badFinding: 1,
  /** The command line or the configuration is wrong; nothing was done. */
  usage: 2,
  /** Could not be carried out: a server is away, or a defect. */
  failed: 3,
  /** Ctrl-C (SIGINT), as shells count it. */
  interrupted: 130,
  /** SIGTERM */
  terminated: 143,
} as const;
