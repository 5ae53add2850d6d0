import { element } from './elements.js'

const UNITS = /** @type {const} */ ([
  ['days', 86_400],
  ['hours', 3600],
  ['min', 60],
  ['sec', 1],
])

/**
 * Shows the time that is left, and updates it every second until it is over.
 * @param {HTMLElement} time
 * @param {() => number} secsLeft
 * @param {() => void} onEnd
 * @returns {() => void} Stops it.
 */
export function startCountdown(time, secsLeft, onEnd) {
  const cells = UNITS.map(([unit]) => {
    const value = element('span', { className: 'value' })
    return { value, cell: element('span', { className: 'cell' }, value, ' ', element('span', {}, unit), ' ') }
  })
  time.replaceChildren(...cells.map(({ cell }) => cell))
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer
  const tick = () => {
    const left = secsLeft()
    const values = split(Math.ceil(left))
    for (const [i, { value }] of cells.entries())
      value.textContent = String(values[i]).padStart(i === 0 ? 1 : 2, '0')
    time.setAttribute('datetime', duration(values))
    if (left <= 0) return onEnd()
    // Wait until the number of seconds changes.
    timer = setTimeout(tick, (left % 1 || 1) * 1000 + 5)
  }
  tick()
  return () => clearTimeout(timer)
}

/** @param {number} secs */
function split(secs) {
  let rest = secs
  return UNITS.map(([, size]) => {
    const value = Math.floor(rest / size)
    rest -= value * size
    return value
  })
}

/** @param {number[]} values */
const duration = ([days, hours, minutes, seconds]) => `P${days}DT${hours}H${minutes}M${seconds}S`
