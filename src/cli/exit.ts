/** How a command ended, for scripts. The numbers are part of the interface. */
export const EXIT = {
  reached: 0,
  unexpected: 1,
  usage: 2,
  reverted: 3,
  timedOut: 4,
  conflict: 5,
  configuration: 6,
  unreachable: 7,
  person: 8,
  changes: 10,
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** The table of `--help`. */
export const EXIT_HELP = `
Exit codes:
    0  the goal is reached, or there was nothing to do
    1  unexpected error
    2  usage: unknown command, option, service or pool
    3  the rollout was reverted or aborted
    4  --timeout is over; the rollout goes on
    5  conflict: another rollout, a stale step, or another process holds the state
    6  invalid configuration
    7  the controller cannot be reached, or does not allow it
    8  the rollout waits for a person: an approval, a pause, or a failure
   10  \`plan --detailed-exitcode\`: a start would change something
  130  interrupted by Ctrl-C; the rollout goes on`;
