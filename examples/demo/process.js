import { env } from 'node:process'

/**
 * The number that the environment asks for.
 * @param {string} name
 * @param {number} otherwise
 * @param {{ least: number, most: number }} bounds
 */
export function wantedNumber(name, otherwise, { least, most }) {
  const text = env[name] || String(otherwise)
  const number = Number(text)
  if (/^\d+$/.test(text) && number >= least && number <= most) return number
  throw new Error(`${name} must be a number from ${least} to ${most}, not ${text}`)
}

/**
 * Runs until someone presses Ctrl+C; an error ends it at once.
 * @param {() => Promise<() => Promise<unknown>>} start Gives what stops it.
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
