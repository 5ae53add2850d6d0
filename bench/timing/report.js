import { table } from '../table.js'

/**
 * A measured row, in microseconds.
 *
 * @typedef {{ name: string, ours?: number, theirs?: number, raw?: number, target?: number }} Measured
 */

/** The rows with their ratios, and whether those reach the target. */
export function judge({ name, ours, theirs, raw, target }) {
  const ratio = ours && theirs && theirs / ours
  const overRaw = ours && raw && ours / raw
  const isMet = ratio && target && ratio >= target
  return { name, ours, theirs, raw, ratio, overRaw, target, isMet }
}

/** The judged rows as text. */
export function report(rows) {
  const head = ['median µs', 'ours', 'did-session', 'WebCrypto', 'times as fast', 'times WebCrypto', 'target']
  return table(
    head,
    rows.map(({ name, ours, theirs, raw, ratio, overRaw, target, isMet }) => [
      name,
      micros(ours),
      micros(theirs),
      micros(raw),
      times(ratio),
      times(overRaw),
      target ? `${target} ${isMet ? 'met' : 'NOT MET'}` : '',
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
