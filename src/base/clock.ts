/** A clock: gives the present as milliseconds since 1970, as `Date.now` does. */
export type Clock = () => number

export const systemClock: Clock = () => Date.now()
