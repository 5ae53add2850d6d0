import { execFileSync } from 'node:child_process'
import { DID_SESSION, ROOT } from '../project.js'
import { median } from './stats.js'

const NOTHING = 'data:text/javascript,'

/** What a page imports first, here and there; the last row is what an import of nothing takes. */
const IMPORTS = [
  { name: 'cold import', ours: ['cacao-session'], theirs: ['did-session'], target: 8 },
  {
    name: 'cold import, with Ethereum',
    ours: ['cacao-session', 'cacao-session/ethereum'],
    theirs: ['did-session', '@didtools/pkh-ethereum'],
    target: 8,
  },
  { name: 'cold import of nothing', raw: [NOTHING] },
]
const FOLDERS = { ours: ROOT, theirs: DID_SESSION, raw: ROOT }

/**
 * Microseconds that an import takes in a process of its own, as medians; the processes take turns.
 *
 * @param {number} rounds
 */
export function coldImports(rounds) {
  const samples = IMPORTS.flatMap(({ name, target, ...sides }) =>
    Object.entries(sides).map(([side, specifiers]) => ({ name, side, specifiers, times: [] })),
  )
  for (let round = 0; round < rounds; round++) {
    for (const { side, specifiers, times } of samples) times.push(coldImport(specifiers, FOLDERS[side]))
  }
  return IMPORTS.map(({ name, target }) => {
    const own = samples.filter((sample) => sample.name === name)
    return { name, target, ...Object.fromEntries(own.map(({ side, times }) => [side, median(times)])) }
  })
}

function coldImport(specifiers, cwd) {
  const imports = specifiers.map((specifier) => `import(${JSON.stringify(specifier)})`)
  const code = `const start = performance.now()
    await Promise.all([${imports}])
    console.log((performance.now() - start) * 1000)`
  return Number(
    execFileSync(process.execPath, ['--input-type=module', '-e', code], { cwd, encoding: 'utf8' }),
  )
}
