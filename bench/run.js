import { execFileSync } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { builtEntries, DID_SESSION, isDIDSessionInstalled } from './project.js'
import { coldImports } from './timing/cold-import.js'
import { measure } from './timing/measure.js'
import { judge, report } from './timing/report.js'
import { rows } from './timing/rows.js'

// The library beside did-session 4.0.0 and bare WebCrypto, in one process and over one IndexedDB.
//   npm run bench -- [--rounds 60] [--json FILE]
// Fails if refusing a request with long headers takes more than linear work.

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '60' }, json: { type: 'string' } },
})
const rounds = Number(values.rounds)
if (!(Number.isInteger(rounds) && rounds > 0)) throw new TypeError('--rounds must be a positive whole number')
await builtEntries()
if (!isDIDSessionInstalled()) {
  execFileSync('npm', ['ci', '--no-audit', '--no-fund', '--prefix', DID_SESSION], { stdio: 'inherit' })
}

const cold = coldImports(Math.ceil(rounds / 4))
const { fixtures } = await import('./timing/fixtures.js')
const { growth, growthReport } = await import('./timing/growth.js')
const things = await fixtures(rounds)
const hot = rows(things)
const sides = ['ours', 'theirs', 'raw']
const tasks = hot.flatMap((row) =>
  sides.flatMap((side) => (row[side] ? [[`${side} ${row.name}`, row[side]]] : [])),
)
const medians = await measure(new Map(tasks), rounds)
const grown = await growth(things.ours.seeded)
const measured = hot.map(({ name, target, atMost }) => ({
  name,
  target,
  atMost,
  ...Object.fromEntries(sides.map((side) => [side, medians.get(`${side} ${name}`)])),
}))
const judged = [...cold, ...measured].map(judge)

const machine = { node: process.version, cpus: cpus().length, model: cpus()[0]?.model }
console.log(`Node.js ${machine.node}, ${machine.cpus} × ${machine.model}, ${rounds} rounds\n`)
console.log(report(judged))
console.log(`\n${growthReport(grown)}`)
console.log(
  '\nfake-indexeddb opens a database in no time. A browser does not, and did-session opens one for each',
)
console.log('get and hasSessionFor, where a page of ours opens one once: that gain does not show here.')
if (values.json)
  await writeFile(
    values.json,
    `${JSON.stringify({ machine, rounds, unit: 'µs', rows: judged, growth: grown }, null, 2)}\n`,
  )
if (grown.some(({ isMet }) => !isMet)) process.exitCode = 1
