import { readFileSync } from 'node:fs'
import { ROOT } from '../project.js'

const README = readFileSync(`${ROOT}/README.md`, 'utf8')

/** The bytes that the README's table of entries tells of an entry, if it tells any. It tells them in kB, to one decimal. */
export function toldBytes(name) {
  const row = README.match(
    new RegExp(`^\\| \`cacao-session${name.slice(1)}\` \\|.*\\|(?: ([\\d.]+) kB)? \\|$`, 'm'),
  )
  if (!row) throw new Error(`README.md's table of entries has no row for ${name}, or one of another form`)
  return row[1] === undefined ? undefined : Number(row[1]) * 1000
}
