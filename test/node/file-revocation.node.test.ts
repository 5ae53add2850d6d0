import { execFile } from 'node:child_process'
import { appendFile, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { fileRevocation } from '../../src/node/file-revocation.js'
import { temporaryFolder } from '../e2e/temporary-folder.js'
import { signed } from '../setup/capability.js'
import { expectCode, failureOf } from '../setup/expect-code.js'
import { ACCOUNT_A } from '../setup/wallet.js'

const [first, second] = [signed({ nonce: 'first12345' }), signed({ nonce: 'second1234' })]
const newPath = async (): Promise<string> => join(await temporaryFolder(), 'revoked.jsonl')

it('finds a revoked capability, in other processes too', async () => {
  const path = await newPath()
  const [here, there] = [fileRevocation(path), fileRevocation(path)]
  expect(await there.isRevoked(first)).toBe(false)
  await here.revoke(first)
  for (const revocation of [here, there, fileRevocation(path)]) {
    expect(await revocation.isRevoked(first)).toBe(true)
    expect(await revocation.isRevoked(second)).toBe(false)
  }
})

it('revokes all sessions of an account, and never undoes that', async () => {
  const path = await newPath()
  const revocation = fileRevocation(path, { now: () => Date.parse('2026-01-31T12:00:00Z') })
  await revocation.revokeAll(ACCOUNT_A)
  await revocation.revokeAll(ACCOUNT_A, new Date(0))
  expect(await revocation.isRevoked(signed({ iat: '2026-01-31T12:00:00Z' }))).toBe(true)
  expect(await revocation.isRevoked(signed({ iat: '2026-01-31T12:00:00.001Z' }))).toBe(false)
})

it('can be read only by its owner', async () => {
  const path = await newPath()
  await fileRevocation(path).revoke(first)
  expect((await stat(path)).mode & 0o777).toBe(0o600)
})

it('stays valid after a process died while writing, at any byte', async () => {
  const path = await newPath()
  await fileRevocation(path).revoke(first)
  const whole = await readFile(path)
  const reader = fileRevocation(path)
  for (let length = 0; length < whole.length - 2; length++) {
    await writeFile(path, whole.subarray(0, length))
    // `revoke` did not resolve, so the revocation doesn't count.
    expect(await fileRevocation(path).isRevoked(first)).toBe(false)
    await fileRevocation(path).revoke(second)
    const late = fileRevocation(path)
    expect([await late.isRevoked(first), await late.isRevoked(second)]).toEqual([false, true])
  }
  await writeFile(path, whole)
  expect(await reader.isRevoked(first)).toBe(true)
})

it('reads a line once it is complete', async () => {
  const path = await newPath()
  await fileRevocation(path).revoke(first)
  const whole = await readFile(path, 'utf8')
  await writeFile(path, whole.slice(0, 20))
  const reader = fileRevocation(path)
  expect(await reader.isRevoked(first)).toBe(false)
  await appendFile(path, whole.slice(20))
  expect(await reader.isRevoked(first)).toBe(true)
})

it.each([
  '{"capability":1}',
  'x{"capability":"x"}',
  '{"capability":"x"} x',
  '{"account":"eip155:1:0x0"}',
  '{}',
  '{"a":}',
  'null}',
])('rejects with ERR_STORE_CORRUPT for the line %s', async (line) => {
  const path = await newPath()
  await fileRevocation(path).revoke(first)
  await appendFile(path, `\n${line}\n`)
  await expectCode('ERR_STORE_CORRUPT', () => fileRevocation(path).isRevoked(second))
})

it('rejects with ERR_STORE_CORRUPT if the file became shorter', async () => {
  const path = await newPath()
  const revocation = fileRevocation(path)
  await revocation.revoke(first)
  await revocation.isRevoked(first)
  await truncate(path, 5)
  await expectCode('ERR_STORE_CORRUPT', () => revocation.isRevoked(second))
  await rm(path)
  await expectCode('ERR_STORE_UNAVAILABLE', () => revocation.isRevoked(second))
  await expectCode('ERR_STORE_UNAVAILABLE', () => revocation.revoke(second))
})

it('notices that the file was replaced', async () => {
  const path = await newPath()
  const revocation = fileRevocation(path)
  await revocation.revoke(first)
  expect(await revocation.isRevoked(first)).toBe(true)
  await rm(path)
  // As a new process does.
  await fileRevocation(path).revoke(second)
  await fileRevocation(path).revoke(second)
  await expectCode('ERR_STORE_UNAVAILABLE', () => revocation.isRevoked(second))
  await expectCode('ERR_STORE_UNAVAILABLE', () => revocation.revoke(second))
})

it.each(['\r\n', ' \n'])('reads lines that an editor ended with %j', async (end) => {
  const path = await newPath()
  await fileRevocation(path).revoke(first)
  await writeFile(path, (await readFile(path, 'utf8')).replaceAll('\n', end))
  expect(await fileRevocation(path).isRevoked(first)).toBe(true)
  expect(await fileRevocation(path).isRevoked(second)).toBe(false)
})

it('reads a large file, and keeps what has not expired', async () => {
  const path = await newPath()
  const line = (i: number): string => `\n{"capability":"${String(i).padStart(43, 'x')}","until":1}\n`
  await writeFile(path, Array.from({ length: 40_000 }, (_, i) => line(i)).join(''))
  await fileRevocation(path).revoke(first)
  expect((await stat(path)).size).toBeGreaterThan(2 ** 21)
  const revocation = fileRevocation(path)
  expect(await revocation.isRevoked(first)).toBe(true)
  expect(await revocation.isRevoked(second)).toBe(false)
})

it('rejects with ERR_STORE_UNAVAILABLE where no file can be', async () => {
  const folder = await temporaryFolder()
  await expectCode('ERR_STORE_UNAVAILABLE', () => fileRevocation(folder).isRevoked(first))
  await expectCode('ERR_STORE_UNAVAILABLE', () => fileRevocation(join(folder, 'no', 'such')).revoke(first))
  await expectCode('ERR_STORE_UNAVAILABLE', () => fileRevocation('/dev/null').isRevoked(first))
  expect(await failureOf(() => fileRevocation(''))).toBeInstanceOf(TypeError)
})

it('loses no revocation when several processes write at once', async () => {
  const path = await newPath()
  const write = (name: string): Promise<unknown> =>
    promisify(execFile)(process.execPath, ['--input-type=module', '-e', WRITER, path, name])
  await Promise.all(['a', 'b', 'c'].map(write))
  const revocation = fileRevocation(path)
  for (const name of ['a', 'b', 'c']) {
    for (let i = 0; i < 50; i++)
      expect(await revocation.isRevoked(signed({ iss: `did:pkh:${accountOf(name, i)}` }))).toBe(true)
  }
  expect((await readFile(path, 'utf8')).match(/"account"/g)).toHaveLength(150)
})

const accountOf = (name: string, i: number): string =>
  `eip155:1:0x${name.repeat(38)}${String(i).padStart(2, '0')}`
const WRITER = `
  import { fileRevocation } from 'cacao-session/node'
  const [, path, name] = process.argv
  const revocation = fileRevocation(path)
  const writes = Array.from({ length: 50 }, (_, i) => revocation.revokeAll(\`eip155:1:0x\${name.repeat(38)}\${String(i).padStart(2, '0')}\`))
  await Promise.all(writes)`
