import { stdout } from 'node:process'
import { styleText } from 'node:util'

const isColourful = Boolean(stdout.isTTY) && !process.env.NO_COLOR && process.env.TERM !== 'dumb'
const LABEL_WIDTH = 12

/** @typedef {Parameters<typeof styleText>[0]} Style */

/**
 * The text in a style, or unchanged if colours are not wanted.
 * @param {Style} style
 * @param {string} text
 */
export const styled = (style, text) => (isColourful ? styleText(style, text) : text)

/** @param {string} [line] */
export const print = (line = '') => stdout.write(line === '' ? '\n' : `  ${line}\n`)

/** @param {string} text */
export function title(text) {
  print()
  print(styled('bold', text))
}

let steps = 0

/**
 * Prints a numbered step: what happens, and the call that does it.
 * @param {string} text
 * @param {string} call
 */
export function step(text, call) {
  steps += 1
  print()
  print(`${styled(['bold', 'yellow'], `${steps}.`)} ${styled('bold', text)}`)
  print(`   ${styled('dim', call)}`)
}

/**
 * Prints one result of a step.
 * @param {string} label
 * @param {string} value
 */
export const result = (label, value) => print(`   ${styled('cyan', label.padEnd(LABEL_WIDTH))} ${value}`)

/**
 * The beginning of a text that is long or secret.
 * @param {string} text
 * @param {number} length
 */
export const beginning = (text, length) => `${text.slice(0, length)}…`
