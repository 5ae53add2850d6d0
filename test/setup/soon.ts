/** For `vi.waitFor`: looks often, and only bounds what never comes, because a busy machine is slow, not wrong. */
export const SOON = { interval: 5, timeout: 90_000 } as const
