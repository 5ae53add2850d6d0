import { env } from 'node:process'

/**
 * Reads a number from an environment variable.
 * @param {string} name
 * @param {number} byDefault
 * @param {{ least: number, most: number }} bounds
 */
export function wantedNumber(name, byDefault, { least, most }) {
  const text = env[name] || String(byDefault)
  const number = Number(text)
  if (/^\d+$/.test(text) && number >= least && number <= most) return number
  throw new Error(`${name} must be a number from ${least} to ${most}, not ${text}`)
}

/**
 * Runs until someone presses Ctrl+C. An error during the start ends the process.
 * @param {() => Promise<() => Promise<unknown>>} start Resolves with a function that stops everything.
 */
export async function run(start) {
  try {
    const stop = await start()
    let isStopping = false
    const onSignal = () => {
      if (isStopping) return
      isStopping = true
      stop().then(() => process.exit(0))
    }
    process.on('SIGINT', onSignal).on('SIGTERM', onSignal)
  } catch (error) {
    console.error(error instanceof Error ? error.message : error)
    process.exit(1)
  }
}
