/** For `vi.waitFor`: polls often, and only limits what never happens, because a busy machine is only slow. */
export const SOON = { interval: 5, timeout: 90_000 } as const
