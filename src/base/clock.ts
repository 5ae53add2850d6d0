import { functionOption, type ReadValue } from './options.js'

/** A clock: gives the present as milliseconds since 1970, as `Date.now` does. */
export type Clock = () => number

export const systemClock: Clock = () => Date.now()

export const clockOption: ReadValue<Clock> = functionOption(
  'a function that gives milliseconds since 1970, as Date.now does',
)
