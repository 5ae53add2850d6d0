import { execFileSync } from 'node:child_process'
import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { areInstalled, builtEntries, PEERS } from './project.js'
import { peerRows } from './requests/rows.js'
import { throughput } from './requests/throughput.js'
import { table } from './table.js'
import { measure } from './timing/measure.js'

// Signed requests beside what people would otherwise use: a bearer JWT, a DPoP-bound token, Hono's own JWT middleware. All in one
// process, in turns; medians in microseconds.
//   npm run bench:requests -- [--rounds 100]

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '100' } } })
const rounds = Number(values.rounds)
if (!(Number.isInteger(rounds) && rounds > 0)) throw new TypeError('--rounds must be a positive whole number')
await builtEntries()
if (!areInstalled(PEERS))
  execFileSync('npm', ['ci', '--no-audit', '--no-fund', '--prefix', PEERS], { stdio: 'inherit' })

const { tasks, fixtures } = await import('./requests/tasks.js').then(({ peerTasks }) => peerTasks(rounds))
const medians = await measure(tasks, rounds)
const rates = await throughput(fixtures)

console.log(`Node.js ${process.version}, ${cpus().length} × ${cpus()[0]?.model}, ${rounds} rounds\n`)
console.log(
  table(
    ['µs', 'median'],
    [...medians].map(([name, us]) => [name, us.toFixed(0)]),
  ),
)
console.log()
console.log(
  table(
    ['requests a second through Hono', 'median'],
    [...rates].map(([name, rate]) => [name, rate.toFixed(0)]),
  ),
)
console.log()
console.log(table(['ratio', 'is', 'must', 'aim', ''], peerRows(medians, rates)))
