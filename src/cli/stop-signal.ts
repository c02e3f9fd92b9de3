/** Waiting for somebody to end a command: Ctrl-C, or a signal of the system. */

/** Resolves when the command is to end. A second Ctrl-C ends the process at once. */
export function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve())
  })
}
