import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { sqlMigration } from '../../src/server/sql.js'
import { installedNode, installRuntimes } from '../packed/runtimes/installed.js'
import { describePostgres, type PostgresServer, startPostgres } from '../setup/postgres.js'
import { type Servers, startServers } from './servers.js'
import { expectEachOnce, expectRefusedWhileDown, type SignRequests, signingSessions } from './traffic.js'

const SERVERS = 3
const REQUESTS = 10_000

describePostgres('three servers on one Postgres', () => {
  let database: PostgresServer
  let servers: Servers
  let signed: SignRequests
  beforeAll(async () => {
    database = await startPostgres()
    const client = new pg.Client(database.url)
    await client.connect()
    await client.query(sqlMigration('postgres'))
    await client.end()
    servers = await startServers(SERVERS, { name: 'postgres', place: database.url })
    signed = await signingSessions()
  })
  afterAll(async () => {
    await servers.stop()
    await database.stop()
  })

  it(`accept each of ${REQUESTS} requests once, although each is sent to two of them at the same time`, async () => {
    await expectEachOnce(servers, signed, REQUESTS)
  })

  it('refuse everything while Postgres is down, and accept requests again afterwards', async () => {
    await expectRefusedWhileDown(servers, signed, {
      down: () => database.kill(),
      up: () => database.restart(),
      refusals: 300,
    })
    expect(servers.alive()).toBe(SERVERS)
  })
})

describe('three servers on one SQLite file', () => {
  let folder: string
  let owner: ChildProcess
  let servers: Servers
  let signed: SignRequests
  beforeAll(async () => {
    // Not every Node that the tests run in has node:sqlite.
    await installRuntimes()
    folder = await mkdtemp(join(tmpdir(), 'cacao-session-sqlite-'))
    const [place, program] = [join(folder, 'sessions.db'), installedNode(24)]
    const script = fileURLToPath(new URL('sqlite-owner.js', import.meta.url))
    owner = fork(script, [], { execPath: program, env: { ...process.env, PLACE: place } })
    await once(owner, 'message')
    servers = await startServers(SERVERS, { name: 'sqlite', place, program })
    signed = await signingSessions()
  })
  afterAll(async () => {
    await servers.stop()
    const ended = once(owner, 'exit')
    owner.disconnect()
    await ended
    await rm(folder, { recursive: true })
  })

  const tell = async (order: 'take' | 'give back'): Promise<void> => {
    const done = once(owner, 'message')
    owner.send(order)
    await done
  }

  it(`accept each of ${REQUESTS} requests once, although each is sent to two of them at the same time`, async () => {
    await expectEachOnce(servers, signed, REQUESTS)
  })

  it('refuse everything while their table is missing, and accept requests again afterwards', async () => {
    await expectRefusedWhileDown(servers, signed, {
      down: () => tell('take'),
      up: () => tell('give back'),
      refusals: 300,
    })
    expect(servers.alive()).toBe(SERVERS)
  })
})
