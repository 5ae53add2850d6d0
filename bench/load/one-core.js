import { table } from '../table.js'
import { fixtures } from '../timing/fixtures.js'
import { requestTasks } from '../timing/request-tasks.js'
import { median } from '../timing/stats.js'
import { profile } from './profile.js'

const IN_FLIGHT = 32
const ROUNDS = 7
const REQUESTS_PER_ROUND = 1000
const TARGET = 20

const { verify, raw, ours } = await fixtures(0)
const requests = await requestTasks(ours, (ROUNDS + 1) * REQUESTS_PER_ROUND)
/** @type {[string, () => Promise<unknown>, number][]} */
const tasks = [
  ['verifyRequest, P-256', requests.p256, REQUESTS_PER_ROUND],
  ['verifyRequest, Ed25519', requests.ed25519, REQUESTS_PER_ROUND],
  ['dids verifyJWS with capability, P-256', verify.theirJWSP256, 64],
  ['dids verifyJWS with capability, Ed25519', verify.theirJWSEd25519, 64],
  ['WebCrypto verify, P-256', raw.verifyP256, REQUESTS_PER_ROUND],
  ['WebCrypto verify, Ed25519', raw.verifyEd25519, REQUESTS_PER_ROUND],
]

const rates = new Map(tasks.map(([name]) => [name, []]))
for (let round = 0; round < ROUNDS; round++) {
  for (const [name, task, count] of tasks) rates.get(name).push(await perSecond(task, count))
}
const rateOf = (name) => median(rates.get(name))
const rows = tasks.map(([name]) => {
  const [, kind] = name.split(', ')
  const ratio = rateOf(name) / rateOf(`dids verifyJWS with capability, ${kind}`)
  const verdict = name.startsWith('verifyRequest')
    ? `${TARGET} times dids: ${ratio >= TARGET ? 'met' : 'NOT MET'}`
    : ''
  return [name, String(Math.round(rateOf(name))), ratio.toFixed(1), verdict]
})
console.log(`Node.js ${process.version}, one core, ${IN_FLIGHT} in flight\n`)
console.log(table(['a second', 'median', 'times dids', 'target'], rows))

console.log('\nWhere verifyRequest (P-256) spends this thread:\n')
console.log(await profile(requests.p256, REQUESTS_PER_ROUND))

/** How many get done in a second when so many are under way at a time. */
async function perSecond(task, count) {
  let left = count
  const work = async () => {
    while (left-- > 0) await task()
  }
  const start = performance.now()
  await Promise.all(Array.from({ length: IN_FLIGHT }, work))
  return (count * 1000) / (performance.now() - start)
}
