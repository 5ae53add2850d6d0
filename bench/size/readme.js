import { readFileSync } from 'node:fs'
import { ROOT } from '../project.js'

const README = readFileSync(`${ROOT}/README.md`, 'utf8')

/** The bytes that the README's table of entries tells of an entry, if it tells any. It tells them in kB, to one decimal. */
export function toldBytes(name) {
  const [, told] =
    README.match(new RegExp(`^\\| \`cacao-session${name.slice(1)}\` \\|.* ([\\d.]+) kB \\|$`, 'm')) ?? []
  return told === undefined ? undefined : Number(told) * 1000
}
