import { table } from '../table.js'

/**
 * A measured row, in microseconds.
 *
 * @typedef {{ name: string, ours?: number, theirs?: number, raw?: number, target?: number, atMost?: number }} Measured
 *
 * `target`: how many times as fast as did-session it should be. `atMost`: how many times the bare primitive it may take.
 */

/** The rows with their ratios, and whether those reach the target. */
export function judge({ name, ours, theirs, raw, target, atMost }) {
  const ratio = ours && theirs && theirs / ours
  const overRaw = ours && raw && ours / raw
  const goals = [
    ...(target ? [{ text: `${target} times as fast`, isMet: ratio >= target }] : []),
    ...(atMost ? [{ text: `at most ${atMost} times the primitive`, isMet: overRaw <= atMost }] : []),
  ]
  return { name, ours, theirs, raw, ratio, overRaw, goals }
}

/** The judged rows as text. */
export function report(rows) {
  const head = ['median µs', 'ours', 'did-session', 'primitive', 'times as fast', 'times primitive', 'target']
  return table(
    head,
    rows.map(({ name, ours, theirs, raw, ratio, overRaw, goals }) => [
      name,
      micros(ours),
      micros(theirs),
      micros(raw),
      times(ratio),
      times(overRaw),
      goals.map(({ text, isMet }) => `${text}: ${isMet ? 'met' : 'NOT MET'}`).join(', '),
    ]),
  )
}

function micros(value) {
  if (value === undefined) return ''
  return value < 100 ? value.toFixed(1) : String(Math.round(value))
}

function times(ratio) {
  return ratio ? ratio.toFixed(ratio < 10 ? 2 : 1) : ''
}
