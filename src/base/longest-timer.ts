/** Milliseconds that a timer can wait for: almost 25 days. A longer one would be over at once. */
export const LONGEST_TIMER_MS: number = 2 ** 31 - 1
