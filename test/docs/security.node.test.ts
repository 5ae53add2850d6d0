import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { root, textOf } from './pages.js'

const [, table = ''] = textOf('SECURITY.md').split('## Attacks that are tried')
const rows = Array.from(
  table.matchAll(/^\| (?!attack|-)(.*) \| (.*) \| (.*) \|$/gm),
  ([, attack = '', outcome = '', files = '']) => ({
    attack,
    /** The codes in full: `ERR_CAPABILITY_SIGNATURE`, `_ISSUER`. */
    codes: codesIn(outcome),
    files: Array.from(files.matchAll(/`([^`]+)`/g), ([, file = '']) => file),
  }),
)

function codesIn(outcome: string): string[] {
  let family = ''
  return Array.from(outcome.matchAll(/`(\w+)`/g), ([, code = '']) => {
    if (code.startsWith('_')) return family + code
    family = code.replace(/_[A-Z]+$/, '')
    return code
  })
}

/** The text of a file, or of all files in a folder. */
function textAt(path: string): string {
  const full = join(root, path)
  if (!statSync(full).isDirectory()) return readFileSync(full, 'utf8')
  return readdirSync(full)
    .map((name) => textAt(join(path, name)))
    .join('\n')
}

describe('the security model', () => {
  it('lists attacks', () => {
    expect(rows.length).toBeGreaterThan(50)
  })

  it.each(rows)('names the tests of: $attack', ({ files, codes }) => {
    expect(files.length).toBeGreaterThan(0)
    for (const file of files) expect(existsSync(join(root, file)), file).toBe(true)
    const tests = files.map(textAt).join('\n')
    for (const code of codes) expect(tests, code).toContain(code)
  })

  it('names every file of attacks', () => {
    const attacks = readdirSync(join(root, 'test/attacks')).filter((name) => name.endsWith('.test.ts'))
    const named = rows.flatMap(({ files }) => files)
    for (const name of attacks) expect(named).toContain(`test/attacks/${name}`)
  })
})
