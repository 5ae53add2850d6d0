import { build } from 'esbuild'

/**
 * A script for Node with `node:sqlite` that runs the cases of `replayStoreCases` on the stores of examples/cloudflare-worker,
 * and prints the outcomes as JSON. `folder` is the example's folder.
 */
export async function workerStoresScript(folder: string): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents: SCRIPT, resolveDir: folder },
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'node',
    alias: { 'cloudflare:workers': `data:text/javascript,${encodeURIComponent(WORKERS)}` },
  })
  return outputFiles[0]?.text ?? ''
}

// The parts of workerd that the stores use: objects by name, each with its own SQLite, which outlives the object.
const WORKERS = `
import { DatabaseSync } from 'node:sqlite'
export class DurableObject {
  constructor(ctx) { this.ctx = ctx }
}
const sqlOf = (database) => ({
  exec: (text, ...values) => {
    const rows = database.prepare(text).all(...values)
    return { toArray: () => rows }
  },
})
export const world = {
  create: undefined,
  databases: new Map(),
  objects: new Map(),
  restart() { this.objects.clear() },
  clear() {
    this.databases.clear()
    this.restart()
  },
}
export const env = {
  IDS: {
    getByName(name) {
      const { create, databases, objects } = world
      if (!databases.has(name)) databases.set(name, new DatabaseSync(':memory:'))
      if (!objects.has(name)) objects.set(name, create({ storage: { sql: sqlOf(databases.get(name)) } }))
      const object = objects.get(name)
      // A call from another isolate is asynchronous.
      return { add: async (...args) => object.add(...args), has: async (...args) => object.has(...args) }
    },
  },
}
`

const SCRIPT = `
import { replayStoreCases } from 'cacao-session/testing'
import { world } from 'cloudflare:workers'
import { ExpiringIds } from './src/expiring-ids.ts'
import { replay, revocation } from './src/stores.ts'

world.create = (ctx) => new ExpiringIds(ctx)
// The clock of the objects is Date.now. Each case has a clock of its own, and begins with empty databases.
const realNow = Date.now
let clock
// Each object forgets ids by its own clock only, so all ids of the cases go into one: that of this last character.
const inOneObject = { use: (id, until) => replay.use(id + '#', until) }
const open = ({ now }) => {
  if (clock !== now) world.clear()
  clock = now
  Date.now = now
  return inOneObject
}
const outcomes = []
for (const { name, run } of replayStoreCases({ open })) {
  await run().then(() => outcomes.push([name, 'done']), (error) => outcomes.push([name, String(error)]))
  Date.now = realNow
}

const MINUTE_MS = 60_000
const facts = {}
world.clear()
let time = 1_800_000_000_000
Date.now = () => time
await replay.use('0', time + MINUTE_MS)
time += 5 * MINUTE_MS
await replay.use('10', time + MINUTE_MS)
world.restart()
time -= 5 * MINUTE_MS
facts.forgottenIsUsed = !(await replay.use('0', time + MINUTE_MS))

const cacao = (secs, aud = 'did:key:z0') => ({ p: { aud, exp: new Date(time + secs * 1000).toISOString() } })
const [short, long] = [cacao(60), cacao(3600)]
facts.isNotRevoked = !(await revocation.isRevoked(long))
await revocation.revoke(short)
await revocation.revoke(long)
time += 5 * MINUTE_MS
await revocation.revoke(cacao(60, 'did:key:y0'))
facts.isRevoked = await revocation.isRevoked(long)
time -= 5 * MINUTE_MS
facts.isStillRevoked = await revocation.isRevoked(short)
console.log(JSON.stringify({ outcomes, facts }))
`
